"""Few clusters: a coefficient tested by jackknife, wild cluster bootstrap and permutation, side by side.

Twenty-one companies or nine owners are few: the usual cluster-robust errors are then too small.
"""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import t as student

from tr_analysis.estimators.checks import Array, check_draws, check_level, check_option, generator
from tr_analysis.estimators.cluster_design import (
    FEWEST_DRAWS,
    SINGULAR,
    ClusteredDesign,
    ClusterTest,
    NotApplicableError,
    NullDraws,
    check_design,
    squared_length,
)
from tr_analysis.estimators.permutation import cluster_permutation

__all__ = ["few_clusters", "cluster_jackknife", "wild_cluster_bootstrap"]

Signs = Literal["webb", "rademacher"]

JACKKNIFE = "delete-one-cluster jackknife"
WEBB = "wild cluster bootstrap, Webb weights"
ALL_SIGNS = "wild cluster bootstrap, all signs"
PERMUTATION = "permutation of clusters"

FEWEST_EFFECTIVE = 4.0
"""Effective clusters below which neither jackknife nor bootstrap keeps its size (see `few_clusters`)."""
MOST_ENUMERATED = 12  # clusters up to which all 2**G pairs of signs are used instead of draws
WEBB_VALUES = np.sqrt([0.5, 1.0, 1.5])


