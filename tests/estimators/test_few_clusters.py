import numpy as np
import pandas as pd
import pytest

from tr_analysis.estimators.cluster_design import clustered_design
from tr_analysis.estimators.clusters import (
    cluster_jackknife,
    few_clusters,
    size_simulation,
    wild_cluster_bootstrap,
)
from tr_analysis.estimators.permutation import cluster_permutation

EIGHT = np.array([10, 14, 18, 24, 30, 40, 56, 80])
TWENTY_ONE = np.geomspace(8, 80, 21).round().astype(int)
MEASURED = {
    "eight equal": (np.full(8, 30), [0, 3, 5, 6], [0.046, 0.067, 0.053, 0.03]),
    "eight": (EIGHT, [0, 3, 5, 6], [0.056, 0.066, 0.05, 0.024]),
    "three of eight": (EIGHT, [1, 4, 6], [0.061, 0.059, 0.047, 0.034]),
    "two of eight": (EIGHT, [2, 6], [0.073, 0.035, 0.025, 0.038]),
    "twenty-one": (TWENTY_ONE, range(1, 21, 2), [0.053, 0.055, 0.05]),
    "five of twenty-one": (TWENTY_ONE, range(1, 21, 4), [0.071, 0.049, 0.052]),
    "two of twenty-one": (TWENTY_ONE, [5, 15], [0.125, 0.001, 0.048]),
}
"""Rows by cluster, treated clusters, and the share of 10,000 responses without effect that each method rejects."""


def design(sizes, treated, seed: int = 0, weights=None):
    codes = np.repeat(np.arange(len(sizes)), sizes)
    x = pd.DataFrame({"treated": np.isin(codes, treated) * 1.0})
    shared = 0.3 * np.random.default_rng(seed).standard_normal(len(sizes))
    noise = shared[codes] + np.random.default_rng(seed + 1).standard_normal(len(codes))
    return clustered_design(0.5 * x["treated"] + noise, x, codes, "treated", weights=weights)


def rejected(found, **choices) -> list[float]:
    return size_simulation(found, correlation=0.1, **choices)["rejected"].tolist()


def test_all_methods_side_by_side():
    found = design(EIGHT, [0, 3, 5, 6])
    frame = few_clusters(found, draws=999, level=0.9, seed=4)
    single = [
        cluster_jackknife(found, level=0.9),
        wild_cluster_bootstrap(found, draws=999, level=0.9, seed=4),
        wild_cluster_bootstrap(found, signs="rademacher", level=0.9),
        cluster_permutation(found, level=0.9),
    ]
    for column in ("estimate", "low", "high", "p_value", "clusters", "draws", "level", "note"):
        assert frame[column].tolist() == [getattr(test, column) for test in single]
    assert frame["method"].tolist() == [
        "delete-one-cluster jackknife",
        "wild cluster bootstrap, Webb weights",
        "wild cluster bootstrap, all signs",
        "permutation of clusters",
    ]
    assert len(few_clusters(design(TWENTY_ONE, range(10)), draws=99)) == 3


def test_method_that_cannot_be_used_says_why():
    frame = few_clusters(design(np.full(9, 5), [7])).set_index("method")
    assert frame["estimate"].notna().all()
    assert frame.loc["permutation of clusters", ["p_value", "draws"]].notna().all()
    rest = frame.drop(index="permutation of clusters")
    assert rest[["low", "high", "p_value"]].isna().all(axis=None)
    assert rest["note"].str.contains("only cluster 7 .* use cluster_permutation", regex=True).all()
    with pytest.raises(ValueError, match="coverage between 0 and 1"):
        few_clusters(design(EIGHT, [0, 1]), level=2)


def within_chance(found, expected, replications, errors=4.0) -> bool:
    expected = np.array(expected)
    chance = np.sqrt(expected * (1 - expected) / replications)
    return bool((np.abs(np.array(found) - expected) <= errors * chance + 0.001).all())


def test_size_is_as_measured():
    """Within four errors of 200 replications: 6 points of 5%."""
    sizes, treated, expected = MEASURED["three of eight"]
    found = rejected(design(sizes, treated), replications=200, draws=199)
    assert within_chance(found, expected, 200)


@pytest.mark.full
@pytest.mark.parametrize("case", MEASURED)
def test_size_at_full_scale(case):
    """On eight clusters, three or four of them treated, all signs hold 4 to 6%, the jackknife 4 to 7%."""
    sizes, treated, expected = MEASURED[case]
    found = rejected(design(sizes, treated), replications=10_000, seed=3)
    assert within_chance(found, expected, 10_000, errors=4 * np.sqrt(2))
    if len(sizes) == 8 and len(treated) > 2:
        assert 0.04 < found[2] < 0.06
        assert 0.04 < found[0] < 0.07


@pytest.mark.full
def test_power_with_eight_clusters():
    """An effect of one standard deviation is found by all, least often by the permutation with its few values."""
    power = rejected(design(EIGHT, [0, 3, 5, 6]), effect=1.0, replications=100, draws=199)
    assert min(power) == power[-1] > 0.4


def test_two_treated_clusters_break_the_bootstrap():
    """What the jackknife and the permutation find most of the time, the bootstrap does not."""
    jackknife, webb, permutation = rejected(
        design(TWENTY_ONE, [5, 15]), effect=1.0, replications=100, draws=199
    )
    assert webb < 0.25
    assert min(jackknife, permutation) > 0.5


@pytest.mark.full
def test_simulation_respects_weights_and_seed():
    found = design(np.ones(21, int), range(0, 21, 2), weights=TWENTY_ONE.astype(float))
    choices = {"correlation": 0.1, "effect": 1.0, "replications": 100, "draws": 99}
    first, again = (size_simulation(found, seed=3, **choices) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(size_simulation(found, seed=4, **choices))
    assert (first["low"] < first["rejected"]).all()
    assert (first["rejected"] < first["high"]).all()
    refused = size_simulation(design(np.full(9, 5), [7]), correlation=0.1, replications=100, draws=99)
    assert refused["rejected"].isna().tolist() == [True, True, True, False]
    assert refused["note"].str.contains("only cluster 7").tolist() == [True, True, True, False]


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"correlation": 1}, "correlation is 1: give a share from 0"),
        ({"correlation": -0.1}, "give a share"),
        ({"correlation": 0.1, "replications": 99}, "replications is 99: give 100"),
        ({"correlation": "0.1"}, "correlation is '0.1', which is not a number"),
        ({"correlation": 0.1, "effect": np.nan}, "effect is nan, which is not a finite number"),
        ({"correlation": 0.1, "effect": None}, "effect is None, which is not a number"),
        ({"correlation": 0.1, "replications": 100.5}, "replications is 100.5: give 100"),
        ({"correlation": 0.1, "draws": "399"}, "draws is '399', which is not a number"),
        ({"correlation": 0.1, "seed": None}, "seed is None"),
        ({"correlation": 0.1, "level": 5}, "coverage between 0 and 1"),
        ({"correlation": 0.1, "draws": 5}, "draws is 5: give 99"),
    ],
)
def test_refusals(choice, message):
    with pytest.raises(ValueError, match=message):
        size_simulation(design(EIGHT, [0, 1, 2]), **choice)
