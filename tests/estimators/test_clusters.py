from itertools import product

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.estimators.clustered import design, numbers, panel, rewritten
from tests.estimators.simulated import WORLDS
from tr_analysis.data import simulations
from tr_analysis.estimators.cluster_design import NotApplicableError, clustered_design
from tr_analysis.estimators.clusters import (
    ALL_SIGNS,
    JACKKNIFE,
    PERMUTATION,
    WEBB,
    bootstrap_draws,
    cluster_jackknife,
    few_clusters,
    wild_cluster_bootstrap,
)
from tr_analysis.estimators.permutation import cluster_permutation

EIGHT = (10, 14, 18, 24, 30, 40, 56, 80)
TWENTY_ONE = np.geomspace(8, 80, 21).round().astype(int)


@pytest.mark.parametrize("weights", [None, "offenders"])
def test_jackknife_against_refits(weights):
    frame = panel()

    def fitted(rows):
        w = np.ones(len(rows)) if weights is None else rows[weights]
        return sm.WLS(rows["rate"], sm.add_constant(rows[["treated", "case_mix"]]), w).fit().params["treated"]

    full, without = fitted(frame), {g: fitted(frame[frame["cluster"] != g]) for g in range(6)}
    found = design(frame, weights=weights)
    error = np.sqrt(5 / 6 * sum((estimate - full) ** 2 for estimate in without.values()))
    test, reach = cluster_jackknife(found, level=0.9), stats.t.ppf(0.95, 5) * error
    assert (test.clusters, test.draws, test.level) == (6, 0, 0.9)
    p_value = 2 * stats.t.sf(abs(full) / error, 5)
    assert numbers(test) == pytest.approx([full, full - reach, full + reach, p_value], rel=1e-10)


@pytest.mark.parametrize("method", [cluster_jackknife, wild_cluster_bootstrap])
def test_dummies_of_clusters_are_the_same_as_means_taken_off(method):
    """Although without a cluster nothing tells the coefficient of its dummy."""
    frame = panel()
    dummies = pd.get_dummies(frame["cluster"], drop_first=True).astype(float).add_prefix("owner ")
    with_dummies = pd.concat([frame[["case_mix"]], dummies], axis=1)
    inner = frame[["rate", "case_mix"]] - frame.groupby("cluster")[["rate", "case_mix"]].transform("mean")
    found, expected = (
        method(clustered_design(y, x, frame["cluster"], "case_mix"), level=0.8)
        for y, x in ((frame["rate"], with_dummies), (inner["rate"], inner[["case_mix"]]))
    )
    assert numbers(found) == pytest.approx(numbers(expected))


@given(st.integers(0, 10**6), st.floats(0.01, 100))
def test_tests_follow_the_data(seed, factor):
    """Order of rows, names of clusters, halves of rows and units change nothing."""
    frame = panel()
    before, after = (
        few_clusters(design(f), draws=99, level=0.8).set_index("method").loc[[JACKKNIFE, ALL_SIGNS]]
        for f in (frame, rewritten(frame, seed, factor))
    )
    assert after["p_value"].to_numpy() == pytest.approx(before["p_value"].to_numpy())
    for end in ("estimate", "low", "high"):
        assert after[end].to_numpy() == pytest.approx(factor * before[end].to_numpy())


def least_squares(x, y, w):
    root = np.sqrt(w)
    return np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0]


def t_statistic(x, y, w, codes, null):
    """The t statistic of the last column, by the sandwich (CV1)."""
    beta = least_squares(x, y, w)
    bread = np.linalg.inv(x.T @ (x * w[:, None]))
    scores = (x * (w * (y - x @ beta))[:, None]).T @ np.eye(6)[codes]
    return (beta[-1] - null) / np.sqrt((bread @ scores @ scores.T @ bread)[-1, -1])


@pytest.mark.parametrize("null", [0.0, 1.3])
def test_all_signs_against_refits(null):
    """The statistic of the data and of each of the 64 draws, each response built and refitted."""
    frame = panel()
    w, codes, treated = (frame[name].to_numpy() for name in ("offenders", "cluster", "treated"))
    z = np.column_stack([np.ones(len(frame)), frame["case_mix"]])
    x, left = np.column_stack([z, treated]), frame["rate"].to_numpy() - null * treated
    restricted, residual = z @ least_squares(z, left, w), np.zeros(len(frame))
    for g in range(6):
        rows = codes == g
        residual[rows] = (left - z @ least_squares(z[~rows], left[~rows], w[~rows]))[rows]
    data = t_statistic(x, frame["rate"].to_numpy(), w, codes, null)
    draws = np.array(
        [
            t_statistic(x, restricted + null * treated + np.array(signs)[codes] * residual, w, codes, null)
            for signs in product([-1, 1], repeat=6)
        ]
    )
    found = bootstrap_draws(design(frame), signs="rademacher")
    distance = null - found.estimate
    numerator = found.numerator[0] + distance * found.numerator[1]
    denominator = np.array([1, distance, distance**2]) @ found.denominator
    assert -distance / found.std_error == pytest.approx(data)
    assert numerator / np.sqrt(denominator) == pytest.approx(draws)
    assert found.p_value(null) == pytest.approx((1 + (np.abs(draws) >= abs(data) - 1e-9).sum()) / 65)


