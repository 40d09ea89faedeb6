import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import simpson
from scipy.stats import binom, norm

from tr_analysis.estimators.payment import payment_rule, score
from tr_analysis.estimators.payment_operating import operating
from tr_analysis.estimators.payment_power import chances, standard_error

ERROR = standard_error(1286, 0.475)


def expected(found, measure, cohort=1):
    rows = found.counts[(found.counts["cohort"] == cohort) & (found.counts["measure"] == measure)]
    return rows["expected"].item()


def brute_chance(size, baseline, people, rate, level, allowed):
    """Chances of payment and deduction, summed over every count of cohort and baseline."""
    x, b = np.arange(size + 1)[:, None], np.arange(people + 1)
    reckoned = np.array(people if allowed else np.inf)
    statistic = score(x, np.array(size), b / people, reckoned)
    weight = binom.pmf(x, size, rate) * binom.pmf(b, people, baseline)
    z = norm.ppf(1 - level / 2)
    return (weight * (statistic <= -z)).sum(), (weight * (statistic >= z)).sum()


def test_golden_values_within_the_steps_of_whole_counts():
    # The golden values are normal approximations; a binomial count cannot hit a level exactly. Whole counts
    # have 5.69 winners, a false winner in 40.1% of cohorts, and 9.11 false winners in eighteen.
    rule = payment_rule([1286] * 21, 0.475, level=0.05, cohorts=18)
    common = operating(rule, shift=-0.019)
    assert expected(common, "winners") == pytest.approx(5.79, abs=0.15)
    assert expected(common, "losers") == pytest.approx(0.0093, abs=0.001)
    winners = common.winners.query("cohort == 1 and winners >= 13")["probability"].sum()
    assert winners == pytest.approx(0.001, abs=0.0002)
    spread = operating(rule, shift=-0.019, spread=0.03)
    assert expected(spread, "winners") == pytest.approx(8.42, abs=0.05)
    assert expected(spread, "losers") == pytest.approx(1.70, abs=0.05)
    nothing = operating(rule)
    assert expected(nothing, "cohorts with a false winner") == pytest.approx(0.41, abs=0.015)
    assert expected(nothing, "false winners", "all") == pytest.approx(9.45, abs=0.4)
    assert expected(common, "winners") == pytest.approx(5.69, abs=0.005)
    assert expected(nothing, "cohorts with a false winner") == pytest.approx(0.401, abs=0.0005)
    assert expected(nothing, "false winners", "all") == pytest.approx(9.11, abs=0.005)


def test_size_of_the_test_is_that_of_whole_counts():
    rule = payment_rule([1286], 0.475, level=0.05)
    count = np.floor(1286 * 0.475 - norm.ppf(0.975) * np.sqrt(1286 * 0.475 * 0.525))
    found = operating(rule).chances.loc[0]
    assert found["payment"] == pytest.approx(binom.cdf(count, 1286, 0.475))
    assert found["payment"] == found["false_payment"]
    assert found["payment"] == pytest.approx(0.0241, abs=1e-4)


@given(st.integers(2, 60), st.integers(2, 60), st.floats(0.1, 0.9), st.floats(-0.09, 0.09), st.booleans())
def test_sampled_baseline_against_every_outcome(size, people, baseline, shift, allowed):
    rule = payment_rule([size], baseline, level=0.05, baseline_sizes=people, allowed=allowed)
    found = operating(rule, shift=shift).chances.loc[0]
    oracle = brute_chance(size, baseline, people, baseline + shift, 0.05, allowed)
    assert (found["payment"], found["deduction"]) == pytest.approx(oracle, abs=1e-8)


@pytest.mark.parametrize(("size", "spread"), [(300, 0.03), (300, 0.001), (20, 0.03), (40_000, 0.03)])
def test_spread_against_integration(size, spread):
    rule = payment_rule([size], 0.4, level=0.1)
    found = operating(rule, shift=-0.02, spread=spread, drift=-0.01).chances.loc[0]
    last = np.floor(size * 0.4 - norm.ppf(0.95) * np.sqrt(size * 0.4 * 0.6))

    def paid(own):
        return binom.cdf(last, size, 0.39 + own) * norm.pdf(own, -0.02, spread)

    def integral(low, high):
        points = np.linspace(low, high, 10_001)
        return simpson(paid(points), x=points)

    low, high = -0.02 - 8 * spread, -0.02 + 8 * spread
    assert found["payment"] == pytest.approx(integral(low, high), abs=1e-9)
    assert found["false_payment"] == pytest.approx(integral(0, high) if high > 0 else 0, abs=1e-9)


