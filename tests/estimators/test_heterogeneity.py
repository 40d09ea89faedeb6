import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t
from statsmodels.stats.meta_analysis import combine_effects

from tr_analysis.estimators.heterogeneity import between_variance, heterogeneity, log_odds, pool

METHODS = ["Paule-Mandel", "DerSimonian-Laird", "REML"]
# Thirteen trials of the BCG vaccine (Colditz and others 1994): cases and others, vaccinated and not.
BCG = np.array(
    [
        [4, 119, 11, 128],
        [6, 300, 29, 274],
        [3, 228, 11, 209],
        [62, 13536, 248, 12619],
        [33, 5036, 47, 5761],
        [180, 1361, 372, 1079],
        [8, 2537, 10, 619],
        [505, 87886, 499, 87892],
        [29, 7470, 45, 7232],
        [17, 1699, 65, 1600],
        [186, 50448, 141, 27197],
        [5, 2493, 3, 2338],
        [27, 16886, 29, 17825],
    ],
    dtype=float,
)


def log_risk_ratios():
    a, b, c, d = BCG.T
    return np.log(a / (a + b) / (c / (c + d))), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)


def log_odds_ratios():
    a, b, c, d = BCG.T
    return np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d


units = st.integers(2, 12).flatmap(
    lambda k: st.tuples(
        st.lists(st.floats(-3, 3), min_size=k, max_size=k),
        st.lists(st.floats(0.05, 4), min_size=k, max_size=k),
    )
)


def test_published_log_odds_ratios_of_bcg():
    """Van Houwelingen and others (2002), as worked with the R package metafor: Q-profile 0.1302 to 1.1812."""
    found = heterogeneity(*log_odds_ratios())
    assert found.q == pytest.approx(163.1649, abs=5e-5)
    assert (found.low, found.high) == pytest.approx((0.1302, 1.1812), abs=1e-4)  # their root stops early


def test_published_log_risk_ratios_of_bcg():
    """Values printed by the R package metafor for its data set of these trials."""
    found = {method: heterogeneity(*log_risk_ratios(), method=method) for method in METHODS}
    assert found["REML"].q == pytest.approx(152.2330, abs=5e-5)
    assert [found[m].tau2 for m in METHODS] == pytest.approx([0.3181, 0.3088, 0.3132], abs=5e-5)
    assert 100 * found["REML"].i2 == pytest.approx(92.12, abs=0.005)
    assert (found["REML"].low, found["REML"].high) == pytest.approx((0.1197, 1.1115), abs=5e-5)
    pooled = pool(*log_risk_ratios(), method="REML")
    assert pooled.estimate == pytest.approx(-0.7145, abs=5e-5)
    assert (pooled.low, pooled.high) == pytest.approx((-1.1084, -0.3206), abs=5e-5)


@pytest.mark.filterwarnings("ignore::RuntimeWarning:statsmodels")  # its variances below 0
@given(units)
def test_against_statsmodels(panel):
    y, v = map(np.array, panel)
    for method, name in {"DerSimonian-Laird": "dl", "Paule-Mandel": "pm"}.items():
        expected = combine_effects(y, v, method_re=name, use_t=True)
        found, pooled = heterogeneity(y, v, method=method), pool(y, v, method=method)
        assert found.q == pytest.approx(expected.q, abs=1e-9)
        if expected.tau2 <= 0:
            assert found.tau2 == pytest.approx(0, abs=1e-9)
            continue
        tolerance = 1e-9 if name == "dl" else 1e-4  # theirs stops early
        assert found.tau2 == pytest.approx(expected.tau2, rel=tolerance, abs=tolerance)
        assert pooled.estimate == pytest.approx(expected.mean_effect_re, abs=1e-4)
        half = (pooled.high - pooled.low) / 2
        scale = max(1.0, expected.scale_hksj_re)
        assert half == pytest.approx(
            t.ppf(0.975, len(y) - 1) * np.sqrt(scale) * expected.sd_eff_w_re, rel=1e-3
        )


def test_equal_variances_have_closed_forms():
    y, v = np.array([1.0, 3.0, 8.0, 4.0]), np.full(4, 0.5)
    expected = np.var(y, ddof=1) - 0.5
    for method in METHODS:
        assert between_variance(y, v, method) == pytest.approx(expected, rel=1e-5)
    assert pool(y, v).estimate == pytest.approx(4)


