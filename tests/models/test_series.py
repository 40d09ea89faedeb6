import numpy as np
import pandas as pd
import pytest

from tr_analysis.models.series import segmented_design


def months(n: int, start: str = "2010-06") -> pd.PeriodIndex:
    return pd.period_range(start, periods=n, freq="M")


def people(n: int = 48, start: str = "2010-06") -> pd.Series:
    return pd.Series(np.arange(n) % 7 + 100.0, months(n, start))


def test_regressors():
    x = segmented_design(people(), "2012-06", harmonics=1).regressors
    assert list(x.columns) == ["constant", "time", "level", "slope", "sine 1", "cosine 1"]
    assert list(x.index) == list(months(48))
    before, reform, next_month = (x.loc[m] for m in ("2012-05", "2012-06", "2012-07"))
    assert before[:4].tolist() == [1, 23, 0, 0]
    assert reform[:4].tolist() == [1, 24, 1, 0]
    assert next_month[:4].tolist() == [1, 25, 1, 1]
    assert x.loc["2011-03", ["sine 1", "cosine 1"]].tolist() == pytest.approx([1, 0])


@pytest.mark.parametrize(("harmonics", "columns"), [(0, 4), (2, 8), (5, 14), (6, 15)])
def test_every_number_of_harmonics_can_be_told_apart(harmonics, columns):
    x = segmented_design(people(), "2012-06", harmonics=harmonics).regressors
    assert np.linalg.matrix_rank(x) == x.shape[1] == columns


def test_response_on_each_scale():
    series, control = people(), people() + 20
    assert segmented_design(series, "2012-06").response == pytest.approx(np.log(series))
    assert segmented_design(series, "2012-06", scale="level").response == pytest.approx(series)
    ratio = segmented_design(series, "2012-06", control=control).response
    assert ratio == pytest.approx(np.log(series / control))
    gap = segmented_design(series, "2012-06", control=control, scale="level").response
    assert gap == pytest.approx(np.full(48, -20.0))


def test_series_may_be_negative_on_the_level_scale_only():
    series = people() - 103
    assert segmented_design(series, "2012-06", scale="level").response.min() == -3
    with pytest.raises(ValueError, match=r"not positive in 2010-06, 2010-07, 2010-08 and .* not logged"):
        segmented_design(series, "2012-06")


def with_value(month: str, value: float) -> pd.Series:
    series = people()
    series[pd.Period(month, "M")] = value
    return series


@pytest.mark.parametrize(
    ("series", "options", "message"),
    [
        (people().set_axis(range(48)), {}, "needs a monthly index: set series.index = pd.PeriodIndex"),
        (people().set_axis(months(48).asfreq("D")), {}, "needs a monthly index"),
        (pd.concat([people(), people()[:1]]), {}, "has 2010-06 more than once: keep one"),
        (people()[::-1], {}, "out of order: call sort_index"),
        (people().drop(months(2, "2011-03")), {}, "lacks 2011-03, 2011-04: start after the gap"),
        (with_value("2011-03", np.nan), {}, "has no value in 2011-03"),
        (with_value("2011-03", np.inf), {}, "is infinite in 2011-03: find the figures"),
        (with_value("2011-03", -np.inf), {"scale": "level"}, "is infinite in 2011-03"),
        (people().map(lambda n: f"{n} people"), {}, "the series holds what is no number: turn text"),
        (list(people()), {}, "needs a monthly index"),
        (with_value("2011-03", 0), {}, "not positive in 2011-03"),
        (people(), {"control": people(40)}, "differ in 2013-10, 2013-11, 2013-12 and 5 more: cut both"),
        (people(), {"control": people() * 0}, "the control is not positive"),
        (people(), {"control": with_value("2011-03", np.nan)}, "the control has no value in 2011-03"),
        (people(), {"control": with_value("2011-03", np.inf)}, "the control is infinite in 2011-03"),
        (people(), {"reform": None}, "None is no month: write year and month"),
        (people(), {"reform": np.nan}, "nan is no month"),
        (people(), {"harmonics": np.nan}, "harmonics is nan"),
        (people(), {"reform": "2011-05"}, "11 months before 2011-05 and 37 from it on: give at least 12"),
        (people(), {"reform": "2013-07"}, "37 months before 2013-07 and 11 from it on"),
        (people(), {"reform": "2030-01"}, "48 months before 2030-01 and 0 from it on"),
        (people()[:0], {}, "0 months before"),
        (people(), {"reform": "spring"}, "'spring' is no month: write year and month"),
        (people(), {"harmonics": 7}, "harmonics is 7: a year of months has 0 to 6"),
        (people(), {"harmonics": -1}, "harmonics is -1"),
        (people(), {"scale": "logit"}, "scale is 'logit': choose 'log' or 'level'"),
    ],
)
def test_mistakes_are_named(series, options, message):
    with pytest.raises(ValueError, match=message):
        segmented_design(series, **{"reform": "2012-06"} | options)


def test_reform_with_just_enough_room():
    assert segmented_design(people(), "2011-06").reform == pd.Period("2011-06", "M")
    assert segmented_design(people(), "2013-06").regressors["level"].sum() == 12
