import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import approx_fprime, minimize

from tr_analysis.estimators.heterogeneity import _loss, beta_binomial, rank_intervals, shrink

# Hits in the first 45 times at bat of 18 players in 1970 (Efron and Morris 1975).
BATTING = [18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7]


def panel(k, n, index=None):
    return pd.DataFrame({"successes": k, "trials": n}, index=index)


def simulated_panel(random, tau=0.05, mean=0.45, units=21, trials=(50, 2000)):
    strength = mean * (1 - mean) / tau**2 - 1
    n = random.integers(*trials, units)
    truth = random.beta(strength * mean, strength * (1 - mean), units)
    return panel(random.binomial(n, truth), n), truth


def test_maximum_of_the_likelihood_of_scipy():
    frame, _ = simulated_panel(np.random.default_rng(2))
    k, n = frame["successes"].to_numpy(), frame["trials"].to_numpy()

    def loss(x):
        return -stats.betabinom.logpmf(k, n, np.exp(x[0]), np.exp(x[1])).sum()

    best = minimize(
        loss, [3.0, 3.0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12, "maxiter": 10_000}
    )
    a, b = np.exp(best.x)
    found = beta_binomial(frame)
    assert (found.mean, found.strength) == pytest.approx((a / (a + b), a + b), rel=1e-3)
    assert found.tau == pytest.approx(np.sqrt(stats.beta(a, b).var()), rel=1e-3)


def test_batting_averages_are_hardly_told_apart():
    """Eighteen of 45: the observed spread is little more than chance, so everybody is near the mean."""
    found = shrink(panel(BATTING, 45))
    chance = np.mean(BATTING) / 45
    assert found["estimate"].mean() == pytest.approx(chance, abs=1e-3)
    assert found["reliability"].iloc[0] < 0.35
    assert found["estimate"].max() - found["estimate"].min() < 0.35 * (18 - 7) / 45


def test_shrunken_share_by_hand():
    frame, _ = simulated_panel(np.random.default_rng(7))
    fit, found = beta_binomial(frame), shrink(frame)
    k, n = frame["successes"], frame["trials"]
    posterior = stats.beta(fit.strength * fit.mean + k, fit.strength * (1 - fit.mean) + n - k)
    assert found["estimate"].to_numpy() == pytest.approx(posterior.mean())
    assert found["low"].to_numpy() == pytest.approx(posterior.ppf(0.025))
    assert found["high"].to_numpy() == pytest.approx(posterior.ppf(0.975))
    s2 = fit.mean * (1 - fit.mean) * fit.strength / (fit.strength + 1) / n  # mean sampling variance
    assert found["reliability"].to_numpy() == pytest.approx(fit.tau**2 / (fit.tau**2 + s2))


def test_equal_units_are_not_told_apart():
    frame = panel([45, 90, 18], [100, 200, 40])
    fit, found, ranks = beta_binomial(frame), shrink(frame), rank_intervals(frame)
    assert (fit.mean, fit.tau, fit.strength) == (pytest.approx(0.45), 0, np.inf)
    assert found["estimate"].to_list() == pytest.approx([0.45] * 3)
    assert (found["reliability"] == 0).all()
    assert (ranks[["low", "high"]] == [1, 3]).all(axis=None)


def test_units_almost_as_far_apart_as_can_be():
    found = shrink(panel([0, 29, 30], 30))
    assert found["reliability"].min() > 0.9
    assert (found["low"] < found["high"]).all()
    assert rank_intervals(panel([0, 29, 30], 30))["low"].tolist() == [1, 2, 2]


@pytest.mark.parametrize("call", [beta_binomial, shrink, rank_intervals])
@pytest.mark.parametrize(("k", "n"), [([0, 5], [5, 5]), ([0, 0, 50, 50], [50] * 4), ([0, 7, 1], [9, 7, 1])])
def test_units_with_all_or_none_are_refused(call, k, n):
    """The likelihood rises as M falls to 0, where 0 of 5 would say that the share is exactly 0."""
    with pytest.raises(ValueError, match="all or none of its trials: nothing to shrink, use `proportions`"):
        call(panel(k, n))


def test_like_units_have_like_ranks_whatever_the_order_of_the_rows():
    """The prior is so weak that most draws of 50 of 50 are the same number, 1."""
    k = np.array([0, 50, 0, 50, 49, 0, 50])
    found = rank_intervals(panel(k, 50))
    for same in (0, 50):
        assert found["rank"][k == same].to_numpy() == pytest.approx(found["rank"][k == same].mean(), abs=0.05)
    assert found[["low", "high"]][k == 0].to_numpy().tolist() == [[1, 3]] * 3
    assert found[["low", "high"]][k == 50].to_numpy().tolist() == [[5, 7]] * 3


def test_an_ordinary_panel_on_which_the_search_ends_for_want_of_descent():
    """Maximum found by SciPy's beta-binomial probabilities and a search without gradient."""
    frame = panel([625, 530, 769, 623, 519, 572, 660], [1429, 1393, 1598, 1298, 1094, 1122, 1393])
    found = beta_binomial(frame)
    assert (found.mean, found.tau) == pytest.approx((0.4621, 0.0365), abs=5e-5)


def test_ordinary_panels_are_all_fitted():
    random = np.random.default_rng(12)
    for _ in range(30):
        units = int(random.integers(3, 40))
        tau = float(random.uniform(0.005, 0.1))
        frame, _ = simulated_panel(
            random, tau=tau, mean=random.uniform(0.2, 0.8), units=units, trials=(900, 1800)
        )
        assert 0 <= beta_binomial(frame).tau < 4 * tau + 0.02


