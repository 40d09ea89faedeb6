"""Simulate how often the models of recall find an effect where there is none, for the table of `simulated`.

Series have the months, the season and the break of the chapter on recall. Their errors are those that a referee
would try: a random walk, shocks that fade, and trends that wander as much as that of the observed series.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.signal import lfilter
from scipy.stats import t as student

from tr_analysis.data import load
from tr_analysis.digits import polish
from tr_analysis.estimators.autocorrelation import arma, newey_west
from tr_analysis.estimators.interrupted import InterruptedDesign, InterruptedFit, interrupted
from tr_analysis.estimators.trend import Nodes, block_growth, forecast_design, lay_out, many_effects, regress

REFORM, FIRST, LAST = "2015-02", "2010-06", "2020-02"
SERIES, SLOW = 2000, 200  # of each truth; of the methods that search for each series anew


def recall(shape: str = "step and slope") -> InterruptedDesign:
    prison = load("prison_population_monthly")
    people = prison[prison["status"] == "recall"].set_index("month")["people"]
    return interrupted(people.loc[FIRST:LAST], REFORM, shape=shape)


def truths() -> dict[str, tuple[float, float]]:
    """The correlation of shocks from month to month, and the wander of the slope over the size of a shock."""
    likeliest = likeliest_node(recall())
    return {
        "random walk": (1.0, 0.0),
        "shocks that fade (AR(1), 0.8)": (0.8, 0.0),
        "random walk whose slope wanders": (
            1.0,
            0.2,
        ),  # what the likeliest local linear trend of recall comes to
        "trend that wanders as recall's": (round(likeliest.rho[0], 2), round(likeliest.q[0], 2)),
    }


def likeliest_node(design: InterruptedDesign) -> Nodes:
    """Rho and q of the highest restricted likelihood of a wandering trend, from a grid."""
    regressors, response = design.regressors.to_numpy(), design.response[:, None]

    def at(rho: np.ndarray, q: np.ndarray) -> Nodes:
        return lay_out(tuple(range(len(response))), rho, q, np.ones(len(rho) * len(q)))

    def loss(terms: np.ndarray) -> float:
        node = at(np.tanh(terms[:1]), np.exp(terms[1:]))
        return float(-2 * regress(regressors, response, node).log_likelihood[0, 0])

    rho, q = np.linspace(-0.9, 0.999, 20), np.linspace(0.04, 0.96, 12)
    found = regress(regressors, response, at(rho, q)).log_likelihood[:, 0]
    r, p = divmod(int(found.argmax()), len(q))
    search = minimize(
        loss, [np.arctanh(rho[r]), np.log(q[p])], method="Nelder-Mead", bounds=[(-4, 4), (-7, 1)]
    )
    best = polish(loss, search.x)
    return at(np.tanh(best[:1]), np.exp(best[1:]))


def by_likeliest(design: InterruptedDesign, y: np.ndarray) -> list[float]:
    """P-values as if the likeliest rho and q of each series were known, which no chapter relies on."""
    weight = at_end(design).to_numpy()[1:]
    found = []
    for one in y.T:
        own = replace(design, series=np.exp(pd.Series(one, design.series.index)))
        fit = regress(own.regressors.to_numpy(), own.response[:, None], likeliest_node(own))
        error = np.sqrt(weight @ fit.inverses[0] @ weight * fit.variances[0, 0])
        found.append(float(2 * student.sf(abs(weight @ fit.coefficients[0, :, 0]) / error, fit.df)))
    return found


def simulate(rho: float, wander: float, series: int, seed: int, months: int = 117) -> np.ndarray:
    """Errors without a reform (months, series), of shocks of one in a hundred."""
    draw = np.random.default_rng(seed).standard_normal((2, months, series))
    shocks = draw[0]
    if rho < 1:
        shocks[0] /= np.sqrt(1 - rho**2)
    errors = lfilter([1], [1, -rho], shocks, axis=0)
    slope = wander * np.vstack([np.zeros((1, series)), draw[1, :-1].cumsum(axis=0)])
    return 8.5 + 0.01 * (errors + np.vstack([np.zeros((1, series)), slope[1:].cumsum(axis=0)]))


def at_end(design: InterruptedDesign) -> pd.Series:
    """The contrast that is the effect in the last month."""
    return design.regressors.iloc[-1].where(design.regressors.columns.isin(design.effect_names), 0.0)


def by_one(
    fit: Callable[[InterruptedDesign], InterruptedFit], design: InterruptedDesign, y: np.ndarray
) -> list[float]:
    """P-values of the effect in the last month, series by series."""
    contrast = at_end(design).to_frame().T
    found = (fit(replace(design, series=np.exp(pd.Series(one, design.series.index)))) for one in y.T)
    return [float(one.combine(contrast)["p_value"].iloc[0]) for one in found]


def together(design: InterruptedDesign, y: np.ndarray, trend: str) -> list[float]:
    rows = recall().series.index.get_indexer(design.series.index)
    return list(many_effects(design, y[rows], at_end(design).drop("constant"), trend=trend)["p_value"])


def p_values(y: np.ndarray, slow: int) -> dict[tuple[str, str], list[float]]:
    """P-values of each estimator and method in each series (months, series)."""
    design, few = recall(), y[:, :slow]
    ahead = forecast_design(design, LAST)
    blocks = [
        block_growth(replace(design, series=np.exp(pd.Series(one, design.series.index)))) for one in y.T
    ]
    trend = "trend.local_trend"
    return {
        ("autocorrelation.newey_west", "Newey-West, step and slope"): by_one(newey_west, design, y),
        ("autocorrelation.arma", "ARMA(1, 1), step and slope"): by_one(arma, design, few),
        ("autocorrelation.autoregressive", "autoregressive, step and slope"): together(design, y, "straight"),
        (trend, "wandering trend, likeliest variances"): by_likeliest(design, few),
        (trend, "wandering trend, step and slope"): together(design, y, "wandering"),
        (trend, "wandering trend, exponential approach"): together(recall("exponential"), y, "wandering"),
        (trend, "wandering trend, stock and flow"): together(recall("stock and flow"), y, "wandering"),
        (trend, "random walk, forecast from before"): together(ahead, y, "random walk"),
        (trend, "wandering trend, forecast from before"): together(ahead, y, "wandering"),
        ("trend.block_growth", "blocks of growth"): [float(one.p_value or 0) for one in blocks],
    }


def rows_of_recall() -> Iterator[dict[str, object]]:
    """How often each method rejects under each truth."""
    for seed, (truth, (rho, wander)) in enumerate(truths().items()):
        for (estimator, method), found in p_values(simulate(rho, wander, SERIES, seed), SLOW).items():
            share = round(float(np.mean(np.array(found) < 0.05)), 4)
            yield {
                "estimator": estimator,
                "method": method,
                "data": truth,
                "found": share,
                "runs": len(found),
            }
