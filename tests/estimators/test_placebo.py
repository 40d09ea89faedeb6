from functools import partial

import numpy as np
import pandas as pd
import pytest

from tr_analysis.estimators.placebo import placebo, placebo_rank
from tr_analysis.estimators.segmented import autoregressive, newey_west
from tr_analysis.estimators.series import segmented_design

MONTHS = pd.period_range("2010-06", "2015-01", freq="M")
DATES = pd.period_range("2011-06", "2014-01", freq="M")[::4]


@pytest.fixture
def series() -> pd.Series:
    walk = 0.01 * np.random.default_rng(3).standard_normal(len(MONTHS)).cumsum()
    return pd.Series(np.exp(8.6 + walk), MONTHS)


def test_one_row_per_date_equal_to_a_fit_of_its_own(series):
    found = placebo(series, DATES, harmonics=1)
    assert list(found.index) == list(DATES)
    assert list(found.columns) == ["level", "level_low", "level_high", "slope", "slope_low", "slope_high"]
    alone = autoregressive(segmented_design(series, "2012-02", harmonics=1)).effects
    expected = alone[["estimate", "low", "high"]].to_numpy().ravel()
    assert found.loc[pd.Period("2012-02", "M")].tolist() == pytest.approx(expected.tolist())


def test_estimator_and_control_are_passed_on(series):
    control = pd.Series(np.linspace(100, 200, len(MONTHS)), MONTHS)
    found = placebo(series, ["2012-03"], estimator=partial(newey_west, lags=3), control=control)
    alone = newey_west(segmented_design(series, "2012-03", control=control), lags=3).effects
    assert found.iloc[0]["slope_low"] == pytest.approx(alone.loc["slope", "low"])


def test_a_true_break_stands_out(series):
    full = pd.period_range("2010-06", "2017-12", freq="M")
    walk = 0.01 * np.random.default_rng(3).standard_normal(len(full)).cumsum()
    broken = pd.Series(np.exp(8.6 + walk + 0.03 * (np.arange(len(full)) - 56).clip(0)), full)
    true = autoregressive(segmented_design(broken, "2015-02")).effects.loc["slope", "estimate"]
    placebos = placebo(broken[:"2015-01"], DATES)["slope"]
    assert placebo_rank(true, placebos).rank == 1
    assert placebo_rank(true, placebos).p_value == 1 / (len(DATES) + 1)


def test_rank_counts_sizes_and_ties():
    found = placebo_rank(-2.0, pd.Series([1.0, -2.0, 3.0, 0.5]))
    assert (found.rank, found.of, found.p_value) == (3, 5, 0.6)


@pytest.mark.parametrize(
    ("true", "placebos", "message"),
    [
        (np.nan, [1.0], "the true effect is nan, .* rank effects that were estimated only"),
        (np.inf, [1.0], "the true effect is inf"),
        (pd.NA, [1.0], "the true effect is <NA>, which is not a number"),
        (1.0, [1.0, np.nan], "missing or infinite"),
        (1.0, [1.0, np.inf], "missing or infinite"),
        (1.0, [], "no placebos: give the effect"),
    ],
)
def test_rank_needs_effects(true, placebos, message):
    with pytest.raises(ValueError, match=message):
        placebo_rank(true, pd.Series(placebos, dtype=float))


@pytest.mark.parametrize(
    ("placebos", "message"),
    [
        ([1.0, 2.0], "placebos is a list: give one column of `placebo`"),
        (pd.DataFrame({"level": [1.0]}), "placebos is a DataFrame: give one column"),
        (pd.Series(["1.0"]), "placebos holds what is no number"),
        (pd.Series([1, None], dtype="Int64"), "missing or infinite"),
    ],
)
def test_placebos_are_a_series_of_numbers(placebos, message):
    with pytest.raises(ValueError, match=message):
        placebo_rank(1.0, placebos)


def test_rounding_breaks_no_tie():
    assert (
        placebo_rank(0.3, pd.Series([-(0.1 + 0.2), 0.1 * 3, 0.3 * (1 - 1e-12), 0.3 * (1 - 1e-8)])).rank == 4
    )


@pytest.mark.parametrize("dates", [None, "2013-06", pd.Period("2013-06", "M")])
def test_one_date_is_no_list_of_dates(series, dates):
    with pytest.raises(ValueError, match=r"dates is .*: give a list of months, such as"):
        placebo(series, dates)


def test_no_dates_and_dates_without_room_are_refused(series):
    with pytest.raises(ValueError, match="no dates"):
        placebo(series, [])
    with pytest.raises(ValueError, match="11 months before 2011-05"):
        placebo(series, ["2011-05"])
