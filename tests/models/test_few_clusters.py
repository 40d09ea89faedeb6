import numpy as np
import pandas as pd
import pytest

from tr_analysis.models.cluster_design import clustered_design
from tr_analysis.models.clusters import cluster_jackknife
from tr_analysis.models.few_clusters import few_clusters, size_simulation
from tr_analysis.models.permutation import cluster_permutation
from tr_analysis.models.wild import wild_cluster_bootstrap

EIGHT = np.array([10, 14, 18, 24, 30, 40, 56, 80])
TWENTY_ONE = np.geomspace(8, 80, 21).round().astype(int)


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


@pytest.mark.parametrize("sizes", [np.full(8, 30), EIGHT])
def test_size_and_power_with_eight_clusters(sizes):
    """Within three errors of 5% by 300 replications, 3.8 points; by 2 of 70 for the permutation."""
    found = design(sizes, [0, 3, 5, 6])
    *others, permutation = rejected(found, replications=300, draws=199)
    assert np.abs(np.array(others) - 0.05).max() < 3 * np.sqrt(0.05 * 0.95 / 300)
    assert permutation < 2 / 70 + 3 * np.sqrt(2 / 70 / 300)
    power = rejected(found, effect=1.0, replications=100, draws=99)
    assert min(power) > 0.4


def test_two_treated_clusters_break_jackknife_and_bootstrap():
    """Sizes of 13% and next to 0 at full scale: three errors by 200 replications hold them apart from 5%."""
    found = design(TWENTY_ONE, [5, 15])
    error = np.sqrt(0.05 * 0.95 / 200)
    jackknife, webb, permutation = rejected(found, replications=200, draws=199)
    assert jackknife > 0.05 + 3 * error
    assert webb < 0.05 - 3 * error
    assert abs(permutation - 0.05) < 3 * error


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
        ({"correlation": 0.1, "replications": 99}, "99 replications: give 100"),
        ({"correlation": 0.1, "level": 5}, "coverage between 0 and 1"),
        ({"correlation": 0.1, "draws": 5}, "5 draws: give 99"),
    ],
)
def test_refusals(choice, message):
    with pytest.raises(ValueError, match=message):
        size_simulation(design(EIGHT, [0, 1, 2]), **choice)
