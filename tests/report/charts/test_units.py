import pandas as pd
import pytest

from tr_analysis.report import charts

SERVICES = pd.DataFrame({"owner": ["b", "a", "b"], "rating": ["Good", "Good", "Inadequate"]})


@pytest.fixture
def axes():
    _, axes = charts.canvas(3)
    marks = {"Good": "s", "Inadequate": "X"}
    charts.unit_chart(
        axes,
        SERVICES,
        "owner",
        {"a": "first", "b": "second", "c": "none"},
        lambda row: {"marker": marks[row["rating"]]},
    )
    return axes


def test_every_row_of_the_frame_is_a_mark_in_its_own_row_from_the_left(axes):
    drawn = sorted((line.get_ydata()[0], line.get_xdata()[0], line.get_marker()) for line in axes.lines)
    assert drawn == [(0, 0, "s"), (1, 0, "s"), (1, 1, "X")]


def test_rows_have_their_words_also_where_nothing_stands(axes):
    assert [label.get_text() for label in axes.get_yticklabels()] == ["first", "second", "none"]
    assert list(axes.get_xticks()) == []
