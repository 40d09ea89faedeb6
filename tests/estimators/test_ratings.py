from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tr_analysis.estimators.ratings import superiority

ORDER = ["Inadequate", "Requires improvement", "Good", "Outstanding"]
NPS = ["Good"] * 5 + ["Requires improvement"] * 2
CRC = ["Good"] + ["Requires improvement"] * 19 + ["Inadequate"]
ratings = st.lists(st.integers(0, 3), min_size=1, max_size=6)


def test_first_round():
    found = superiority(NPS, CRC, order=ORDER)
    # By hand: of 147 pairs the NPS is higher in 5 x 20 + 2 x 1 and equal in 5 x 1 + 2 x 19.
    assert found.estimate == pytest.approx((102 + 43 / 2) / 147)
    assert found.low < found.estimate < found.high
    assert found.p_value < 0.002
    assert not found.separated


@given(ratings, ratings, st.randoms(use_true_random=False))
def test_exact_p_value_by_enumeration_and_invariances(first, second, random):
    """Every split of the ratings as they are, by the distance of the rank sum from its mean."""
    pooled = np.array(first + second)
    ranks = stats.rankdata(pooled)
    sums = [ranks[list(chosen)].sum() for chosen in combinations(range(len(pooled)), len(first))]
    apart = np.abs(np.array(sums) - np.mean(sums))
    expected = (apart >= abs(ranks[: len(first)].sum() - np.mean(sums)) - 1e-9).mean()
    found, turned = superiority(first, second), superiority(second, first)
    assert found.p_value == pytest.approx(expected) == turned.p_value
    assert (found.estimate, found.low, found.high) == pytest.approx(
        (1 - turned.estimate, 1 - turned.high, 1 - turned.low)
    )
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    shuffled = random.sample(first, len(first))
    assert superiority([np.exp(r) for r in shuffled], [np.exp(r) for r in second]) == found
    estimate = stats.mannwhitneyu(first, second).statistic / len(first) / len(second)
    assert found.estimate == pytest.approx(estimate)


@pytest.mark.parametrize(
    ("first", "second", "separated"),
    [
        ([3, 3], [1, 2], True),
        ([3, 2], [2, 1], True),
        ([1], [2, 2], True),
        ([3, 1], [2, 2], False),
        ([2], [2], False),
    ],
)
def test_separation_is_said_and_bounded(first, second, separated):
    found = superiority(first, second)
    assert found.separated == separated
    assert (found.low == 0 or found.high == 1) == separated
    assert found.high - found.low > 0.3  # so few units leave much open, separated or not


def test_bound_of_separated_groups_solves_its_equation():
    found = superiority([2] * 7, [1] * 21)
    theta, z = found.low, stats.norm.ppf(0.95)
    spread = 1 + (28 / 2 - 1) * ((1 - theta) / (2 - theta) + theta / (1 + theta))
    assert 1 - theta == pytest.approx(z * np.sqrt(theta * (1 - theta) * spread / 147), rel=1e-6)
    assert found.p_value == pytest.approx(1 / 1184040)  # the most extreme of all splits of 28


def test_many_units_use_the_normal_approximation():
    random = np.random.default_rng(1)
    first, second = random.integers(0, 4, 90), random.integers(0, 5, 80)
    found = superiority(first, second)
    assert found.method.startswith("normal")
    assert found.p_value == pytest.approx(stats.mannwhitneyu(first, second, method="asymptotic").pvalue)


@pytest.mark.parametrize(
    ("runs", "low", "high"),
    [(150, 0.897, 1), pytest.param(5000, 0.94, 0.975, marks=pytest.mark.full)],  # on the safe side
)
def test_coverage(runs, low, high):
    """Panels of 7 and 21 continuous ratings; of 150, three standard errors are 5.3 points."""
    random = np.random.default_rng(20)
    truth = stats.norm.cdf(1 / np.sqrt(2))
    held = 0
    for _ in range(runs):
        found = superiority(random.normal(1, 1, 7), random.normal(0, 1, 21))
        held += found.low <= truth <= found.high
    assert low < held / runs < high


def test_labels_of_any_kind_of_series():
    """A pandas Categorical has no order that `map` would keep; its labels are rated by order=."""
    expected = superiority(NPS, CRC, order=ORDER)
    for first in (pd.Series(NPS, dtype="string", index=range(5, 12)), pd.Categorical(NPS)):
        assert superiority(first, pd.Series(CRC, dtype="category"), order=ORDER) == expected
    assert superiority(pd.Categorical([3, 1, 1]), [2, 2]) == superiority([3, 1, 1], [2, 2])


@pytest.mark.parametrize(
    ("first", "options", "message"),
    [
        ([], {"order": ORDER}, "the first group has no ratings"),
        (["Excellent"], {"order": ORDER}, "'Excellent' is none of Inadequate"),
        (NPS, {"order": [*ORDER, "Good"]}, "order= has a label twice"),
        (pd.Categorical(NPS), {}, "order="),
        (pd.Categorical([3, None]), {}, "missing rating"),
        ([1.0, np.nan], {}, "missing rating"),
    ],
)
def test_unknown_ratings_are_refused(first, options, message):
    with pytest.raises(ValueError, match=message):
        superiority(first, CRC if "order" in options else [2.0], **options)
