"""Interrupted series: what is modelled. How its errors are modelled is in `segmented`."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from tr_analysis.estimators.checks import Array, to_floats, whole

Scale = Literal["log", "level"]

MONTHS_EITHER_SIDE = 12
"""Fewest months before the reform and from it on: a year, or trend and season cannot be told apart."""

HARMONICS = "a year of months has 0 to 6 pairs of seasonal terms"


@dataclass(frozen=True)
class SegmentedDesign:
    """A monthly series with the regressors of its segmented regression; made by `segmented_design`.

    Attributes
    ----------
    series
        The observed series, n months.
    control
        The control series of the same months, or None.
    reform
        The month from which the series may break.
    scale
        "log" or "level".
    regressors
        n rows; columns constant, time, level, slope, then the seasonal pairs.
    """

    series: pd.Series
    control: pd.Series | None
    reform: pd.Period
    scale: Scale
    regressors: pd.DataFrame

    @property
    def offset(self) -> Array:
        """What is taken off the series on the scale of the model: the control, or 0."""
        control = np.zeros(len(self.series)) if self.control is None else self.control.to_numpy(dtype=float)
        return np.log(control) if self.scale == "log" and self.control is not None else control

    @property
    def response(self) -> Array:
        """What is regressed: the series, or its logarithm, less the control in the same scale."""
        values = self.series.to_numpy(dtype=float)
        return (np.log(values) if self.scale == "log" else values) - self.offset

    @property
    def residuals(self) -> Array:
        """What least squares leave of the response."""
        x, y = self.regressors.to_numpy(), self.response
        return np.asarray(y - x @ np.linalg.lstsq(x, y)[0])

    @property
    def durbin_watson(self) -> float:
        """Durbin and Watson's statistic of the least-squares residuals: near 2 without autocorrelation."""
        residuals = self.residuals
        return float((np.diff(residuals) ** 2).sum() / (residuals**2).sum())


def segmented_design(
    series: pd.Series,
    reform: str | pd.Period,
    *,
    control: pd.Series | None = None,
    scale: Scale = "log",
    harmonics: int = 2,
) -> SegmentedDesign:
    """Lay out the segmented regression of a monthly series on time, with a break at the reform.

    ``y(t) = constant + time t + level D(t) + slope (t - t0) D(t) + seasons + error``, where ``D(t)`` is 1
    from the reform month ``t0`` on, so that the slope term is 0 in the reform month itself. Seasons are
    ``harmonics`` pairs of sine and cosine of the calendar month.

    Parameters
    ----------
    series
        Indexed by consecutive months (a monthly PeriodIndex), nothing missing; as observed, never logged.
    reform
        Month of the reform, such as "2015-02".
    control
        A series of the same months that the reform should not have moved. The model then describes
        ``log(series / control)`` or, on the scale "level", ``series - control``.
    scale
        "log": effects are proportional, and both series must be positive. "level": effects are in the
        unit of the series.
    harmonics
        Pairs of seasonal terms, 0 to 6. The sixth pair is its cosine alone: its sine is 0 in every month.

    Raises
    ------
    ValueError
        If the months are not consecutive, a value is not a finite number or has no logarithm, the control
        has other months, the reform leaves fewer than 12 months on a side, an option is out of range, the
        regressors cannot be told apart, or the regression leaves no errors but rounding.
    """
    if scale not in ("log", "level"):
        raise ValueError(f"scale is {scale!r}: choose 'log' or 'level'")
    harmonics = whole("harmonics", harmonics, low=0, high=6, advice=HARMONICS)
    series = _checked(series, "series", scale)
    if control is not None:
        control = _checked(control, "control", scale)
        lone = series.index.symmetric_difference(control.index)
        if len(lone):
            raise ValueError(f"series and control differ in {_listed(lone)}: cut both to the same months")
    reform = to_month(reform)
    _check_room(series.index, reform)
    design = SegmentedDesign(series, control, reform, scale, _regressors(series.index, reform, harmonics))
    _check_regression(design)
    return design


def _regressors(months: pd.Index, reform: pd.Period, harmonics: int) -> pd.DataFrame:
    time = np.arange(len(months))
    since = time - int((months < reform).sum())
    columns = {"constant": np.ones(len(months)), "time": time, "level": since >= 0, "slope": since.clip(0)}
    angle = 2 * np.pi * np.array([month.month for month in months]) / 12
    for pair in range(1, harmonics + 1):
        if pair < 6:
            columns[f"sine {pair}"] = np.sin(pair * angle)
        columns[f"cosine {pair}"] = np.cos(pair * angle)
    return pd.DataFrame(columns, index=months, dtype=float)


