"""A regression whose rows come in clusters, reduced to sums by cluster, and the test of one coefficient."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import solve_triangular

from tr_analysis.estimators.checks import Array, check_frame, check_made, numbers, paired, shown

__all__ = ["clustered_design"]

CONSTANT = "constant"
FEWEST_CLUSTERS = 3
FEWEST_EFFECTIVE = 4.0
"""Effective clusters below which neither jackknife nor bootstrap keeps its size (see `clusters.few_clusters`)."""
FEWEST_DRAWS = 99  # of bootstrap and permutation
SINGULAR = 1e-10  # below this an eigenvalue that could be 1 counts as 0
REACH = np.geomspace(2**-6, 2**30, 145)
"""Distances from the estimate, in standard errors, between which the ends of an interval are sought."""
TIE = 1e-9  # relative difference up to which two statistics count as equal


class NotApplicableError(ValueError):
    """The method cannot be used on the design; another one may."""


@dataclass(frozen=True)
class ClusterTest:
    """A coefficient with its interval and the test of no effect.

    Ends are infinite where no value is rejected in that direction, ``draws`` counts bootstrap draws or assignments (0
    for a formula), and ``note`` is what a reader must know to trust the row.
    """

    method: str
    estimate: float
    low: float
    high: float
    p_value: float
    clusters: int
    draws: int
    level: float
    note: str


@dataclass(frozen=True)
class NullDraws:
    """Draws of the statistic of a coefficient, as they would be if any hypothesised value were true.

    At a value ``distance`` from the estimate the statistic of the data is ``-distance / std_error``, and that of draw b
    is ``numerator / sqrt(denominator)``: constant and slope (2, B), and constant, slope and square (3, B), in the
    distance. ``with_data`` says that the data are one of the draws, as when these are all there can be.
    """

    estimate: float
    std_error: float
    numerator: Array
    denominator: Array
    with_data: bool = False

    @property
    def draws(self) -> int:
        """Number of draws B."""
        return len(self.numerator[0])

    def p_value(self, value: float = 0.0) -> float:
        """Return the share of draws at least as far from 0 as the data, if the coefficient were ``value``.

        The data count as one more draw, unless they are among them.
        """
        distance = value - self.estimate
        numerator = self.numerator[0] + distance * self.numerator[1]
        constant, slope, square = self.denominator
        denominator = constant + distance * (slope + distance * square)
        # Products instead of quotients: a draw without variance, 0 / 0, counts as further out than the data.
        data = -distance / self.std_error * np.sqrt(denominator.clip(0))
        far = np.abs(numerator) >= (1 - TIE) * np.abs(data)
        return float(far.mean() if self.with_data else (1 + far.sum()) / (1 + len(far)))

    def interval(self, level: float) -> tuple[float, float]:
        """Return the outermost values not rejected at ``1 - level``, infinite where none is rejected."""
        low, high = (self.estimate + side * self._reach(side, level) * self.std_error for side in (-1, 1))
        return low, high

    def test(self, method: str, clusters: int, level: float, note: str) -> ClusterTest:
        """Return the test of no effect and the interval."""
        ends, p_value = self.interval(level), self.p_value()
        return ClusterTest(method, self.estimate, *ends, p_value, clusters, self.draws, level, note)

    def _reach(self, side: int, level: float) -> float:
        """Return the largest distance not rejected, in standard errors."""

        def accepted(distance: float) -> bool:
            return self.p_value(self.estimate + side * distance * self.std_error) > 1 - level + TIE

        inside = np.flatnonzero([accepted(distance) for distance in REACH])
        last = inside[-1] if len(inside) else -1
        if last == len(REACH) - 1:
            return np.inf
        low, high = (REACH[last] if last >= 0 else 0.0), REACH[last + 1]
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if accepted(middle) else (low, middle)
        return float(low)


@dataclass(frozen=True)
class ClusteredDesign:
    """A weighted least-squares regression with clustered rows, one of its coefficients in question.

    ``codes`` number each row's cluster (n), and ``labels`` name the G clusters. ``basis`` is orthonormal for the
    regressors, each row times the root of its weight (n, k); ``contrast`` the coefficient as a combination of those of
    the basis (k); ``leverage`` is ``basis' basis`` of each cluster (G, k, k), which sum to the identity.
    """

    response: Array
    regressors: pd.DataFrame
    weights: Array
    codes: npt.NDArray[np.intp]
    labels: pd.Index
    coefficient: str
    basis: Array
    contrast: Array
    leverage: Array

    @property
    def products(self) -> Array:
        """``basis' response`` of each cluster (G, k), rows times the root of their weight."""
        return self.by_cluster(self.basis * (np.sqrt(self.weights) * self.response)[:, None])

    @property
    def estimate(self) -> float:
        """The coefficient by weighted least squares, in units of the response per unit of the regressor."""
        return float(self.contrast @ self.products.sum(axis=0))

    @property
    def effective_clusters(self) -> float:
        """``1 / sum(share**2)`` of the clusters' shares in the residual variance of the regressor.

        The number of clusters, if all inform the coefficient alike; near 1 if a single one is treated.
        """
        shares = np.einsum("k,gkl,l->g", self.contrast, self.leverage, self.contrast)
        return float(shares.sum() ** 2 / (shares**2).sum())

    @property
    def warning(self) -> str:
        """A clause that warns of a coefficient that few of the clusters inform, else nothing."""
        effective = self.effective_clusters
        said = f"; not to be trusted: it rests on {effective:.1f} effective clusters, see permutation"
        return said if effective < FEWEST_EFFECTIVE else ""

    def by_cluster(self, values: Array) -> Array:
        """Sum the rows (n, ...) by cluster (G, ...)."""
        sums = np.zeros((len(self.labels), *values.shape[1:]))
        np.add.at(sums, self.codes, values)
        return sums

    def leave_one_out_weights(self) -> Array:
        """Return what turns the products without each cluster into its estimate of the coefficient (G, k).

        Coefficients of other regressors may vanish with their cluster, as those of cluster dummies do.
        """
        rest = np.eye(len(self.contrast)) - self.leverage
        solved = np.linalg.pinv(rest, rcond=SINGULAR, hermitian=True) @ self.contrast
        lost = np.linalg.norm(np.einsum("gkl,gl->gk", rest, solved) - self.contrast, axis=1)
        alone = lost > np.sqrt(SINGULAR) * np.linalg.norm(self.contrast)
        if alone.any():
            only = f"only cluster {self.labels[np.flatnonzero(alone)[0]]} tells"
            advice = "use cluster_permutation, or add clusters"
            raise NotApplicableError(f"{only} {self.coefficient!r} from the other regressors: {advice}")
        return np.asarray(solved)


