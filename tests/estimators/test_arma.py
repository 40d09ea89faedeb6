from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import toeplitz
from scipy.stats import binom
from statsmodels.regression.linear_model import OLS
from statsmodels.tsa.arima_process import ArmaProcess, arma_generate_sample
from statsmodels.tsa.statespace.sarimax import SARIMAX

from tr_analysis.data import load
from tr_analysis.estimators import arma as module
from tr_analysis.estimators.arma import arma
from tr_analysis.estimators.effects import effect_at
from tr_analysis.estimators.placebo import placebo
from tr_analysis.estimators.segmented import autoregressive
from tr_analysis.estimators.series import segmented_design

MONTHS = pd.period_range("2010-06", "2020-02", freq="M")  # 117, as in the recall series
REFORM = "2015-02"
LEVEL, SLOPE = 0.1, 0.005


def errors(ar: list[float], ma: list[float], seed: int = 0) -> np.ndarray:
    """Errors of an ARMA process with shocks of 0.02, stationary from the first month."""
    rng = np.random.default_rng(seed)
    return arma_generate_sample(
        np.r_[1, -np.array(ar)],
        np.r_[1, ma],
        len(MONTHS),
        scale=0.02,
        distrvs=rng.standard_normal,
        burnin=500,
    )


def people(errors: np.ndarray) -> pd.Series:
    """A stock with trend, season, a known break, and the given errors of its logarithm."""
    t = np.arange(len(MONTHS))
    since = t - MONTHS.get_loc(REFORM)
    path = 8.6 + 0.002 * t + (LEVEL + SLOPE * since) * (since >= 0) + 0.03 * np.cos(2 * np.pi * t / 12)
    return pd.Series(np.exp(path + errors), MONTHS)


def dense(design, ar: list[float], ma: list[float]):
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


@pytest.mark.parametrize(
    ("order", "ar", "ma"),
    [
        ((1, 1), [0.7], [0.4]),
        pytest.param((2, 0), [0.5, 0.3], [], marks=pytest.mark.full),
        pytest.param((0, 2), [], [0.6, 0.3], marks=pytest.mark.full),
    ],
)
def test_effect_is_recovered(order, ar, ma):
    found = arma(segmented_design(people(errors(ar, ma)), REFORM), order=order).effects
    assert found["estimate"].tolist() == pytest.approx([LEVEL, SLOPE], abs=3 * found["std_error"].max())
    assert (found["low"] < [LEVEL, SLOPE]).all()
    assert (found["high"] > [LEVEL, SLOPE]).all()
    assert (found["std_error"] < [0.04, 0.002]).all()


@pytest.mark.parametrize(
    "order", [(1, 1), *(pytest.param(order, marks=pytest.mark.full) for order in [(1, 0), (2, 0), (1, 2)])]
)
def test_against_a_long_search_of_statsmodels_and_dense_matrices(order):
    p, q = order
    design = segmented_design(people(errors([0.8], [0.5])), REFORM, harmonics=1)
    fit = arma(design, order=order)
    model = SARIMAX(design.response, design.regressors.to_numpy(), order=(p, 0, q))
    start = np.r_[fit.coefficients[0], [0.4] * p, [0.1] * q, 4e-4]
    search = model.fit(start, disp=0, method="nm", maxiter=20_000, maxfun=20_000, xtol=1e-9, ftol=1e-10)
    assert fit.aic == pytest.approx(search.aic, abs=2e-3)
    k = design.regressors.shape[1]
    terms = search.params[k:-1]
    deviance, beta, covariance = dense(design, terms[:p], terms[p:])
    assert fit.aic == pytest.approx(deviance + 2 * (k + p + q + 1), abs=2e-3)
    assert fit.aic <= deviance + 2 * (k + p + q + 1) + 1e-6
    assert np.abs(fit.coefficients[0] - beta).max() < 0.01 * np.sqrt(np.diag(covariance).max())
    assert np.sqrt(np.diag(fit.covariances[0])) == pytest.approx(np.sqrt(np.diag(covariance)), rel=0.02)


@pytest.mark.full
def test_recall_stock_against_the_hessian_of_statsmodels():
    frame = load("prison_population_monthly")
    stock = frame[frame["status"] == "recall"].set_index("month")["people"].loc["2010-06":"2020-02"]
    design = segmented_design(stock, REFORM)
    fit = arma(design, order=(1, 0))
    model = SARIMAX(design.response, design.regressors.to_numpy(), order=(1, 0, 0))
    search = model.fit(disp=0, method="nm", maxiter=20_000, cov_type="oim")
    assert fit.aic == pytest.approx(search.aic, abs=1e-3)
    assert fit.rho == pytest.approx(search.params[-2], abs=1e-3)
    assert fit.effects["estimate"].tolist() == pytest.approx(search.params[2:4], abs=1e-4)
    assert fit.effects["std_error"].tolist() == pytest.approx(search.bse[2:4] * np.sqrt(117 / 109), rel=0.02)


