from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.tsa.statespace.structural import UnobservedComponents

from tests.estimators.sizes import LAST, REFORM, at_end, likeliest_node, p_values, recall, simulate, truths
from tr_analysis.data import load, simulations
from tr_analysis.estimators.autocorrelation import autoregressive
from tr_analysis.estimators.interrupted import interrupted
from tr_analysis.estimators.trend import (
    block_growth,
    forecast_design,
    growth_bounds,
    lay_out,
    local_trend,
    many_effects,
    regress,
)


def stock() -> pd.Series:
    prison = load("prison_population_monthly")
    return prison[prison["status"] == "recall"].set_index("month")["people"].loc["2010-06":LAST]


def percent(fit) -> list[float]:
    effect = fit.effect_at(LAST)
    return [float(effect.percent), float(effect.percent_low), float(effect.percent_high)]


@pytest.mark.parametrize(
    ("reform", "trend", "ahead", "expected"),
    [  # computed apart, with scipy's root finder and a loop over the nodes
        ("2015-02", "random walk", False, [48.3, 4.6, 110.4]),
        ("2015-02", "random walk", True, [48.8, 6.5, 108.0]),
        ("2015-02", "wandering", False, [118.8, -14.4, 478.5]),
        ("2015-02", "wandering", True, [-9.1, -81.3, 355.4]),
        ("2014-06", "random walk", True, [78.6, 22.3, 160.8]),
        ("2014-06", "wandering", False, [81.3, -37.5, 442.9]),
    ],
)
def test_recall_under_each_trend(reform, trend, ahead, expected):
    design = interrupted(stock(), reform)
    design = forecast_design(design, LAST) if ahead else design
    assert percent(local_trend(design, trend=trend)) == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize("q", [0.05, 0.3])
def test_coefficients_and_likelihood_against_statsmodels_local_linear_trend(q):
    design = recall()
    exog = design.regressors.drop(columns=["constant", "time"])
    model = UnobservedComponents(100 * design.response, "lltrend", exog=exog.to_numpy(), mle_regression=False)
    model.ssm.initialize_approximate_diffuse(1e10)  # statsmodels' exact one is off by 5% here, with exog
    node = lay_out(tuple(range(len(design.series))), np.ones(1), np.array([q]), np.ones(1))
    fit = regress(design.regressors.to_numpy(), design.response[:, None], node)
    oracle = model.smooth([0.0, 1.0, q**2])
    states = oracle.filtered_state[-exog.shape[1] :, -1] / 100
    assert fit.coefficients[0, 1:, 0] == pytest.approx(states, rel=1e-4, abs=1e-7)
    variance = oracle.filtered_state_cov[-exog.shape[1], -exog.shape[1], -1]
    assert fit.inverses[0, 1, 1] == pytest.approx(variance, rel=1e-4)


def test_the_likeliest_variances_are_those_of_a_fine_grid():
    design = recall()
    node = likeliest_node(design)
    rho, q = (centre[0] + np.linspace(-0.1, 0.1, 5) for centre in (node.rho, node.q))
    nodes = lay_out(tuple(range(len(design.series))), rho, q, np.ones(25))
    grid = regress(design.regressors.to_numpy(), design.response[:, None], nodes)
    assert divmod(grid.log_likelihood[:, 0].argmax(), 5) == (2, 2)


def test_many_series_as_one_by_one():
    design, y = recall(), simulate(0.5, 0.2, 3, seed=4)
    found = many_effects(design, y, at_end(design).drop("constant"))
    for one, row in zip(y.T, found.to_dict("records"), strict=True):
        fit = local_trend(replace(design, series=np.exp(pd.Series(one, design.series.index))))
        effect = fit.combine(at_end(design).to_frame().T).iloc[0]
        assert [row["estimate"], row["p_value"]] == pytest.approx(effect[["estimate", "p_value"]].tolist())


def test_a_forecast_is_the_mean_growth_carried_on_and_sees_no_later_month():
    series = stock()
    design = interrupted(series, REFORM, harmonics=0)
    ahead = forecast_design(design, "2018-02")
    before = np.log(series.loc[:"2015-01"].to_numpy(float))
    growth = np.diff(before)
    forecast = before[-1] + 37 * growth.mean()
    effect = local_trend(ahead, trend="random walk").effects.loc["level"]
    assert effect["estimate"] == pytest.approx(np.log(series["2018-02"]) - forecast)
    error = growth.std(ddof=1) * np.sqrt(37 + 37**2 / len(growth))
    assert effect["std_error"] == pytest.approx(error)
    assert list(ahead.series.index[-2:].astype(str)) == ["2015-01", "2018-02"]


