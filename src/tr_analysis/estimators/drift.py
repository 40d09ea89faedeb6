"""The change of slope of an interrupted series from its monthly changes: no trust in how errors fade."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from tr_analysis.estimators.segmented import least_squares
from tr_analysis.estimators.series import SegmentedDesign


@dataclass(frozen=True)
class DriftChange:
    """Change of the mean monthly change at the reform, on the scale of the model, with a 95% interval."""

    estimate: float
    std_error: float
    low: float
    high: float
    p_value: float
    method: str


def drift_change(design: SegmentedDesign, *, lags: int = 12) -> DriftChange:
    """Estimate the change of slope by least squares on monthly changes, with Newey-West errors.

    ``y(t) - y(t-1) = time + level [t = t0] + slope [t > t0] + seasons + e(t)``: differences of the segmented
    regression. The kernel takes in what correlation the changes have left up to ``lags`` months, whatever
    the errors of the series; but differences of errors that fade cancel out over more months than that, so
    that the standard error is then too large, and after a random walk it is a little too small. Simulated
    with 117 months, the break in the middle and two harmonics (400 series, Monte Carlo error 0.01 to 0.02):

    ==================================  ====  ====  ====  ====  ====
    rho of first-order errors           0     0.5   0.8   0.95  1
    ==================================  ====  ====  ====  ====  ====
    coverage of 95% intervals           1.00  1.00  1.00  0.97  0.88
    mean standard error over true one   2.32  1.96  1.75  1.16  0.87
    ==================================  ====  ====  ====  ====  ====

    Errors of other kinds that leave `autoregressive` short are covered 0.99 to 1. The step is one month's
    change, from which no error can be estimated; take it from a fit.

    Parameters
    ----------
    design
        The series and its regressors, n months.
    lags
        Lags of the Bartlett kernel, 0 to n - 2.

    Returns
    -------
    DriftChange
        In log points or units of the series a month; normal interval, no small-sample correction.

    Raises
    ------
    ValueError
        If ``lags`` is not a whole number from 0 to n - 2.

    References
    ----------
    Newey and West (1987), Econometrica 55, 703-708.
    """
    regressors = design.regressors.drop(columns="constant").diff().iloc[1:]
    fit = least_squares(np.diff(design.response), regressors, lags)
    place = regressors.columns.get_loc("slope")
    estimate, error = float(fit.params[place]), float(fit.bse[place])
    margin = float(norm.ppf(0.975)) * error
    return DriftChange(
        estimate,
        error,
        estimate - margin,
        estimate + margin,
        float(fit.pvalues[place]),
        f"least squares on monthly changes, Newey-West errors with {lags} lags",
    )
