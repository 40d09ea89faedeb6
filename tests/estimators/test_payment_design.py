import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import simpson
from scipy.stats import betabinom, binom, norm

from tr_analysis.estimators.payment import score, standard_error
from tr_analysis.estimators.payment_design import (
    expected_best,
    next_cohort,
    operating_characteristics,
    payment_rule,
    simulated_counts,
)

ERROR = standard_error(1286, 0.475)
ONE = payment_rule([1286], 0.475, level=0.05)


def one_provider(rule, **truth):
    return operating_characteristics(rule, **truth).probabilities.loc[1]


def brute_force(size, baseline, people, rate, level, tested):
    """Probabilities of payment and deduction, summed over every count of cohort and baseline."""
    x, b = np.arange(size + 1)[:, None], np.arange(people + 1)
    statistic = score(x, np.array(size), b / people, np.array(tested))
    weight = binom.pmf(x, size, rate) * binom.pmf(b, people, baseline)
    z = norm.ppf(1 - level / 2)
    return (weight * (statistic <= -z)).sum(), (weight * (statistic >= z)).sum()


def test_golden_values_within_the_steps_of_whole_counts():
    # The golden values are normal approximations; a binomial count cannot hit a level exactly. Whole counts
    # have 5.69 winners, a false winner in 40.1% of cohorts, and 9.11 false winners in eighteen.
    rule = payment_rule([1286] * 21, 0.475, level=0.05)
    common = operating_characteristics(rule, shift=-0.019)
    spread = operating_characteristics(rule, shift=-0.019, spread=0.03)
    quarters = operating_characteristics(payment_rule([1286] * 21, 0.475, level=0.05, cohorts=18))
    nothing = operating_characteristics(rule)
    for found, normal, near, exact in [
        (common.counts["winners"], 5.79, 0.15, 5.69),
        (common.counts["losers"], 0.0093, 0.001, None),
        (common.winners[13:].sum(), 0.001, 0.0002, None),
        (spread.counts["winners"], 8.42, 0.05, None),
        (spread.counts["losers"], 1.70, 0.05, None),
        (nothing.counts["cohorts with a false winner"], 0.41, 0.015, 0.401),
        (quarters.counts["false winners"], 9.45, 0.4, 9.11),
    ]:
        assert found == pytest.approx(normal, abs=near)
        assert exact is None or found == pytest.approx(exact, abs=0.005)


@given(st.integers(2, 60), st.integers(2, 60), st.floats(0.1, 0.9), st.floats(-0.09, 0.09), st.booleans())
def test_sampled_baseline_against_every_outcome(size, people, baseline, shift, uses):
    rule = payment_rule([size], baseline, level=0.05, baseline_size=people, test_uses_baseline_error=uses)
    found = one_provider(rule, shift=shift)
    expected = brute_force(size, baseline, people, baseline + shift, 0.05, people if uses else np.inf)
    assert (found["payment"], found["deduction"]) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(("size", "spread"), [(300, 0.03), (300, 0.001), (20, 0.03), (40_000, 0.03)])
def test_spread_against_integration(size, spread):
    found = one_provider(payment_rule([size], 0.4, level=0.1), shift=-0.02, spread=spread)
    last = np.floor(size * 0.4 - norm.ppf(0.95) * np.sqrt(size * 0.4 * 0.6))

    def integral(low, high):
        own = np.linspace(low, high, 10_001)
        return simpson(binom.cdf(last, size, 0.4 + own) * norm.pdf(own, -0.02, spread), x=own)

    low, high = -0.02 - 8 * spread, -0.02 + 8 * spread
    assert found["payment"] == pytest.approx(integral(low, high), abs=1e-9)
    assert found["false_payment"] == pytest.approx(integral(0, high) if high > 0 else 0, abs=1e-9)


def test_providers_and_cohorts_are_independent():
    sizes = [300, 900, 2000]
    together = operating_characteristics(payment_rule(sizes, 0.5, level=0.05, cohorts=4), shift=-0.03)
    turned = operating_characteristics(payment_rule(sizes[::-1], 0.5, level=0.05, cohorts=4), shift=-0.03)
    apart = [one_provider(payment_rule([size], 0.5, level=0.05), shift=-0.03) for size in sizes]
    assert together.probabilities.to_numpy() == pytest.approx(np.array(apart))
    assert together.probabilities.to_numpy().tolist() == turned.probabilities[::-1].to_numpy().tolist()
    pd.testing.assert_series_equal(together.counts, turned.counts)
    payment = together.probabilities["payment"]
    assert together.counts["winners"] == pytest.approx(4 * payment.sum())
    assert together.winners.sum() == pytest.approx(1)
    assert together.winners.index @ together.winners == pytest.approx(payment.sum())
    assert together.winners[0] == pytest.approx((1 - payment).prod())


