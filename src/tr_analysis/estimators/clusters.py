"""Few clusters: a coefficient tested by jackknife, wild cluster bootstrap and permutation, side by side.

Twenty-one companies or nine owners are few: the usual cluster-robust errors are then too small.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from itertools import chain, combinations, islice, product
from math import comb
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t as student

from tr_analysis.estimators.checks import (
    Array,
    Seed,
    check_draws,
    check_flag,
    check_level,
    check_option,
    generator,
)
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

__all__ = [
    "few_clusters", "cluster_jackknife", "wild_cluster_bootstrap", "cluster_permutation", "permutation_draws",
]  # fmt: skip

Signs = Literal["webb", "rademacher"]
Labels = npt.NDArray[np.bool_]

JACKKNIFE = "delete-one-cluster jackknife"
WEBB = "wild cluster bootstrap, Webb weights"
ALL_SIGNS = "wild cluster bootstrap, all signs"
PERMUTATION = "permutation of clusters"

MOST_ENUMERATED = 12  # clusters up to which all 2**G pairs of signs are used instead of draws
WEBB_VALUES = np.sqrt([0.5, 1.0, 1.5])
_BLOCK = 50_000  # assignments looked at together, so that memory does not grow with their number


def few_clusters(
    design: ClusteredDesign, *, draws: int = 9999, level: float = 0.95, seed: int = 0
) -> pd.DataFrame:
    """Test one coefficient by jackknife, bootstrap and permutation, one row each, as `ClusterTest`.

    Answers: is a difference between a few groups more than chance, and do the methods for few groups agree?

    Tested: each row against its own method; sizes simulated with 3 of 8, 5 of 21 and 2 treated clusters
    (`test_all_methods_side_by_side`, `test_size_is_as_measured`).

    The bootstrap has one row with Webb's weights and, with up to 12 clusters, one with all signs. With two clusters
    treated the jackknife rejects too often and the bootstrap hardly ever; the permutation keeps its size. Clusters
    that vary more where they are treated mislead all of them. A method that cannot be used has a row without numbers
    and a note why. Arguments are those of `wild_cluster_bootstrap`, but for ``signs``.

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

    Tested: against refits without each cluster, and pyfixest; size simulated (`test_jackknife_against_refits`,
    `test_oracles.test_jackknife_against_pyfixest`, `test_size_is_as_measured`).

    ``variance = (G - 1) / G * sum((without cluster g - estimate)**2)``, and t with G - 1 degrees of freedom
    (MacKinnon, Nielsen and Webb 2023). A `NotApplicableError` says that the coefficient rests on one cluster alone,
    such as a single public owner.

    Reference: MacKinnon, Nielsen and Webb (2023), Journal of Applied Econometrics 38, 671-694.

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
    distance = np.einsum("gk,gk->g", design.leave_one_out_weights(), without) - design.estimate
    error = float(np.sqrt(df / (df + 1) * (distance**2).sum()))
    reach = float(student.ppf((1 + level) / 2, df)) * error
    low, high = design.estimate - reach, design.estimate + reach
    p_value = float(2 * student.sf(abs(design.estimate) / error, df))
    note = f"standard error {error:.3g}, t with {df} degrees of freedom{design.warning}"
    return ClusterTest(JACKKNIFE, design.estimate, low, high, p_value, df + 1, 0, level, note)


def wild_cluster_bootstrap(
    design: ClusteredDesign, *, signs: Signs = "webb", draws: int = 9999, level: float = 0.95, seed: Seed = 0
) -> ClusterTest:
    """Test the coefficient by the wild cluster bootstrap with the null hypothesis imposed (WCR-S).

    Answers: could a few groups have differed as much by chance, if whole groups had turned out otherwise?

    Tested: against refits for every vector of signs, and wildboottest; size simulated
    (`test_all_signs_against_refits`, `test_oracles.test_all_signs_and_webb_weights_against_wildboottest`,
    `test_size_is_as_measured`).

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

    Reference: Webb (2023), Canadian Journal of Economics 56, 839-858. MacKinnon, Nielsen and Webb (2023), Journal of
    Applied Econometrics 38, 671-694.

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
    note = f"WCR-S, {how}, symmetric tails{design.warning}"
    return null.test("wild cluster bootstrap", len(design.labels), level, note)


def bootstrap_draws(
    design: ClusteredDesign, *, signs: Signs = "webb", draws: int = 9999, seed: Seed = 0
) -> NullDraws:
    """Return the draws behind `wild_cluster_bootstrap`."""
    design.leave_one_out_weights()  # refuses a coefficient that rests on one cluster
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


def _multipliers(design: ClusteredDesign, signs: Signs, draws: int, seed: Seed) -> Array:
    """Return the weights of the clusters in each draw (G, B)."""
    draws, random, clusters = check_draws(draws, FEWEST_DRAWS), generator(seed), len(design.labels)
    check_option("signs", signs, ("webb", "rademacher"))
    if _enumerated(design, signs):
        return np.array(list(product([-1.0, 1.0], repeat=clusters))).T
    values = np.array([-1.0, 1.0]) if signs == "rademacher" else np.concatenate([-WEBB_VALUES, WEBB_VALUES])
    return random.choice(values, (clusters, draws))


def cluster_permutation(
    design: ClusteredDesign, *, draws: int = 9999, level: float = 0.95, seed: Seed = 0
) -> ClusterTest:
    """Test the coefficient of a label by giving the label to other clusters than those that had it.

    Answers: how often would other owners have shown a contrast as large, had the label fallen on them?

    Tested: every assignment against statsmodels; Fisher's exact test where each unit is a cluster; size simulated
    (`test_every_assignment_against_statsmodels`, `test_with_each_unit_a_cluster_it_is_fishers_test`,
    `test_size_is_as_measured`).

    The p-value is the share of assignments, the true one among them, whose t statistic (CV1; MacKinnon and Webb 2020)
    is at least as far from 0; the interval holds the effects that leave a p-value above ``1 - level``. Exact if any
    other assignment was as likely as the true one. With one public owner of nine the p-value is 1/9 at the least. The
    label is constant within clusters; all assignments are used if no more than ``draws``, else as many random ones.
    Arguments are those of `wild_cluster_bootstrap`, but for ``signs``.

    Reference: MacKinnon and Webb (2020), Journal of Econometrics 218, 435-450, on the statistic for few treated
    clusters.

    Examples
    --------
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
    design: ClusteredDesign, *, studentised: bool = True, draws: int = 9999, seed: Seed = 0
) -> NullDraws:
    """Return the statistics of a label given to other clusters, for p-values of any effect.

    Answers: how large a difference do labels show that are dealt out to the clusters in every other way?

    Tested: against plain enumeration of means (`test_differences_of_means_against_plain_enumeration`).

    ``p_value()`` of the result is the test of no effect; of random assignments the true one is counted as one more
    (Phipson and Smyth 2010). Other arguments are those of `cluster_permutation`; if not ``studentised``, coefficients
    are compared instead of t statistics, which keep their size better with clusters of unequal size.

    Reference: Phipson and Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9, article 39.

    Examples
    --------
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
    numerator, removed, whole = (labels @ part for part in sums[:3])  # by the other regressors (B, m)
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