@given(st.floats(-3, 3), st.floats(-3, 10))
def test_gradient_of_the_likelihood(logit, strength):
    k, n = np.array([3.0, 40, 0, 120]), np.array([9.0, 90, 4, 250])
    at = np.array([logit, strength])
    numerical = approx_fprime(at, lambda x: _loss(x, k, n)[0], 1e-6)
    assert _loss(at, k, n)[1] == pytest.approx(numerical, rel=1e-3, abs=1e-2)


@pytest.mark.parametrize("name", ["observed", "estimate", "low", "high", "reliability", "rank"])
def test_counts_under_the_name_of_a_result(name):
    frame, plain = pd.DataFrame({name: [10, 30], "n": [60, 70]}), panel([10, 30], [60, 70])
    assert beta_binomial(frame, name, "n") == beta_binomial(plain)
    results = {"rank", "low", "high"}
    for call, refused in ((shrink, name != "rank"), (rank_intervals, name in results)):
        if refused:
            with pytest.raises(ValueError, match=f"column '{name}' has the name of a result"):
                call(frame, name, "n")
        else:
            assert len(call(frame, name, "n")) == 2


@given(
    st.lists(
        st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
        min_size=2,
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_invariances(counts, random):
    k, n = map(np.array, zip(*counts, strict=True))
    if ((k == 0) | (k == n)).all():
        return
    frame = panel(k, n, index=[f"unit {i}" for i in range(len(k))])
    found = shrink(frame)
    again = shrink(frame.loc[random.sample(list(frame.index), len(frame))])
    pd.testing.assert_frame_equal(found, again.loc[found.index], rtol=1e-3, atol=1e-3)
    failures = shrink(panel(n - k, n, index=frame.index))
    assert failures["estimate"].to_numpy() == pytest.approx(1 - found["estimate"].to_numpy(), abs=2e-3)
    mean = beta_binomial(frame).mean
    between = np.sort([found["observed"], np.full(len(k), mean)], axis=0)
    estimate = found["estimate"].to_numpy()
    assert (between[0] - 1e-9 <= estimate).all()
    assert (estimate <= between[1] + 1e-9).all()


def recovered(runs, seed=11):
    """Mean of the fits, coverage of the intervals, and squared error relative to that of the raw shares."""
    random = np.random.default_rng(seed)
    fits, held, errors = [], [], []
    for _ in range(runs):
        frame, truth = simulated_panel(random)
        fit, found = beta_binomial(frame), shrink(frame)
        fits.append([fit.mean, fit.tau])
        held.append(((found["low"] <= truth) & (truth <= found["high"])).mean())
        errors.append([((found[c] - truth) ** 2).mean() for c in ("estimate", "observed")])
    shrunken, raw = np.mean(errors, axis=0)
    return np.mean(fits, axis=0), np.mean(held), shrunken / raw


def test_recovery_on_simulated_panels():
    """25 panels of 21: standard errors 0.0023 of the mean, 0.0017 of tau (biased low by a few per cent)."""
    (mean, tau), held, gain = recovered(25)
    assert mean == pytest.approx(0.45, abs=0.009)
    assert tau == pytest.approx(0.05, abs=0.009)
    assert held == pytest.approx(0.95, abs=0.03)
    assert gain < 0.95


@pytest.mark.full
def test_recovery_closely():
    (mean, tau), held, gain = recovered(1000)
    assert mean == pytest.approx(0.45, abs=0.0015)
    assert tau == pytest.approx(0.05, abs=0.003)
    assert 0.92 < held < 0.955
    assert gain < 0.9


def test_ranks_are_repeatable_and_follow_the_counts():
    frame = panel([90, 10, 50, 52], 100, index=list("dcba"))
    found = rank_intervals(frame, seed=3)
    pd.testing.assert_frame_equal(found, rank_intervals(frame, seed=3))
    assert found[["low", "high"]].loc["d"].tolist() == [4, 4]
    assert found[["low", "high"]].loc["c"].tolist() == [1, 1]
    assert found[["low", "high"]].loc["b"].tolist() == [2, 3]
    assert found["rank"].sum() == pytest.approx(10)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: shrink(panel([1], [5])), "give two or more"),
        (lambda: shrink(panel([0, 0], [5, 9])), "no or only successes"),
        (lambda: beta_binomial(panel([5, 9], [5, 9])), "no or only successes"),
        (lambda: beta_binomial(panel([0, 1, 1], [1, 1, 1])), "one trial"),
        (lambda: shrink(panel([6, 0], [5, 5])), "more successes"),
        (lambda: shrink(panel([1, 3], [5, 5]), level=95), "between 0 and 1"),
        (lambda: rank_intervals(panel([1, 3], [5, 5]), level=95), "between 0 and 1"),
        (lambda: rank_intervals(panel([1, 3], [5, 5]), draws=5), "100 or more"),
        (lambda: rank_intervals(panel([1, 3], [5, 5]), draws=100.5), "draws is 100.5: give 100 or more"),
        (lambda: rank_intervals(panel([1, 3], [5, 5]), draws="999"), "draws is '999', which is not a number"),
        (lambda: rank_intervals(panel([1, 3], [5, 5]), seed=None), "seed is None"),
        (lambda: shrink(panel([1, 3], [5, 5]), level=None), "level is None"),
    ],
)
def test_impossible_panels_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
