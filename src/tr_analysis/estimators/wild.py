"""The wild cluster bootstrap: what the statistic would be if whole clusters had turned out otherwise."""

from itertools import product
from typing import Literal

import numpy as np

from tr_analysis.estimators.checks import Array, coverage, generator
from tr_analysis.estimators.cluster_design import SINGULAR, ClusteredDesign
from tr_analysis.estimators.clusters import ClusterTest, doubt, enough_draws, identified
from tr_analysis.estimators.inversion import NullDraws, Tails, squared_length

Signs = Literal["webb", "rademacher"]
Variant = Literal["C", "S", "V", "B"]

WEBB = np.sqrt([0.5, 1.0, 1.5])
MOST_ENUMERATED = 12
"""Clusters up to which all 2**G pairs of signs are used instead of draws."""


def wild_cluster_bootstrap(
    design: ClusteredDesign,
    *,
    variant: Variant = "S",
    signs: Signs = "webb",
    draws: int = 9999,
    tails: Tails = "symmetric",
    level: float = 0.95,
    seed: int | np.random.Generator = 0,
) -> ClusterTest:
    """Test the coefficient by the wild cluster bootstrap with the null hypothesis imposed.

    Under the null, the residuals of each cluster are multiplied by one random weight of mean 0 and variance
    1, and the t statistic of the response made so is compared with that of the data. The interval holds the
    values that this test does not reject. Everything is computed from sums by cluster.

    Parameters
    ----------
    design
        From `clustered_design`.
    variant
        Residuals of the restricted regression as they are ("C"), or of the one without the cluster itself
        ("S"); "V" and "B" are the same two with the t statistic of the jackknife in the place of that of
        cluster-robust errors (CV1). On 8 clusters "S" and "B" hold their size best, and "S" is simpler.
    signs
        Weights of the clusters: "webb" for six values from ``-sqrt(3/2)`` to ``sqrt(3/2)``; "rademacher" for
        -1 and 1, of which all ``2**G`` combinations are used with up to 12 clusters. On 8 clusters a nominal
        5% test rejects 6 to 7% with the first and 5 to 6% with the second: see `size_simulation`.
    draws
        Random draws, 99 or more.
    tails
        "symmetric" compares absolute values, "equal" doubles the smaller tail.
    level
        Coverage of the interval, between 0 and 1.
    seed
        Of the draws. Clusters draw in the order of their labels, so other labels are another seed.

    Returns
    -------
    ClusterTest
        Its interval has no end where nothing is rejected however far away: then too few clusters inform the
        coefficient.

    Raises
    ------
    ValueError
        If an argument is none of the above.
    NotApplicableError
        If the coefficient rests on one cluster alone. It is a ValueError too.

    References
    ----------
    Cameron, Gelbach and Miller (2008), Review of Economics and Statistics 90, 414-427. Webb (2023), Canadian
    Journal of Economics 56, 839-858. The variants: MacKinnon, Nielsen and Webb (2023), Journal of Applied
    Econometrics 38, 671-694.
    """
    level = coverage(level)
    null = bootstrap_draws(design, variant=variant, signs=signs, draws=draws, tails=tails, seed=seed)
    low, high = null.interval(level)
    how = "all signs" if _enumerated(design, signs) else f"{signs} weights"
    return ClusterTest(
        method="wild cluster bootstrap",
        estimate=design.estimate,
        low=low,
        high=high,
        p_value=null.p_value(),
        clusters=len(design.labels),
        draws=null.top.shape[1],
        level=level,
        note=f"WCR-{variant}, {how}, {tails} tails{doubt(design)}",
    )


def bootstrap_draws(
    design: ClusteredDesign,
    *,
    variant: Variant = "S",
    signs: Signs = "webb",
    draws: int = 9999,
    tails: Tails = "symmetric",
    seed: int | np.random.Generator = 0,
) -> NullDraws:
    """Return the draws behind `wild_cluster_bootstrap`."""
    identified_by = identified(design)
    if variant not in ("C", "S", "V", "B"):
        raise ValueError(f'variant is {variant!r}: give "S", "C", "V" or "B"')
    multipliers = _multipliers(design, signs, draws, seed)
    scores = _scores(design, jackknifed=variant in "SB")
    spread = _spread(design, identified_by if variant in "VB" else None)
    parts = np.einsum("gjk,djk,jb->dbg", spread, scores, multipliers, optimize=True)
    own = np.einsum("gjk,jk->g", spread, _scores(design, jackknifed=False)[0])
    return NullDraws(
        estimate=design.estimate,
        std_error=float(np.linalg.norm(own)),
        top=(scores @ design.contrast) @ multipliers,
        bottom=squared_length(parts),
        with_data=_enumerated(design, signs) and variant in "CV",
        tails=tails,
    )


def _scores(design: ClusteredDesign, *, jackknifed: bool) -> Array:
    """Return the clusters' scores under the null: at the estimate, and their change per unit of distance.

    The regression is restricted to a coefficient ``distance`` from its estimate. A jackknifed score takes
    the residuals of a cluster from the restricted regression without that cluster. (2, G, k)
    """
    a, leverage = design.contrast, design.leverage
    k = len(a)
    step = a / (a @ a)
    scores = design.products - leverage @ design.products.sum(axis=0)
    change = -leverage @ step
    if not jackknifed:
        return np.array([scores, change])
    free = np.linalg.svd(a[None])[2][1:].T  # directions in which the restricted regression may move
    rest = np.eye(k) - leverage
    inverse = free @ np.linalg.pinv(free.T @ rest @ free, rcond=SINGULAR, hermitian=True) @ free.T
    moved = -np.einsum("gkl,gl->gk", inverse, scores)
    shifted = step - np.einsum("gkl,gl->gk", inverse, rest @ step)
    return np.array(
        [scores - np.einsum("gkl,gl->gk", leverage, moved), -np.einsum("gkl,gl->gk", leverage, shifted)]
    )


def _spread(design: ClusteredDesign, identified_by: Array | None) -> Array:
    """Return what turns the scores into the parts whose squares sum to the variance (G, G, k).

    Row g is the part of cluster g: its residual score (CV1), or the change of the estimate without it (CV3).
    """
    a, clusters = design.contrast, len(design.labels)
    own = np.eye(clusters)[:, :, None]
    if identified_by is None:
        return np.asarray(own * a - (design.leverage @ a)[:, None, :])
    return np.asarray((1 - own) * identified_by[:, None, :] - a)


def _enumerated(design: ClusteredDesign, signs: Signs) -> bool:
    return signs == "rademacher" and len(design.labels) <= MOST_ENUMERATED


def _multipliers(design: ClusteredDesign, signs: Signs, draws: int, seed: int | np.random.Generator) -> Array:
    """Return the weights of the clusters in each draw (G, B)."""
    draws = enough_draws(draws)
    if signs not in ("webb", "rademacher"):
        raise ValueError(f'signs is {signs!r}: give "webb" or "rademacher"')
    clusters = len(design.labels)
    if _enumerated(design, signs):
        return np.array(list(product([-1.0, 1.0], repeat=clusters))).T
    values = np.array([-1.0, 1.0]) if signs == "rademacher" else np.concatenate([-WEBB, WEBB])
    return generator(seed).choice(values, (clusters, draws))