def test_without_terms_it_is_least_squares():
    design = segmented_design(people(errors([0.5], [])), REFORM)
    fit = arma(design, order=(0, 0))
    expected = OLS(design.response, design.regressors.to_numpy()).fit()
    found = fit.effects
    assert found["estimate"].tolist() == pytest.approx(expected.params[2:4].tolist())
    assert found["std_error"].tolist() == pytest.approx(expected.bse[2:4].tolist())
    assert found[["low", "high"]].to_numpy() == pytest.approx(expected.conf_int()[2:4])
    assert found["p_value"].tolist() == pytest.approx(expected.pvalues[2:4].tolist())
    assert fit.aic == pytest.approx(expected.aic + 2)  # statsmodels does not count the variance
    assert fit.rho == 0


@pytest.mark.full
def test_first_order_is_near_the_average_over_rho():
    design = segmented_design(people(errors([0.6], [])), REFORM)
    plugged, averaged = arma(design, order=(1, 0)).effects, autoregressive(design).effects
    assert ((plugged["estimate"] - averaged["estimate"]).abs() < 0.25 * averaged["std_error"]).all()
    assert (plugged["std_error"] < averaged["std_error"]).all()


@pytest.mark.full
def test_an_order_that_holds_another_is_at_least_as_likely():
    design = segmented_design(people(errors([0.9], [])), REFORM)
    small, large = arma(design, order=(1, 0)), arma(design, order=(2, 1))
    assert large.aic - 2 * 2 <= small.aic


def test_rho_is_the_first_autocorrelation():
    fit = arma(segmented_design(people(errors([], [0.8])), REFORM), order=(0, 1))
    assert 0.3 < fit.rho <= 0.5  # ma / (1 + ma**2)


@pytest.mark.full
def test_the_same_twice_and_no_warning(recwarn):
    design = segmented_design(people(errors([0.9], [-0.4])), REFORM)
    pd.testing.assert_frame_equal(*(arma(design, order=(1, 0)).effects for _ in range(2)))
    assert len(recwarn) == 0


@pytest.mark.full
def test_effect_all_but_without_noise_is_recovered():
    series = people(1e-7 * errors([0.5], []))
    found = arma(segmented_design(series, REFORM)).effects["estimate"]
    assert found.to_dict() == pytest.approx({"level": LEVEL, "slope": SLOPE}, abs=1e-8)


@pytest.mark.full
def test_control_and_level_scale():
    shared = people(errors([0.8], []))
    ratio = segmented_design(shared * np.exp(0.1 * errors([0.5], [], seed=1)), REFORM, control=shared)
    assert arma(ratio).effects["estimate"].abs().max() < 0.01
    t = np.arange(len(MONTHS))
    series = pd.Series(5000 + 300 * (t >= 56) + 25 * (t - 56).clip(0) + 1000 * errors([0.5], []), MONTHS)
    fit = arma(segmented_design(series, REFORM, scale="level", harmonics=0))
    assert (fit.effects["low"] < [300, 25]).all()
    assert (fit.effects["high"] > [300, 25]).all()
    assert effect_at(fit, "2015-02").units == pytest.approx(fit.effects.loc["level", "estimate"])


@pytest.mark.full
def test_placebo_takes_it():
    series = people(errors([0.5], []))[:"2015-01"]
    found = placebo(series, ["2012-03"], estimator=partial(arma, order=(1, 0)), harmonics=1)
    alone = arma(segmented_design(series, "2012-03", harmonics=1), order=(1, 0)).effects
    assert found.iloc[0]["slope_low"] == pytest.approx(alone.loc["slope", "low"])


@pytest.mark.parametrize(
    "order", [(-1, 1), (1, -1), (5, 0), (3, 2), (0.5, 0), (np.nan, 0), (1,), 2, (1, 0, 1)]
)
def test_orders_are_checked(order):
    with pytest.raises(ValueError, match=r"order is .* give two whole numbers \(p, q\), 0 to 4 together"):
        arma(segmented_design(people(errors([0.5], [])), REFORM), order=order)


def test_a_unit_root_is_refused():
    """A season without noise, left out of the design, is a cycle that never fades."""
    design = segmented_design(people(np.zeros(len(MONTHS))), REFORM, harmonics=0)
    with pytest.raises(ValueError, match=r"ARMA\(2, 0\) errors have a unit root: .*more harmonics.*`autoreg"):
        arma(design, order=(2, 0))


def test_a_search_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(module, "STEPS", 5)
    with pytest.raises(ValueError, match=r"ARMA\(1, 1\) errors are not found in 5 steps: take a lower order"):
        arma(segmented_design(people(errors([0.5], [])), REFORM))


@pytest.mark.full
def test_coverage_as_documented():
    """At rho 0.8: 0.92 of the level, 0.86 of the slope."""
    hits = np.zeros(2)
    for seed in range(300):
        found = arma(segmented_design(people(errors([0.8], [], seed)), REFORM)).effects
        hits += ((found["low"] < [LEVEL, SLOPE]) & (found["high"] > [LEVEL, SLOPE])).to_numpy()
    assert (binom.ppf(0.001, 300, [0.915, 0.857]) <= hits).all(), hits / 300
    assert (hits <= binom.ppf(0.999, 300, [0.915, 0.857])).all(), hits / 300
