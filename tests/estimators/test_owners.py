from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tr_analysis.estimators.owners import mean_difference, permutation_test

OWNERS = ["A"] * 6 + ["B"] * 5 + ["C"] * 3 + ["D"] * 2 + ["E"] * 2 + ["F", "G", "H"] + ["public"] * 7
GOOD = [0] * 7 + [1] + [0] * 13 + [1] * 5 + [0] * 2
PUBLIC = [owner == "public" for owner in OWNERS]

panels = st.integers(3, 6).flatmap(
    lambda k: st.tuples(
        st.lists(st.tuples(st.integers(0, k - 1), st.integers(0, 3)), min_size=k, max_size=12),
        st.integers(1, k - 1),
    )
)


def test_one_public_owner_of_nine_cannot_go_below_a_ninth():
    found = permutation_test(GOOD, PUBLIC, OWNERS)
    assert (found.relabellings, found.exact) == (9, True)
    assert found.p_value == found.smallest == pytest.approx(1 / 9)
    assert found.estimate == pytest.approx(5 / 7 - 1 / 21)


@pytest.mark.parametrize("every", [2, pytest.param(1, marks=pytest.mark.full)])
def test_by_service_it_is_fishers_test(every):
    good, public = np.array(GOOD[::every]), np.array(PUBLIC[::every])
    found = permutation_test(good, public)
    ways = comb(len(good), public.sum())
    assert (found.relabellings, found.exact) == (ways, True)
    assert found.p_value == pytest.approx(stats.fisher_exact(pd.crosstab(public, good)).pvalue)
    # All Good ones and any others.
    assert found.smallest == pytest.approx(comb((good == 0).sum(), public.sum() - good.sum()) / ways)


@given(panels)
def test_against_plain_enumeration(panel):
    units, m = panel
    clusters, y = np.array([c for c, _ in units]), np.array([v for _, v in units], dtype=float)
    names = np.unique(clusters)
    if len(names) <= m:
        return
    chosen = np.isin(clusters, names[:m])
    values = np.array(
        [
            y[np.isin(clusters, some)].mean() - y[~np.isin(clusters, some)].mean()
            for some in combinations(names, m)
        ]
    )
    found = permutation_test(y, chosen, clusters)
    assert found.relabellings == len(values)
    assert found.p_value == pytest.approx((abs(values) >= abs(values[0]) - 1e-9).mean())
    order = np.random.default_rng(len(y)).permutation(len(y))
    renamed = np.array([f"owner {9 - c}" for c in clusters])
    again = permutation_test(7 * y[order] - 3, chosen[order], renamed[order])
    assert (again.p_value, again.smallest) == pytest.approx((found.p_value, found.smallest))
    assert again.estimate == pytest.approx(7 * found.estimate)


def test_random_relabellings_come_close_and_are_repeatable():
    y = np.random.default_rng(3).normal(size=60) + np.repeat([0.6, 0.0], 30)
    labels = np.repeat([True, False], 30)
    found = permutation_test(y, labels, draws=1999, seed=1)
    assert (found.relabellings, found.exact, found.smallest) == (2000, False, 1 / 2000)
    assert found == permutation_test(y, labels, draws=1999, seed=1)
    # 2,000 draws at p near 0.03: four standard errors are 0.015.
    assert found.p_value == pytest.approx(stats.ttest_ind(y[labels], y[~labels]).pvalue, abs=0.015)


def test_any_statistic():
    def medians(y, rows):
        return np.array([np.median(y[row]) - np.median(y[~row]) for row in rows])

    found = permutation_test([1, 2, 3, 10, 11, 12], [False] * 3 + [True] * 3, statistic=medians)
    assert (found.estimate, found.relabellings) == (9, 20)
    assert found.p_value == found.smallest == pytest.approx(4 / 20)  # 3 for 10, and the mirror image of both


def test_mean_difference_of_many_rows():
    rows = np.array([[True, False, False], [True, True, False]])
    assert mean_difference(np.array([3.0, 1.0, 2.0]), rows) == pytest.approx([1.5, 0.0])


