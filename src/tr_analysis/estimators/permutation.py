"""Permutation of clusters: how often other labels would have given a contrast as large."""

from collections.abc import Iterator
from itertools import chain, combinations, islice
from math import comb
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tr_analysis.estimators.checks import Array, check_draws, check_flag, check_level, generator
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

__all__ = ["cluster_permutation", "permutation_draws"]

Labels = npt.NDArray[np.bool_]

_BLOCK = 50_000  # assignments looked at together, so that memory does not grow with their number


def cluster_permutation(
    design: ClusteredDesign,
    *,
    draws: int = 9999,
    level: float = 0.95,
    seed: int | np.random.Generator = 0,
) -> ClusterTest:
    """Test the coefficient of a label by giving the label to other clusters than those that had it.

    Answers: how often would other owners have shown a contrast as large, had the label fallen on them?

    Tested: every assignment against statsmodels; Fisher's exact test where each unit is a cluster; size simulated
    (`test_permutation.test_every_assignment_against_statsmodels`,
    `test_permutation.test_with_each_unit_a_cluster_it_is_fishers_test`, `test_clusters.test_size_is_as_measured`).

    The p-value is the share of assignments, the true one among them, whose t statistic (CV1; MacKinnon and Webb 2020)
    is at least as far from 0; the interval holds the effects that leave a p-value above ``1 - level``. Exact if any
    other assignment was as likely as the true one. With one public owner of nine the p-value is 1/9 at the least.

    Parameters
    ----------
    design, draws, level, seed
        From `clustered_design`, with a label constant within clusters; all assignments are used if no more than ``draws``,
        else as many random ones; coverage of the interval.

    References
    ----------
    MacKinnon and Webb (2020), Journal of Econometrics 218, 435-450, on the statistic for few treated clusters.

    Examples
    --------
    >>> import pandas as pd
    >>> from tr_analysis.estimators.cluster_design import clustered_design
    >>> label = pd.DataFrame({"public": [1, 0, 0, 0, 0]})
    >>> test = cluster_permutation(clustered_design([9, 1, 3, 2, 2], label, list("ABCDE"), "public"))
    >>> round(test.estimate, 3), test.p_value, test.draws
    (7.0, 0.2, 5)
    """
    check_design(design)
    level = check_level(level)
    null = permutation_draws(design, draws=draws, seed=seed)
    labelled = _labelled_clusters(design)
    possible = comb(len(labelled), int(labelled.sum()))
    alike = 2 if 2 * labelled.sum() == len(labelled) else 1  # swapping the halves only turns the sign
    smallest = alike / null.draws if null.with_data else 1 / (1 + null.draws)
    how = f"all {possible}" if null.with_data else f"a sample of {possible}"
    note = f"t statistic, {how} assignments, smallest attainable p {smallest:.2g}"
    return null.test("permutation of clusters", len(labelled), level, note)


def permutation_draws(
    design: ClusteredDesign,
    *,
    studentised: bool = True,
    draws: int = 9999,
    seed: int | np.random.Generator = 0,
) -> NullDraws:
    """Return the statistics of a label given to other clusters, for p-values of any effect.

    Answers: how large a difference do labels show that are dealt out to the clusters in every other way?

    Tested: against plain enumeration of means
    (`test_permutation.test_differences_of_means_against_plain_enumeration`).

    ``p_value()`` of the result is the test of no effect; of random assignments the true one is counted as one more
    (Phipson and Smyth 2010). Other arguments are those of `cluster_permutation`; if not ``studentised``, coefficients
    are compared instead of t statistics, which keep their size better with clusters of unequal size.

    References
    ----------
    Phipson and Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9, article 39.

    Examples
    --------
    >>> import pandas as pd
    >>> from tr_analysis.estimators.cluster_design import clustered_design
    >>> label = pd.DataFrame({"public": [1, 1, 0, 0, 0]})
    >>> null = permutation_draws(clustered_design([9, 7, 3, 2, 2], label, list("ABCDE"), "public"), studentised=False)
    >>> null.p_value(), null.draws
    (0.1, 10)
    """
    check_design(design)
    check_flag("studentised", studentised)
    draws, random, labelled = check_draws(draws, FEWEST_DRAWS), generator(seed), _labelled_clusters(design)
    clusters, many = len(labelled), int(labelled.sum())
    every = comb(clusters, many) <= draws
    blocks = _every(clusters, many) if every else _random(labelled, draws, random)
    sums, step = _sums(design), np.ptp(design.regressors[design.coefficient])
    numerators, denominators, _ = zip(*(_statistics(sums, rows, studentised) for rows in blocks), strict=True)
    _, own, size = _statistics(sums, labelled[None], studentised)
    return NullDraws(
        estimate=design.estimate,
        std_error=float(np.sqrt(own[0, 0]) / (size[0] * step)),
        numerator=np.concatenate(numerators, axis=1),
        denominator=np.concatenate(denominators, axis=1),
        with_data=every,
    )


