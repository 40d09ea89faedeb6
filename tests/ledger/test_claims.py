import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from tr_analysis.data import load
from tr_analysis.ledger import aim_numbers, claim_verdicts, samples

FIGURES = pd.DataFrame({"figure_id": ["F0001", "F0002"], "value": [10.0, 20.0]})
FRAMES = {"published_figures": FIGURES}
ROW = {
    "claim_id": "C01",
    "number": "F0001",
    "number_is": "a count",
    "unit": "people",
    "low": "F0002 / 4",
    "high": "F0002",
    "inside": "supported",
    "outside": "contradicted",
    "verdict": None,
    "why": "between {low|0} and {high|1}, and {F0002 - F0001|2}; here {number|0}",
    "source_ids": "S001",
}


def verdict(**changed):
    return claim_verdicts(pd.DataFrame([ROW | changed]), FRAMES).iloc[0]


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({}, "supported"),
        ({"low": None}, "supported"),
        ({"high": None}, "supported"),
        ({"low": "10", "high": "10"}, "supported"),
        ({"low": "10.5"}, "contradicted"),
        ({"high": "9.9"}, "contradicted"),
        ({"low": None, "high": "-1"}, "contradicted"),
    ],
)
def test_a_number_is_within_its_bounds_or_outside_them(bounds, expected):
    judged = verdict(**bounds, why="at {number|0} and {F0002 - F0001|2}")
    assert (judged["verdict"], judged["decided"]) == (expected, "by rule")
    assert judged["why"] == "at 10 and 10.00"


def test_without_bounds_the_verdict_is_argued():
    judged = verdict(
        low=None, high=None, inside=None, outside=None, verdict="not checkable", why="no count is held"
    )
    assert (judged["verdict"], judged["decided"], judged["number"]) == ("not checkable", "argued", 10)


@given(st.floats(-50, 50, allow_nan=False))
def test_moving_the_number_moves_the_verdict(number):
    frames = {"published_figures": FIGURES.assign(value=[number, 20.0])}
    found = claim_verdicts(pd.DataFrame([ROW]), frames).iloc[0]["verdict"]
    assert found == ("supported" if 5 - 1e-9 <= number <= 20 + 1e-9 else "contradicted")


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"number": "F0009"}, "C01: F0009: must name exactly one number"),
        ({"number": None}, "C01: bounds without a number"),
        ({"high": "F0001 +"}, "C01: cannot be read"),
        ({"why": "{F0009|1}"}, "C01: F0009"),
    ],
)
def test_a_fault_names_the_claim(changed, fault):
    with pytest.raises(ValueError, match=fault):
        verdict(**changed)


def test_an_aim_has_its_number_and_its_reason_filled_in():
    rows = [
        {"aim": "a", "number": "F0001 / 4", "why": "{number|1} of {F0002|0}"},
        {"aim": "b", "number": None, "why": "none"},
    ]
    found = aim_numbers(pd.DataFrame(rows), FRAMES)
    assert found["why"].tolist() == ["2.5 of 20", "none"]
    assert found["number"].tolist() == pytest.approx([2.5, float("nan")], nan_ok=True)
    with pytest.raises(ValueError, match="market: F0009"):
        aim_numbers(pd.DataFrame([{"aim": "market", "number": "F0009", "why": ""}]), FRAMES)


def test_samples_carry_exact_intervals():
    found = samples(load("claims")).set_index("claim_id")
    for claim in ("C06", "C22", "C24", "C27"):
        count, n = (int(found.loc[claim, part]) for part in ("count", "n"))
        exact = binomtest(count, n).proportion_ci(method="exact")
        assert found.loc[claim, ["low", "high"]].tolist() == pytest.approx(
            [100 * exact.low, 100 * exact.high]
        )
    assert found.loc["C06", "upper"] == pytest.approx(100 * (1 - 0.05 ** (1 / 86)))
    assert found.loc["C25", "count"] == 10  # ten percent of ninety-eight
    assert pd.isna(found.loc["C09", "count"]) and found.loc["C09", "half_width"] == pytest.approx(
        11.55, abs=0.005
    )


def test_every_claim_is_answered_once_and_either_ruled_or_argued():
    ledger = load("claim_verdicts")
    assert sorted(ledger["claim_id"]) == sorted(load("claims")["claim_id"])
    ruled = ledger["low"].notna() | ledger["high"].notna()
    assert (ledger["verdict"].isna() == ruled).all()
    assert ledger.loc[ruled, ["inside", "outside"]].notna().all(axis=None)
    assert (ledger.loc[ruled, "inside"] != ledger.loc[ruled, "outside"]).all()  # else it could not fail


def test_no_number_is_held_against_the_row_it_comes_from():
    cells = r"results\[[^\]]*\]|samples\[[^\]]*\]|F\d{4}"
    for row in load("claim_verdicts").fillna("").to_dict("records"):
        number = set(re.findall(cells, row["number"]))
        assert not number & set(re.findall(cells, f"{row['low']} {row['high']}")), row["claim_id"]


def test_reasons_type_no_number_that_could_be_worked_out():
    """A digit in a reason stands in braces, or in a year."""
    for row in load("claim_verdicts").to_dict("records"):
        words = re.sub(r"\{[^{}]*\}|\b(19|20)\d\d(/\d\d)?\b", "", row["why"])
        numbers = re.findall(r"\d[\d.,]*", words)
        assert not numbers, (row["claim_id"], numbers)