RULES = {
    "known": {},
    "used": {"baseline_size": 5000},
    "ignored": {"baseline_size": 5000, "test_uses_baseline_error": False},
}
TRUTHS = {
    "nothing": {},
    "common": {"shift": -0.03},
    "spread": {"shift": -0.01, "spread": 0.03},
    "together": {"shift": -0.01, "spread": 0.03, "design_effect": 1.5},
}


@pytest.mark.parametrize("tested", [np.inf, 40])
@pytest.mark.parametrize(("rate", "design_effect"), [(0.4, 1.5), (0.4, 1.001), (0.02, 3.0)])
def test_design_effect_against_every_outcome(rate, design_effect, tested):
    """Oracle: scipy's beta-binomial, of the cohort and of the sampled baseline."""
    uses = bool(np.isfinite(tested))
    rule = payment_rule([60], 0.4, level=0.1, baseline_size=40, test_uses_baseline_error=uses)
    found = one_provider(rule, shift=rate - 0.4, design_effect=design_effect)
    prior = [(n - design_effect) / (design_effect - 1) for n in (60, 40)]
    x, b = np.arange(61)[:, None], np.arange(41)
    weight = betabinom.pmf(x, 60, prior[0] * rate, prior[0] * (1 - rate))
    weight = weight * betabinom.pmf(b, 40, prior[1] * 0.4, prior[1] * 0.6)
    statistic, z = score(x, np.array(60), b / 40, np.array(tested)), norm.ppf(0.95)
    expected = (weight * (statistic <= -z)).sum(), (weight * (statistic >= z)).sum()
    assert (found["payment"], found["deduction"]) == pytest.approx(expected, abs=1e-8)


def test_false_winners_with_extra_binomial_noise():
    """18 quarters of 21 tests: 9.11 with binomial counts; the normal value at 1.5 is 378 Phi(-1.96 / sqrt(1.5)) = 20.70."""
    rule = payment_rule([1286] * 21, 0.475, level=0.05, cohorts=18)
    found = [operating_characteristics(rule, design_effect=d).counts["winners"] for d in (1.0, 1.5)]
    assert found == pytest.approx([9.11, 20.17], abs=0.005)
    assert found[1] == pytest.approx(378 * norm.cdf(norm.ppf(0.025) / np.sqrt(1.5)), rel=0.03)


def test_the_smallest_design_effect_changes_nothing():
    rule = payment_rule([400, 1286], 0.4, level=0.1, baseline_size=900)
    truth = {"shift": -0.02, "spread": 0.02}
    nearly = operating_characteristics(rule, **truth, design_effect=1 + 1e-7).counts
    assert nearly.to_numpy() == pytest.approx(
        operating_characteristics(rule, **truth).counts.to_numpy(), abs=1e-6
    )


@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("runs", "seed"), [(4000, 3), pytest.param(1_000_000, 4, marks=pytest.mark.full)])
def test_simulation_agrees_with_calculation(rule, truth, runs, seed):
    rule = payment_rule([400, 1286, 2500], 0.475, level=0.1, **RULES[rule])
    exact = operating_characteristics(rule, **TRUTHS[truth]).counts
    found = simulated_counts(rule, runs=runs, seed=seed, **TRUTHS[truth])
    distance = (found["expected"] - exact).abs() / (found["std_error"] + 1e-3)
    assert distance.max() < 4.5  # four numbers a case, twelve cases; the seeds are fixed


def test_same_seed_same_numbers():
    rule = payment_rule([1286] * 4, 0.475, level=0.05, cohorts=3)
    seeds = (1, 1, np.random.default_rng(1), 2)
    first, again, passed, other = (simulated_counts(rule, spread=0.02, runs=200, seed=seed) for seed in seeds)
    pd.testing.assert_frame_equal(first, again)
    pd.testing.assert_frame_equal(first, passed)
    assert not first.equals(other)