def few_clusters(
    design: ClusteredDesign,
    *,
    draws: int = 9999,
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Test one coefficient by jackknife, bootstrap and permutation, one row each.

    Answers: is a difference between a few groups more than chance, and do the methods for few groups agree?

    Tested: each row against its own method; sizes simulated with 3 of 8, 5 of 21 and 2 treated clusters
    (`test_clusters.test_all_methods_side_by_side`, `test_clusters.test_size_is_as_measured`).

    The bootstrap has one row with Webb's weights and, with up to 12 clusters, one with all signs. With two clusters
    treated the jackknife rejects too often and the bootstrap hardly ever; the permutation keeps its size. Clusters
    that vary more where they are treated mislead all of them.

    Parameters
    ----------
    design, draws, level, seed
        From `clustered_design`; the others as in `wild_cluster_bootstrap`.

    Returns
    -------
    pandas.DataFrame
        A row per method, as `ClusterTest`; without numbers, and a note why, where it cannot be used.

    Examples
    --------
    >>> from tr_analysis.estimators.cluster_design import clustered_design
    >>> label = pd.DataFrame({"public": [1, 0, 0, 0, 0]})
    >>> few = few_clusters(clustered_design([9, 1, 3, 2, 2], label, list("ABCDE"), "public"), draws=99)
    >>> few["p_value"].tolist()
    [nan, nan, nan, 0.2]
    """
    check_design(design)
    bootstrap = partial(wild_cluster_bootstrap, draws=draws, level=level, seed=seed)
    tests: dict[str, Callable[[ClusteredDesign], ClusterTest]] = {
        JACKKNIFE: partial(cluster_jackknife, level=level),
        WEBB: partial(bootstrap, signs="webb"),
        ALL_SIGNS: partial(bootstrap, signs="rademacher"),
        PERMUTATION: partial(cluster_permutation, draws=draws, level=level, seed=seed),
    }
    if len(design.labels) > MOST_ENUMERATED:
        del tests[ALL_SIGNS]
    rows = []
    for name, method in tests.items():
        try:
            test = method(design)
        except NotApplicableError as refusal:
            none, clusters = np.nan, len(design.labels)
            test = ClusterTest(name, design.estimate, none, none, none, clusters, 0, level, str(refusal))
        rows.append(asdict(test) | {"method": name})
    return pd.DataFrame(rows)


def cluster_jackknife(design: ClusteredDesign, *, level: float = 0.95) -> ClusterTest:
    """Estimate the coefficient with the variance of leaving out one cluster at a time (CV3).

    Answers: how sure is a difference between a few groups, judged by leaving out each group in turn?

    Tested: against refits without each cluster, and pyfixest; size simulated
    (`test_clusters.test_jackknife_against_refits`, `test_oracles.test_jackknife_against_pyfixest`,
    `test_clusters.test_size_is_as_measured`).

    ``variance = (G - 1) / G * sum((without cluster g - estimate)**2)``, and t with G - 1 degrees of freedom
    (MacKinnon, Nielsen and Webb 2023). A `NotApplicableError` says that the coefficient rests on one cluster alone,
    such as a single public owner.

    References
    ----------
    MacKinnon, Nielsen and Webb (2023), Journal of Applied Econometrics 38, 671-694.

    Examples
    --------
    >>> from tr_analysis.estimators.cluster_design import clustered_design
    >>> label = pd.DataFrame({"public": [1, 1, 1, 0, 0, 0]})
    >>> test = cluster_jackknife(clustered_design([5, 7, 6, 2, 4, 1], label, list("ABCDEF"), "public"))
    >>> round(test.estimate, 2), round(test.low, 2), round(test.high, 2)
    (3.67, 0.64, 6.7)
    """
    check_design(design)
    level = check_level(level)
    df = len(design.labels) - 1
    without = design.products.sum(axis=0) - design.products
    distance = np.einsum("gk,gk->g", leave_one_out_weights(design), without) - design.estimate
    error = float(np.sqrt(df / (df + 1) * (distance**2).sum()))
    reach = float(student.ppf((1 + level) / 2, df)) * error
    low, high = design.estimate - reach, design.estimate + reach
    p_value = float(2 * student.sf(abs(design.estimate) / error, df))
    note = f"standard error {error:.3g}, t with {df} degrees of freedom{few_clusters_warning(design)}"
    return ClusterTest(JACKKNIFE, design.estimate, low, high, p_value, df + 1, 0, level, note)


def leave_one_out_weights(design: ClusteredDesign) -> Array:
    """Return what turns the products without each cluster into its estimate of the coefficient (G, k).

    Coefficients of other regressors may vanish with their cluster, as those of cluster dummies do.
    """
    rest = np.eye(len(design.contrast)) - design.leverage
    solved = np.linalg.pinv(rest, rcond=SINGULAR, hermitian=True) @ design.contrast
    lost = np.linalg.norm(np.einsum("gkl,gl->gk", rest, solved) - design.contrast, axis=1)
    alone = lost > np.sqrt(SINGULAR) * np.linalg.norm(design.contrast)
    if alone.any():
        only = f"only cluster {design.labels[np.flatnonzero(alone)[0]]} tells"
        advice = "use cluster_permutation, or add clusters"
        raise NotApplicableError(f"{only} {design.coefficient!r} from the other regressors: {advice}")
    return np.asarray(solved)


def few_clusters_warning(design: ClusteredDesign) -> str:
    """Return a clause that warns of a coefficient that few of the clusters inform, else nothing."""
    effective = design.effective_clusters
    warning = f"; not to be trusted: it rests on {effective:.1f} effective clusters, see permutation"
    return warning if effective < FEWEST_EFFECTIVE else ""


def wild_cluster_bootstrap(
    design: ClusteredDesign,
    *,
    signs: Signs = "webb",
    draws: int = 9999,
    level: float = 0.95,
    seed: int | np.random.Generator = 0,
) -> ClusterTest:
    """Test the coefficient by the wild cluster bootstrap with the null hypothesis imposed (WCR-S).

    Answers: could a few groups have differed as much by chance, if whole groups had turned out otherwise?

    Tested: against refits for every vector of signs, and wildboottest; size simulated
    (`test_clusters.test_all_signs_against_refits`,
    `test_oracles.test_all_signs_and_webb_weights_against_wildboottest`, `test_clusters.test_size_is_as_measured`).

    Under the null, the residuals of each cluster, of the restricted regression without the cluster itself, are
    multiplied by one random weight of mean 0 and variance 1, and the t statistic (CV1) of that response is compared
    with that of the data (MacKinnon, Nielsen and Webb 2023). The interval holds what is not rejected, if need be
    without end.

    Parameters
    ----------
    design, signs
        From `clustered_design`; "webb" for six weights (Webb 2023); "rademacher" for -1 and 1, of which all ``2**G``
        combinations are used with up to 12 clusters.
    draws, level, seed
        Random draws, 99 or more; coverage of the interval; seed.

    References
    ----------
    Webb (2023), Canadian Journal of Economics 56, 839-858. MacKinnon, Nielsen and Webb (2023), Journal of Applied
    Econometrics 38, 671-694.

    Examples
    --------
    >>> from tr_analysis.estimators.cluster_design import clustered_design
    >>> label = pd.DataFrame({"public": [1, 1, 1, 0, 0, 0]})
    >>> design = clustered_design([5, 7, 6, 2, 4, 1], label, list("ABCDEF"), "public")
    >>> wild_cluster_bootstrap(design, signs="rademacher").draws
    64
    """
    check_design(design)
    level = check_level(level)
    null = bootstrap_draws(design, signs=signs, draws=draws, seed=seed)
    how = "all signs" if _enumerated(design, signs) else f"{signs} weights"
    note = f"WCR-S, {how}, symmetric tails{few_clusters_warning(design)}"
    return null.test("wild cluster bootstrap", len(design.labels), level, note)


def bootstrap_draws(
    design: ClusteredDesign,
    *,
    signs: Signs = "webb",
    draws: int = 9999,
    seed: int | np.random.Generator = 0,
) -> NullDraws:
    """Return the draws behind `wild_cluster_bootstrap`."""
    leave_one_out_weights(design)  # refuses a coefficient that rests on one cluster
    multipliers = _multipliers(design, signs, draws, seed)
    scores = _scores(design)
    a, own = design.contrast, np.eye(len(design.labels))[:, :, None]
    # What turns the scores into the residual scores whose squares sum to the variance (G, G, k).
    spread = own * a - (design.leverage @ a)[:, None, :]
    parts = np.einsum("gjk,djk,jb->dbg", spread, scores, multipliers, optimize=True)
    residual = design.products - design.leverage @ design.products.sum(axis=0)
    return NullDraws(
        estimate=design.estimate,
        std_error=float(np.linalg.norm(np.einsum("gjk,jk->g", spread, residual))),
        numerator=(scores @ a) @ multipliers,
        denominator=squared_length(parts),
    )


def _scores(design: ClusteredDesign) -> Array:
    """Return the clusters' scores under the null: at the estimate, and their change per unit of distance (2, G, k).

    The residuals of a cluster are those from the restricted regression without that cluster.
    """
    a, leverage = design.contrast, design.leverage
    step = a / (a @ a)
    scores = design.products - leverage @ design.products.sum(axis=0)
    change = -leverage @ step
    free = np.linalg.svd(a[None])[2][1:].T  # directions in which the restricted regression may move
    rest = np.eye(len(a)) - leverage
    inverse = free @ np.linalg.pinv(free.T @ rest @ free, rcond=SINGULAR, hermitian=True) @ free.T
    moved = -np.einsum("gkl,gl->gk", inverse, scores)
    shifted = -np.einsum("gkl,gl->gk", inverse, rest @ step)
    return np.array(
        [
            scores - np.einsum("gkl,gl->gk", leverage, moved),
            change - np.einsum("gkl,gl->gk", leverage, shifted),
        ]
    )


def _enumerated(design: ClusteredDesign, signs: Signs) -> bool:
    return signs == "rademacher" and len(design.labels) <= MOST_ENUMERATED


def _multipliers(design: ClusteredDesign, signs: Signs, draws: int, seed: int | np.random.Generator) -> Array:
    """Return the weights of the clusters in each draw (G, B)."""
    draws, random, clusters = check_draws(draws, FEWEST_DRAWS), generator(seed), len(design.labels)
    check_option("signs", signs, ("webb", "rademacher"))
    if _enumerated(design, signs):
        return np.array(list(product([-1.0, 1.0], repeat=clusters))).T
    values = np.array([-1.0, 1.0]) if signs == "rademacher" else np.concatenate([-WEBB_VALUES, WEBB_VALUES])
    return random.choice(values, (clusters, draws))
