import re
from html import unescape

import numpy as np
import pandas as pd
import pytest

from tr_analysis.report import charts
from tr_analysis.report.charts import draw
from tr_analysis.report.charts.values import MOST, points

MONTHS = pd.Series(pd.period_range("2015-01", periods=3, freq="M"))


def words(draw_on, **settings):
    """Return what the points say of a chart that is drawn and fitted."""
    figure, axes = charts.canvas(4)
    draw_on(axes)
    axes.set(**{"xlabel": "offenders", "ylabel": "rate, per cent", **settings})
    figure.draw_without_rendering()
    return [said for _, _, said in points(figure)]


@pytest.mark.parametrize(
    ("periods", "expected"),
    [
        (pd.period_range("2015-02", periods=2, freq="M"), ["February 2015", "March 2015"]),
        (
            pd.period_range("2015Q4", periods=2, freq="Q"),
            ["October to December 2015", "January to March 2016"],
        ),
        (pd.period_range("2015", periods=2, freq="Y"), ["2015", "2016"]),
        (pd.period_range("2015", periods=2, freq="Y-MAR"), ["2014-15", "2015-16"]),
    ],
)
def test_the_middle_of_a_period_is_said_as_the_period(periods, expected):
    said = words(lambda axes: axes.plot(draw.at(periods), [1, 2], "o"))
    assert said == [f"{when}: {value}" for when, value in zip(expected, (1, 2), strict=True)]


def test_another_date_is_said_by_the_day():
    days = pd.to_datetime(["2015-03-31", "2016-03-31"])
    assert words(lambda axes: axes.plot(days, [1, 2], "o")) == ["31 March 2015: 1", "31 March 2016: 2"]


def test_a_line_is_named_by_its_label_or_by_the_words_at_its_end():
    def two(axes):
        axes.plot(draw.at(MONTHS), [5000, 6000, 7000.4], "o-", color=draw.CRC)
        charts.label_end(axes, draw.at(MONTHS), pd.Series([5000, 6000, 7000.4]), "on\nrecall", draw.CRC)
        axes.plot(draw.at(MONTHS)[:1], [4000], "s", label="_of them")

    assert words(two) == [
        "on recall, January 2015: 5,000",
        "on recall, February 2015: 6,000",
        "on recall, March 2015: 7,000",
        "of them, January 2015: 4,000",
    ]


def test_two_numbers_are_said_by_the_names_of_their_axes():
    assert words(lambda axes: axes.scatter([100, 1300], [40.25, 45])) == [
        "offenders: 100; rate, per cent: 40.25",
        "offenders: 1,300; rate, per cent: 45",
    ]


def test_a_number_has_the_unit_of_the_ticks_and_its_real_minus():
    def shares(axes):
        axes.plot([-52.5, 20], [0, 1], "o")
        axes.set_yticks([0, 1], ["Kent", "Wales"])
        axes.set_xticks([-50, 0, 50], ["−50%", "0", "+50%"])

    assert words(shares) == ["Kent: −52.5%", "Wales: 20%"]


def test_words_on_both_axes_and_on_one():
    def both(axes):
        axes.plot([0, 1], [1, 0], "o")
        axes.set_xticks([0, 1], ["poor", "mixed\nto poor"])
        axes.set_yticks([0, 1], ["Kent", "Wales"])

    def one(axes):
        axes.plot([0], [0], "o", label="_Kent, Good")
        axes.set_yticks([0], ["Interserve"])
        axes.set_xticks([])

    assert words(both) == ["Wales, poor", "Kent, mixed to poor"]
    assert words(one) == ["Kent, Good, Interserve"]


@pytest.mark.parametrize("upright", [True, False])
def test_a_bar_says_its_length_also_where_it_does_not_begin_at_nought(upright):
    def stacked(axes):
        for start, long, name in ((0, 3, "right"), (3, 2.5, "wrong")):
            if upright:
                axes.bar([0], [long], bottom=[start], label=name)
            else:
                axes.barh([0], [long], left=[start], label=name)
        (axes.set_xticks if upright else axes.set_yticks)([0], ["report"])
        (axes.set_yticks if upright else axes.set_xticks)([])

    assert words(stacked) == ["right, report: 3", "wrong, report: 2.5"]


def test_a_long_line_has_some_of_its_points_the_ends_among_them_and_events_have_none():
    def long(axes):
        axes.plot(np.arange(400.0), np.arange(400.0))
        axes.plot([0, 399], [5, 5])  # an interval
        axes.axvline(100)
        charts.mark(axes, {200.0: "an event"})

    said = words(long)
    assert len(said) == MOST
    assert (said[0], said[-1]) == ("offenders: 0; rate, per cent: 0", "offenders: 399; rate, per cent: 399")


def test_what_is_missing_or_outside_has_no_words():
    assert words(lambda axes: axes.plot([1, 2, 3], [1, np.nan, 9], "o"), ylim=(0, 5)) == [
        "offenders: 1; rate, per cent: 1"
    ]


def test_a_point_is_where_its_marker_is_drawn(show, shown):
    figure, axes = charts.canvas(3)
    axes.plot([1, 2], [3, 4], "o", ms=6)
    axes.set(xlabel="years", ylabel="<people>")
    show(figure)
    for name in ("svg", "narrow"):
        svg = shown[0][0]["application/vnd.tr-analysis.chart+json"][name]
        marks = re.findall(r'<use xlink:href="#[^"]*" x="([\d.]+)" y="([\d.]+)" style="fill: #', svg)
        values = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"><title>([^<]*)', svg)
        assert [unescape(words) for *_, words in values] == ["years: 1; <people>: 3", "years: 2; <people>: 4"]
        for mark, value in zip(marks[-2:], values, strict=True):
            assert [float(at) for at in value[:2]] == pytest.approx([float(at) for at in mark], abs=0.06)


def test_words_with_a_number_in_them_are_words_and_a_bar_of_nothing_says_nothing():
    def counted(axes):
        axes.plot([0, 1], [0, 3], "o", label="_one")
        axes.set_yticks([0, 1, 2, 3], ["dropped: 1", "changed: 4", "adopted: 9", "in part: 3"])
        axes.set_xticks([])

    def bars(axes):
        axes.barh([0, 1], [0, 2])
        axes.set_yticks([0, 1], ["none", "two"])

    assert words(counted) == ["one, dropped: 1", "one, in part: 3"]
    assert words(bars) == ["two: 2"]
