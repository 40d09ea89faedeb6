from datetime import date

import numpy as np
import pandas as pd
import pytest

from tr_analysis.estimators.autocorrelation import arma, autoregressive, newey_west
from tr_analysis.estimators.checks import to_month
from tr_analysis.estimators.interrupted import interrupted
from tr_analysis.estimators.placebo import placebo

REFORM = pd.Period("2014-06", "M")


def months(n: int, start: str = "2010-06") -> pd.PeriodIndex:
    return pd.period_range(start, periods=n, freq="M")


def people(n: int = 48) -> pd.Series:
    return pd.Series(np.arange(n) % 7 + 100.0, months(n))


def with_value(value: float) -> pd.Series:
    return people().where(people().index != pd.Period("2011-03", "M"), value)


def test_regressors():
    x = interrupted(people(), "2012-06", harmonics=1).regressors
    assert list(x.columns) == ["constant", "time", "level", "slope", "sine 1", "cosine 1"]
    assert list(x.index) == list(months(48))
    assert x.loc["2012-05":"2012-07"].iloc[:, :4].to_numpy().tolist() == [
        [1, 23, 0, 0],
        [1, 24, 1, 0],
        [1, 25, 1, 1],
    ]
    assert x.loc["2011-03", ["sine 1", "cosine 1"]].tolist() == pytest.approx([1, 0])


def test_response_on_each_scale():
    series, control = people(), people() % 5 + 20
    expected = {
        ("log", None): np.log(series),
        ("level", None): series,
        ("log", "control"): np.log(series / control),
        ("level", "control"): series - control,
    }
    for (scale, against), response in expected.items():
        design = interrupted(series, "2012-06", control=control if against else None, scale=scale)
        assert design.response == pytest.approx(response)
    assert interrupted(people() - 103, "2012-06", scale="level").response.min() == -3


@pytest.mark.parametrize(
    ("series", "options", "message"),
    [
        (people().set_axis(range(48)), {}, "is no pandas Series by month, quarter or year: set"),
        (people(), {"control": [1.0]}, "the control is no pandas Series by month"),
        (pd.concat([people(), people()[:1]]), {}, "do not follow one another at 2010-06: sort it, keep one"),
        (people().drop(months(2, "2011-03")), {}, "one another at 2011-05, 2011-06, 2011-07 and"),
        (people().rename({months(1)[0]: pd.NaT}), {}, "do not follow one another at NaT"),
        (with_value(np.nan), {}, "the series has no finite value in 2011-03: start after the gap"),
        (people().astype("Int64").mask(people() == 106), {}, "has no finite value in 2010-12, 2011-07"),
        (people(), {"control": with_value(np.inf)}, "the control has no finite value in 2011-03"),
        (with_value(0), {}, "not positive in 2011-03"),
        (people(), {"control": people() * 0}, "the control is not positive"),
        (people(), {"control": people(40)}, "differ in 2013-10, 2013-11, 2013-12 and 5 more: cut both"),
        (people(), {"reform": "spring"}, "'spring' is no month: write year and month"),
        (people(), {"reform": "2011-05"}, "11 months before 2011-05 and 37 from it on: give at least 12"),
        (people()[:0], {}, "0 months before"),
        (people(), {"harmonics": 7}, "harmonics is 7: a year of months has 0 to 6"),
        (people(), {"scale": "logit"}, "scale is 'logit': give 'log' or 'level'"),
    ],
)
def test_mistakes_are_named(series, options, message):
    with pytest.raises(ValueError, match=message):
        interrupted(series, **{"reform": "2012-06"} | options)


@pytest.mark.parametrize("estimator", [autoregressive, arma])
def test_collinear_regressors_are_refused(estimator):
    """Of 24 months, just enough, six pairs of seasons leave one column of fifteen without a say."""
    with pytest.raises(ValueError, match="24 months do not tell the 15 regressors apart: take fewer harmon"):
        interrupted(people(24), "2011-06", harmonics=6)
    assert np.isfinite(estimator(interrupted(people(24), "2011-06", harmonics=5)).effects).all(axis=None)


STRAIGHT = pd.Series(np.exp(8 + 0.01 * np.arange(48)), months(48))


@pytest.mark.parametrize(
    ("series", "options"),
    [
        (STRAIGHT, {}),
        (3 * people(), {"control": people()}),
        (people() * 0, {"scale": "level"}),
        (people() * 1e6 + 0.1, {"scale": "level", "control": people() * 1e6}),
    ],
)
def test_rounding_is_not_taken_for_errors(series, options):
    with pytest.raises(ValueError, match=r"nothing of the series but rounding.*another series"):
        interrupted(series, "2012-06", **options)


@pytest.mark.parametrize("month", ["2015-02", "2015-02-28", pd.Period("2015-02", "M"), date(2015, 2, 1)])
def test_months_are_read(month):
    assert to_month(month) == to_month(pd.Timestamp("2015-02-01", tz="UTC")) == pd.Period("2015-02", "M")


OTHER_WAYS = ["01/02/2015", "2015Q1", "2015-2", "2015-13", "2015-02-30", "201502", "", "0000-01"]
NO_MONTHS = [2015, None, pd.NaT, pd.Period("2015Q1", "Q"), pd.Period("2015-02-01", "D"), ["2015-02"]]


@pytest.mark.parametrize("month", OTHER_WAYS + NO_MONTHS)
def test_other_ways_to_write_a_month_are_not_guessed(month):
    with pytest.raises(ValueError, match="is no month: write year and month, such as '2015-02'"):
        to_month(month)


