"""Estimators of an interrupted series that differ in what they take its errors to be; designs are of `interrupted`."""

from dataclasses import replace

import numpy as np
from scipy.linalg import cholesky, solve_triangular, toeplitz
from scipy.optimize import minimize
from scipy.stats.qmc import Sobol

from tr_analysis.digits import polish
from tr_analysis.estimators.checks import Array
from tr_analysis.estimators.interrupted import InterruptedDesign, InterruptedFit, check_design
from tr_analysis.estimators.trend import local_trend

__all__ = ["autoregressive", "arma", "newey_west"]

LAGS = 12  # of Newey and West's kernel, but no more than a third of the months
EDGE = 5.0  # largest Fisher transform of a term searched: 0.9999, all but a unit root
LOOKS = 256  # points, spread evenly, at which the likelihood is looked at first
SEARCHES = 6  # from the likeliest of these points
STEPS = 2000  # most steps of one search; a hundred or two are usual


def autoregressive(design: InterruptedDesign) -> InterruptedFit:
    """Fit by generalised least squares with first-order autoregressive errors: for inference.

    Answers: by how much did level and slope change at the reform, if errors may fade slowly or not at all?

    Tested: the prison stocks of the study to printed digits; its average over rho against dense matrices; coverage
    simulated (`test_recall_stock_by_autoregressive_errors`, `test_autoregressive_against_dense_matrices`,
    `test_intervals_cover_as_documented`).

    Errors follow ``u(t) = rho u(t - 1) + e(t)``, ``e`` normal (Zellner and Tiao 1964). Given rho the coefficients are
    t distributed, n - k degrees of freedom; these distributions are averaged over rho, weighted by its restricted
    likelihood (Harville 1974) times a prior: a random walk has the probability 0.05, and the rest is even from -1 to
    1: `trend.local_trend` with a straight trend. If the trend itself wanders, intervals are far too narrow.

    Reference: Harville (1974), Biometrika 61, 383-385. Zellner and Tiao (1964), JASA 59, 763-778.

    Examples
    --------
    >>> from tr_analysis.data import load
    >>> from tr_analysis.estimators.interrupted import interrupted
    >>> prison = load("prison_population_monthly").pivot(index="month", columns="status", values="people")
    >>> design = interrupted(prison["recall"].loc["2010-06":"2020-02"], "2015-02")
    >>> autoregressive(design).effects.loc["slope", ["estimate", "low", "high"]].round(4).to_list()
    [0.0066, 0.001, 0.0122]
    """
    errors = "generalised least squares, first-order autoregressive errors averaged over rho"
    return replace(local_trend(design, trend="straight"), errors=errors)


def arma(design: InterruptedDesign) -> InterruptedFit:
    """Fit by maximum likelihood with ARMA(1, 1) errors: to compare error models.

    Answers: do the effects change if the errors follow a richer pattern, and surely fade?

    Tested: against a long search of statsmodels' likelihood and dense matrices; coverage simulated
    (`test_arma_against_a_long_search_of_statsmodels_and_dense_matrices`, `test_intervals_cover_as_documented`).

    Errors follow ``u(t) = phi u(t-1) + e(t) + theta e(t-1)``, ``e`` normal, ``u`` stationary with the covariance ``R``
    over the variance of ``e``. The exact likelihood is highest where ``n log S(R) + log det R`` is lowest, ``S`` the
    squares of generalised least squares (Harvey and Phillips 1979). Only phi and theta are searched; coefficients have
    the covariance ``S / (n - k) (X' R^-1 X)^-1`` and t intervals, which take phi and theta as known and are too narrow:
    `autoregressive` remains the inference of record.

    Reference: Harvey and Phillips (1979), Biometrika 66, 49-58.

    Examples
    --------
    >>> from tr_analysis.data import load
    >>> from tr_analysis.estimators.interrupted import interrupted
    >>> prison = load("prison_population_monthly").pivot(index="month", columns="status", values="people")
    >>> design = interrupted(prison["recall"].loc["2010-06":"2020-02"], "2015-02")
    >>> arma(design).effects.loc["slope", ["estimate", "low", "high"]].round(4).to_list()
    [0.0067, 0.002, 0.0114]
    """
    check_design(design)
    n, k = design.regressors.shape
    data = np.column_stack([design.regressors, design.response])
    terms = _likeliest(data)
    _, whitened, r = _deviance(terms, data)
    inverse = np.linalg.inv(r[:k, :k])
    coefficients = inverse @ r[:k, k]
    autocovariance = _autocovariance(terms, 2)
    return InterruptedFit(
        design,
        "maximum likelihood, ARMA(1, 1) errors",
        weights=np.ones(1),
        coefficients=coefficients[None],
        covariances=(inverse @ inverse.T * r[k, k] ** 2 / (n - k))[None],
        df=n - k,
        rho=float(autocovariance[1] / autocovariance[0]),
        innovations=whitened[:, k] - whitened[:, :k] @ coefficients,
        error_terms=2,
    )


