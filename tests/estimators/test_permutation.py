from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.estimators.clustered import HALF, design, panel, rewritten
from tr_analysis.estimators.cluster_design import NotApplicableError, clustered_design
from tr_analysis.estimators.permutation import cluster_permutation, permutation_draws

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
