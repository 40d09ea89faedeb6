import numpy as np
import pandas as pd
import pytest

from tr_analysis.estimators.effects import counterfactual, effect_at
from tr_analysis.estimators.segmented import autoregressive, newey_west
from tr_analysis.estimators.series import segmented_design

MONTHS = pd.period_range("2010-06", periods=96, freq="M")
REFORM = pd.Period("2014-06", "M")


@pytest.fixture
def series() -> pd.Series:
    noise = 0.02 * np.random.default_rng(1).standard_normal(len(MONTHS))
    since = np.arange(len(MONTHS)) - 48
    return pd.Series(np.exp(8.5 + noise + (0.1 + 0.01 * since) * (since >= 0)), MONTHS)


@pytest.fixture(params=[newey_west, autoregressive])
def fit(request, series):
    return request.param(segmented_design(series, REFORM))


def test_counterfactual_takes_the_effect_off_the_observed_series(fit, series):
    found = counterfactual(fit)
    assert list(found.columns) == ["observed", "fitted", "counterfactual", "low", "high"]
    level, slope = fit.effects["estimate"]
    since = np.arange(48)
    assert found.loc[REFORM:, "counterfactual"].to_numpy() == pytest.approx(
        series[REFORM:] / np.exp(level + slope * since)
    )
    before = found.loc[: REFORM - 1]
    for column in ("counterfactual", "low", "high"):
        pd.testing.assert_series_equal(before[column], before["observed"], check_names=False)
    after = found.loc[REFORM:]
    assert (after["low"] < after["counterfactual"]).all()
    assert (after["counterfactual"] < after["high"]).all()


def test_fitted_path_averages_to_the_series(fit, series):
    assert np.log(counterfactual(fit)["fitted"] / series).mean() == pytest.approx(0, abs=1e-12)


def test_effect_in_the_reform_month_is_the_level_change(fit):
    level = fit.effects.loc["level", ["estimate", "low", "high"]]
    found = effect_at(fit, "2014-06")
    percent = [found.percent, found.percent_low, found.percent_high]
    assert percent == pytest.approx((100 * np.expm1(level)).tolist())


def test_effect_at_the_end(fit, series):
    found = effect_at(fit, MONTHS[-1])
    assert found.percent == pytest.approx(100 * np.expm1(0.1 + 0.01 * 47), abs=10)
    assert found.units == pytest.approx(series.iloc[-1] * (1 - 1 / (1 + found.percent / 100)))
    assert found.units_low < found.units < found.units_high
    assert found.percent_low < found.percent < found.percent_high


def test_level_scale(series):
    fit = newey_west(segmented_design(series, REFORM, scale="level"))
    level, slope = fit.effects["estimate"]
    found = effect_at(fit, "2015-06")
    assert found.units == pytest.approx(level + 12 * slope)
    observed = series[pd.Period("2015-06", "M")]
    assert found.percent == pytest.approx(100 * found.units / (observed - found.units))


def test_percent_is_missing_where_nobody_would_be_left(series):
    shrunk = series - series[: REFORM - 1].mean()
    found = effect_at(newey_west(segmented_design(shrunk, REFORM, scale="level")), MONTHS[-1])
    assert found.units > 0
    assert np.isnan([found.percent, found.percent_low, found.percent_high]).all()


def test_ends_of_the_percent_interval_are_in_order(series):
    """Fewer than none of what would have been some: the fewer those, the larger the fall in percent."""
    fallen = series[: REFORM - 1].reindex(MONTHS, method="nearest") % 100 + 1000 - 1100.0 * (MONTHS >= REFORM)
    found = effect_at(newey_west(segmented_design(fallen, REFORM, scale="level")), "2015-06")
    assert found.percent_low < found.percent < found.percent_high < -100


def test_control_is_put_back(series):
    control = pd.Series(np.linspace(900, 1500, len(MONTHS)), MONTHS)
    fit = newey_west(segmented_design(series, REFORM, control=control))
    found = counterfactual(fit)
    assert np.log(found["fitted"] / series).std() < 0.1
    assert found["observed"].equals(series)


@pytest.mark.parametrize("month", ["2014-05", "2018-06"])
def test_months_without_an_effect_are_refused(fit, month):
    with pytest.raises(ValueError, match=f"{month} has no effect: choose a month of 2014-06 to 2018-05"):
        effect_at(fit, month)
