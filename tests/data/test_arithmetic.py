from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tr_analysis.data import checks
from tr_analysis.data.read import read
from tr_analysis.data.schemas import TABLES


@pytest.fixture(scope="module")
def frames(built):
    return {name: read(built / "data" / "raw", table) for name, table in TABLES.items()}


@pytest.mark.parametrize(
    ("numerator", "denominator", "places", "scale", "expected"),
    [
        (194500, 628761, 1, 100, "30.9"),
        (668502, 194500, 2, 1, "3.44"),
        (1, 8, 2, 1, "0.13"),  # a tie goes up, whatever the digit before it
        (3, 8, 2, 1, "0.38"),
        (1, 2, 0, 1, "1"),
        (5, 2, 0, 1, "3"),
        (2675, 1000, 2, 1, "2.68"),  # as a binary float it is below the tie
        (0, 7, 1, 100, "0.0"),
    ],
)
def test_a_ratio_is_printed_half_up(numerator, denominator, places, scale, expected):
    assert str(checks.printed(numerator, denominator, places, scale)) == expected


@given(st.integers(0, 10**7), st.integers(1, 10**7), st.integers(0, 4), st.sampled_from([1, 100]))
def test_printing_is_that_of_decimal_arithmetic(numerator, denominator, places, scale):
    step = Decimal(1).scaleb(-places)
    expected = (Decimal(numerator * scale) / Decimal(denominator)).quantize(step, ROUND_HALF_UP)
    assert checks.printed(numerator, denominator, places, scale) == expected


@given(st.integers(0, 10**9), st.integers(0, 4))
def test_every_tie_goes_up(whole, places):
    tie = checks.printed(2 * whole + 1, 2 * 10**places, places)
    assert tie == Decimal(whole + 1).scaleb(-places)


def test_all_printed_annual_rates_come_out_of_their_counts(frames):
    rates = checks.annual_rates(frames["proven_reoffending_annual"])
    assert len(rates) == 24
    assert rates["agrees"].all()


def test_round_one_tallies_come_out_of_their_rows(frames):
    tallies = checks.rating_tallies(frames)
    counts = tallies.set_index(["provider_type", "rating"])["counted"].to_dict()
    assert counts == {
        ("CRC", "Good"): 1,
        ("CRC", "Requires improvement"): 19,
        ("CRC", "Inadequate"): 1,
        ("NPS", "Good"): 5,
        ("NPS", "Requires improvement"): 2,
    }
    assert tallies["agrees"].all()


def test_both_sides_of_a_known_contradiction_are_kept(frames):
    found = checks.figure_checks(frames).set_index("check_id")
    deaths = found.loc["K36", ["left_value", "right_value", "difference", "found", "expected"]]
    assert deaths.tolist() == [748, 819, -71, "differ", "differ"]
    assert (found["found"] == found["expected"]).all()


def test_every_comparison_stands_in_one_table(frames):
    made = checks.reconciliation(frames)
    assert made["kind"].value_counts().to_dict() == {
        "rate from its counts": 24,
        "tally from its rows": 5,
        "figure against figure": len(frames["figure_checks"]),
    }
    assert made["subject"].is_unique
    assert made.drop(columns=["why", "target_id"]).notna().all(axis=None)
    assert (made["difference"] == made["left_value"] - made["right_value"]).all()
    assert made.loc[made["expected"] == "differ", "why"].notna().all()
    assert checks.disagreements(frames) == []


@given(data=st.data())
def test_any_other_printed_rate_is_a_contradiction(frames, data):
    annual = frames["proven_reoffending_annual"]
    line = data.draw(st.sampled_from(list(annual.index)))
    column, places = data.draw(
        st.sampled_from([("published_binary_rate", 1), ("published_frequency_rate", 2)])
    )
    rate = data.draw(st.integers(0, 1000)) / 10**places
    assume(abs(rate - annual.at[line, column]) > 1e-9)
    wrong = annual.copy()
    wrong.loc[line, column] = rate
    unchecked = {"proven_reoffending_annual": wrong, "figure_checks": frames["figure_checks"].head(0)}
    problem, *_ = checks.disagreements({**frames, **unchecked})
    assert (problem.row, problem.column, problem.value) == (line, column, str(rate))
    assert f"which give {annual.at[line, column]}" in problem.rule
