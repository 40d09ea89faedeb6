"""Few clusters: a coefficient with its test, and the delete-one-cluster jackknife.

Twenty-one companies or nine owners are few: the usual cluster-robust errors are then too small. The three
answers that hold better are `cluster_jackknife`, `wild_cluster_bootstrap` and
`permutation.cluster_permutation`; `few_clusters` shows them side by side.
"""

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import t as student

from tr_analysis.estimators.checks import Array, coverage, generator, number, whole
from tr_analysis.estimators.cluster_design import (
    SINGULAR,
    TIE,
    ClusteredDesign,
    ClusterTest,
    NotApplicableError,
    NullDraws,
    Tails,
    enough_draws,
    squared_length,
)
from tr_analysis.estimators.permutation import cluster_permutation, permutation_draws
from tr_analysis.estimators.proportions import proportion

FEWEST_EFFECTIVE = 4.0
"""Effective clusters below which neither jackknife nor bootstrap holds its size (see `few_clusters`)."""


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


Signs = Literal["webb", "rademacher"]
Variant = Literal["C", "S", "V", "B"]

WEBB_VALUES = np.sqrt([0.5, 1.0, 1.5])
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
    values = np.array([-1.0, 1.0]) if signs == "rademacher" else np.concatenate([-WEBB_VALUES, WEBB_VALUES])
    return generator(seed).choice(values, (clusters, draws))


JACKKNIFE = "delete-one-cluster jackknife"
WEBB = "wild cluster bootstrap, Webb weights"
ALL_SIGNS = "wild cluster bootstrap, all signs"
PERMUTATION = "permutation of clusters"


def few_clusters(
    design: ClusteredDesign, *, draws: int = 9999, level: float = 0.95, seed: int = 0
) -> pd.DataFrame:
    """Test one coefficient by jackknife, bootstrap and permutation, one row each.

    The bootstrap has one row with Webb's weights and, with up to 12 clusters, one with all signs.

    Parameters
    ----------
    design
        From `clustered_design`.
    draws, level, seed
        As in `wild_cluster_bootstrap` and `cluster_permutation`.

    Returns
    -------
    pandas.DataFrame
        Columns method, estimate, low, high, p_value, clusters, draws, level, note. Of a method that cannot
        be used on the design, low, high and p_value are missing and the note says why.

    Raises
    ------
    ValueError
        If ``draws`` or ``level`` is out of range.
    """
    bootstrap = partial(wild_cluster_bootstrap, draws=draws, level=level, seed=seed)
    methods: dict[str, Callable[[ClusteredDesign], ClusterTest]] = {
        JACKKNIFE: partial(cluster_jackknife, level=level),
        WEBB: partial(bootstrap, signs="webb"),
        ALL_SIGNS: partial(bootstrap, signs="rademacher"),
        PERMUTATION: partial(cluster_permutation, draws=draws, level=level, seed=seed),
    }
    rows = []
    for name in _shown(design):
        try:
            test = methods[name](design)
        except NotApplicableError as refusal:
            none, clusters = np.nan, len(design.labels)
            test = ClusterTest(name, design.estimate, none, none, none, clusters, 0, level, str(refusal))
        rows.append(asdict(test) | {"method": name})
    return pd.DataFrame(rows)