def test_standard_errors_say_how_far_seeds_differ():
    rule = payment_rule([600] * 5, 0.4, level=0.1, cohorts=4, baseline_size=600)
    runs = [simulated_counts(rule, runs=400, seed=seed) for seed in range(60)]
    spread = np.std([run["expected"] for run in runs], axis=0)
    stated = np.mean([run["std_error"] for run in runs], axis=0)
    np.testing.assert_allclose(spread, stated, rtol=0.37)  # 60 seeds know a spread to 9%: four errors


def test_best_of_many_by_chance_alone():
    # The mean of the largest of 21 standard normal numbers is 1.889 (Harter 1961, Biometrika 48, 151-165),
    # that of the largest of a million, by their quantiles, 4.863.
    assert expected_best(21, shift=0.0, spread=0.0, error=0.1) == pytest.approx(-0.1889, abs=1e-4)
    assert expected_best(10**6, shift=0.0, spread=0.0, error=0.1) == pytest.approx(-0.4863, abs=1e-4)
    assert expected_best(1, shift=-0.02, spread=0.03, error=ERROR) == pytest.approx(-0.02)


def test_best_and_its_next_cohort_against_simulation():
    rng, truth = np.random.default_rng(8), {"shift": -0.019, "spread": 0.03, "error": ERROR}
    true = -0.019 + 0.03 * rng.standard_normal((10_000, 21))
    first = true + ERROR * rng.standard_normal(true.shape)
    following = true[np.arange(len(true)), first.argmin(axis=1)] + ERROR * rng.standard_normal(len(true))
    expected, margin = expected_best(21, **truth), 4 * 0.035 / np.sqrt(len(true))  # four Monte Carlo errors
    assert first.min(axis=1).mean() == pytest.approx(expected, abs=margin)
    assert following.mean() == pytest.approx(next_cohort(expected, **truth).estimate, abs=margin)
    each = [next_cohort(y, **truth) for y in first.min(axis=1)[:500]]
    nothing = next_cohort(-0.082, **truth | {"spread": 0.0})
    assert (nothing.estimate, nothing.reliability) == (-0.019, 0)
    assert nothing.high - nothing.low == pytest.approx(2 * 1.959964 * ERROR)
    held = np.mean([p.low <= y <= p.high for p, y in zip(each, following[:500], strict=True)])
    assert held == pytest.approx(0.95, abs=0.04)  # four again


RULE = {"sizes": [1286], "baseline": 0.475, "level": 0.05}
TRUTH = {"observed": -0.082, "shift": -0.019, "spread": 0.03, "error": ERROR}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        *(
            (lambda changed=changed: payment_rule(**RULE | changed), message)
            for changed, message in [
                ({"sizes": [1286, 0]}, "sizes hold 0: give whole numbers of 1 or more"),
                ({"sizes": []}, "sizes are empty: give whole numbers"),
                ({"baseline": 47.5}, "rate is 47.5: give a share"),
                ({"level": 0.5}, "level is 0.5"),
                ({"cohorts": 1.5}, "cohorts is 1.5: give a whole number"),
                ({"baseline_size": 5.5}, "baseline_size is 5.5: give"),
            ]
        ),
        (lambda: operating_characteristics(ONE, shift=-1.9), "shift has -1.9: give shares"),
        (lambda: operating_characteristics(ONE, shift=-0.5), "the true rate is -0.025: take a smaller shift"),
        (lambda: operating_characteristics(ONE, spread=[0.01]), "spread is .* give one share"),
        (lambda: operating_characteristics(ONE, design_effect=0.9), "design_effect is 0.9: give 1 for"),
        (lambda: simulated_counts(ONE, design_effect=1286), "design_effect is 1286: give 1 for binomial"),
        (
            lambda: operating_characteristics(payment_rule([2_000_000], 0.5, level=0.05), design_effect=2),
            "2,000,000 people: with a design_effect above 1 give 1,000,000 at most",
        ),
        (lambda: simulated_counts(ONE, runs=1), "runs is 1: give 2 or more"),
        (lambda: expected_best(0, shift=0.0, spread=0.0, error=ERROR), "providers is 0: give 1 or more, up"),
        (lambda: next_cohort(**TRUTH | {"observed": -8.2}), "observed has -8.2: give shares"),
        (lambda: next_cohort(**TRUTH | {"error": 0.7}), "error is 0.7: give a share above 0 and up to 0.5"),
        (lambda: next_cohort(**TRUTH, next_error=0.0), "next_error is 0: give a share"),
    ],
)
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
