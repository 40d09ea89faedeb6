import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.linalg import toeplitz
from scipy.optimize import brentq
from statsmodels.regression.linear_model import OLS
from statsmodels.tsa.arima_process import ArmaProcess, arma_generate_sample
from statsmodels.tsa.statespace.sarimax import SARIMAX

from tr_analysis.data import load
from tr_analysis.estimators.autocorrelation import _deviance, _likeliest, arma, autoregressive, newey_west
from tr_analysis.estimators.interrupted import interrupted
from tr_analysis.estimators.trend import local_trend

MONTHS = pd.period_range("2010-06", "2020-02", freq="M")  # 117, as in the recall series
REFORM = "2015-02"
LEVEL, SLOPE = TRUE = [0.1, 0.005]
ENDS = ["estimate", "low", "high"]


def errors(ar: list[float], ma: list[float] | None = None, seed: int = 0) -> np.ndarray:
    """Errors of an ARMA process with shocks of 0.02, stationary from the first month."""
    rng, polynomials = np.random.default_rng(seed), (np.r_[1, -np.array(ar)], np.r_[1, ma or []])
    return arma_generate_sample(*polynomials, len(MONTHS), 0.02, rng.standard_normal, burnin=500)


def people(errors: np.ndarray) -> pd.Series:
    """A stock with trend, season, a known break, and the given errors of its logarithm."""
    t = np.arange(len(MONTHS))
    since = t - MONTHS.get_loc(REFORM)
    path = 8.6 + 0.002 * t + (LEVEL + SLOPE * since) * (since >= 0) + 0.03 * np.cos(2 * np.pi * t / 12)
    return pd.Series(np.exp(path + errors), MONTHS)


def broken(ar: list[float], ma: list[float] | None = None, seed: int = 0, **options):
    return interrupted(people(errors(ar, ma, seed)), REFORM, **options)


def stock(status: str, **options):
    frame = load("prison_population_monthly")
    series = frame[frame["status"] == status].set_index("month")["people"].loc["2010-06":"2020-02"]
    return interrupted(series, REFORM, **options)


@pytest.mark.parametrize(
    ("status", "level", "slope"),
    [("recall", (0.129, 0.040), (0.0054, 0.0013)), ("remand", (-0.037, 0.051), (-0.0016, 0.0017))],
)
def test_prison_stocks_by_least_squares(status, level, slope):
    found = newey_west(stock(status)).effects[["estimate", "std_error"]]
    assert found.loc["level"].round(3).tolist() == list(level)
    assert found.loc["slope"].round(4).tolist() == list(slope)


def test_recall_stock_by_autoregressive_errors():
    """The errors are all but a random walk: the slope stands, the jump in the first month does not."""
    design = stock("recall")
    fit = autoregressive(design)
    assert fit.rho > 0.99
    assert fit.effects.loc["slope", ENDS].tolist() == pytest.approx([0.0066, 0.0010, 0.0122], abs=5e-5)
    assert fit.effects.loc["level", ["low", "high"]].tolist() == pytest.approx([-0.032, 0.031], abs=5e-4)


def restricted(design, rho):
    """Restricted log-likelihood, slope and its standard error, by matrices of n by n (Harville 1974)."""
    x, y = design.regressors.to_numpy(), design.response
    n, k = x.shape
    covariance = toeplitz(rho ** np.arange(n)) / (1 - rho**2)
    inverse = np.linalg.inv(covariance)
    cross = x.T @ inverse @ x
    beta = np.linalg.solve(cross, x.T @ inverse @ y)
    squares = (y - x @ beta) @ inverse @ (y - x @ beta)
    log_likelihood = -0.5 * (
        (n - k) * np.log(squares) + np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(cross)[1]
    )
    return log_likelihood, beta[3], np.sqrt(np.linalg.inv(cross)[3, 3] * squares / (n - k))


def test_autoregressive_against_dense_matrices():
    design, step, random_walk = broken([0.9]), 0.005, 0.05
    rho = np.append(np.arange(0.4 + step / 2, 1, step), 1 - 1e-6)  # the last: a random walk
    log_likelihood, slope, error = np.array([restricted(design, r) for r in rho]).T
    weights = np.append(np.full(len(rho) - 1, (1 - random_walk) * step / 2), random_walk)
    weights *= np.exp(log_likelihood - log_likelihood.max())
    weights /= weights.sum()
    df = len(MONTHS) - design.regressors.shape[1]

    def quantile(p):
        return brentq(lambda b: weights @ stats.t.cdf((b - slope) / error, df) - p, -1, 1, xtol=1e-12)

    fit = autoregressive(design)
    found = fit.effects.loc["slope"]
    assert fit.rho == pytest.approx(weights @ rho, abs=1e-4)
    assert found["estimate"] == pytest.approx(weights @ slope, rel=1e-4)
    assert (found["low"], found["high"]) == pytest.approx((quantile(0.025), quantile(0.975)), rel=1e-3)
    below = weights @ stats.t.cdf(-slope / error, df)
    assert found["p_value"] == pytest.approx(2 * min(below, 1 - below), rel=1e-2)


def test_a_certain_random_walk_is_least_squares_on_changes():
    design = broken([0.8])
    changes = OLS(np.diff(design.response), np.diff(design.regressors.to_numpy()[:, 1:], axis=0)).fit()
    found = local_trend(design, trend="random walk").effects
    assert found["estimate"].tolist() == pytest.approx(changes.params[1:3].tolist())
    assert found["std_error"].tolist() == pytest.approx(changes.bse[1:3].tolist())
    assert found[["low", "high"]].to_numpy() == pytest.approx(changes.conf_int()[1:3])
    assert found["p_value"].tolist() == pytest.approx(changes.pvalues[1:3].tolist())


