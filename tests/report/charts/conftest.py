import pandas as pd
import pytest

from tr_analysis.report import charts
from tr_analysis.report.charts import output

DATA = pd.DataFrame({"month": ["2015-02", "2015-03"], "people": [5000, 1 / 3]})
WORDS = {"title": "It rose", "subtitle": "People, England and Wales", "alt": "A rising line"}


@pytest.fixture
def shown(monkeypatch):
    """What charts displayed: pairs of bundle and metadata."""
    seen = []
    monkeypatch.setattr(output, "display", lambda bundle, raw, metadata: seen.append((bundle, metadata)))
    return seen


@pytest.fixture
def show(shown):
    """Show a figure, or a line if there is none, with whatever of its words is changed; return it."""

    def show(figure=None, **changed):
        if figure is None:
            figure, axes = charts.canvas(3)
            axes.plot([1, 2], [3, 4])
            axes.set(xlabel="years", ylabel="people")
        about = {"name": "rise", "data": DATA, **WORDS, **changed}
        charts.show(figure, about.pop("name"), **about)
        return figure

    return show


@pytest.fixture
def undrawn(monkeypatch):
    """Charts are laid out and checked, but neither picture nor drawing is written."""
    monkeypatch.setattr(output, "_png", lambda figure: b"")
    monkeypatch.setattr(output, "to_svg", lambda figure, *_: figure.draw_without_rendering())
