import numpy as np
import pandas as pd
import pytest

from tr_analysis.estimators.drift import drift_change
from tr_analysis.estimators.segmented import autoregressive
from tr_analysis.estimators.series import segmented_design

MONTHS = pd.period_range("2010-06", periods=117, freq="M")


def walk(seed, slope=0.0, spread=0.01, fading=1.0):
    """A log series whose errors fade by a factor each month, with a change of slope at month 56."""
    shocks = np.random.default_rng(seed).normal(0, spread, len(MONTHS))
    errors = np.zeros(len(MONTHS))
    for i in range(1, len(MONTHS)):
        errors[i] = fading * errors[i - 1] + shocks[i]
    return pd.Series(np.exp(8 + errors + slope * np.clip(np.arange(117) - 56, 0, None)), MONTHS)


def test_a_change_all_but_without_noise_is_recovered():
    months = np.arange(117)
    path = 8 + 0.001 * months + 0.02 * (months >= 56) + 0.005 * np.clip(months - 56, 0, None)
    series = pd.Series(np.exp(path + 1e-9 * np.random.default_rng(1).standard_normal(117)), MONTHS)
    found = drift_change(segmented_design(series, MONTHS[56], harmonics=0), lags=0)
    assert found.estimate == pytest.approx(0.005)
    assert found.std_error == pytest.approx(0, abs=1e-9)


def test_without_seasons_it_is_the_difference_of_mean_changes():
    changes = np.diff(np.log(series := walk(1)))
    found = drift_change(segmented_design(series, MONTHS[56], harmonics=0), lags=0)
    assert found.estimate == pytest.approx(changes[56:].mean() - changes[:55].mean())


def test_it_is_the_random_walk_limit_of_the_autoregressive_fit():
    design = segmented_design(walk(2), MONTHS[56])
    limit = autoregressive(design, random_walk=1).effects.loc["slope", "estimate"]
    assert drift_change(design).estimate == pytest.approx(limit, rel=1e-6)


def test_scaling_the_people_changes_nothing_in_logs():
    series = walk(3)
    a, b = (drift_change(segmented_design(s, MONTHS[56])) for s in (series, 7 * series))
    assert a.low == pytest.approx(b.low) and a.high == pytest.approx(b.high)


@pytest.mark.parametrize("lags", [-1, 2.5, 116])
def test_lags_out_of_range_are_refused(lags):
    with pytest.raises(ValueError, match="give a whole number from 0 to 115"):
        drift_change(segmented_design(walk(4), MONTHS[56]), lags=lags)


def test_intervals_hold_the_truth_when_errors_never_fade():
    """Normal intervals of the kernel are a little narrow: 0.85 to 0.95 of random walks with 6 lags."""
    held = 0
    for seed in range(60):
        found = drift_change(segmented_design(walk(seed, slope=0.004), MONTHS[56], harmonics=0), lags=6)
        held += found.low <= 0.004 <= found.high
    assert 0.78 <= held / 60 <= 0.99