def test_interval_holds_what_is_not_rejected():
    frame, choices = panel(seed=2), {"draws": 1999, "level": 0.9}
    test = wild_cluster_bootstrap(design(frame), **choices)
    width = test.high - test.low
    for end, outwards in ((test.low, -1), (test.high, 1)):
        for step, rejected in ((-0.01, False), (0.01, True)):
            value = end + step * outwards * width
            left = design(frame.assign(rate=frame["rate"] - value * frame["treated"]))
            assert (wild_cluster_bootstrap(left, **choices).p_value <= 0.1 + 1e-9) == rejected


def test_the_seed_moves_the_draws_and_order_and_units_do_not():
    found = design(panel())
    webb, signs = (bootstrap_draws(found, signs=s, draws=20_000).numerator for s in ("webb", "rademacher"))
    assert webb.var(axis=1) == pytest.approx(signs.var(axis=1), rel=0.04)  # four errors of 20,000 draws
    tests = [wild_cluster_bootstrap(found, draws=999, seed=seed) for seed in (1, 1, 2)]
    assert tests[0] == tests[1]
    # Two runs of 999 draws differ by chance by less than four of their errors.
    assert 0 < abs(tests[0].p_value - tests[2].p_value) < 4 * np.sqrt(2 * 0.25 / 999)
    other = panel().sample(frac=1, random_state=1).assign(rate=lambda f: 7 * f["rate"])
    after = wild_cluster_bootstrap(design(other), draws=999, seed=1)
    assert after.p_value == tests[0].p_value
    assert numbers(after)[:3] == pytest.approx([7 * end for end in numbers(tests[0])[:3]])


def test_all_methods_side_by_side():
    found = design(panel(EIGHT, [0, 3, 5, 6]))
    single = [
        cluster_jackknife(found, level=0.9),
        wild_cluster_bootstrap(found, draws=999, level=0.9, seed=4),
        wild_cluster_bootstrap(found, signs="rademacher", level=0.9),
        cluster_permutation(found, level=0.9),
    ]
    frame = few_clusters(found, draws=999, level=0.9, seed=4)
    assert frame["method"].tolist() == [JACKKNIFE, WEBB, ALL_SIGNS, PERMUTATION]
    for column in ("estimate", "low", "high", "p_value", "clusters", "draws", "level", "note"):
        assert frame[column].tolist() == [getattr(test, column) for test in single]
    with pytest.raises(ValueError, match="signs is 'mammen'"):
        wild_cluster_bootstrap(found, signs="mammen")
    assert len(few_clusters(design(panel(TWENTY_ONE, range(10))), draws=99)) == 3


def test_method_that_cannot_be_used_says_why():
    found = design(panel([5] * 9, [7]))
    for call in (cluster_jackknife, wild_cluster_bootstrap):
        with pytest.raises(NotApplicableError, match=r"only cluster 7 tells .* use cluster_permutation"):
            call(found)
    frame = few_clusters(found).set_index("method")
    assert frame["estimate"].notna().all()
    rest = frame.drop(index=PERMUTATION)
    assert frame.loc[PERMUTATION, ["p_value", "draws"]].notna().all()
    assert rest[["low", "high", "p_value"]].isna().all(axis=None)
    assert rest["note"].str.contains("only cluster 7 .* use cluster_permutation", regex=True).all()


def test_size_is_as_measured():
    """Within four errors of the table of simulations, which is of 2,000."""
    world, runs = "3 of 8 clusters labelled", 200
    rng, table = (
        np.random.default_rng(1),
        simulations().query("data == @world").set_index("estimator")["found"],
    )
    found = pd.DataFrame([WORLDS[world][0](rng) for _ in range(runs)]).mean()
    for key, share in found.items():
        expected = table[key.split("|")[0]]
        chance = np.sqrt(expected * (1 - expected) * (1 / runs + 1 / 2000))
        assert share == pytest.approx(expected, abs=4 * chance)


def test_too_few_draws_are_refused():
    with pytest.raises(ValueError, match="draws is 98: give 99 or more"):
        few_clusters(design(panel()), draws=98)