@given(units, st.floats(0.01, 50), st.floats(-5, 5), st.randoms(use_true_random=False))
def test_invariances(panel, scale, shift, random):
    y, v = map(np.array, panel)
    order = random.sample(range(len(y)), len(y))
    for method in METHODS[:2]:
        found, moved = (
            heterogeneity(y, v, method=method),
            heterogeneity(scale * y[order] + shift, scale**2 * v[order], method=method),
        )
        close = {"rel": 1e-5, "abs": 1e-8}
        assert (moved.q, moved.i2) == pytest.approx((found.q, found.i2), rel=1e-5, abs=1e-6)
        for name in ("tau2", "low", "high"):
            assert getattr(moved, name) / scale**2 == pytest.approx(getattr(found, name), **close)
        assert found.low <= found.estimate <= found.high
        first, then = (
            pool(y, v, method=method),
            pool(scale * y[order] + shift, scale**2 * v[order], method=method),
        )
        assert (then.estimate - shift) / scale == pytest.approx(first.estimate, rel=1e-5, abs=1e-6)
        assert first.low <= first.estimate <= first.high


def test_units_all_alike():
    found, pooled = heterogeneity([2.0] * 5, [0.1] * 5), pool([2.0] * 5, [0.1] * 5)
    assert (found.q, found.i2, found.tau2, found.p_value) == (0, 0, 0, 1)
    assert (found.low, found.high) == (0, 0)
    assert pooled.estimate == 2
    assert pooled.high > 2  # no spread seen is not no doubt


def simulated(runs, tau, *, units=21, seed=5):
    """Share of panels whose intervals hold the mean and the variance."""
    random = np.random.default_rng(seed)
    held = np.zeros(2)
    for _ in range(runs):
        v = random.uniform(0.2, 2, units)
        y = 1 + random.normal(0, tau, units) + random.normal(0, np.sqrt(v))
        found, pooled = heterogeneity(y, v), pool(y, v)
        held += [pooled.low <= 1 <= pooled.high, found.low <= tau**2 <= found.high]
    return held / runs


def test_coverage():
    """100 panels of 21 units: three standard errors are 6.5 points."""
    assert simulated(100, 1.0) == pytest.approx([0.95] * 2, abs=0.065)


@pytest.mark.full
@pytest.mark.parametrize(("tau", "units"), [(1.0, 8), (1.0, 21), (2.0, 8)])
def test_coverage_closely(tau, units):
    assert simulated(4000, tau, units=units) == pytest.approx([0.95] * 2, abs=0.015)


def test_log_odds_of_counts():
    frame = pd.DataFrame({"k": [0, 3, 5], "n": [5, 5, 5]}, index=["x", "y", "z"])
    found = log_odds(frame, "k", "n")
    assert list(found.index) == ["x", "y", "z"]
    assert found.loc["y"].to_list() == pytest.approx([np.log(3.5 / 2.5), 1 / 3.5 + 1 / 2.5])
    assert found.loc["x", "estimate"] == -found.loc["z", "estimate"]
    assert heterogeneity(found["estimate"], found["variance"]).units == 3
    with pytest.raises(ValueError, match="more successes"):
        log_odds(pd.DataFrame({"k": [6], "n": [5]}), "k", "n")


@pytest.mark.parametrize(
    ("y", "v", "message"),
    [
        ([1.0], [1.0], "give two or more"),
        ([1.0, 2.0], [1.0], "2 estimates and 1 variances"),
        ([1.0, np.nan], [1.0, 1.0], "estimate 1 is nan"),
        ([1.0, 2.0], [0.0, 1.0], "variance 0 is 0"),
        ([1.0, 2.0], [1.0, np.inf], "variance 1 is inf"),
        ([1.0, None], [1.0, 1.0], "estimate 1 is nan"),
        (["1", "2"], [1.0, 1.0], "the estimates hold string, which are not numbers"),
        ([1.0, 2.0], ["a", "b"], "the variances hold string, which are not numbers"),
        (None, [1.0], "the estimates hold nothing"),
        (np.ones((2, 2)), np.ones((2, 2)), "the estimates have 2 dimensions"),
        (
            pd.Series([1.0, 2]),
            pd.Series([1.0, 2], [1, 0]),
            "the rows of variances and estimates have different",
        ),
    ],
)
def test_impossible_units_are_refused(y, v, message):
    for call in (heterogeneity, pool):
        with pytest.raises(ValueError, match=message):
            call(y, v)


def test_method_and_level_are_checked():
    with pytest.raises(ValueError, match="is none of Paule-Mandel"):
        heterogeneity([1.0, 2.0], [1.0, 1.0], method="ML")
    for call in (heterogeneity, pool):
        for level in (95, "0.95", None):
            with pytest.raises(ValueError, match=r"^level is .*: give a coverage between 0 and 1"):
                call([1.0, 2.0], [1.0, 1.0], level=level)


@pytest.mark.parametrize("name", ["estimate", "low", "high", "method", "variance"])
def test_log_odds_of_counts_under_any_name(name):
    frame = pd.DataFrame({name: [1, 3], "n": [5, 9]})
    pd.testing.assert_frame_equal(
        log_odds(frame, name, "n"), log_odds(frame.rename(columns={name: "k"}), "k", "n")
    )