def _likeliest(data: Array) -> Array:
    """Return the Fisher transforms of -phi and theta at which the likelihood is highest."""

    def deviance(terms: Array) -> float:
        try:
            return _deviance(terms, data)[0]
        except ValueError:  # roots so close to 1 that floats make the covariance singular
            return np.inf

    spread = EDGE * (2 * Sobol(2, scramble=False).random(LOOKS) - 1)
    bounds = [(-EDGE, EDGE)] * 2
    options = {"xatol": 1e-6, "fatol": 1e-8, "maxiter": STEPS, "maxfev": STEPS}
    searches = [
        minimize(deviance, start, method="Nelder-Mead", bounds=bounds, options=options)
        for start in sorted(spread[1:], key=deviance)[:SEARCHES]
    ]
    best = min(searches, key=lambda search: search.fun)
    at_edge = abs(best.x[0]) > EDGE - 0.01
    if at_edge or not best.success:
        why = "have a unit root" if at_edge else f"are not found in {STEPS} steps"
        raise ValueError(f"the likeliest ARMA(1, 1) errors {why}: take more harmonics, or `autoregressive`")
    inside = np.abs(best.x) < EDGE - 0.1  # a moving average may lie at its edge, where nothing moves any more
    terms = np.where(inside, best.x, EDGE * np.sign(best.x))

    def with_inner(inner: Array) -> Array:
        whole: Array = terms.copy()
        whole[inside] = inner
        return whole

    return with_inner(polish(lambda inner: deviance(with_inner(inner)), terms[inside]))


def _deviance(terms: Array, data: Array) -> tuple[float, Array, Array]:
    """Return -2 log likelihood but for a constant, the whitened regressors and response, and R of their QR."""
    n = len(data)
    root = cholesky(toeplitz(_autocovariance(terms, n)), lower=True)
    whitened = solve_triangular(root, data, lower=True)
    r = np.linalg.qr(whitened).R
    deviance = n * np.log(r[-1, -1] ** 2) + 2 * np.log(np.diag(root)).sum()
    return float(deviance), whitened, r


def _autocovariance(terms: Array, lags: int) -> Array:
    """Return the autocovariance of the errors at lags 0 to ``lags`` - 1, over the variance of the shocks."""
    phi, theta = -np.tanh(terms[0]), np.tanh(terms[1])
    later = (1 + phi * theta) * (phi + theta) * phi ** np.arange(lags - 1)
    return np.asarray(np.append(1 + 2 * phi * theta + theta**2, later) / (1 - phi**2))


def newey_west(design: InterruptedDesign) -> InterruptedFit:
    """Fit by least squares, with the errors of Newey and West: for display beside other studies.

    Answers: what would a conventional study report, which trusts errors to fade within a year?

    Tested: against linearmodels to six digits; coverage simulated
    (`test_oracles.test_newey_west_against_linearmodels`, `test_prison_stocks_by_least_squares`,
    `test_intervals_cover_as_documented`).

    Newey and West (1987), Bartlett's kernel of 12 lags, or of a third of the observations if that is less; normal
    intervals, no small-sample correction. They are far too narrow for errors that fade slowly.

    Reference: Newey and West (1987), Econometrica 55, 703-708.

    Examples
    --------
    >>> from tr_analysis.data import load
    >>> from tr_analysis.estimators.interrupted import interrupted
    >>> prison = load("prison_population_monthly").pivot(index="month", columns="status", values="people")
    >>> design = interrupted(prison["recall"].loc["2010-06":"2020-02"], "2015-02")
    >>> newey_west(design).effects.loc["slope", ["estimate", "low", "high"]].round(4).to_list()
    [0.0054, 0.0028, 0.008]
    """
    from statsmodels.regression.linear_model import OLS  # takes a third of a second

    check_design(design)
    lags = min(LAGS, len(design.response) // 3)
    result = OLS(design.response, design.regressors.to_numpy()).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": False}
    )
    return InterruptedFit(
        design,
        f"least squares, Newey-West errors with {lags} lags",
        weights=np.ones(1),
        coefficients=result.params[None],
        covariances=result.cov_params()[None],
        df=np.inf,
        innovations=design.residuals,
    )
