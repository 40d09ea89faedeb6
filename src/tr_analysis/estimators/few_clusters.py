"""The methods for few clusters side by side, and what they are worth on given clusters."""

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial

import numpy as np
import pandas as pd

from tr_analysis.estimators.checks import Array, coverage, generator, number, whole
from tr_analysis.estimators.cluster_design import ClusteredDesign
from tr_analysis.estimators.clusters import ClusterTest, NotApplicableError, cluster_jackknife, enough_draws
from tr_analysis.estimators.inversion import TIE
from tr_analysis.estimators.permutation import cluster_permutation, permutation_draws
from tr_analysis.estimators.proportions import proportion
from tr_analysis.estimators.wild import MOST_ENUMERATED, bootstrap_draws, wild_cluster_bootstrap

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
