from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from tr_analysis.report import charts
from tr_analysis.report.charts import draw
from tr_analysis.report.charts.draw import Flag, over

PALETTE = {name: getattr(charts, name) for name in ("CRC", "NPS", "ALL", "SECOND", "MUTED")}
# Linear RGB as seen without the cones for red, or for green: Viénot, Brettel and Mollon 1999.
SEEN = {
    "all cones": np.eye(3),
    "protanopia": [[0.1124, 0.8876, 0], [0.1124, 0.8876, 0], [0.0040, -0.0040, 1]],
    "deuteranopia": [[0.2927, 0.7073, 0], [0.2927, 0.7073, 0], [-0.0223, 0.0223, 1]],
}


def linear(colour):
    part = np.array(to_rgb(colour))
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIE 1976 L*a*b* of linear sRGB, white point D65."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(to_xyz @ rgb / to_xyz.sum(axis=1))  # no colour here is dark enough for the linear part
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("name", PALETTE)
def test_each_colour_stands_out_from_the_page(name):
    assert draw.contrast(PALETTE[name]) >= 4.5  # enough for words
    assert draw.contrast(charts.pale(PALETTE[name])) == pytest.approx(3.1, abs=0.1)


@pytest.mark.parametrize("eyes", SEEN)
def test_colours_differ_for_every_eye(eyes):
    seen = {name: lab(np.array(SEEN[eyes]) @ linear(colour)) for name, colour in PALETTE.items()}
    distance = {pair: np.linalg.norm(seen[pair[0]] - seen[pair[1]]) for pair in combinations(PALETTE, 2)}
    assert min(distance.values()) > 15, distance


def test_contrast_is_that_of_the_guidelines():
    assert draw.contrast("black") == pytest.approx(21)
    assert draw.contrast("#777777") == pytest.approx(4.48, abs=0.005)  # the guidelines' own example
    assert draw.contrast("white", "#0000FF") == pytest.approx(8.59, abs=0.005)
    assert over("#FF000080", "blue") == "#80007f"  # what is translucent shows its ground


pytestmark = pytest.mark.usefixtures("undrawn")
EVENTS = pd.DataFrame(
    {"event_id": ["split", "ownership", "sale"], "date": ["2014-06-01", "2015-02-01", "2019-02"]}
)
REFORM = {"2014-06-01": "split", "2015-02-01": "new owners, new act", "2018-10-01": "follow-up in pandemic"}


@pytest.mark.parametrize("name", ["merger", "sale", "pandemic"])  # neither; no words; not in the table
def test_an_event_that_is_not_known_is_refused(name):
    assert list(charts.reform(EVENTS, "split", "ownership")) == list(
        pd.to_datetime(["2014-06-01", "2015-02-01"])
    )
    with pytest.raises(ValueError, match=f"no event '{name}' to mark; there are: split, ownership"):
        charts.reform(EVENTS, "split", name)


def flags(figure):
    return [text for axes in figure.axes for text in axes.texts if isinstance(text, Flag)]


@pytest.mark.parametrize("begin", ["2004-01-01", "2014-05-01"])
def test_words_of_events_are_clear_of_each_other_of_lines_and_of_the_edges(show, begin):
    figure, (top, bottom) = charts.canvas(5, rows=2, sharex=True)
    for axes in (top, bottom):
        axes.plot(pd.to_datetime([begin, "2023-01-01"]), [10_000, 20_000], color=charts.ALL)
        axes.set_ylabel("people")
    charts.mark([top, bottom], REFORM)
    show(figure)  # and leaves it in its narrow form
    marked = flags(figure)
    assert [flag.get_text() for flag in marked] == list(REFORM.values())
    assert all(flag.axes is top for flag in marked)
    assert [len(axes.lines) for axes in (top, bottom)] == [4, 4]  # a line goes through all axes
    boxes = [flag.get_window_extent() for flag in marked]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y0 >= top.bbox.y1 for box in boxes)
    assert all(box.y1 <= figure.bbox.y1 for box in boxes)
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    for flag in marked:
        pole = flag.pole.get_window_extent()
        assert not any(box.x0 < pole.x0 < box.x1 and pole.y1 > box.y0 for box in boxes)


def test_more_words_than_find_room_stand_on_stairs(show):
    figure, axes = charts.canvas(4)
    axes.plot([0, 1], [0, 1], color=charts.ALL)
    axes.set(xlabel="share", ylabel="share")
    charts.mark(axes, {place: "words that are rather long for a phone" for place in (0.6, 0.61, 0.62)})
    show(figure)
    heights = [flag.get_window_extent().y0 for flag in flags(figure)]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) == 3


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


def test_grouped_rows_have_their_groups_name_above_them_and_the_zero_line_between():
    _, axes = charts.canvas()
    frame = pd.DataFrame({"years": ["2011", "2011", "2015"], "who": ["CRCs", "NPS", "CRCs"]})
    places = charts.grouped_rows(axes, frame, group="years", label="who")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["CRCs", "NPS", "CRCs"]
    headings = {word: text.xy[1] for word, text in words(axes).items()}
    assert headings["2011"] > places[0] > places[1] > headings["2015"] > places[2]
    (zero,) = axes.collections
    assert all(
        not low < height < high for (_, low), (_, high) in zero.get_segments() for height in headings.values()
    )


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


def test_bars_of_one_column_need_no_legend():
    figure, axes = charts.canvas()
    charts.bars(axes, pd.DataFrame({"CRCs": [1.0]}, index=["rate"]), colours=[charts.CRC], form="{:.0f}%")
    assert not figure.legends


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
