import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

from tr_analysis.estimators.proportions import two_groups

ROUND_1 = (5, 7, 1, 21)
group = st.integers(1, 20).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def interval(found, measure):
    return tuple(found.measures.loc[measure, ["low", "high"]])


def test_first_round_good_or_better():
    found = two_groups(*ROUND_1)
    assert found.fisher == pytest.approx(0.00119, abs=5e-6)
    assert (found.unconditional, found.unconditional_test) == (pytest.approx(0.00070, abs=5e-6), "Boschloo")
    assert found.measures["estimate"].to_dict() == pytest.approx(
        {"risk difference": 2 / 3, "risk ratio": 15, "odds ratio": 50, "conditional odds ratio": 37.94046}
    )
    assert not found.separated


def test_lady_tasting_tea():
    """Fisher's own table, three of four cups right; the conditional estimate as R prints it."""
    found = two_groups(3, 4, 1, 4)
    assert found.fisher == pytest.approx(0.4857, abs=5e-5)
    assert found.measures.loc["conditional odds ratio", "estimate"] == pytest.approx(6.408309, abs=2e-5)
    low, high = interval(found, "odds ratio")  # at either end one tail has probability 0.025
    assert stats.nchypergeom_fisher(8, 4, 4, low).sf(2) == pytest.approx(0.025, rel=1e-5)
    assert stats.nchypergeom_fisher(8, 4, 4, high).cdf(3) == pytest.approx(0.025, rel=1e-5)


@given(group, group)
def test_koopman_against_statsmodels(first, second):
    (k1, n1), (k2, n2) = first, second
    assume(0 < k1 < n1 and 0 < k2 < n2)
    expected = confint_proportions_2indep(k1, n1, k2, n2, method="score", compare="ratio", correction=False)
    assert interval(two_groups(k1, n1, k2, n2), "risk ratio") == pytest.approx(expected, rel=1e-4)


@given(group, group)
def test_intervals_hold_the_estimate_and_turn_with_the_groups(first, second):
    found, turned = two_groups(*first, *second), two_groups(*second, *first)
    for measure, row in found.measures.iterrows():
        if np.isnan(row["estimate"]):
            assert (row["low"], row["high"]) == (0, np.inf)
            continue
        assert row["low"] <= row["estimate"] <= row["high"], measure
        low, high = interval(turned, measure)
        if measure == "risk difference":
            assert (row["low"], row["high"]) == pytest.approx((-high, -low), abs=1e-9)
        else:
            assert row["low"] == pytest.approx(1 / high if high else np.inf, rel=1e-6)
    assert found.fisher == pytest.approx(turned.fisher)
    assert found.unconditional == pytest.approx(turned.unconditional)
    assert found.separated == turned.separated


@given(group, group)
def test_failures_turn_the_odds_ratio(first, second):
    (k1, n1), (k2, n2) = first, second
    found, failures = two_groups(k1, n1, k2, n2), two_groups(n1 - k1, n1, n2 - k2, n2)
    low, high = interval(failures, "odds ratio")
    assert interval(found, "odds ratio") == pytest.approx(
        (1 / high if high else np.inf, 1 / low if low else np.inf), rel=1e-6
    )


def test_separated_groups_have_a_one_sided_bound():
    found = two_groups(7, 7, 0, 21)
    low, high = interval(found, "odds ratio")
    assert found.separated
    assert (found.measures.loc["odds ratio", "estimate"], high) == (np.inf, np.inf)
    assert found.measures.loc["odds ratio", "method"].endswith("one-sided")
    # At the bound a table as extreme as this one, the only one, has probability 0.05.
    assert stats.nchypergeom_fisher(28, 7, 7, low).pmf(7) == pytest.approx(0.05, rel=1e-6)
    assert interval(found, "risk ratio")[0] > 1


@pytest.mark.parametrize(("k", "n", "ratio"), [(0, 9, np.nan), (9, 9, 1.0)])
def test_groups_all_alike(k, n, ratio):
    found = two_groups(k, n, k, n)
    assert (found.fisher, found.unconditional, found.separated) == (1, 1, False)
    assert found.measures.loc["risk ratio", "estimate"] == pytest.approx(ratio, nan_ok=True)
    assert np.isnan(found.measures.loc["odds ratio", "estimate"])
    low, high = interval(found, "risk ratio")
    assert low < 1 < high


def test_one_trial_in_each_group():
    found = two_groups(1, 1, 0, 1)
    assert (found.fisher, found.separated) == (1, True)
    low, high = interval(found, "risk ratio")
    assert low < 1
    assert high == np.inf


def koopman_coverage(n1, n2, p1, p2):
    first = stats.binom.pmf(np.arange(n1 + 1), n1, p1)
    second = stats.binom.pmf(np.arange(n2 + 1), n2, p2)
    chances, covered = np.outer(first, second), 0.0
    for k1, k2 in np.argwhere(chances > 5e-4):  # what hardly ever happens counts as not covered
        low, high = interval(two_groups(k1, n1, k2, n2), "risk ratio")
        covered += chances[k1, k2] * (low <= p1 / p2 <= high)
    return covered


@pytest.mark.full
def test_koopman_covers_for_services_as_few_as_these():
    """Exact coverage, no simulation: the score interval stays within a few points of 95%."""
    assert 0.93 < koopman_coverage(7, 21, 0.7, 0.1) < 1


@pytest.mark.full
def test_koopman_falls_short_where_few_succeed():
    """As the docstring says, so that nobody takes 95% for granted there."""
    assert koopman_coverage(7, 21, 0.02, 0.3) == pytest.approx(0.902, abs=0.001)


@pytest.mark.full
@pytest.mark.parametrize(("p1", "p2"), [(0.1, 0.1), (0.3, 0.1), (0.5, 0.5), (0.9, 0.3), (0.7, 0.05)])
def test_koopman_coverage_over_shares(p1, p2):
    assert 0.92 < koopman_coverage(7, 21, p1, p2) <= 1


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ((-1, 5, 1, 5), "successes_1 is -1"),
        ((1, 5, 6, 5), "successes_2 is 6 of 5: more successes"),
        ((1, 5, 0.5, 5), "successes_2 is 0.5: give a whole number"),
    ],
)
def test_impossible_counts_are_refused(counts, message):
    with pytest.raises(ValueError, match=message):
        two_groups(*counts)


def test_level_is_checked():
    with pytest.raises(ValueError, match="between 0 and 1"):
        two_groups(*ROUND_1, level=95)


@pytest.mark.filterwarnings("error")
def test_narrow_integers_and_empty_cells_give_no_warning():
    assert two_groups(*map(np.int8, ROUND_1)).measures.equals(two_groups(*ROUND_1).measures)
    found = two_groups(200, 200, 0, 201)
    assert found.separated
    assert found.unconditional_test == "score"
