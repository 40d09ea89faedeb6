import base64
import io
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from tr_analysis.report import charts
from tr_analysis.report.headings import balanced_lines

DATA = pd.DataFrame({"month": ["2015-02", "2015-03"], "people": [5000, 1 / 3]})
WORDS = {"title": "It rose", "subtitle": "People, England and Wales", "alt": "A rising line"}
MONTHS = pd.DatetimeIndex(pd.date_range("2015-01-15", periods=5, freq="MS"))


@pytest.fixture
def shown(monkeypatch):
    """What charts displayed: pairs of bundle and metadata."""
    seen = []
    monkeypatch.setattr(charts, "display", lambda bundle, raw, metadata: seen.append((bundle, metadata)))
    return seen


def show(**changed):
    figure, axes = charts.canvas(3)
    axes.plot([1, 2], [3, 4])
    about = {"figure": figure, "name": "rise", "data": DATA, **WORDS, **changed}
    charts.show(about.pop("figure"), about.pop("name"), **about)
    return figure


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


def test_a_chart_comes_with_picture_data_and_description(shown):
    show()
    ((bundle, metadata),) = shown
    picture = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    about = metadata["image/png"]
    assert (about["alt"], about["name"]) == ("A rising line", "rise")
    assert picture.size == (2 * about["width"], 2 * about["height"])  # twice as sharp as it is wide
    assert bundle["text/csv"] == "month,people\n2015-02,5000\n2015-03,0.333333\n"
    assert bundle["text/plain"] == "Chart: It rose"


def test_the_same_chart_is_the_same_bytes(shown):
    show()
    show()
    assert shown[0] == shown[1]


def test_the_picture_keeps_the_colours_of_the_house(shown):
    figure, axes = charts.canvas(2)
    for place, colour in enumerate((charts.CRC, charts.NPS, charts.ALL)):
        axes.bar(place, 1, color=colour)
    show(figure=figure)
    picture = Image.open(io.BytesIO(base64.b64decode(shown[0][0]["image/png"]))).convert("RGB")
    drawn = {colour for _, colour in picture.getcolors(1 << 20)}
    for colour in (charts.CRC, charts.NPS, charts.ALL, "#FFFFFF"):
        assert tuple(round(255 * part) for part in to_rgb(colour)) in drawn


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"title": " "}, "'rise' has no title"),
        ({"subtitle": ""}, "'rise' has no subtitle"),
        ({"alt": "\n"}, "'rise' has no alternative text"),
        ({"data": DATA.iloc[:0]}, "'rise' has no data"),
        ({"name": "a/b"}, "'a/b' names its files"),
        ({"name": ""}, "'' names its files"),
    ],
)
def test_a_chart_that_lacks_something_is_refused(shown, changed, fault):
    with pytest.raises(ValueError, match=fault):
        show(**changed)
    assert not shown


def test_heading_breaks_into_lines_inside_the_picture_and_above_the_axes(shown):
    title = "The binary rate fell by far less than reoffences per offender rose over the same years"
    figure = show(title=title, subtitle=f"{title} {title}")
    width, height = figure.canvas.get_width_height()
    lines = figure.texts
    assert " ".join(text.get_text() for text in lines) == f"{title} {title} {title}"
    assert [text.get_fontweight() for text in lines[:3]] == ["bold", "bold", "normal"]
    boxes = [text.get_window_extent() for text in lines]
    assert all(box.x0 >= 0 and box.x1 <= width and box.y1 <= height for box in boxes)
    assert all(above.y0 >= below.y1 - 1 for above, below in pairwise(boxes))
    assert boxes[-1].y0 > figure.axes[0].get_tightbbox().y1


def test_a_word_wider_than_the_picture_gets_its_own_line(shown):
    long = "reoffending" * 12
    assert [text.get_text() for text in show(title=f"{long} {long}", subtitle="x").texts] == [long, long, "x"]


def test_years_keep_their_distance_on_a_narrow_axis(shown):
    figure, axes = charts.canvas(2, ncols=2)
    for panel in axes:
        panel.plot(pd.date_range("2008-01", "2026-01", freq="YS"), range(19))
    show(figure=figure)
    labels = [label.get_window_extent() for label in axes[0].get_xticklabels()]
    assert len(labels) > 2
    assert all(left.x1 < right.x0 for left, right in pairwise(labels))


def test_a_missing_value_is_a_gap():
    drawn, _ = line([1, 2, None, 4, 5]).lines
    assert np.isnan(drawn.get_ydata()[2])
    assert list(drawn.get_ydata()[[0, 1, 3, 4]]) == [1, 2, 4, 5]


def test_a_value_between_two_gaps_is_still_seen():
    axes = line(
        pd.array([1, None, 3, None, None], "Float64"),
        low=[0, None, 2, None, None],
        high=[2, None, 5, None, None],
    )
    dots = axes.lines[1]
    assert list(dots.get_ydata()) == [1, 3]
    assert [list(bar[:, 1]) for bar in axes.collections[1].get_segments()] == [[0, 2], [2, 5]]


def test_a_line_is_named_where_its_values_end():
    label = words(line([1, 2, 3, 4, None]))["recall"]
    assert (label.xy, label.get_color()) == ((MONTHS[3], 4.0), charts.CRC)


def test_a_line_without_values_is_refused():
    with pytest.raises(ValueError, match="the line 'recall' has no value to draw"):
        line([None] * 5)


def test_points_stand_in_the_middle_of_their_period():
    assert (
        charts.at(pd.period_range("2015-02", periods=1, freq="M"))[0].date()
        == pd.Timestamp("2015-02-14").date()
    )
    assert (
        charts.at(pd.Series(pd.PeriodIndex(["2015"], freq="Y-MAR")))[0].date()
        == pd.Timestamp("2014-09-30").date()
    )


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


def test_marks_move_their_words_out_of_each_other():
    _, axes = charts.canvas()
    axes.set_xlim(pd.Timestamp("2010-01-01"), pd.Timestamp("2020-01-01"))
    charts.mark(axes, {"2015-02-01": "owners", "2014-06-01": "split", "2018-01-01": "later"})
    assert {word: text.get_ha() for word, text in words(axes).items()} == {
        "split": "right",
        "owners": "left",
        "later": "left",
    }
    split, owners = (words(axes)[word].get_window_extent() for word in ("split", "owners"))
    assert split.x1 < owners.x0


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
    luminance = np.array([0.2126, 0.7152, 0.0722]) @ linear(PALETTE[name])
    assert 1.05 / (luminance + 0.05) >= 3


@pytest.mark.parametrize("eyes", SEEN)
def test_colours_differ_for_every_eye(eyes):
    seen = {name: lab(np.array(SEEN[eyes]) @ linear(colour)) for name, colour in PALETTE.items()}
    distance = {pair: np.linalg.norm(seen[pair[0]] - seen[pair[1]]) for pair in combinations(PALETTE, 2)}
    assert min(distance.values()) > 15, distance


def test_heading_lines_are_as_few_as_fit_and_balanced():
    words = "one two three four five six seven eight nine ten"
    lines = balanced_lines(words, 30, len)
    assert " ".join(lines) == words
    assert len(lines) == 2
    assert max(map(len, lines)) - min(map(len, lines)) <= 6
    assert balanced_lines("unbreakable words", 3, len) == ["unbreakable", "words"]