@pytest.fixture
def series() -> pd.Series:
    noise = 0.02 * np.random.default_rng(1).standard_normal(96)
    since = np.arange(96) - 48
    return pd.Series(np.exp(8.5 + noise + (0.1 + 0.01 * since) * (since >= 0)), months(96))


@pytest.fixture(params=[newey_west, autoregressive])
def fit(request, series):
    return request.param(interrupted(series, REFORM))


def test_counterfactual_takes_the_effect_off_the_observed_series(fit, series):
    found = fit.counterfactual()
    assert list(found.columns) == ["observed", "fitted", "counterfactual", "low", "high"]
    level, slope = fit.effects["estimate"]
    without = series[REFORM:] / np.exp(level + slope * np.arange(48))
    assert found.loc[REFORM:, "counterfactual"].to_numpy() == pytest.approx(without)
    before, after = found.loc[: REFORM - 1], found.loc[REFORM:]
    for column in ("counterfactual", "low", "high"):
        pd.testing.assert_series_equal(before[column], before["observed"], check_names=False)
    assert (after["low"] < after["counterfactual"]).all()
    assert (after["counterfactual"] < after["high"]).all()
    assert np.log(found["fitted"] / series).mean() == pytest.approx(0, abs=1e-12)


def test_percent_is_missing_where_nobody_would_be_left(series):
    shrunk = series - series[: REFORM - 1].mean()
    found = newey_west(interrupted(shrunk, REFORM, scale="level")).effect_at(series.index[-1])
    assert found.units > 0
    assert np.isnan([found.percent, found.percent_low, found.percent_high]).all()


def test_ends_of_the_percent_interval_are_in_order(series):
    """Fewer than none of what would have been some: the fewer those, the larger the fall in percent."""
    fallen = series[: REFORM - 1].reindex(series.index, method="nearest") % 100 + 1000
    fallen -= 1100.0 * (series.index >= REFORM)
    found = newey_west(interrupted(fallen, REFORM, scale="level")).effect_at("2015-06")
    assert found.percent_low < found.percent < found.percent_high < -100


@pytest.mark.parametrize("month", ["2014-05", "2018-06"])
def test_months_without_an_effect_are_refused(fit, month):
    with pytest.raises(ValueError, match=f"{month} has no effect: choose a month of 2014-06 to 2018-05"):
        fit.effect_at(month)


@pytest.mark.parametrize(
    ("freq", "first", "many", "reform", "columns", "same"),
    [
        ("Q-DEC", "2008Q1", 40, "2014-05", ["sine 1", "cosine 1", "cosine 2"], pd.Period("2014Q2", "Q-DEC")),
        ("Q-MAR", "2008Q1", 40, "2014-05", ["sine 1", "cosine 1", "cosine 2"], pd.Period("2015Q1", "Q-MAR")),
        ("Y-MAR", "2001", 24, "2014-06", [], pd.Period("2015", "Y-MAR")),
        ("Y-DEC", "2001", 24, "2014-06", [], pd.Period("2014", "Y-DEC")),
    ],
)
def test_quarters_and_years_have_seasons_of_their_own(freq, first, many, reform, columns, same):
    """Known truth: a level of 50, a slope of 4 from the reform, and any season, are found to rounding."""
    periods = pd.period_range(first, periods=many, freq=freq)
    since = np.arange(many) - periods.get_loc(same)
    season = np.array([30, -10, 5, -25])[np.arange(many) % 4] if columns else 0.0
    noise = 1e-4 * np.random.default_rng(3).standard_normal(many)
    values = 900 + 2.0 * np.arange(many) + (since >= 0) * 50 + 4.0 * since.clip(0) + season + noise
    design = interrupted(pd.Series(values, periods), reform, scale="level")
    assert design.reform == same
    assert list(design.regressors)[4:] == columns
    fit = autoregressive(design)
    assert fit.effects["estimate"].tolist() == pytest.approx([50, 4], abs=1e-2)
    later = (same + 2).asfreq("M", "start")
    assert fit.effect_at(later).month == same + 2
    assert fit.effect_at(later).units == pytest.approx(58, abs=1e-2)
    early = pd.Series(values[: periods.get_loc(same)], periods[: periods.get_loc(same)])
    dates = [str((same - 8).asfreq("M", "end"))] if len(early) >= 16 else [same - 5]
    assert placebo(early, dates, autoregressive, scale="level")["level"].abs().max() < 1e-2


@pytest.mark.parametrize(
    ("freq", "many", "options", "message"),
    [
        ("Q-DEC", 40, {"harmonics": 3}, "harmonics is 3: a year of quarters has 0 to 2 pairs"),
        ("Y-MAR", 40, {"harmonics": 1}, "harmonics is 1: a year of years has 0 to 0 pairs"),
        ("Q-DEC", 15, {}, "give at least 8 on each side"),
        ("Y-DEC", 7, {}, "give at least 4 on each side"),
        ("D", 40, {}, "is no pandas Series by month, quarter or year"),
    ],
)
def test_what_a_frequency_cannot_have_is_named(freq, many, options, message):
    periods = pd.period_range("2010-01-01", periods=many, freq=freq)
    values = pd.Series(100.0 + np.arange(many) % 3, periods)
    with pytest.raises(ValueError, match=message):
        interrupted(values, str(periods[many // 2].asfreq("M")), **options)
