"""Few clusters: a coefficient with its test, and the delete-one-cluster jackknife.

Twenty-one companies or nine owners are few: the usual cluster-robust errors are then too small. The three
answers that hold better are `cluster_jackknife`, `wild.wild_cluster_bootstrap` and
`permutation.cluster_permutation`; `few_clusters.few_clusters` shows them side by side.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t as student

from tr_analysis.estimators.checks import Array, coverage, whole
from tr_analysis.estimators.cluster_design import SINGULAR, ClusteredDesign

FEWEST_EFFECTIVE = 4.0
"""Effective clusters below which neither jackknife nor bootstrap holds its size (see `few_clusters`)."""
FEWEST_DRAWS = 99


class NotApplicableError(ValueError):
    """The method cannot be used on the design; another one may."""


@dataclass(frozen=True)
class ClusterTest:
    """A coefficient with its interval and the test of no effect.

    Attributes
    ----------
    method
        Name of the method, for a reader.
    estimate, low, high
        The coefficient and its interval; infinite where no value is rejected in that direction.
    p_value
        Two-sided, of a coefficient of 0.
    clusters
        Number of clusters.
    draws
        Number of bootstrap draws or of assignments; 0 for a formula.
    level
        Nominal coverage of the interval.
    note
        What a reader must know to trust or distrust the row.
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


def cluster_jackknife(design: ClusteredDesign, *, level: float = 0.95) -> ClusterTest:
    """Estimate the coefficient with the variance of leaving out one cluster at a time (CV3).

    ``variance = (G - 1) / G * sum((without cluster g - estimate)**2)``, and t with G - 1 degrees of freedom.
    The estimates without a cluster come from sums by cluster, not from fits.

    Parameters
    ----------
    design
        From `clustered_design`.
    level
        Coverage of the interval, between 0 and 1.

    Raises
    ------
    ValueError
        If ``level`` is not between 0 and 1.
    NotApplicableError
        If without one of the clusters nothing is left that identifies the coefficient: a single public
        owner, say. It is a ValueError too.

    References
    ----------
    MacKinnon, Nielsen and Webb (2023), Journal of Applied Econometrics 38, 671-694.
    """
    level = coverage(level)
    df = len(design.labels) - 1
    distance = left_out(design).to_numpy() - design.estimate
    error = float(np.sqrt(df / (df + 1) * (distance**2).sum()))
    reach = float(student.ppf((1 + level) / 2, df)) * error
    return ClusterTest(
        method="delete-one-cluster jackknife",
        estimate=design.estimate,
        low=design.estimate - reach,
        high=design.estimate + reach,
        p_value=float(2 * student.sf(abs(design.estimate) / error, df)),
        clusters=df + 1,
        draws=0,
        level=level,
        note=f"standard error {error:.3g}, t with {df} degrees of freedom{doubt(design)}",
    )


def left_out(design: ClusteredDesign) -> pd.Series:
    """Return the coefficient without each cluster: which cluster moves it, and by how much.

    Raises
    ------
    NotApplicableError
        If without one of the clusters nothing is left that identifies the coefficient.
    """
    without = design.products.sum(axis=0) - design.products
    estimates = np.einsum("gk,gk->g", identified(design), without)
    return pd.Series(estimates, design.labels.rename("without"), name="estimate")


def identified(design: ClusteredDesign) -> Array:
    """Return what turns the products without each cluster into its estimate of the coefficient (G, k).

    Coefficients of other regressors may vanish with their cluster, as those of cluster dummies do.

    Raises
    ------
    NotApplicableError
        As in `left_out`.
    """
    rest = np.eye(len(design.contrast)) - design.leverage
    solved = np.linalg.pinv(rest, rcond=SINGULAR, hermitian=True) @ design.contrast
    lost = np.linalg.norm(np.einsum("gkl,gl->gk", rest, solved) - design.contrast, axis=1)
    alone = lost > np.sqrt(SINGULAR) * np.linalg.norm(design.contrast)
    if alone.any():
        raise NotApplicableError(
            f"only cluster {design.labels[np.flatnonzero(alone)[0]]} tells the coefficient {design.coefficient!r} from "
            "the other regressors, so nothing is left without it: use cluster_permutation, or add clusters"
        )
    return np.asarray(solved)


def doubt(design: ClusteredDesign) -> str:
    """Return a clause that warns of a coefficient that few of the clusters inform, else nothing."""
    effective = design.effective_clusters
    if effective >= FEWEST_EFFECTIVE:
        return ""
    return (
        f"; not to be trusted: the coefficient rests on {effective:.1f} effective clusters, see permutation"
    )


def enough_draws(draws: object) -> int:
    """Return the number of draws; refuse too few to compare with."""
    advice = f"give {FEWEST_DRAWS} at least, and 9999 for a result to print"
    return whole("draws", draws, low=FEWEST_DRAWS, advice=advice)