def clustered_design(
    response: Sequence[float] | pd.Series | Array,
    regressors: pd.DataFrame,
    clusters: Sequence[object] | pd.Series | npt.NDArray[np.generic],
    coefficient: str,
    *,
    weights: Sequence[float] | pd.Series | Array | None = None,
) -> ClusteredDesign:
    """Describe the regression of ``response`` on a constant and ``regressors``, with rows in clusters.

    Answers: how do rows with and without a label differ, when the rows come in a few groups?

    Tested: estimate and clustered errors against statsmodels
    (`test_estimate_and_clustered_errors_against_statsmodels`, `test_effective_clusters`).

    Parameters
    ----------
    response, clusters, weights
        Outcome (n); label of each row's cluster (n), three different ones or more; not negative weights (n), or one for
        all: a row of weight 2 counts as two. Series are paired with the regressors by label, lists by position.
    regressors, coefficient
        Numbers (n, k - 1), without a constant; the column in question.

    Examples
    --------
    >>> public = pd.DataFrame({"public": [1, 1, 1, 0, 0, 0]})
    >>> design = clustered_design([5, 7, 6, 2, 4, 1], public, ["A", "A", "B", "C", "C", "D"], "public")
    >>> round(design.estimate, 3), len(design.labels), round(design.effective_clusters, 1)
    (3.667, 4, 3.6)
    """
    names = _names(regressors, coefficient)
    x = np.column_stack([_finite("regressors", regressors[name]) for name in regressors])
    response, clusters, weights = (
        paired(name, values, regressors.index, "regressors")
        for name, values in (("response", response), ("clusters", clusters), ("weights", weights))
    )
    y = _finite("response", response)
    w = _finite("weights", 1.0 if weights is None else weights)
    w = np.full(len(y), w[0]) if weights is None or np.ndim(weights) == 0 else w
    clusters = _as_labels(clusters)
    if len({y.shape, w.shape, (len(x),), (len(clusters),)}) > 1:
        lengths = f"{len(y)} responses, {len(x)} regressors, {len(clusters)} clusters, {len(w)} weights"
        raise ValueError(f"unequal lengths ({lengths}): give one of each per row")
    codes, labels = _labelled(clusters, w)
    x = np.column_stack([np.ones(len(x)), x])
    basis, contrast = _orthonormal(x * np.sqrt(w)[:, None], names.index(coefficient))
    leverage = np.array([basis[codes == g].T @ basis[codes == g] for g in range(len(labels))])
    frame = pd.DataFrame(x, columns=names)
    design = ClusteredDesign(y, frame, w, codes, labels, coefficient, basis, contrast, leverage)
    _check_scores(design)
    return design


