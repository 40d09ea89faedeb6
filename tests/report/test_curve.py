import pandas as pd
import pytest
from matplotlib.colors import to_hex

from tr_analysis.report import charts
from tr_analysis.report.curve import specification_curve

WORDS = {"scale": {"log": "in percent", "level": "in people"}, "lags": {0: "no lags", 6: "six", 12: "twelve"}}


def results(estimates=(30.0, 10.0, -20.0, 5.0)):
    frame = pd.DataFrame(
        {"estimate": estimates, "scale": ["log", "level", "log", "level"], "lags": [0, 0, 12, 12]}
    )
    ends = {"low": frame["estimate"] - 8, "high": frame["estimate"] + 8}
    return frame.assign(id=["a", "b", "c", "d"], failure="", **ends)


def draw(frame, words=WORDS, **about):
    _, (top, bottom) = charts.canvas(5, rows=2, sharex=True)
    return top, bottom, specification_curve(top, bottom, frame, words, **about)


def test_estimates_rise_and_say_by_colour_which_side_of_zero():
    top, _, drawn = draw(results())
    assert list(drawn["id"]) == ["c", "d", "b", "a"]
    points = top.collections[1]
    assert points.get_offsets()[:, 1].tolist() == [-20, 5, 10, 30]
    colours = [to_hex(colour).upper() for colour in points.get_facecolor()]
    assert colours == [charts.NPS, charts.MUTED, charts.CRC, charts.CRC]
    bars = [path.vertices[:, 1].tolist() for path in top.collections[0].get_paths()]
    assert bars == [[-28, -12], [-3, 13], [2, 18], [22, 38]]


def test_marks_stand_below_their_estimates():
    _, bottom, _ = draw(results())
    assert [label.get_text() for label in bottom.get_yticklabels()] == [
        "in percent",
        "in people",
        "no lags",
        "twelve",
    ]
    rows = [{path.vertices[0, 0] for path in marks.get_paths()} for marks in bottom.collections]
    assert rows == [{0, 3}, {1, 2}, {2, 3}, {0, 1}]
    assert bottom.get_ylim() == (3.5, -0.5)


def test_the_main_specification_is_pointed_out():
    top, bottom, _ = draw(results(), main="b", main_words="chapter on recall")
    assert [text.get_text() for text in top.texts] == ["chapter on recall"]
    assert list(bottom.lines[-1].get_xdata()) == [2, 2]


def test_failures_are_not_drawn():
    frame = results().assign(failure=["", "no room", "", ""])
    _, bottom, drawn = draw(frame)
    assert list(drawn["id"]) == ["c", "d", "a"]
    assert len(bottom.collections[1].get_paths()) == 1


def test_curves_that_cannot_be_drawn():
    with pytest.raises(ValueError, match="no curve to draw"):
        draw(results().assign(failure="no room"))
    with pytest.raises(ValueError, match="no choice 'order'"):
        draw(results(), {"order": {1: "first"}})
    with pytest.raises(ValueError, match="lags=12 has no words"):
        draw(results(), {"lags": {0: "no lags"}})
