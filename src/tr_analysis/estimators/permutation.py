"""Permutation over clusters: what the statistic would be if other clusters had been treated."""

from collections.abc import Iterator
from itertools import combinations
from math import factorial, prod

import numpy as np

from tr_analysis.estimators.checks import Array, coverage, generator
from tr_analysis.estimators.cluster_design import (
    SINGULAR,
    ClusteredDesign,
    ClusterTest,
    NotApplicableError,
    NullDraws,
    Tails,
    enough_draws,
    squared_length,
)


def cluster_permutation(
    design: ClusteredDesign,
    *,
    studentised: bool = True,
    draws: int = 9999,
    tails: Tails = "symmetric",
    level: float = 0.95,
    seed: int | np.random.Generator = 0,
) -> ClusterTest:
    """Test the coefficient by giving the treatments to other clusters than those that had them.

    The p-value is the share of assignments whose statistic is at least as far from 0, the true assignment
    among them. The interval holds the effects that leave, once taken off the response, a p-value above
    ``1 - level``. Exact if any other assignment was as likely as the true one, or if the clusters are alike
    but for chance. Nearly so with other regressors, which stay where they are. Clusters of unequal size are
    not alike: there the studentised statistic holds its size better. An assignment that the other regressors
    explain has no coefficient, and counts as further out than the data.

    Parameters
    ----------
    design
        From `clustered_design`; the regressor in question must be constant within clusters.
    studentised
        Divide the coefficient by its cluster-robust standard error (CV1).
    draws
        All assignments are used if there are no more than this, 99 or more; else as many random ones.
    tails
        "symmetric" compares absolute values, "equal" doubles the smaller tail.
    level
        Coverage of the interval, between 0 and 1.
    seed
        Of the random assignments.

    Returns
    -------
    ClusterTest
        Its note has the number of possible assignments and the smallest p-value they allow. Its interval has
        no end where that is above ``1 - level``.

    Raises
    ------
    ValueError
        If an argument is none of the above.
    NotApplicableError
        If the regressor varies within a cluster. It is a ValueError too.

    References
    ----------
    Fisher (1935), The Design of Experiments. MacKinnon and Webb (2020), Journal of Econometrics 218, 435-450,
    on the statistic for few treated clusters.
    """
    level = coverage(level)
    null = permutation_draws(design, studentised=studentised, draws=draws, tails=tails, seed=seed)
    low, high = null.interval(level)
    values, used = treatment(design), null.top.shape[1]
    possible = count_assignments(values)
    smallest = _alike(values, tails) / used if null.with_data else 1 / (1 + used)
    how = f"all {possible}" if null.with_data else f"a sample of {possible}"
    statistic = "t statistic" if studentised else "coefficient"
    return ClusterTest(
        method="permutation of clusters",
        estimate=design.estimate,
        low=low,
        high=high,
        p_value=null.p_value(),
        clusters=len(design.labels),
        draws=used,
        level=level,
        note=f"{statistic}, {how} assignments, smallest attainable p {smallest:.2g}",
    )


def treatment(design: ClusteredDesign) -> Array:
    """Return the value of the regressor in question in each cluster (G).

    Raises
    ------
    NotApplicableError
        If it varies within a cluster.
    """
    values = design.regressors[design.coefficient].to_numpy()
    first = np.zeros(len(design.labels))
    first[design.codes[::-1]] = values[::-1]
    varies = values != first[design.codes]
    if varies.any():
        raise NotApplicableError(
            f"{design.coefficient!r} varies within cluster {design.labels[design.codes[np.flatnonzero(varies)[0]]]}: "
            "permutation moves the treatment of whole clusters; use the jackknife or the bootstrap"
        )
    return first


def count_assignments(values: Array) -> int:
    """Return in how many ways the values can be given to the clusters."""
    repeats = np.unique(values, return_counts=True)[1]
    return factorial(len(values)) // prod(factorial(int(repeat)) for repeat in repeats)


