import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.linalg import toeplitz
from scipy.optimize import brentq
from statsmodels.regression.linear_model import OLS
from statsmodels.tsa.statespace.sarimax import SARIMAX

from tr_analysis.data import load
from tr_analysis.estimators.segmented import autoregressive, newey_west
from tr_analysis.estimators.series import segmented_design

MONTHS = pd.period_range("2010-06", "2020-02", freq="M")  # 117, as in the recall series
REFORM = "2015-02"
LEVEL, SLOPE = 0.1, 0.005


def errors(rho: float, series: int = 1, seed: int = 0) -> np.ndarray:
    """First-order autoregressive errors, stationary from the first month: (series, months)."""
    shocks = 0.02 * np.random.default_rng(seed).standard_normal((series, len(MONTHS)))
    errors = shocks / np.sqrt(1 - rho**2)
    for t in range(1, len(MONTHS)):
        errors[:, t] = rho * errors[:, t - 1] + shocks[:, t]
    return errors


def people(errors: np.ndarray) -> pd.Series:
    """A stock with trend, season, a known break, and the given errors of its logarithm."""
    t = np.arange(len(MONTHS))
    since = t - MONTHS.get_loc(REFORM)
    path = 8.6 + 0.002 * t + (LEVEL + SLOPE * since) * (since >= 0) + 0.03 * np.cos(2 * np.pi * t / 12)
    return pd.Series(np.exp(path + errors), MONTHS)


def stock(status: str) -> pd.Series:
    frame = load("prison_population_monthly")
    return frame[frame["status"] == status].set_index("month")["people"].loc["2010-06":"2020-02"]


@pytest.mark.parametrize(
    ("status", "level", "slope"),
    [("recall", (0.129, 0.040), (0.0054, 0.0013)), ("remand", (-0.037, 0.051), (-0.0016, 0.0017))],
)
def test_prison_stocks_by_least_squares(status, level, slope):
    design = segmented_design(stock(status), REFORM)
    found = newey_west(design, lags=12).effects[["estimate", "std_error"]]
    assert found.loc["level"].round(3).tolist() == list(level)
    assert found.loc["slope"].round(4).tolist() == list(slope)


def test_recall_stock_by_autoregressive_errors():
    """The errors are all but a random walk: the slope stands, the jump in the first month does not."""
    design = segmented_design(stock("recall"), REFORM)
    fit = autoregressive(design)
    assert design.durbin_watson == pytest.approx(0.143, abs=5e-4)
    assert fit.rho > 0.99
    assert fit.effects.loc["slope", ["estimate", "low", "high"]].tolist() == pytest.approx(
        [0.0066, 0.0010, 0.0122], abs=5e-5
    )
    assert fit.effects.loc["level", ["low", "high"]].tolist() == pytest.approx([-0.032, 0.031], abs=5e-4)


@pytest.mark.full
def test_newey_west_against_linearmodels():
    from linearmodels.iv import IV2SLS  # takes long

    design = segmented_design(people(errors(0.8)[0]), REFORM)
    x = design.regressors
    oracle = IV2SLS(
        pd.Series(design.response, x.index.to_timestamp()), x.set_index(x.index.to_timestamp()), None, None
    )
    result = oracle.fit(cov_type="kernel", kernel="bartlett", bandwidth=12, debiased=False)
    found = newey_west(design, lags=12).effects
    for effect in ("level", "slope"):
        assert found.loc[effect, "estimate"] == pytest.approx(result.params[effect])
        assert found.loc[effect, "std_error"] == pytest.approx(result.std_errors[effect])
        assert found.loc[effect, "p_value"] == pytest.approx(result.pvalues[effect])


def dense(design, rho):
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


@pytest.fixture(scope="module")
def likelihoods():
    design = segmented_design(people(errors(0.9)[0]), REFORM)
    step = 0.005
    rho = np.append(
        np.arange(0.4 + step / 2, 1, step), 1 - 1e-6
    )  # below, nothing is likely; the last: a random walk
    return design, rho, step, *np.array([dense(design, r) for r in rho]).T


