import pandas as pd
import pytest

from tr_analysis.report import charts, curve
from tr_analysis.report.tables import table

WORDS = {"scale": {"log": "in percent", "level": "in people"}, "lags": {0: "no lags", 6: "six", 12: "twelve"}}


def results(estimates=(30.0, 10.0, -20.0, 5.0)):
    frame = pd.DataFrame(
        {"estimate": estimates, "scale": ["log", "level", "log", "level"], "lags": [0, 0, 12, 12]}
    )
    ends = {"low": frame["estimate"] - 8, "high": frame["estimate"] + 8}
    return frame.assign(id=["a", "b", "c", "d"], failure="", **ends)


NAMES = {"scale": "the scale", "lags": "the lags", "order": "the order"}


def draw(frame, words=WORDS, **about):
    _, (top, bottom) = charts.canvas(5, rows=2, sharex=True)
    return top, bottom, curve.specification_curve(top, bottom, frame, words, names=NAMES, **about)


def segments(line):
    """The points of a line that are not gaps."""
    return [(x, y) for x, y in zip(*line.get_data(), strict=True) if pd.notna(x)]


def test_estimates_rise_and_say_by_colour_which_side_of_zero():
    top, _, drawn = draw(results())
    assert list(drawn["id"]) == ["c", "d", "b", "a"]
    alike = results((30.0, 10.0, -20.0, 10.0)).iloc[::-1]
    assert list(draw(alike)[2]["id"]) == ["c", "b", "d", "a"], "equal estimates stand by id"
    below, either, above, points, _zero = top.lines
    assert points.get_ydata().tolist() == [-20, 5, 10, 30]
    assert [line.get_color() for line in (below, either, above)] == [charts.NPS, charts.MUTED, charts.CRC]
    assert [segments(line) for line in (below, either, above)] == [
        [(0, -28), (0, -12)],
        [(1, -3), (1, 13)],
        [(2, 2), (2, 18), (3, 22), (3, 38)],
    ]


def test_marks_stand_below_their_estimates():
    _, bottom, _ = draw(results())
    assert [label.get_text() for label in bottom.get_yticklabels()] == [
        "Scale:",
        "in percent",
        "in people",
        "Lags:",
        "no lags",
        "twelve",
    ]
    assert {line.get_color(): segments(line) for line in bottom.lines} == {
        charts.NPS: [(-0.4, 1), (0.4, 1), (-0.4, 5), (0.4, 5)],
        charts.MUTED: [(0.6, 2), (1.4, 2), (0.6, 5), (1.4, 5)],
        charts.CRC: [(2.6, 1), (3.4, 1), (1.6, 2), (2.4, 2), (1.6, 4), (2.4, 4), (2.6, 4), (3.4, 4)],
    }
    assert bottom.get_ylim() == (5.5, -0.5)


def test_failures_are_not_drawn_and_the_main_specification_is_pointed_out():
    frame = results().assign(failure=["", "no room", "", ""])
    top, bottom, drawn = draw(frame, main="a", main_words="chapter on recall")
    assert list(drawn["id"]) == ["c", "d", "a"]
    assert [text.get_text() for text in top.texts] == ["chapter on recall"]
    assert list(bottom.lines[-1].get_xdata()) == [2, 2]
    assert (
        sum(len(segments(line)) for line in bottom.lines[:-1]) == 2 * 3 * 2
    )  # ends, specifications, choices


def test_curves_that_cannot_be_drawn():
    with pytest.raises(ValueError, match="no curve to draw"):
        draw(results().assign(failure="no room"))
    with pytest.raises(ValueError, match="no choice 'order'"):
        draw(results(), {"order": {1: "first"}})
    with pytest.raises(ValueError, match="lags=12 has no words"):
        draw(results(), {"lags": {0: "no lags"}})


# The tables beside it

SHOWN = {"scale": {"log": "in per cent", "level": "in people"}}
RESULTS = pd.DataFrame(
    {
        "id": ["b", "d", "c", "a"],
        "scale": ["log", "level", "log", "level"],
        "lags": [0, 0, 12, 12],
        "estimate": [10.0, 10.0, -20.0, 30.0],
        "low": [2.0, -8.0, -28.0, 22.0],
        "high": [18.0, 18.0, -12.0, 38.0],
        "std_error": None,
        "p_value": None,
        "n": None,
        "failure": "",
    }
)


def test_options_stand_with_median_range_and_share_that_is_clear():
    rows = curve.option_rows(RESULTS, NAMES, SHOWN)
    assert rows.to_numpy().tolist() == [
        ["Scale", "in per cent", 2, -5.0, -20.0, 10.0, 50.0],
        ["Scale", "in people", 2, 20.0, 10.0, 30.0, 50.0],
    ]
    shown = table(rows, "By option", **curve.option_style(decimals=0))
    assert shown.cells["Lowest to highest (%)"].tolist() == ["−20 to +10", "+10 to +30"]


def test_the_ends_of_a_curve_stand_in_order_and_equal_estimates_by_id():
    rows = curve.extreme_rows(RESULTS.iloc[::-1], NAMES, SHOWN, each=2)
    assert rows.index.tolist() == [2, 0, 1, 3]
    shown = table(rows, "Ends", **curve.extreme_style(decimals=1))
    assert shown.cells.iloc[0].tolist() == ["in per cent", "−20.0 (−28.0 to −12.0)"]


def test_joint_tests_stand_under_what_they_are():
    test = pd.DataFrame(
        {"observed": [1.5], "as_extreme": [3], "curves": [20], "p_value": [0.2], "smallest_p": [0.05]},
        index=pd.Index(["median"], name="statistic"),
    )
    rows = curve.joint_test_rows({"years shuffled": test}, "Nothing means")
    assert rows.to_dict("records") == [
        {
            "Nothing means": "years shuffled",
            "Statistic": "median",
            "Curves (n)": 20,
            "As extreme": 3,
            "p-value": 0.2,
            "Smallest possible": 0.05,
        }
    ]
