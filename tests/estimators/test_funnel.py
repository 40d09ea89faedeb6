import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tr_analysis.estimators.funnel import dispersion, exact_limits, funnel, widened_limits


def panel(k, n, index=None):
    return pd.DataFrame({"successes": k, "trials": n}, index=index)


def test_exact_limits_by_hand():
    """n = 2 at one half: cumulative 1/4, 3/4, 1. The lower 25% ends at 0, halfway up the next step at 1/4."""
    limits = exact_limits(0.5, [2], level=0.5)
    assert limits.loc[0, ["low", "high"]].tolist() == pytest.approx([0, 0.5])
    limits = exact_limits(0.5, [2], level=0.25)  # p = 0.375: r = 1, a = (0.75 - 0.375) / 0.5 = 0.75
    assert limits.loc[0, "low"] == pytest.approx((1 - 0.75) / 2)


@given(st.floats(0.02, 0.98), st.integers(1, 3000), st.sampled_from([0.8, 0.95, 0.998]))
def test_counts_inside_exact_limits_are_those_the_binomial_allows(target, n, level):
    low, high = exact_limits(target, [n], level=level).loc[0, ["low", "high"]]
    assert 0 <= low <= high <= 1
    # Each end lies between two neighbouring counts, one on either side of the tail probability.
    tail = (1 - level) / 2
    assert stats.binom.cdf(np.floor(n * low + 1e-9) - 1, n, target) <= tail + 1e-9
    assert stats.binom.sf(np.ceil(n * high - 1e-9), n, target) <= tail + 1e-9


@given(st.floats(0.02, 0.98), st.integers(1, 300), st.sampled_from([0.8, 0.95, 0.998]))
def test_plain_limits_are_the_last_counts_that_chance_allows(target, n, level):
    low, high = exact_limits(target, [n], level=level, interpolate=False).loc[0, ["low", "high"]] * n
    inner = exact_limits(target, [n], level=level).loc[0, ["low", "high"]] * n
    assert low - 1e-9 <= inner["low"] + 1 and inner["high"] - 1 <= high + 1e-9
    counts, tail = np.arange(n + 1), (1 - level) / 2
    allowed = (stats.binom.cdf(counts, n, target) >= tail) & (stats.binom.sf(counts - 1, n, target) >= tail)
    assert (low, high) == pytest.approx((counts[allowed].min(), counts[allowed].max()))


def test_positions_and_input_left_alone():
    frame = panel([30, 50, 69, 1], [100, 100, 98, 2], index=list("dbca")).assign(area="x")
    before = frame.copy()
    found = funnel(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert found["position"].to_dict() == {"d": "below", "b": "within", "c": "above", "a": "within"}
    assert found["z"].to_dict() == pytest.approx({"d": -4, "b": 0, "c": 4.0406, "a": 0}, abs=1e-4)
    assert list(found.columns[:3]) == ["successes", "trials", "area"]


@pytest.mark.parametrize(
    ("runs", "low", "high", "within"),
    [(50, 0.02, 0.065, 0.2), pytest.param(3000, 0.036, 0.045, 0.04, marks=pytest.mark.full)],
)
def test_limits_and_spread_on_simulated_panels(runs, low, high, within):
    """Share outside exact limits where nothing differs, and the mean of tau2 where much does: three errors."""
    random, outside, spread = np.random.default_rng(6), [], []
    for _ in range(runs):
        n = random.integers(50, 2000, 21)
        alike = panel(random.binomial(n, 0.45), n)
        outside.append((funnel(alike)["position"] != "within").mean())
        apart = panel(random.binomial(n, random.normal(0.45, 0.05, 21)), n)
        spread.append(dispersion(apart).tau2)
    assert low < np.mean(outside) < high  # not 5%: a unit draws the share of all towards its own
    assert np.mean(spread) == pytest.approx(0.05**2, rel=within)


SIZES = {"alike": np.full(21, 1286), "unlike": np.geomspace(50, 5000, 21).round().astype(int)}


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("tau", [0.01, 0.05])
@pytest.mark.parametrize(
    ("runs", "within"), [(150, 0.054), pytest.param(4000, 0.0155, marks=pytest.mark.full)]
)
def test_interval_of_phi_covers_whatever_the_sizes(sizes, tau, runs, within):
    """The true ratio is the mean of 1 + tau2 / s2; three errors, and half a point for counts that are not normal."""
    random, n = np.random.default_rng(8), SIZES[sizes]
    truth, inside = 1 + tau**2 * np.mean(n / (0.45 * 0.55)), 0
    for _ in range(runs):
        found = dispersion(panel(random.binomial(n, random.normal(0.45, tau, 21)), n))
        assert found.low <= found.phi <= found.high
        inside += found.low <= truth <= found.high
    assert inside / runs == pytest.approx(0.95, abs=within)


def test_widened_limits_flag_as_many_as_they_say():
    """20 panels of 54 units that differ as units do: three standard errors are 2 points."""
    random, outside = np.random.default_rng(4), 0.0
    for _ in range(20):
        n = random.integers(300, 3001, 54)
        frame = panel(random.binomial(n, random.normal(0.45, 0.03, 54)), n)
        outside += (funnel(frame, limits="additive")["position"] != "within").mean() / 20
    assert outside == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: exact_limits(0.45, [10, 0]), "whole numbers of 1 or more"),
        (lambda: exact_limits(45, [10]), "strictly between 0 and 1"),
        (lambda: exact_limits(0.45, [10], level=95), "between 0 and 1"),
        (lambda: widened_limits(0.45, [10], tau2=-1), "tau2 >= 0"),
        (lambda: dispersion(panel([1], [5])), "give two or more"),
        (lambda: funnel(panel([0, 0], [5, 5])), "no or only successes"),
        (lambda: funnel(panel([1, 2], [5, 5]), limits="wald"), "give 'exact' or 'additive'"),
    ],
)
def test_impossible_funnels_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