def test_outcomes_all_alike_show_nothing():
    found = permutation_test([1] * 6, [True, False] * 3)
    assert (found.estimate, found.p_value, found.smallest) == (0, 1, 1)


def test_size_by_owner_is_kept():
    """Owners of unequal size without effect: rejections at 1/9 in a ninth of panels (4 s.e. of 200)."""
    random = np.random.default_rng(8)
    codes = pd.factorize(np.array(OWNERS))[0]
    rejected = 0
    for _ in range(200):
        labelled = codes == random.integers(9)  # the label falls on any owner alike
        y = random.normal(size=28) + random.normal(size=9)[codes]
        rejected += permutation_test(y, labelled, codes).p_value <= 1 / 9 + 1e-9
    assert rejected / 200 == pytest.approx(1 / 9, abs=0.089)


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        (([1, 0], [True, False, True]), "2 outcomes, 3 labels"),
        (([1, None], [True, False]), "outcome of unit 1 is missing"),
        (([1, 0], [True, None]), "label of unit 1 is missing"),
        (([1, 0, 1], [True, False, False], ["a", "a", "b"]), "'a' is labelled in part"),
        (([1, 0], [True, True]), "no contrast"),
        (([1, 0], [True, False], ["a", None]), "cluster of unit 1 is missing"),
        (([1, 0], [2, 0]), "label of unit 0 is 2: give True or False"),
        (([1, 0], [1, 0.5]), r"label of unit 1 is 0\.5: give True or False"),
        (([1, 0], ["yes", "no"]), "label of unit 0 is 'yes': give True or False"),
        ((["1", "0"], [True, False]), "the outcomes hold string, which are not numbers"),
        ((["good", "bad"], [True, False]), "the outcomes hold string, which are not numbers"),
        ((5, True, "a"), "no contrast"),
        (
            (pd.Series([1, 0]), pd.Series([True, False], [1, 0])),
            "the rows of labels and outcomes have different",
        ),
        (
            ([1, 0], pd.Series([True, False]), pd.Series(["a", "b"], [5, 6])),
            "the rows of clusters and labels",
        ),
    ],
)
def test_impossible_panels_are_refused(given_, message):
    with pytest.raises(ValueError, match=message):
        permutation_test(*given_)


def test_statistic_and_draws_are_checked():
    with pytest.raises(ValueError, match="not finite"):
        permutation_test([1, 2], [True, False], statistic=lambda y, rows: np.full(len(rows), np.nan))
    with pytest.raises(ValueError, match="the statistic returned 2 for 3 relabellings"):
        permutation_test([1, 2, 3], [True, False, False], statistic=lambda y, rows: np.ones(2))
    for draws in (9, 100.5, "999", None):
        with pytest.raises(ValueError, match=r"^draws is .*: give 99 or more"):
            permutation_test([1, 2], [True, False], draws=draws)
    with pytest.raises(ValueError, match=r"^seed is None"):
        permutation_test(np.arange(60), np.arange(60) % 2, draws=99, seed=None)


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1, 1e9])
def test_the_unit_of_the_outcomes_changes_nothing(scale):
    y, labels = np.array([1.0, 2, 3, 9]), [True, False, False, True]
    found, other = permutation_test(y, labels), permutation_test(scale * y, labels)
    assert (other.p_value, other.smallest) == (found.p_value, found.smallest) == (1, 1 / 3)


def test_outcomes_all_alike_show_nothing_in_any_unit():
    for value in (0.1, 1e-12, 1e9 / 3):
        found = permutation_test([value] * 7, [True, False, True, False, False, True, False])
        assert (found.estimate, found.p_value, found.smallest) == (0, 1, 1)


def test_labels_of_any_kind_of_truth():
    expected = permutation_test([1, 2, 4], [True, False, False])
    for labels in (
        [1, 0, 0],
        [1.0, 0.0, 0.0],
        pd.Series([True, False, False], dtype="boolean"),
        np.array([True, 0, 0], object),
    ):
        assert permutation_test([1, 2, 4], labels) == expected
