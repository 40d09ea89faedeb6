from itertools import combinations, product
from math import comb

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.estimators.clustered import HALF, design, numbers, panel, rewritten
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
    cluster_permutation,
    few_clusters,
    permutation_draws,
    wild_cluster_bootstrap,
)

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


OWNERS = np.array([*"AAAAAABBBBBCCCDDEEFGH", *["public"] * 7])
GOOD = np.array([0] * 7 + [1] + [0] * 13 + [1] * 5 + [0] * 2)


def labelled(outcomes, labels, clusters=None):
    """The design of a difference of means, each unit a cluster of its own if none are given."""
    label = pd.DataFrame({"label": np.asarray(labels, dtype=float)})
    return clustered_design(outcomes, label, np.arange(len(label)) if clusters is None else clusters, "label")


def naive(frame, studentised, value=0.0):
    """The p-value of an effect of ``value``, by one regression of statsmodels per assignment."""
    left, found = frame["rate"] - value * frame["treated"], []
    for places in [HALF, *combinations(range(6), 3)]:
        x = sm.add_constant(
            frame.assign(treated=frame["cluster"].isin(places) * 1.0)[["treated", "case_mix"]]
        )
        errors = {"cov_type": "cluster", "cov_kwds": {"groups": frame["cluster"]}}
        fit = sm.WLS(left, x, weights=frame["offenders"]).fit(**errors)
        found.append((fit.tvalues if studentised else fit.params)["treated"])
    return float(np.mean(np.abs(found[1:]) >= (1 - 1e-9) * abs(found[0])))


@pytest.mark.parametrize("studentised", [True, False])
def test_every_assignment_against_statsmodels(studentised):
    frame = panel(effect=1.5)
    null = permutation_draws(design(frame), studentised=studentised)
    assert (null.draws, null.with_data) == (20, True)
    assert null.p_value() == pytest.approx(naive(frame, studentised))
    low, high = null.interval(0.7)
    for end, outwards in ((low, -1), (high, 1)):
        step = 0.001 * outwards * (high - low)
        assert naive(frame, studentised, end - step) > 0.3
        assert naive(frame, studentised, end + step) <= 0.3 + 1e-9


def test_one_public_owner_of_nine_cannot_go_below_a_ninth():
    found = labelled(GOOD, OWNERS == "public", OWNERS)
    test, null = cluster_permutation(found), permutation_draws(found, studentised=False)
    assert test.estimate == pytest.approx(5 / 7 - 1 / 21)
    assert test.draws == null.draws == 9
    assert test.p_value == null.p_value() == 1 / 9
    assert (test.low, test.high) == (-np.inf, np.inf)
    assert test.note == "t statistic, all 9 assignments, smallest attainable p 0.11"


@pytest.mark.parametrize("seed", range(3))
def test_one_treated_of_few_clusters_has_no_interval(seed):
    """No p-value lies below 1 / G, however far the hypothesised coefficient: neither may an end be found there."""
    random = np.random.default_rng(seed)
    frame = panel(random.integers(1, 9, 9), [random.integers(9)], seed=seed)
    for names in (["treated"], ["treated", "case_mix"]):
        test = cluster_permutation(design(frame.assign(rate=frame["rate"] > 0), names, None))
        assert test.p_value >= 1 / 9
        assert (test.low, test.high) == (-np.inf, np.inf)


def test_with_each_unit_a_cluster_it_is_fishers_test():
    good, public = GOOD[::2], (OWNERS == "public")[::2]
    null = permutation_draws(labelled(good, public), studentised=False, draws=2_000_000)
    assert (null.draws, null.with_data) == (comb(len(good), public.sum()), True)
    assert null.p_value() == pytest.approx(stats.fisher_exact(pd.crosstab(public, good)).pvalue)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=5, max_size=12), st.integers(1, 4))
def test_differences_of_means_against_plain_enumeration(units, many):
    """Clusters of unequal size, tied outcomes."""
    clusters, y = np.array(units).T
    names = np.unique(clusters)
    chosen = np.isin(clusters, names[:many])
    try:
        found = labelled(7 * y - 3, chosen, clusters)
    except ValueError:  # fewer than three clusters, no contrast, or clusters that do not differ
        return
    groups = [np.isin(clusters, some) for some in combinations(names, many)]
    values = np.array([y[group].mean() - y[~group].mean() for group in groups])
    null = permutation_draws(found, studentised=False)
    assert null.draws == len(values)
    assert null.p_value() == pytest.approx((abs(values) >= abs(values[0]) - 1e-9).mean())


def test_sample_of_assignments_is_near_all():
    found = design(panel([5] * 12, range(0, 12, 2)), ["treated"], None)
    every, sample = cluster_permutation(found), cluster_permutation(found, draws=800)
    assert (every.draws, sample.draws) == (924, 800)
    assert sample.note == "t statistic, a sample of 924 assignments, smallest attainable p 0.0012"
    assert abs(sample.p_value - every.p_value) < 4 * np.sqrt(every.p_value * (1 - every.p_value) / 800)
    assert sample == cluster_permutation(found, draws=800) != cluster_permutation(found, draws=800, seed=1)


@given(st.integers(0, 10**6), st.floats(0.01, 100))
def test_permutation_follows_the_data(seed, factor):
    """Order of rows, names of clusters, halves of rows and units change nothing."""
    frame = panel(effect=1.5)
    before, after = (
        cluster_permutation(design(f), level=0.7) for f in (frame, rewritten(frame, seed, factor))
    )
    assert after.p_value == before.p_value
    assert (after.low, after.high) == pytest.approx((factor * before.low, factor * before.high))


def test_assignment_that_the_other_regressors_explain_counts_as_far_out():
    """Given to the same clusters as another treatment, this one has no coefficient."""
    frame = panel(effect=1.5).assign(other=lambda f: f["cluster"].isin([1, 2, 4]) * 1.0)
    assert cluster_permutation(design(frame, ["treated", "other"])).p_value == pytest.approx(4 / 20)


@pytest.mark.parametrize(
    ("change", "choice", "message"),
    [
        ({"treated": np.arange(33) % 2}, {}, r"'treated' varies within cluster 0: .* use the jackknife"),
        ({"treated": np.repeat([0, 1, 2, 0, 1, 2], [3, 4, 5, 6, 7, 8])}, {}, "'treated' has 3 values"),
        ({}, {"draws": 20}, "draws is 20: give 99"),
    ],
)
def test_what_cannot_be_permuted_is_refused(change, choice, message):
    found = design(panel().assign(**change))
    with pytest.raises(NotApplicableError if change else ValueError, match=message):
        cluster_permutation(found, **choice)