def _checked(series: pd.Series, name: str, scale: Scale) -> pd.Series:
    """Return the series in floats; refuse months that are not consecutive and values that cannot be used."""
    if not isinstance(series, pd.Series):
        raise ValueError(
            f"the {name} is of type {type(series).__name__}: give a pandas Series indexed by months"
        )
    months = _consecutive(series.index, name)
    if series.isna().any():
        raise ValueError(f"the {name} has no value in {_listed(months[series.isna()])}: start after the gap")
    to_floats(f"the {name}", series)
    values = series.astype(float)
    if np.isinf(values).any():
        raise ValueError(f"the {name} is infinite in {_listed(months[np.isinf(values)])}: find the figures")
    if scale == "log" and (values <= 0).any():
        raise ValueError(
            f"the {name} is not positive in {_listed(months[values <= 0])} and has no logarithm there: "
            "pass the series as observed, not logged, or use scale='level'"
        )
    return values


def _consecutive(months: pd.Index, name: str) -> pd.PeriodIndex:
    """Return the months if they are, and each follows the one before."""
    if not isinstance(months, pd.PeriodIndex) or months.freqstr != "M":
        raise ValueError(
            f"the {name} needs a monthly index: set series.index = pd.PeriodIndex(months, freq='M')"
        )
    if months.hasnans:
        raise ValueError(f"the {name} has a value without a month: find its month, or drop the value")
    if months.has_duplicates:
        raise ValueError(f"the {name} has {_listed(months[months.duplicated()])} more than once: keep one")
    if not months.is_monotonic_increasing:
        raise ValueError(f"the months of the {name} are out of order: call sort_index() first")
    gaps = pd.period_range(months.min(), months.max(), freq="M").difference(months) if len(months) else months
    if len(gaps):
        raise ValueError(f"the {name} lacks {_listed(gaps)}: start after the gap, or find the figures")
    return months


def _check_regression(design: SegmentedDesign) -> None:
    """Refuse what has no estimate, or only one made of rounding."""
    months, columns = design.regressors.shape
    if np.linalg.matrix_rank(design.regressors) < columns:
        raise ValueError(
            f"{months} months do not tell the {columns} regressors apart: take fewer harmonics or more months"
        )
    spread = np.ptp(design.response)
    if spread and not 1e-100 < spread < 1e100:  # squares of less or more are no floats
        raise ValueError(f"the series moves by {spread:g}: give it in a unit closer to its size")
    observed = np.abs(design.response + design.offset).max() + np.abs(design.offset).max()
    if np.abs(design.residuals).max() <= max(1e-10 * spread, 1e-12 * observed):
        raise ValueError(
            "the regression leaves nothing of the series but rounding, which says nothing of its errors: "
            "give the figures as observed, and as a control another series"
        )


def to_month(month: str | pd.Period | date) -> pd.Period:
    """Return the month of text such as "2015-02" or "2015-02-01", of a monthly period or of a date.

    Raises
    ------
    ValueError
        If it is none of these: other ways to write a month are read differently by different people.
    """
    if isinstance(month, pd.Period) and month.freqstr == "M":
        return month
    with suppress(ValueError):  # no such day
        if isinstance(month, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?", month):
            month = date.fromisoformat(month if len(month) > 7 else f"{month}-01")
        if isinstance(month, date) and not pd.isna(month):  # pandas' missing time passes for a date
            return pd.Period(year=month.year, month=month.month, freq="M")
    raise ValueError(f"{month!r} is no month: write year and month, such as '2015-02'")


def _check_room(months: pd.Index, reform: pd.Period) -> None:
    before, after = int((months < reform).sum()), int((months >= reform).sum())
    if min(before, after) < MONTHS_EITHER_SIDE:
        raise ValueError(
            f"the series has {before} months before {reform} and {after} from it on: "
            f"give at least {MONTHS_EITHER_SIDE} on each side"
        )


def _listed(months: pd.Index) -> str:
    """Name up to three months."""
    more = f" and {len(months) - 3} more" if len(months) > 3 else ""
    return ", ".join(map(str, months[:3])) + more