def check_design(design: object) -> None:
    """Refuse a frame or anything else that is no design."""
    made_by = "clustered_design(response, regressors, clusters, coefficient)"
    check_made("design", design, ClusteredDesign, made_by)


def squared_length(parts: Array) -> Array:
    """Return constant, slope and square (3, B) of the squared length of ``constant + slope * distance`` (2, B, G)."""
    constant, slope = parts
    return np.array([(constant**2).sum(1), 2 * (constant * slope).sum(1), (slope**2).sum(1)])


def _names(regressors: pd.DataFrame, coefficient: str) -> list[str]:
    """Return the names of the columns, the constant first; refuse what is no table, or ambiguous."""
    check_frame("regressors", regressors)
    if not isinstance(coefficient, Hashable) or coefficient not in regressors:
        raise ValueError(f"no regressor {shown(coefficient)}: name one of {', '.join(map(str, regressors))}")
    names = [CONSTANT, *regressors.columns]
    if len(set(names)) < len(names):
        raise ValueError(f"two regressors have one name, or that of the {CONSTANT!r} added: rename them")
    return names


def _as_labels(clusters: Any) -> pd.Series:
    """Return one label a row; refuse what is no row of labels."""
    if isinstance(clusters, str | Mapping) or not np.iterable(clusters) or getattr(clusters, "ndim", 1) != 1:
        raise ValueError(
            f"clusters is {shown(clusters)}: give the label of each row's cluster, such as its owner"
        )
    labels = pd.Series(list(clusters), dtype=object)
    if not labels.map(lambda label: isinstance(label, Hashable)).all():
        raise ValueError("a label of a cluster is a list or the like: give words or numbers")
    return labels


def _finite(what: str, values: object) -> Array:
    found = numbers(what, values)
    if not np.isfinite(found).all():
        raise ValueError(f"the {what} hold a missing or infinite value: drop the row or find the figure")
    return found


def _labelled(clusters: pd.Series, weights: Array) -> tuple[npt.NDArray[np.intp], pd.Index]:
    """Return the number of each row's cluster in the order of the labels; refuse too few or without weight."""
    codes, labels = pd.factorize(clusters.to_numpy(dtype=object), sort=True)
    labels = pd.Index(labels)
    if (codes < 0).any():
        raise ValueError("a row has no cluster: label it or drop it")
    if len(labels) < FEWEST_CLUSTERS:
        advice = "take a finer unit as the cluster, or report the figures without a test"
        raise ValueError(
            f"{len(labels)} clusters: with fewer than {FEWEST_CLUSTERS} there is no test; {advice}"
        )
    if (weights < 0).any():
        raise ValueError("a weight is negative: give the sizes of the cohorts")
    empty = np.bincount(codes, weights) == 0
    if empty.any():
        raise ValueError(f"cluster {labels[np.flatnonzero(empty)[0]]} has no weight: drop its rows")
    return codes, labels


def _orthonormal(x: Array, column: int) -> tuple[Array, Array]:
    """Return a basis of the columns of x, and the coefficient of one column as a combination of the basis'."""
    length = np.linalg.norm(x, axis=0)
    zero = length == 0
    basis, triangle = np.linalg.qr(x / np.where(zero, 1, length))
    if len(x) <= x.shape[1] or zero.any() or np.linalg.cond(triangle) > 1 / SINGULAR:
        advice = "leave out a constant column, one of each set of dummies, or what another one implies"
        raise ValueError(f"the regressors are collinear, or as many as the rows: {advice}")
    unit = np.eye(x.shape[1])[column]
    return basis, solve_triangular(triangle, unit, trans="T") / length[column]


def _check_scores(design: ClusteredDesign) -> None:
    """Refuse a response whose clusters leave nothing by which to judge chance."""
    fitted = np.einsum("gkl,l->gk", design.leverage, design.products.sum(axis=0))
    scores = (design.products - fitted) @ design.contrast
    size = np.linalg.norm(design.contrast) * np.linalg.norm(np.sqrt(design.weights) * design.response)
    if np.linalg.norm(scores) <= SINGULAR * size:
        advice = "is the response computed from the regressors, or repeated in each cluster?"
        raise ValueError(f"the clusters do not differ in what the regressors leave of the response: {advice}")