@given(st.floats(-0.05, 0.05), st.floats(0, 0.05), st.sampled_from([0.01, 0.05, 0.2]))
def test_large_cohorts_meet_the_normal_formula(shift, spread, level):
    rule = payment_rule([1_000_000], 0.475, level=level)
    found = operating(rule, shift=shift, spread=spread).chances.loc[0]
    normal = chances(shift, error=standard_error(1_000_000, 0.475), level=level, spread=spread)
    assert (found["payment"], found["deduction"]) == pytest.approx(tuple(normal), abs=0.004)


def test_order_of_providers_does_not_matter():
    rng = np.random.default_rng(5)
    names = list("abcdef")
    sizes = pd.Series(rng.integers(200, 3000, 6), index=names)
    baselines = pd.Series(rng.uniform(0.3, 0.6, 6), index=names)
    shift = pd.Series(rng.uniform(-0.05, 0.05, 6), index=names)
    found = operating(payment_rule(sizes, baselines, level=0.05), shift=shift, spread=0.01)
    turned = operating(payment_rule(sizes[::-1], baselines, level=0.05), shift=shift, spread=0.01)
    by_name = turned.chances.set_index("provider").loc[names].reset_index()[found.chances.columns]
    pd.testing.assert_frame_equal(found.chances, by_name)
    pd.testing.assert_frame_equal(found.counts, turned.counts)
    pd.testing.assert_frame_equal(found.winners, turned.winners)


def test_cohorts_together_and_apart():
    sizes = pd.DataFrame({"a": [500, 700], "b": [900, 800]}, index=["2015Q4", "2016Q1"])
    drift = [-0.01, -0.02]
    together = operating(payment_rule(sizes, 0.4, level=0.05), shift=[0.0, -0.01], drift=drift)
    parts = [
        operating(payment_rule(sizes.iloc[[row]], 0.4, level=0.05), shift=[0.0, -0.01], drift=[drift[row]])
        for row in (0, 1)
    ]
    apart = pd.concat([part.chances for part in parts], ignore_index=True)
    pd.testing.assert_frame_equal(together.chances, apart)
    total = sum(expected(part, "winners", "all") for part in parts)
    assert expected(together, "winners", "all") == pytest.approx(total)
    assert list(together.counts["cohort"].unique()) == ["2015Q4", "2016Q1", "all"]


def test_drift_pays_without_any_effect():
    rule = payment_rule([1286] * 21, 0.475, level=0.05)
    drifted, moved = operating(rule, drift=-0.019), operating(rule, shift=-0.019)
    assert expected(drifted, "winners") == pytest.approx(expected(moved, "winners"))
    assert expected(drifted, "false winners") == expected(drifted, "winners")
    assert expected(moved, "false winners") == 0


def test_one_side_takes_nothing_back():
    found = operating(payment_rule([1286], 0.475, level=0.025, sides=1), shift=0.05)
    assert found.chances.loc[0, "deduction"] == 0


def test_baseline_taken_for_known_is_paid_for_too_often():
    size = [1286] * 3
    known, allowed, ignored = (
        operating(payment_rule(size, 0.475, level=0.05, **options)).chances.loc[0, "payment"]
        for options in ({}, {"baseline_sizes": 5143}, {"baseline_sizes": 5143, "allowed": False})
    )
    assert (known, allowed) == pytest.approx((0.025, 0.025), abs=0.001)
    unseen = standard_error(5143, 0.475)
    assert ignored == pytest.approx(chances(0.0, error=ERROR, level=0.05, unseen=unseen).payment, abs=0.002)


def test_winners_are_a_distribution():
    rule = payment_rule([300, 900, 2000], [0.3, 0.5, 0.6], level=0.05)
    found = operating(rule, shift=-0.03)
    winners = found.winners
    assert winners["probability"].sum() == pytest.approx(1)
    assert winners["winners"] @ winners["probability"] == pytest.approx(expected(found, "winners"))
    p = found.chances["payment"]
    assert winners["probability"].iloc[0] == pytest.approx((1 - p).prod())


def test_one_person_and_one_provider():
    found = operating(payment_rule([1], 0.5, level=0.05), shift=-0.1)
    assert tuple(found.chances.loc[0, ["payment", "deduction"]]) == (0, 0)


def test_the_most_people_there_can_be():
    found = operating(payment_rule([2**31 - 1], 0.475, level=0.05)).chances.loc[0]
    assert tuple(found[["payment", "deduction"]]) == pytest.approx((0.025, 0.025), abs=1e-4)
