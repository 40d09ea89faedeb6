"""Permutation by cluster: how often other labels would have given a contrast as large."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, combinations, islice
from math import comb
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tr_analysis.estimators.checks import Array, generator, numbers, same_rows, shown, whole

Labels = npt.NDArray[np.bool_]
Statistic = Callable[[Array, Labels], Array]

MOST_EXACT = 2_000_000
"""Relabellings up to which every one is tried."""
_BLOCK = 50_000


@dataclass(frozen=True)
class Permutation:
    """Result of a permutation test.

    Attributes
    ----------
    estimate
        The statistic with the labels as they are.
    p_value
        Share of relabellings, the true one among them, with a statistic at least as far from 0.
    smallest
        Smallest p-value that any labelling of these outcomes could have had: never below
        ``1 / relabellings``.
    relabellings
        Number of relabellings tried, the true one among them.
    exact
        Whether these are all there are.
    """

    estimate: float
    p_value: float
    smallest: float
    relabellings: int
    exact: bool


def mean_difference(outcomes: Array, labels: Labels) -> Array:
    """Return the mean outcome of labelled units less that of the others, for each row of ``labels``."""
    labelled = labels.sum(axis=1)
    outcomes = outcomes - outcomes[0]  # so that what all have in common leaves no rounding error
    sums = labels.astype(np.float64) @ outcomes
    return np.asarray(sums / labelled - (outcomes.sum() - sums) / (len(outcomes) - labelled))


def permutation_test(
    outcomes: npt.ArrayLike,
    labelled: npt.ArrayLike,
    clusters: npt.ArrayLike | None = None,
    *,
    statistic: Statistic = mean_difference,
    draws: int = 9_999,
    seed: int | np.random.Generator = 0,
) -> Permutation:
    """Test a contrast by giving the label to every other choice of as many clusters.

    Owners were chosen, not services, so the label moves between owners. Where m of k clusters are labelled
    there are C(k, m) relabellings: with one public owner of nine the p-value cannot fall below 1/9 whatever
    the ratings. All are tried up to two million; beyond that ``draws`` random ones are, and the true labels
    count as one of them. The p-value is for labels that could as well have fallen otherwise, which a
    reform's labels did not: it measures how unusual the contrast is, and bounds what so few clusters can show.

    Parameters
    ----------
    outcomes
        One number per unit, such as 1 for Good or better and 0 otherwise; booleans are welcome.
    labelled
        Whether each unit carries the label, such as public ownership: True or False (or 1 or 0), the same
        within a cluster.
    clusters
        The cluster of each unit, such as its owner; each unit is its own when left out.
    statistic
        Takes the outcomes and a matrix with one relabelling of the units per row, and returns one number
        per row. A slow function of two groups is
        ``lambda y, rows: np.array([contrast(y[row], y[~row]) for row in rows])``.
    draws
        Random relabellings where there are too many to try them all; 99 or more.
    seed
        Seed or generator of the random relabellings; not used when all are tried.

    Raises
    ------
    ValueError
        If lengths or the labels of the rows of Series differ, an outcome, label or cluster is missing, a
        label is neither true nor false, a cluster is labelled in part, no or every cluster is labelled, a
        statistic is not one finite number per relabelling, or there are too few draws.

    References
    ----------
    Fisher (1935), The Design of Experiments, section 21. Phipson and Smyth (2010), Statistical Applications
    in Genetics and Molecular Biology 9, article 39 (the true labels counted among the random ones).
    """
    y, codes, of_cluster = _checked(outcomes, labelled, clusters)
    k, m = len(of_cluster), int(of_cluster.sum())
    draws = whole("draws", draws, low=99, advice="give 99 or more")
    exact = comb(k, m) <= MOST_EXACT
    rows = _every(k, m) if exact else _random(of_cluster, draws, generator(seed))
    values = np.concatenate([_values(statistic, y, block[:, codes]) for block in rows])
    estimate = float(_values(statistic, y, of_cluster[None, codes])[0])
    size = np.abs(values)
    within = 1e-9 * float(size.max())  # equal but for rounding
    p_value = float((size >= abs(estimate) - within).mean())
    smallest = float((size >= size.max() - within).mean()) if exact else 1 / len(values)
    return Permutation(estimate, p_value, smallest, len(values), exact)


def _values(statistic: Statistic, y: Array, rows: Labels) -> Array:
    values = numbers("values of the statistic", statistic(y, rows))
    if len(values) != len(rows):
        raise ValueError(
            f"the statistic returned {len(values)} for {len(rows)} relabellings: return one for each"
        )
    if not np.isfinite(values).all():
        raise ValueError("the statistic is not finite for every relabelling: choose one that is")
    return values


def _checked(
    outcomes: npt.ArrayLike, labelled: npt.ArrayLike, clusters: npt.ArrayLike | None
) -> tuple[Array, npt.NDArray[np.intp], Labels]:
    """Return outcomes, the number of each unit's cluster, and whether each cluster is labelled."""
    same_rows(outcomes=outcomes, labels=labelled, clusters=clusters)
    y = numbers("outcomes", outcomes)
    given: pd.Series[Any] = pd.Series(np.atleast_1d(labelled))
    named: pd.Series[Any] = pd.Series(np.arange(len(y)) if clusters is None else np.atleast_1d(clusters))
    if not len(y) == len(given) == len(named):
        raise ValueError(
            f"{len(y)} outcomes, {len(given)} labels, {len(named)} clusters: give one of each per unit"
        )
    for what, missing in (("outcome", ~np.isfinite(y)), ("label", given.isna()), ("cluster", named.isna())):
        if missing.any():
            raise ValueError(
                f"the {what} of unit {int(np.flatnonzero(missing)[0])} is missing: drop the unit or find it"
            )
    neither = ~given.isin([True, False]).to_numpy()
    if neither.any():
        first = int(np.flatnonzero(neither)[0])
        raise ValueError(
            f'the label of unit {first} is {shown(given[first])}: give True or False, as `labels == "public"` does'
        )
    codes, names = pd.factorize(named, sort=True)  # sorted, so that the order of rows does not matter
    label = given.astype(bool).to_numpy()
    sizes, marked = np.bincount(codes), np.bincount(codes, weights=label)
    partly = (marked > 0) & (marked < sizes)
    if partly.any():
        raise ValueError(
            f"cluster {names[int(np.flatnonzero(partly)[0])]!r} is labelled in part: the label must hold for all of it"
        )
    if not 0 < int((marked > 0).sum()) < len(sizes):
        raise ValueError("no contrast: label at least one cluster, and leave at least one without")
    return y, codes, marked > 0


def _every(k: int, m: int) -> Iterator[Labels]:
    """Yield every choice of m of k clusters, in blocks of rows."""
    choices = combinations(range(k), m)
    while block := list(islice(choices, _BLOCK)):
        places = np.fromiter(chain.from_iterable(block), dtype=np.intp).reshape(-1, m)
        rows = np.zeros((len(places), k), dtype=bool)
        np.put_along_axis(rows, places, True, axis=1)
        yield rows


def _random(of_cluster: Labels, draws: int, random: np.random.Generator) -> Iterator[Labels]:
    """Yield the true labels, then random relabellings, in blocks of rows."""
    yield of_cluster[None]
    for start in range(0, draws, _BLOCK):
        rows = np.tile(of_cluster, (min(_BLOCK, draws - start), 1))
        yield random.permuted(rows, axis=1)
