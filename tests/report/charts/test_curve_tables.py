import pandas as pd

from tr_analysis.report.charts import curve_tables
from tr_analysis.report.tables import table

NAMES = {"scale": "the scale", "lags": "the lags"}
WORDS = {"scale": {"log": "in per cent", "level": "in people"}}
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
    rows = curve_tables.option_rows(RESULTS, NAMES, WORDS)
    assert rows.to_numpy().tolist() == [
        ["Scale", "in per cent", 2, -5.0, -20.0, 10.0, 50.0],
        ["Scale", "in people", 2, 20.0, 10.0, 30.0, 50.0],
    ]
    shown = table(rows, "By option", **curve_tables.option_style(decimals=0))
    assert shown.cells["Lowest to highest (%)"].tolist() == ["−20 to +10", "+10 to +30"]


def test_the_ends_of_a_curve_stand_in_order_and_equal_estimates_by_id():
    rows = curve_tables.extreme_rows(RESULTS.iloc[::-1], NAMES, WORDS, each=2)
    assert rows.index.tolist() == [2, 0, 1, 3]
    shown = table(rows, "Ends", **curve_tables.extreme_style(decimals=1))
    assert shown.cells.iloc[0].tolist() == ["in per cent", "−20.0 (−28.0 to −12.0)"]


def test_reasons_are_counted_the_most_first():
    excluded = pd.DataFrame({"scale": ["log"] * 3, "reason": ["slow", "no data", "no data"]})
    assert curve_tables.excluded_rows(excluded).to_numpy().tolist() == [["no data", 2], ["slow", 1]]


def test_joint_tests_stand_under_what_they_are():
    test = pd.DataFrame(
        {"observed": [1.5], "as_extreme": [3], "curves": [20], "p_value": [0.2], "smallest_p": [0.05]},
        index=pd.Index(["median"], name="statistic"),
    )
    rows = curve_tables.joint_test_rows({"years shuffled": test}, "Nothing means")
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