def likelihood(design, ar: list[float], ma: list[float]):
    """-2 log likelihood, coefficients and their covariance, by matrices of n by n.

    The covariance of the errors comes from the weights of the shocks that made them, 5,000 months back.
    """
    x, y = design.regressors.to_numpy(), design.response
    n, k = x.shape
    weights = ArmaProcess(np.r_[1, -np.array(ar)], np.r_[1, ma]).impulse_response(5000)
    covariance = toeplitz([weights[: 5000 - lag] @ weights[lag:] for lag in range(n)])
    inverse = np.linalg.inv(covariance)
    spread = np.linalg.inv(x.T @ inverse @ x)
    beta = spread @ x.T @ inverse @ y
    squares = (y - x @ beta) @ inverse @ (y - x @ beta)
    deviance = n * np.log(2 * np.pi * squares / n) + n + np.linalg.slogdet(covariance)[1]
    return deviance, beta, spread * squares / (n - k)


def test_arma_against_a_long_search_of_statsmodels_and_dense_matrices():
    design = broken([0.8], [0.5], harmonics=1)
    fit, x = arma(design), design.regressors.to_numpy()
    model = SARIMAX(design.response, x, order=(1, 0, 1))
    start = np.r_[fit.coefficients[0], 0.4, 0.1, 4e-4]
    search = model.fit(start, disp=0, method="nm", maxiter=20_000, maxfun=20_000, xtol=1e-9, ftol=1e-10)
    phi, theta = search.params[x.shape[1] : -1]
    data, terms = np.column_stack([x, design.response]), np.arctanh([-phi, theta])
    assert _deviance(_likeliest(data), data)[0] <= _deviance(terms, data)[0] + 1e-6
    deviance, beta, covariance = likelihood(design, [phi], [theta])
    n = len(design.response)
    assert _deviance(terms, data)[0] + n * (np.log(2 * np.pi / n) + 1) == pytest.approx(deviance, abs=1e-5)
    assert np.abs(fit.coefficients[0] - beta).max() < 0.01 * np.sqrt(np.diag(covariance).max())
    assert np.sqrt(np.diag(fit.covariances[0])) == pytest.approx(np.sqrt(np.diag(covariance)), rel=0.02)


def test_contrasts_are_paired_by_name_and_checked():
    fit = autoregressive(broken([0.5], harmonics=0))
    wanted = pd.DataFrame([[0.0, 0, 1, 60]], ["wanted"], ["constant", "time", "level", "slope"])
    pd.testing.assert_frame_equal(fit.combine(wanted[wanted.columns[::-1]]), fit.combine(wanted))
    assert fit.combine(wanted)["estimate"].item() == pytest.approx(fit.effects["estimate"] @ [1, 60])
    for wrong, message in ((wanted * 0, "not all 0"), (wanted + 1, "none of the constant")):
        with pytest.raises(ValueError, match=message):
            fit.combine(wrong)
    with pytest.raises(ValueError, match="one column for each of constant, time, level, slope"):
        fit.combine(wanted[["level"]])


def test_a_unit_root_is_refused():
    """Errors that turn their sign every month, and never fade."""
    turned = 0.1 * (-1.0) ** np.arange(len(MONTHS)) + 1e-6 * errors([0.5])
    with pytest.raises(ValueError, match=r"ARMA\(1, 1\) errors have a unit root: .*more harmonics.*`autoreg"):
        arma(interrupted(people(turned), REFORM))


def covered(estimator, rho: float, series: int, seed: int = 2014) -> np.ndarray:
    """How many 95% intervals hold the true level change, slope change and effect in the last month."""
    shocks = 0.02 * np.random.default_rng(seed).standard_normal((series, len(MONTHS)))
    shocks[:, 0] /= np.sqrt(1 - rho**2)
    true, hits = np.array([*TRUE, LEVEL + 60 * SLOPE]), np.zeros(3, dtype=int)
    for shock in shocks:
        error = [shock[0]]
        for later in shock[1:]:
            error.append(rho * error[-1] + later)
        design = interrupted(people(np.array(error)), REFORM)
        contrasts = pd.DataFrame(0.0, ["level", "slope", "end"], design.regressors.columns)
        contrasts[["level", "slope"]] = [[1, 0], [0, 1], [1, 60]]
        found = estimator(design).combine(contrasts)
        hits += ((found["low"] <= true) & (true <= found["high"])).to_numpy()
    return hits


@pytest.mark.parametrize(
    ("estimator", "rho", "series", "low", "high"),
    [
        (autoregressive, 0.8, 40, 0.93, 0.97),
        *(
            pytest.param(*case, marks=pytest.mark.full)
            for case in [
                *((autoregressive, rho, 2000, 0.93, 0.97) for rho in (0.5, 0.8, 0.9, 0.95)),
                (newey_west, 0.8, 1000, 0.65, 0.70),
                (arma, 0.8, 300, [0.915, 0.857, 0.86], [0.915, 0.857, 0.86]),
            ]
        ),
    ],
)
def test_intervals_cover_as_documented(estimator, rho, series, low, high):
    hits = covered(estimator, rho, series)
    assert (hits >= stats.binom.ppf(0.001, series, low)).all(), hits / series
    assert (hits <= stats.binom.ppf(0.999, series, high)).all(), hits / series
