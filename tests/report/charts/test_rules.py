import pandas as pd
import pytest

from tr_analysis.report import charts
from tr_analysis.report.charts.output import check

pytestmark = pytest.mark.usefixtures("undrawn")


@pytest.fixture
def drawn():
    """A figure with named axes, and the axes."""
    figure, axes = charts.canvas(3)
    axes.set(xlabel="years", ylabel="people")
    return figure, axes


def refused(figure, fault):
    figure.draw_without_rendering()
    with pytest.raises(ValueError, match=fault):
        check(figure, "rise")


def test_two_axes_in_one_place_are_refused(drawn):
    figure, axes = drawn
    axes.plot([1, 2], [3, 4], color=charts.CRC)
    axes.twinx().plot([1, 2], [30, 10], color=charts.NPS)
    refused(figure, "two axes in one place; draw two panels")


def test_a_second_axis_is_refused_and_nothing_shown(show, shown, drawn):
    figure, axes = drawn
    axes.plot([1, 2], [3, 4], color=charts.CRC)
    axes.secondary_yaxis("right", functions=(lambda y: 2 * y, lambda y: y / 2))
    with pytest.raises(ValueError, match="'rise' has a second axis; draw two panels"):
        show(figure)
    assert not shown


@pytest.mark.parametrize("kind", ["bar", "barh"])
def test_bars_that_do_not_begin_at_zero_are_refused(drawn, kind):
    figure, axes = drawn
    getattr(axes, kind)([1, 2], [30, 31], color=charts.CRC)
    (axes.set_ylim if kind == "bar" else axes.set_xlim)(20, 34)
    refused(figure, "bars on an axis from 20 to 34: .* include zero, or draw dots")


@pytest.mark.parametrize("axis", ["x", "y"])
def test_numbers_without_a_name_are_refused(drawn, axis):
    figure, axes = drawn
    axes.plot([1, 2], [3, 4], color=charts.CRC)
    axes.set(**{f"{axis}label": " "})
    refused(figure, f"numbers without a name on the {axis} axis; .*axes.set_{axis}label")


def test_an_axis_of_words_or_dates_needs_no_name(show, shown):
    figure, axes = charts.canvas(3)
    axes.plot(pd.date_range("2015-01", periods=3, freq="YS"), [0, 1, 2], color=charts.CRC)
    axes.set_yticks([0, 1, 2], ["poor", "mixed", "good"])
    show(figure)
    assert shown


PALE = "#9ABCD4"


@pytest.mark.parametrize(
    ("draw", "what"),
    [
        (lambda axes: axes.plot([1, 2], [3, 4], color=PALE), "a line"),
        (lambda axes: axes.plot([1, 2], [3, 4], color=charts.NPS, alpha=0.3), "a line"),
        (lambda axes: axes.vlines([1, 2], 3, 4, color=PALE), "a line"),
        (lambda axes: axes.scatter([1, 2], [3, 4], color=PALE), "a marker"),
        (lambda axes: axes.bar([1, 2], [3, 4], color=PALE), "a bar"),
        (lambda axes: charts.note(axes, "words", (0.5, 0.5), colour="#8A8A8A"), "words 'words'"),
        (lambda axes: axes.set_ylabel("people", color="#8A8A8A"), "words 'people'"),
    ],
)
def test_what_is_hard_to_see_is_refused(drawn, draw, what):
    figure, axes = drawn
    draw(axes)
    refused(figure, f"has {what} of contrast .*:1, which is hard to see; take a colour")


def test_words_on_a_bar_are_seen_against_the_bar(show, shown, drawn):
    figure, axes = drawn
    bars = axes.bar([1], [4], color=charts.NPS)
    axes.bar_label(bars, ["4"], label_type="center", color="white")
    show(figure)
    assert shown
    figure, axes = charts.canvas(3)
    axes.set(xlabel="years", ylabel="people")
    axes.bar_label(axes.bar([1], [4], color=charts.NPS), ["4"], label_type="center", color=charts.ALL)
    refused(figure, "words '4' of contrast")


def test_bands_grounds_and_hollow_marks_may_be_pale(show, shown, drawn):
    figure, axes = drawn
    axes.axvspan(1, 1.5, color="#F0F0F0", zorder=0)
    axes.fill_between([1, 2], [2, 3], [4, 5], color=charts.NPS, alpha=0.18)
    axes.plot([1, 2], [3, 4], "o", color=charts.NPS, mfc="white")
    axes.bar([1], [3], color="white", edgecolor=charts.ALL, linewidth=1)
    show(figure)
    assert shown