@pytest.mark.parametrize("random_walk", [0, 0.05])
def test_autoregressive_against_dense_matrices(likelihoods, random_walk):
    design, rho, step, log_likelihood, slope, error = likelihoods
    prior = np.append(np.full(len(rho) - 1, (1 - random_walk) * step / 2), random_walk)
    weights = prior * np.exp(log_likelihood - log_likelihood.max())
    weights /= weights.sum()
    df = len(MONTHS) - design.regressors.shape[1]

    def quantile(p):
        return brentq(lambda b: weights @ stats.t.cdf((b - slope) / error, df) - p, -1, 1, xtol=1e-12)

    fit = autoregressive(design, random_walk=random_walk)
    found = fit.effects.loc["slope"]
    assert fit.rho == pytest.approx(weights @ rho, abs=1e-4)
    assert found["estimate"] == pytest.approx(weights @ slope, rel=1e-4)
    assert (found["low"], found["high"]) == pytest.approx((quantile(0.025), quantile(0.975)), rel=1e-3)
    below = weights @ stats.t.cdf(-slope / error, df)
    assert found["p_value"] == pytest.approx(2 * min(below, 1 - below), rel=1e-2)


def test_certain_random_walk_is_least_squares_on_changes():
    design = segmented_design(people(errors(0.8)[0]), REFORM)
    changes = OLS(np.diff(design.response), np.diff(design.regressors.to_numpy()[:, 1:], axis=0)).fit()
    found = autoregressive(design, random_walk=1).effects
    assert found["estimate"].tolist() == pytest.approx(changes.params[1:3].tolist())
    assert found["std_error"].tolist() == pytest.approx(changes.bse[1:3].tolist())
    assert found[["low", "high"]].to_numpy() == pytest.approx(changes.conf_int()[1:3])
    assert found["p_value"].tolist() == pytest.approx(changes.pvalues[1:3].tolist())


def test_autoregressive_is_near_maximum_likelihood():
    design = segmented_design(people(errors(0.6)[0]), REFORM)
    model = SARIMAX(design.response, design.regressors.to_numpy(), order=(1, 0, 0))
    likeliest = model.fit(disp=0, method="nm", maxiter=20_000)  # the default optimiser stops short here
    found = autoregressive(design).effects
    distance = (found["estimate"].to_numpy() - likeliest.params[2:4]) / found["std_error"]
    assert distance.abs().max() < 0.25


@pytest.mark.parametrize("estimator", [newey_west, autoregressive])
def test_effect_all_but_without_noise_is_recovered(estimator):
    found = estimator(segmented_design(people(1e-7 * errors(0.5)[0]), REFORM)).effects["estimate"]
    assert found.to_dict() == pytest.approx({"level": LEVEL, "slope": SLOPE}, abs=1e-8)


@pytest.mark.parametrize("estimator", [newey_west, autoregressive])
@given(st.floats(0.01, 100), st.floats(-0.5, 0.5), st.floats(-0.01, 0.01))
def test_effects_follow_the_data(estimator, factor, more_level, more_slope):
    """Scaling changes nothing, a further break adds to the effects; so coverage does not depend on them."""
    series = people(errors(0.8)[0])
    design = segmented_design(series, REFORM)
    broken = series * np.exp(design.regressors[["level", "slope"]] @ [more_level, more_slope])
    before = estimator(design).effects
    after = estimator(segmented_design(factor * broken, REFORM)).effects
    expected = before[["estimate", "low", "high"]].add([more_level, more_slope], axis=0)
    assert after[["estimate", "low", "high"]].to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-7)
    assert after["std_error"].tolist() == pytest.approx(before["std_error"].tolist(), rel=1e-5)


def test_control_takes_out_what_moves_both():
    shared = people(errors(0.8)[0])
    own = np.exp(0.001 * errors(0.5, seed=1)[0])
    design = segmented_design(shared * own, REFORM, control=shared)
    found = autoregressive(design).effects
    assert found["estimate"].abs().max() < 0.01
    assert (found["p_value"] > 0.01).all()