def _alike(values: Array, tails: Tails) -> int:
    """Return how many assignments are as far out as any given one: two where swapping sides only turns the sign."""
    swapped = np.sort(values.min() + values.max() - values)
    return 2 if tails == "equal" or np.allclose(swapped, np.sort(values)) else 1


def permutation_draws(
    design: ClusteredDesign,
    *,
    studentised: bool = True,
    draws: int = 9999,
    tails: Tails = "symmetric",
    seed: int | np.random.Generator = 0,
) -> NullDraws:
    """Return the draws behind `cluster_permutation`: the regression of what the null leaves on each assignment.

    With what the other regressors leave of the response and of the treatment, everything is a sum by
    cluster, so an assignment costs no pass through the rows.
    """
    if studentised not in (True, False):
        raise ValueError(f"studentised is {studentised!r}: give True or False")
    draws = enough_draws(draws)
    values = treatment(design)
    exhaustive = count_assignments(values) <= draws
    if exhaustive:
        assignments = np.array(list(_assignments(values)))
    else:
        assignments = generator(seed).permuted(np.tile(values, (draws, 1)), axis=1)
    scores, size = _regressed(design, np.vstack([values, assignments]))
    total = size.sum(axis=1)
    # Without a coefficient of its own, an assignment is made 0 / 0: further out than the data, to be safe.
    kept = total > SINGULAR * total.max()
    top = scores.sum(axis=2) * kept
    total = np.where(kept, total, 1.0)
    if studentised:
        parts = (scores - (top / total)[:, :, None] * size) * kept[:, None]
        # The treatment as it was, or turned round, leaves nothing of itself: a rest of rounding would grow with
        # the distance, and make the data look further out than themselves.
        parts[1][np.abs(parts[1]) <= SINGULAR * np.abs(scores[1]).max()] = 0
        bottom = squared_length(parts)
    else:
        bottom = np.array([total**2 * kept, 0 * total, 0 * total])
    return NullDraws(
        estimate=design.estimate,
        std_error=float(np.sqrt(bottom[0, 0]) / total[0]),
        top=top[:, 1:],
        bottom=bottom[:, 1:],
        with_data=exhaustive,
        tails=tails,
    )


def _regressed(design: ClusteredDesign, assignments: Array) -> tuple[Array, Array]:
    """Return each cluster's score and its squared treatment, for each assignment: (2, B, G) and (B, G).

    Both after the other regressors. The scores are of two responses: what the null leaves of the response
    if the coefficient is as estimated, and its change with the hypothesised coefficient.
    """
    root = np.sqrt(design.weights)[:, None]
    others = design.regressors.drop(columns=design.coefficient).to_numpy() * root
    basis = np.linalg.qr(others)[0]
    treated = design.regressors[design.coefficient].to_numpy()
    both = np.column_stack([design.response - design.estimate * treated, -treated]) * root
    left = both - basis @ (basis.T @ both)
    shares = design.by_cluster(basis * root)
    removed = assignments @ shares  # what the basis takes out of the treatment (B, m)
    products = design.by_cluster(basis[:, :, None] * left[:, None, :])
    gram = design.by_cluster(basis[:, :, None] * basis[:, None, :])
    sums = design.by_cluster(root * left).T[:, None, :]
    scores = assignments * sums - np.einsum("bm,gmc->cbg", removed, products)
    squares = np.einsum("bm,gmn,bn->bg", removed, gram, removed)
    mass = design.by_cluster(design.weights)
    return scores, assignments**2 * mass - 2 * assignments * (removed @ shares.T) + squares


def _assignments(values: Array) -> Iterator[Array]:
    """Give the values to the clusters in every distinct way."""
    lowest = values.min()
    others = values[values > lowest]
    for places in combinations(range(len(values)), len(others)):
        for rest in _assignments(others) if len(others) else [others]:
            assigned = np.full(len(values), lowest)
            assigned[list(places)] = rest
            yield assigned
