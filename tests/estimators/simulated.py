"""How often intervals hold the truth and tests reject without an effect, on simulated data: `tr_analysis.data.simulations`.

``python -m tests.estimators.simulated`` writes the table, which the page "How this was tested" and the chapter on recall
show.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

import tr_analysis.data
from tests.estimators.sizes import rows_of_recall
from tr_analysis.estimators.cluster_design import clustered_design
from tr_analysis.estimators.clusters import bootstrap_draws, cluster_jackknife, permutation_draws
from tr_analysis.estimators.funnel import dispersion, widened_limits
from tr_analysis.estimators.heterogeneity import heterogeneity, shrink
from tr_analysis.estimators.panel import association
from tr_analysis.estimators.payment_design import next_cohort
from tr_analysis.estimators.proportions import difference, odds_ratio, proportion
from tr_analysis.estimators.ratings import superiority

TABLE = Path(tr_analysis.data.__file__).with_name("simulations.csv")
COVERS, REJECTS = "95% interval holds the truth", "5% test rejects without an effect"
Draw = Callable[[np.random.Generator], dict[str, bool | float]]


def holds(found, truth: float) -> bool:
    """Whether an interval holds the truth, up to rounding."""
    return bool(found.low - 1e-12 <= truth <= found.high + 1e-12)


def one_share(trials: int, share: float) -> Draw:
    """Draw a sample, and estimate its share."""
    return lambda rng: {
        f"proportions.proportion|{COVERS}": holds(proportion(rng.binomial(trials, share), trials), share)
    }


def two_shares(rng: np.random.Generator) -> dict[str, bool | float]:
    """Compare 7 and 21 units with a true share of 0.3, and with shares of 0.7 and 0.2."""
    alike = difference(rng.binomial(7, 0.3), 7, rng.binomial(21, 0.3), 21)
    counts = rng.binomial(7, 0.7), 7, rng.binomial(21, 0.2), 21
    return {
        f"proportions.difference|{REJECTS}": alike.p_value <= 0.05,
        f"proportions.difference|{COVERS}": holds(difference(*counts), 0.5),
        f"proportions.odds_ratio|{COVERS}": holds(odds_ratio(*counts), (0.7 / 0.3) / (0.2 / 0.8)),
    }


def two_groups_of_ratings(rng: np.random.Generator) -> dict[str, bool | float]:
    """Rate 7 and 21 units on four steps, alike or the first higher."""
    low, high = np.array([0.3, 0.4, 0.2, 0.1]), np.array([0.1, 0.2, 0.4, 0.3])
    truth = float(high @ (np.cumsum(low) - low / 2))
    first, alike, second = rng.choice(4, 7, p=high), rng.choice(4, 7, p=low), rng.choice(4, 21, p=low)
    return {
        f"ratings.superiority|{COVERS}": holds(superiority(first, second), truth),
        f"ratings.superiority|{REJECTS}": superiority(alike, second).p_value <= 0.05,
    }


def units_that_differ(units: int) -> Draw:
    """Estimate a true spread of 1 of units measured with errors of 0.5 to 1.5."""

    def draw(rng: np.random.Generator) -> dict[str, bool | float]:
        variances = rng.uniform(0.5, 1.5, units) ** 2
        seen = rng.standard_normal(units) + np.sqrt(variances) * rng.standard_normal(units)
        return {f"heterogeneity.heterogeneity|{COVERS}": holds(heterogeneity(seen, variances), 1.0)}

    return draw


def shares_that_differ(units: int, largest: int) -> Draw:
    """Shrink shares of units of 50 trials or more, which truly differ by 3 points."""

    def draw(rng: np.random.Generator) -> dict[str, bool | float]:
        trials, truth = rng.integers(50, largest, units), rng.normal(0.45, 0.03, units)
        frame = pd.DataFrame({"successes": rng.binomial(trials, truth), "trials": trials})
        found, spread = shrink(frame), dispersion(frame)
        ends = widened_limits(spread.target, trials, tau2=spread.tau2)
        seen = frame["successes"].to_numpy() / trials
        return {
            f"heterogeneity.shrink|{COVERS}": float(
                found["low"].le(truth).mul(found["high"].ge(truth)).mean()
            ),
            "funnel.widened_limits|95% limits hold the unit": float(
                ((seen >= ends["low"]) & (seen <= ends["high"])).mean()
            ),
        }

    return draw


def few_clusters(clusters: int, treated: int) -> Draw:
    """Test a label without an effect; four rows a cluster, correlation 0.1 within."""
    codes = np.repeat(np.arange(clusters), 4)
    label = pd.DataFrame({"treated": (codes < treated) * 1.0})
    start = clustered_design(np.random.default_rng(0).standard_normal(len(codes)), label, codes, "treated")

    def draw(rng: np.random.Generator) -> dict[str, bool | float]:
        shared = np.sqrt(0.1) * rng.standard_normal(clusters)[codes]
        design = replace(start, response=shared + np.sqrt(0.9) * rng.standard_normal(len(codes)))
        tests = {
            "clusters.cluster_jackknife": cluster_jackknife(design).p_value,
            "clusters.wild_cluster_bootstrap": bootstrap_draws(design, draws=399, seed=rng).p_value(),
            "clusters.cluster_permutation": permutation_draws(design, draws=399, seed=rng).p_value(),
        }
        return {f"{name}|{REJECTS}": bool(p <= 0.05 + 1e-9) for name, p in tests.items()}

    return draw


def two_measures(rng: np.random.Generator) -> dict[str, bool | float]:
    """Correlate 21 units on two measures whose true correlation is 0.5; predict the next change of one."""
    one, other = rng.standard_normal((2, 21))
    found = association(one, 0.5 * one + np.sqrt(0.75) * other)
    true = rng.normal(-0.02, 0.03)
    seen, later = true + 0.014 * rng.standard_normal(2)
    return {
        f"panel.association|{COVERS}": holds(found, 0.5),
        f"payment_design.next_cohort|{COVERS}": holds(
            next_cohort(seen, shift=-0.02, spread=0.03, error=0.014), later
        ),
    }


WORLDS: dict[str, tuple[Draw, int, int]] = {
    "24 trials, true share 0.1": (one_share(24, 0.1), 4000, 0),
    "24 trials, true share 0.5": (one_share(24, 0.5), 4000, 1),
    "7 and 21 units": (two_shares, 500, 2),
    "7 and 21 ratings on four steps": (two_groups_of_ratings, 1000, 3),
    "9 units with errors of unlike size": (units_that_differ(9), 500, 6),
    "21 units of 50 to 2,000 trials": (shares_that_differ(21, 2000), 300, 7),
    "7 units of 50 to 300 trials": (shares_that_differ(7, 300), 300, 8),
    "3 of 8 clusters labelled": (few_clusters(8, 3), 2000, 9),
    "2 of 21 clusters labelled": (few_clusters(21, 2), 1000, 10),
    "21 units, two measures": (two_measures, 2000, 11),
}
"""How to draw, how many, and the seed."""


def rows_of_worlds() -> Iterator[dict[str, object]]:
    """Run every world; a row an estimator and world, with the share found and what it should be."""
    for world, (draw, runs, seed) in WORLDS.items():
        rng = np.random.default_rng([2014, seed])
        found = pd.DataFrame([draw(rng) for _ in range(runs)]).astype(float).mean()
        for key, share in found.items():
            name, measure = str(key).split("|")
            row = {"estimator": name, "method": "", "data": world, "measure": measure}
            yield row | {"found": round(share, 3), "runs": runs}


def laid_out(rows: Iterable[dict[str, object]]) -> pd.DataFrame:
    """The columns of the table; what rows do not say is the size of a test."""
    table = pd.DataFrame(rows, columns=["estimator", "method", "data", "measure", "nominal", "found", "runs"])
    measure = table["measure"].fillna(REJECTS)
    return table.assign(measure=measure, nominal=np.where(measure == REJECTS, 0.05, 0.95))


if __name__ == "__main__":
    laid_out([*rows_of_recall(), *rows_of_worlds()]).to_csv(TABLE, index=False)