def test_level_scale_is_in_the_unit_of_the_series():
    t = np.arange(len(MONTHS))
    since = (t - MONTHS.get_loc(REFORM)).clip(0)
    series = pd.Series(5000 + 10 * t + 300 * (t >= 56) + 25 * since + 1000 * errors(0.5)[0], MONTHS)
    found = autoregressive(segmented_design(series, REFORM, scale="level", harmonics=0)).effects
    assert (found["low"] < [300, 25]).all()
    assert (found["high"] > [300, 25]).all()


def contrast(**weights: float) -> pd.DataFrame:
    columns = ["constant", "time", "level", "slope"]
    return pd.DataFrame([{column: weights.get(column, 0.0) for column in columns}], ["wanted"])


def test_contrasts_are_paired_by_name():
    fit = autoregressive(segmented_design(people(errors(0.5)[0]), REFORM, harmonics=0))
    wanted = contrast(level=1, slope=60)
    pd.testing.assert_frame_equal(fit.combine(wanted[wanted.columns[::-1]]), fit.combine(wanted))
    expected = fit.effects["estimate"] @ [1, 60]
    assert fit.combine(wanted)["estimate"].tolist() == pytest.approx([expected])


@pytest.mark.parametrize(
    ("contrasts", "message"),
    [
        (contrast(), "not all 0"),
        (contrast(level=np.nan), "finite weights"),
        (contrast(level=1, constant=1), "none of the constant"),
        (contrast(level=1)[["level"]], "one column for each of constant, time, level, slope"),
    ],
)
def test_contrasts_are_checked(contrasts, message):
    fit = autoregressive(segmented_design(people(errors(0.5)[0]), REFORM, harmonics=0))
    with pytest.raises(ValueError, match=message):
        fit.combine(contrasts)


@pytest.mark.parametrize("lags", [-1, 2.5, 117])
def test_lags_are_checked(lags):
    with pytest.raises(ValueError, match=f"lags is {lags}: give a whole number from 0 to 116"):
        newey_west(segmented_design(people(errors(0.5)[0]), REFORM), lags=lags)


@pytest.mark.parametrize("probability", [5, -0.1, np.nan])
def test_probability_of_a_random_walk_is_checked(probability):
    with pytest.raises(ValueError, match=r"random_walk is .* give a probability between 0 and 1"):
        autoregressive(segmented_design(people(errors(0.5)[0]), REFORM), random_walk=probability)


def covered(estimator, rho: float, series: int, seed: int = 2014) -> np.ndarray:
    """How many 95% intervals hold the true level change, slope change and effect in the last month."""
    hits = np.zeros(3, dtype=int)
    for error in errors(rho, series, seed):
        design = segmented_design(people(error), REFORM)
        contrasts = pd.DataFrame(0.0, ["level", "slope", "end"], design.regressors.columns)
        contrasts.loc["level", "level"] = contrasts.loc["slope", "slope"] = 1
        contrasts.loc["end", ["level", "slope"]] = 1, 60
        found = estimator(design).combine(contrasts)
        truth = [LEVEL, SLOPE, LEVEL + 60 * SLOPE]
        hits += ((found["low"] < truth) & (truth < found["high"])).to_numpy()
    return hits


def assert_between(hits: np.ndarray, series: int, low: float, high: float) -> None:
    """Refuse counts that a coverage between low and high would give less than once in 1,000 runs."""
    assert (hits >= stats.binom.ppf(0.001, series, low)).all(), hits / series
    assert (hits <= stats.binom.ppf(0.999, series, high)).all(), hits / series


def test_intervals_cover():
    assert_between(covered(autoregressive, rho=0.8, series=40), 40, 0.93, 0.97)


@pytest.mark.full
@pytest.mark.parametrize("rho", [0.5, 0.8, 0.9, 0.95])
def test_intervals_cover_in_the_long_run(rho):
    assert_between(covered(autoregressive, rho, series=2000), 2000, 0.93, 0.97)


@pytest.mark.full
def test_newey_west_intervals_do_not_cover():
    assert_between(covered(newey_west, rho=0.8, series=1000), 1000, 0.65, 0.70)
