import numpy as np
import pandas as pd
import pytest

from tr_analysis.estimators.heterogeneity import pool, prediction_interval


def panel(random, tau, units):
    v = random.uniform(0.2, 2, units)
    return 1 + random.normal(0, tau, units) + random.normal(0, np.sqrt(v)), v


def test_equal_precise_units_give_the_textbook_interval():
    """Without sampling error tau2 is a scaled chi-squared, and a new unit is the mean plus t on units - 1.

    The doubt about the mean is never taken for smaller than chance makes it, which widens the interval a little.
    """
    y = np.random.default_rng(1).normal(5, 2, 9)
    found = prediction_interval(y, np.full(9, 1e-9), draws=200_000)
    half = 2.306004 * np.std(y, ddof=1) * np.sqrt(1 + 1 / 9)
    assert (found.low, found.high) == pytest.approx((y.mean() - half, y.mean() + half), abs=0.03 * half)
    assert half < found.high - y.mean()


def test_units_all_alike_leave_only_the_doubt_of_sampling():
    found, pooled = prediction_interval([2.0] * 20, [0.1] * 20), pool([2.0] * 20, [0.1] * 20)
    assert found.estimate == 2
    assert found.low <= 2 <= found.high
    assert found.high - found.low < 5 * (pooled.high - pooled.low)


@pytest.mark.parametrize("variance", [1e-6, 1.9e-4, 0.1, 3.0])
@pytest.mark.parametrize("units", [3, 7, 21])
def test_a_new_unit_is_no_surer_than_the_mean(units, variance):
    for y in (np.full(units, 0.45), np.linspace(0.44, 0.46, units)):
        found, pooled = prediction_interval(y, [variance] * units), pool(y, [variance] * units)
        assert found.low <= pooled.low < pooled.high <= found.high


def test_repeatable_and_blind_to_order_shift_and_scale():
    y, v = panel(np.random.default_rng(3), 1.0, 12)
    found = prediction_interval(y, v, seed=4)
    assert found == prediction_interval(y, v, seed=4)
    order = np.random.default_rng(5).permutation(12)
    moved = prediction_interval(10 * y[order] - 7, 100 * v[order], seed=4)
    ends = [(end + 7) / 10 for end in (moved.low, moved.estimate, moved.high)]
    assert ends == pytest.approx([found.low, found.estimate, found.high], abs=1e-3)


def coverage(runs, tau, units, seed=5):
    """Share of panels in which a further unit lies inside."""
    random = np.random.default_rng(seed)
    held = 0
    for _ in range(runs):
        found = prediction_interval(*panel(random, tau, units), draws=2000, seed=random)
        held += found.low <= random.normal(1, tau) <= found.high
    return held / runs


@pytest.mark.full
def test_coverage():
    """30 panels: three standard errors are 12 points."""
    assert coverage(30, 1.0, 21) == pytest.approx(0.95, abs=0.12)


@pytest.mark.full
@pytest.mark.parametrize(("tau", "units"), [(1.0, 8), (1.0, 21), (2.0, 8)])
def test_coverage_closely(tau, units):
    assert 0.92 < coverage(3000, tau, units) < 0.975


@pytest.mark.full
@pytest.mark.parametrize("units", [3, 21])
def test_coverage_of_units_all_alike(units):
    """150 panels: without variation the mean is the new unit, and the interval holds it more often than 95%."""
    assert coverage(150, 0.0, units) > 0.95


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: prediction_interval([1.0, 2.0], [1.0, 1.0]), "three or more"),
        (lambda: prediction_interval([1.0, 2.0, 3.0], [1.0, 0.0, 1.0]), "variance 1 is 0"),
        (lambda: prediction_interval([1.0, 2.0, 3.0], [1.0] * 3, draws=10), "1,000 or more"),
        (lambda: prediction_interval([1.0, 2.0, 3.0], [1.0] * 3, level=95), "between 0 and 1"),
        (
            lambda: prediction_interval([1.0, 2.0, 3.0], [1.0] * 3, draws=1000.5),
            "draws is 1000.5: give 1,000",
        ),
        (lambda: prediction_interval([1.0, 2.0, 3.0], [1.0] * 3, draws=None), "draws is None"),
        (lambda: prediction_interval([1.0, 2.0, 3.0], [1.0] * 3, seed="x"), "seed is 'x'"),
        (lambda: prediction_interval(["1", "2", "3"], [1.0] * 3), "the estimates hold string"),
        (
            lambda: prediction_interval(pd.Series([1.0, 2, 3]), pd.Series([1.0, 2, 3], [2, 1, 0])),
            "the rows of variances and estimates have different labels",
        ),
    ],
)
def test_impossible_panels_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