def _labelled_clusters(design: ClusteredDesign) -> Labels:
    """Return whether each cluster has the larger value of the regressor in question (G)."""
    values = design.regressors[design.coefficient].to_numpy()
    first = np.zeros(len(design.labels))
    first[design.codes[::-1]] = values[::-1]
    varies = values != first[design.codes]
    advice = "permutation moves a label, of two values, of whole clusters; use the jackknife or the bootstrap"
    if varies.any():
        cluster = design.labels[design.codes[np.flatnonzero(varies)[0]]]
        raise NotApplicableError(f"{design.coefficient!r} varies within cluster {cluster}: {advice}")
    if len(np.unique(first)) != 2:
        raise NotApplicableError(f"{design.coefficient!r} has {len(np.unique(first))} values: {advice}")
    return np.asarray(first == first.max())


def _every(clusters: int, many: int) -> Iterator[Labels]:
    """Yield every choice of so many of the clusters, in blocks of rows."""
    choices = combinations(range(clusters), many)
    while block := list(islice(choices, _BLOCK)):
        places = np.fromiter(chain.from_iterable(block), dtype=np.intp).reshape(-1, many)
        rows = np.zeros((len(places), clusters), dtype=bool)
        np.put_along_axis(rows, places, True, axis=1)
        yield rows


def _random(labelled: Labels, draws: int, random: np.random.Generator) -> Iterator[Labels]:
    """Yield random assignments, in blocks of rows."""
    for start in range(0, draws, _BLOCK):
        yield random.permuted(np.tile(labelled, (min(_BLOCK, draws - start), 1)), axis=1)


class _Sums(NamedTuple):
    """What an assignment needs of the rows, by cluster, after the m other regressors.

    The two responses: what the null leaves if the coefficient is as estimated, and its change with the hypothesis.
    """

    left: Array  # of the responses (G, 2)
    shares: Array  # of the other regressors (G, m)
    mass: Array  # of the weights (G)
    products: Array  # of the other regressors and the responses (G, m, 2)
    gram: Array  # of the other regressors among themselves (G, m, m)


def _sums(design: ClusteredDesign) -> _Sums:
    root = np.sqrt(design.weights)[:, None]
    basis = np.linalg.qr(design.regressors.drop(columns=design.coefficient).to_numpy() * root)[0]
    treated = design.regressors[design.coefficient].to_numpy()
    both = np.column_stack([design.response - design.estimate * treated, -treated]) * root
    left = both - basis @ (basis.T @ both)
    return _Sums(
        left=design.by_cluster(root * left),
        shares=design.by_cluster(basis * root),
        mass=design.by_cluster(design.weights),
        products=design.by_cluster(basis[:, :, None] * left[:, None, :]),
        gram=design.by_cluster(basis[:, :, None] * basis[:, None, :]),
    )


def _statistics(sums: _Sums, rows: Labels, studentised: bool) -> tuple[Array, Array, Array]:
    """Return numerators (2, B), squared denominators (3, B) as in `NullDraws`, and the squared label (B) of each row."""
    labels = rows.astype(np.float64)
    numerator, removed, whole = (
        labels @ part for part in sums[:3]
    )  # removed: by the other regressors (B, m)
    total = whole - (removed**2).sum(axis=1)
    # Without a coefficient of its own, an assignment is made 0 / 0: further out than the data, to be safe.
    kept = total > SINGULAR * whole
    numerator = numerator.T * kept
    if not studentised:
        return numerator, np.array([total**2 * kept, 0 * total, 0 * total]), total
    scores = labels * sums.left.T[:, None, :] - np.einsum("bm,gmc->cbg", removed, sums.products)
    squares = np.einsum("bm,gmn,bn->bg", removed, sums.gram, removed)
    size = labels * sums.mass - 2 * labels * (removed @ sums.shares.T) + squares
    parts = (scores - (numerator / np.where(kept, total, 1.0))[:, :, None] * size) * kept[:, None]
    # The label as it was, or turned round, leaves nothing of itself: a rest of rounding would grow with the
    # distance, and make the data look further out than themselves.
    parts[1][np.abs(parts[1]) <= SINGULAR * np.abs(scores[1]).max()] = 0
    return numerator, squared_length(parts), total