def size_simulation(
    design: ClusteredDesign,
    *,
    correlation: float,
    effect: float = 0.0,
    replications: int = 2000,
    draws: int = 399,
    level: float = 0.95,
    seed: int | np.random.Generator = 0,
) -> pd.DataFrame:
    """Simulate how often each method rejects on these clusters: its size, or with an effect its power.

    The response is ``effect * regressor + cluster + row``: normal, a row of mean weight of variance 1, of
    which ``correlation`` is shared within the cluster and the rest falls with the weight of the row, as it
    does for means of as many people. The response of ``design`` is not used.

    Share rejected at 5%: without an effect, and with one of 0.8. Rows of one weight, correlation 0.1, clusters
    of 8 to 80 rows (simulation error 0.3 points, for the power 0.8):

    =======================  =========  =========  =======  =========  ===========
    treated clusters         effective  jackknife  Webb     all signs  permutation
    =======================  =========  =========  =======  =========  ===========
    4 of 8, all of one size  8.0        4.6, 71    6.7, 78  5.3, 73    3.0, 57
    4 of 8                   5.7        5.5, 60    6.6, 71  5.0, 67    2.4, 48
    3 of 8                   4.8        6.1, 57    5.9, 66  4.7, 60    3.4, 52
    2 of 8                   2.8        7.3, 48    3.5, 36  2.5, 31    3.8, 44
    2 of 8, the smallest     2.3        9.6, 48    0.1, 4   0.2, 5     3.2, 35
    10 of 21                 14.5       5.3, 98    5.5, 98             5.0, 98
    5 of 21                  5.6        7.1, 89    4.9, 91             5.2, 90
    2 of 21                  1.9        12.5, 61   0.1, 3              4.8, 63
    =======================  =========  =========  =======  =========  ===========

    With 8 clusters, 3 or 4 of them treated, the bootstrap with all signs holds 4 to 6% (5.9 at most in further
    designs); with Webb's weights it rejects up to 7%. The permutation rejects less often there, having few
    p-values: with 4 of 8 treated, 2 of 70 is the only one under 5%. With two clusters treated the jackknife
    rejects too often, and the bootstrap hardly ever, a clear effect or none; the permutation still holds.

    All of this is for clusters that vary alike, as here. With nine times the variance in those treated, row and
    cluster, the four methods reject in this order 6.3, 9.0, 7.9 and 5.5% with 4 of 8 treated, all of one size,
    and 9.7, 12.0, 10.7 and 9.6% with 3 of 8 (simulation error 0.6 points): a p-value near 5% is none then.

    Parameters
    ----------
    design
        The clusters, weights and regressors; see `clustered_design`.
    correlation
        Of two rows of mean weight in one cluster, 0 to less than 1.
    effect
        Of the regressor, in standard deviations of a row of mean weight; 0 for the size.
    replications
        Simulated responses, 100 or more.
    draws
        As in `wild_cluster_bootstrap` and `cluster_permutation`; the size hardly depends on it.
    level
        One less the nominal size.
    seed
        Of the responses and draws.

    Returns
    -------
    pandas.DataFrame
        One row per method: method, rejected (share of the replications), low, high (its 95% interval, by
        chance of the simulation), note. The share is missing for a method that cannot be used on the design,
        and the note says why.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    advice = "give a share from 0 to less than 1"
    correlation = number("correlation", correlation, low=0, high=1, open_high=True, advice=advice)
    advice = "give 100 at least; 2000 for an error of half a point"
    replications = whole("replications", replications, low=100, advice=advice)
    effect, level, draws = number("effect", effect), coverage(level), enough_draws(draws)
    rng = generator(seed)
    methods: dict[str, Callable[[ClusteredDesign], float]] = {
        JACKKNIFE: lambda drawn: cluster_jackknife(drawn).p_value,
        WEBB: lambda drawn: bootstrap_draws(drawn, signs="webb", draws=draws, seed=rng).p_value(),
        ALL_SIGNS: lambda drawn: bootstrap_draws(drawn, signs="rademacher", draws=draws).p_value(),
        PERMUTATION: lambda drawn: permutation_draws(drawn, draws=draws, seed=rng).p_value(),
    }
    responses = [_response(design, correlation, effect, rng) for _ in range(replications)]
    rows = []
    for name in _shown(design):
        try:
            rejected = sum(methods[name](replace(design, response=y)) <= 1 - level + TIE for y in responses)
        except NotApplicableError as refusal:
            rows.append((name, np.nan, np.nan, np.nan, str(refusal)))
        else:
            share = proportion(rejected, replications)
            rows.append((name, share.estimate, share.low, share.high, f"{replications} replications"))
    return pd.DataFrame(rows, columns=["method", "rejected", "low", "high", "note"])


def _shown(design: ClusteredDesign) -> list[str]:
    """Return the methods in the order of the rows; all signs only where they can be listed."""
    signs = [ALL_SIGNS] if len(design.labels) <= MOST_ENUMERATED else []
    return [JACKKNIFE, WEBB, *signs, PERMUTATION]


def _response(design: ClusteredDesign, correlation: float, effect: float, rng: np.random.Generator) -> Array:
    weights = design.weights / design.weights.mean()
    # A row without weight counts nowhere: any finite error will do.
    row = rng.standard_normal(len(weights)) / np.sqrt(np.where(weights > 0, weights, 1.0))
    cluster = rng.standard_normal(len(design.labels))[design.codes]
    treated = design.regressors[design.coefficient].to_numpy()
    return np.asarray(effect * treated + np.sqrt(correlation) * cluster + np.sqrt(1 - correlation) * row)
