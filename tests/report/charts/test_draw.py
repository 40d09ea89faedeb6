import numpy as np
import pandas as pd
import pytest

from tr_analysis.report import charts

MONTHS = pd.DatetimeIndex(pd.date_range("2015-01-15", periods=5, freq="MS"))


def line(y, low=None, high=None):
    _, axes = charts.canvas()
    y = pd.Series(y)
    frame = pd.DataFrame({"y": y, "low": y if low is None else low, "high": y if high is None else high})
    charts.line_with_interval(
        axes, frame, MONTHS, y="y", low="low", high="high", colour=charts.CRC, label="recall"
    )
    return axes


def words(axes):
    return {text.get_text(): text for text in axes.texts}


def test_a_value_between_two_gaps_is_still_seen():
    axes = line(
        pd.array([1, None, 3, None, None], "Float64"),
        low=[0, None, 2, None, None],
        high=[2, None, 5, None, None],
    )
    dots = axes.lines[1]
    assert list(dots.get_ydata()) == [1, 3]
    assert [list(bar[:, 1]) for bar in axes.collections[1].get_segments()] == [[0, 2], [2, 5]]


def test_a_missing_value_is_a_gap_and_a_line_is_named_where_its_values_end():
    axes = line([1, 2, None, 4, None])
    assert np.array_equal(axes.lines[0].get_ydata(), [1, 2, np.nan, 4, np.nan], equal_nan=True)
    label = words(axes)["recall"]
    assert (label.xy, label.get_color()) == ((MONTHS[3], 4.0), charts.CRC)
    with pytest.raises(ValueError, match="the line 'recall' has no value to draw"):
        line([None] * 5)


def test_a_line_is_broken_where_too_long_a_time_lies_between():
    _, axes = charts.canvas()
    dates = pd.Series(pd.to_datetime(["2004-12-31", "2009-12-31", "2010-12-31", "2015-12-31"]))
    charts.broken_line(axes, dates, pd.Series([1, 2, 3, 4]), colour=charts.ALL, longest="550D")
    (drawn,) = axes.lines
    assert np.array_equal(drawn.get_ydata(), [1, np.nan, 2, 3, np.nan, 4], equal_nan=True)
    assert drawn.get_marker() == "o"


def test_dots_run_from_the_top_with_interval_number_and_zero():
    _, axes = charts.canvas()
    frame = pd.DataFrame(
        {
            "who": ["CRC", "NPS"],
            "change": [-2.14, -0.04],
            "low": [-2.4, None],
            "high": [-1.8, None],
            "colour": [charts.CRC, charts.NPS],
        }
    )
    charts.dots(axes, frame, label="who", value="change", form="{:.1f}")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["NPS", "CRC"]
    assert words(axes)["−2.1"].xy == (-2.14, 1)
    assert words(axes)["0.0"].xy == (-0.04, 0)
    bars = [list(drawn.get_xdata()) for drawn in axes.lines if len(drawn.get_xdata()) == 2]
    assert bars == [[-2.4, -1.8], [0, 0]]


def test_bars_begin_at_zero_and_have_their_numbers_at_their_ends():
    figure, axes = charts.canvas()
    frame = pd.DataFrame({"CRCs": [-4.4, 11.9], "NPS": [-8.8, 0.0]}, index=["binary rate", "frequency rate"])
    charts.bars(axes, frame, colours=[charts.CRC, charts.NPS], form="{:+.1f}%")
    assert [[bar.get_width() for bar in group] for group in axes.containers] == [[-4.4, 11.9], [-8.8, 0.0]]
    numbers = words(axes)
    assert {word: (text.xy[0], text.get_ha()) for word, text in numbers.items()} == {
        "−4.4%": (-4.4, "right"),
        "+11.9%": (11.9, "left"),
        "−8.8%": (-8.8, "right"),
        "0.0%": (0.0, "left"),
    }
    assert numbers["−4.4%"].xy[1] < numbers["−8.8%"].xy[1] < numbers["+11.9%"].xy[1]
    assert axes.yaxis_inverted()  # so that the first group and the first of a group are on top
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["CRCs", "NPS"]


def test_a_line_carries_its_name_at_its_own_height():
    _, axes = charts.canvas()
    charts.named_line(axes, [0, 2], [10, 30], "a year", charts.NPS, place=1.5, offset=(-8, 4), ha="right")
    (line,), (name,) = axes.lines, axes.texts
    assert (name.get_text(), name.xy, name.get_position()) == ("a year", (1.5, 25.0), (-8, 4))
    assert line.get_color() == name.get_color() == charts.NPS


def test_a_unit_chart_has_a_mark_for_each_row_in_its_own_row_from_the_left():
    services = pd.DataFrame({"owner": ["b", "a", "b"], "rating": ["Good", "Good", "Inadequate"]})
    marks = {"Good": "s", "Inadequate": "X"}
    _, axes = charts.canvas(3)
    words = {"a": "first", "b": "second", "c": "none"}
    charts.unit_chart(axes, services, "owner", words, lambda row: {"marker": marks[row["rating"]]})
    drawn = sorted((line.get_ydata()[0], line.get_xdata()[0], line.get_marker()) for line in axes.lines)
    assert drawn == [(0, 0, "s"), (1, 0, "s"), (1, 1, "X")]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["first", "second", "none"]
    assert list(axes.get_xticks()) == []