def test_blocks_against_scipy():
    design = interrupted(stock(), REFORM, harmonics=0)
    growth = np.diff(design.response)
    sides = [[part.mean() for part in np.array_split(part, 4)] for part in (growth[55:], growth[:55])]
    found = block_growth(design)
    t = stats.ttest_ind(*sides, equal_var=False)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(t.statistic), 3))
    margin = stats.t.ppf(0.975, 3) * found.estimate / t.statistic
    assert [found.low, found.high] == pytest.approx([found.estimate - margin, found.estimate + margin])


@pytest.mark.parametrize(
    ("reform", "straight", "quarter"), [("2015-02", -2.7, [-37.6, 51.7]), ("2014-06", 69.1, [14.0, 150.7])]
)
def test_bounds_of_recall(reform, straight, quarter):
    bounds = growth_bounds(stock(), reform, LAST)
    gaps = 100 * np.expm1(bounds.at([0, 0.25, bounds.break_even]))
    assert gaps.iloc[0].tolist() == pytest.approx([straight] * 3, abs=0.05)
    assert gaps.iloc[1][["low", "high"]].tolist() == pytest.approx(quarter, abs=0.05)
    assert gaps.iloc[2][["low", "high"]].abs().min() == pytest.approx(0, abs=1e-9)


def test_stock_and_flow_by_counting_people():
    design = interrupted(stock(), REFORM, shape="stock and flow")
    released = [min(month / 12, 1) for month in range(1, 62)]  # of each month's releases, those under the law
    counted = [sum(released[max(0, month - 11) : month + 1]) / 12 for month in range(61)]
    assert design.regressors["gradual"].loc[REFORM:].tolist() == pytest.approx(counted)
    assert not design.regressors["gradual"].loc[:"2015-01"].any()


def test_innovations_show_a_pattern_that_the_model_leaves():
    fading = pd.Series(np.exp(simulate(0.9, 0.0, 1, seed=3)[:, 0]), stock().index)
    design = interrupted(fading, REFORM)
    assert local_trend(design).innovations_test() > 0.05
    wandering = replace(design, series=np.exp(pd.Series(simulate(0.2, 0.9, 1, seed=3)[:, 0], fading.index)))
    assert autoregressive(wandering).innovations_test() < 0.01 < local_trend(wandering).innovations_test()


@pytest.mark.parametrize(("series", "slow"), [(150, 2), pytest.param(1000, 60, marks=pytest.mark.full)])
def test_simulated_sizes_hold(series, slow):
    table, (truth, (rho, wander)) = simulations(), list(truths().items())[-1]
    found = p_values(simulate(rho, wander, series, seed=77), slow)
    rows = table[table["data"] == truth].to_dict("records")
    assert len(rows) == len(found)
    for row in rows:
        share, p = row["found"], np.array(found[row["estimator"], row["method"]])
        margin = 4 * np.sqrt(share * (1 - share) * (1 / len(p) + 1 / row["runs"]))
        assert (p < 0.05).mean() == pytest.approx(share, abs=margin + 0.5 / len(p)), row["method"]


def test_the_model_of_record_rarely_rejects_and_moves_with_an_effect():
    table = simulations()
    record = table[table["method"] == "wandering trend, step and slope"]
    assert len(record) == 4
    assert record["found"].max() < 0.06
    design, y = recall(), simulate(0.2, 0.3, 4, seed=9)
    effect = design.regressors[["level", "slope"]].to_numpy() @ [0.1, 0.005]
    contrast = at_end(design).drop("constant")
    plain, moved = (many_effects(design, y + add, contrast) for add in (0, effect[:, None]))
    assert (moved["estimate"] - plain["estimate"]).tolist() == pytest.approx([0.1 + 60 * 0.005] * 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: local_trend(stock()), "design is a Series .*interrupted"),
        (lambda: local_trend(recall(), trend="linear"), "give 'wandering'"),
        (lambda: forecast_design(recall(), "2014-01"), "2014-01 is no month to forecast"),
        (lambda: growth_bounds(stock(), "2012-01", LAST), "25 months before"),
        (lambda: many_effects(recall(), np.ones((3, 2)), pd.Series({"slope": 1.0})), "117 rows"),
        (lambda: recall("ramp"), "shape is 'ramp'"),
        (lambda: interrupted(stock(), REFORM, harmonics=[7]), "0 to 6 pairs"),
    ],
)
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
