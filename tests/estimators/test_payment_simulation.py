import numpy as np
import pandas as pd
import pytest

from tr_analysis.estimators.payment import payment_rule
from tr_analysis.estimators.payment_operating import operating
from tr_analysis.estimators.payment_simulation import simulate

SIZES = pd.DataFrame({"a": [400, 500], "b": [1286, 1200], "c": [2500, 3000]}, index=["q1", "q2"])
RULES = {
    "known": {},
    "allowed": {"baseline_sizes": [1500, 5000, 9000]},
    "ignored": {"baseline_sizes": [1500, 5000, 9000], "allowed": False},
    "some known": {"baseline_sizes": [1500, np.inf, 9000]},
    "one-sided": {"sides": 1},
}
TRUTHS = {
    "nothing": {},
    "common": {"shift": -0.03},
    "own": {"shift": [-0.05, 0.0, 0.02], "drift": [-0.01, -0.02]},
    "spread": {"shift": -0.01, "spread": 0.03, "drift": -0.005},
}


def farthest(rule, truth, runs, seed):
    """Largest distance of simulation from exact calculation, in Monte Carlo standard errors."""
    exact, simulated = operating(rule, **truth), simulate(rule, runs=runs, seed=seed, **truth)
    distances = []
    for name in ("payment", "deduction", "false_payment"):
        p = exact.chances[name]
        error = np.sqrt(p * (1 - p) / runs) + 1e-4
        distances.append((simulated.chances[name] - p).abs() / error)
    for frame, column in (("counts", "expected"), ("winners", "probability")):
        ours, theirs = getattr(exact, frame), getattr(simulated, frame)
        error = theirs["std_error"] + 1e-3
        distances.append((theirs[column] - ours[column]).abs() / error)
    return max(distance.max() for distance in distances)


@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize("rule", RULES)
def test_simulation_agrees_with_calculation(rule, truth):
    # 46 numbers a case, 20 cases: 4.5 errors are passed by chance about once in 150 seeds; this one is fixed.
    rule = payment_rule(SIZES, [0.35, 0.475, 0.5], level=0.1, **RULES[rule])
    assert farthest(rule, TRUTHS[truth], runs=4000, seed=3) < 4.5


@pytest.mark.full
@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize("rule", RULES)
def test_simulation_agrees_with_calculation_closely(rule, truth):
    rule = payment_rule(SIZES, [0.35, 0.475, 0.5], level=0.1, **RULES[rule])
    assert farthest(rule, TRUTHS[truth], runs=1_000_000, seed=4) < 4.5


def test_same_seed_same_numbers():
    rule = payment_rule([1286] * 4, 0.475, level=0.05, cohorts=3)
    first, again, other = (simulate(rule, spread=0.02, runs=200, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first.counts, again.counts)
    assert not first.counts.equals(other.counts)
    passed = simulate(rule, spread=0.02, runs=200, seed=np.random.default_rng(1))
    pd.testing.assert_frame_equal(first.counts, passed.counts)


def test_standard_errors_say_how_far_seeds_differ():
    rule = payment_rule([600] * 5, 0.4, level=0.1, cohorts=4, baseline_sizes=600)
    runs = [simulate(rule, runs=400, seed=seed).counts for seed in range(60)]
    spread = np.std([run["expected"] for run in runs], axis=0)
    stated = np.mean([run["std_error"] for run in runs], axis=0)
    np.testing.assert_allclose(spread, stated, rtol=0.37)  # 60 seeds know a spread to 9%: four errors


def test_luck_in_the_baseline_comes_back_every_time():
    rule = payment_rule([1286] * 21, 0.475, level=0.05, cohorts=18)
    sampled = payment_rule([1286] * 21, 0.475, level=0.05, cohorts=18, baseline_sizes=1286, allowed=False)
    known, again = (
        simulate(r, runs=2000, seed=0).counts.set_index(["cohort", "measure"])["std_error"]
        for r in (rule, sampled)
    )
    # One cohort counts 21 providers either way; the sum over 18 varies more where luck stays.
    alone = again[1, "winners"] * np.sqrt(18)
    assert known["all", "winners"] == pytest.approx(known[1, "winners"] * np.sqrt(18), rel=0.1)
    assert again["all", "winners"] > 1.5 * alone


def test_too_few_runs():
    rule = payment_rule([1286], 0.475, level=0.05)
    with pytest.raises(ValueError, match="runs is 1: give 2 or more"):
        simulate(rule, runs=1)


def test_bad_truth_is_refused():
    rule = payment_rule([1286], 0.475, level=0.05)
    with pytest.raises(ValueError, match=r"shift has -1\.9"):
        simulate(rule, shift=-1.9)
