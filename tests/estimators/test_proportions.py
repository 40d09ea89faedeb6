import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import brentq
from statsmodels.stats.contingency_tables import Table2x2

from tr_analysis.estimators.proportions import (
    change_against,
    detectable_share,
    difference,
    odds_ratio,
    proportion,
    proportions,
    upper_bound_zero,
)

ROUND_1 = (5, 7, 1, 21)
"""Rated good or better in the first round: NPS 5 of 7, CRC 1 of 21."""


def counts(most):
    return st.integers(1, most).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def wilson_by_hand(k, n, level):
    z = stats.norm.ppf((1 + level) / 2)
    p = k / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return centre - half, centre + half


@given(counts(300), st.sampled_from([0.8, 0.95, 0.99]))
def test_interval_against_formula_and_mirrored(count, level):
    k, n = count
    found, mirrored = proportion(k, n, level=level), proportion(n - k, n, level=level)
    if k in (0, n):
        alpha = 1 - level
        low = 0 if k == 0 else brentq(lambda p: stats.binom.sf(k - 1, n, p) - alpha / 2, 1e-12, 1)
        high = 1 if k == n else brentq(lambda p: stats.binom.cdf(k, n, p) - alpha / 2, 0, 1 - 1e-12)
    else:
        low, high = wilson_by_hand(k, n, level)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)
    assert (found.low, found.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-12)
    assert 0 <= found.low <= found.estimate <= found.high <= 1


def test_frame_keeps_rows_and_leaves_the_input_alone():
    frame = pd.DataFrame({"k": [0, 8, 29], "n": [86, 29, 29], "area": ["a", "b", "c"]}, index=[7, 3, 5])
    before = frame.copy()
    found = proportions(frame, "k", "n")
    pd.testing.assert_frame_equal(frame, before)
    assert list(found.columns) == ["k", "n", "area", "estimate", "low", "high", "method"]
    assert list(found.index) == [7, 3, 5]
    assert list(found["method"]) == ["Clopper-Pearson", "Wilson", "Clopper-Pearson"]
    single = proportion(8, 29)
    assert tuple(found.loc[3, ["estimate", "low", "high"]]) == (single.estimate, single.low, single.high)
    with pytest.raises(ValueError, match="column 'low' has the name of a result"):
        proportions(frame.rename(columns={"k": "low"}), "low", "n")


def test_difference_of_the_first_round():
    """Boschloo's test by enumeration: the largest probability, over the common share, of a Fisher p as small."""
    k1, n1, k2, n2 = ROUND_1
    fisher = np.array(
        [[stats.hypergeom.sf(a - 1, n1 + n2, a + b, n1) for b in range(n2 + 1)] for a in range(n1 + 1)]
    )
    as_extreme = fisher <= fisher[k1, k2] * (1 + 1e-9)
    share = np.linspace(0, 1, 2001)
    first = stats.binom.pmf(np.arange(n1 + 1)[:, None], n1, share)
    second = stats.binom.pmf(np.arange(n2 + 1)[:, None], n2, share)
    one_sided = np.einsum("as,bs,ab->s", first, second, as_extreme).max()
    found = difference(*ROUND_1)
    assert found.p_value == pytest.approx(2 * one_sided, rel=1e-4)
    assert (found.p_value, found.method) == (pytest.approx(0.00070, abs=5e-6), "Boschloo")
    many = difference(4541, 10_000, 4751, 10_000)
    expected = stats.chi2_contingency([[4541, 4751], [5459, 5249]], correction=False).pvalue
    assert (many.p_value, many.method) == (pytest.approx(expected), "score")


@given(counts(25), counts(25))
def test_difference_against_formula_and_under_swap(first, second):
    (k1, n1), (k2, n2) = first, second
    found, swapped = difference(k1, n1, k2, n2), difference(k2, n2, k1, n1)
    (l1, u1), (l2, u2) = wilson_by_hand(k1, n1, 0.95), wilson_by_hand(k2, n2, 0.95)
    p1, p2 = k1 / n1, k2 / n2
    assert found.estimate == p1 - p2
    assert found.low == pytest.approx(p1 - p2 - np.hypot(p1 - l1, u2 - p2), abs=1e-9)
    assert found.high == pytest.approx(p1 - p2 + np.hypot(u1 - p1, p2 - l2), abs=1e-9)
    assert (found.estimate, found.low, found.high) == pytest.approx(
        (-swapped.estimate, -swapped.high, -swapped.low)
    )
    assert found.p_value == pytest.approx(swapped.p_value)
    assert 0 < found.p_value <= 1


@pytest.mark.parametrize(("k", "n"), [(0, 10), (10, 10), (0, 5000)])
def test_groups_all_alike_do_not_differ(k, n):
    found, odds = difference(k, n, k, n), odds_ratio(k, n, k, n)
    assert (found.estimate, found.p_value) == (0, 1)
    assert found.low < 0 < found.high
    assert (odds.p_value, odds.separated) == (1, False)
    assert np.isnan(odds.estimate)
    assert (odds.low, odds.high) == (0, np.inf)


def test_odds_ratio_of_known_tables():
    """The first round; and Fisher's lady tasting tea, three of four cups right."""
    found = odds_ratio(*ROUND_1)
    assert (found.estimate, found.p_value, found.separated) == (50, pytest.approx(0.00119, abs=5e-6), False)
    found = odds_ratio(3, 4, 1, 4)
    assert (found.estimate, found.p_value) == (9, pytest.approx(0.4857, abs=5e-5))
    # At either end of the interval one tail has probability 0.025.
    assert stats.nchypergeom_fisher(8, 4, 4, found.low).sf(2) == pytest.approx(0.025, rel=1e-5)
    assert stats.nchypergeom_fisher(8, 4, 4, found.high).cdf(3) == pytest.approx(0.025, rel=1e-5)


@given(counts(20), counts(20))
def test_odds_ratio_turns_with_the_groups_and_with_failures(first, second):
    (k1, n1), (k2, n2) = first, second
    found = odds_ratio(k1, n1, k2, n2)
    if not np.isnan(found.estimate):
        assert found.low <= found.estimate <= found.high
    for turned in (odds_ratio(k2, n2, k1, n1), odds_ratio(n1 - k1, n1, n2 - k2, n2)):
        inverse = [1 / end if end else np.inf for end in (turned.high, turned.low)]
        assert [found.low, found.high] == pytest.approx(inverse, rel=1e-6)
        assert found.p_value == pytest.approx(turned.p_value)
        assert found.separated == turned.separated


def test_separated_groups_have_a_one_sided_bound():
    found = odds_ratio(7, 7, 0, 21)
    assert found.separated
    assert (found.estimate, found.high) == (np.inf, np.inf)
    # At the bound a table as extreme as this one, the only one, has probability 0.05.
    assert stats.nchypergeom_fisher(28, 7, 7, found.low).pmf(7) == pytest.approx(0.05, rel=1e-6)
    assert odds_ratio(*map(np.int8, ROUND_1)) == odds_ratio(*ROUND_1)  # too narrow to add


def two_cohorts(p, n, q, whole, shared):
    return pd.DataFrame({"share": p, "people": n, "whole_share": q, "whole_people": whole, "shared": shared})


def test_a_group_that_is_none_of_the_whole_is_two_samples():
    """Oracle: statsmodels, of the two times of one group; and without shared people the variances add."""
    found = change_against(two_cohorts([0.5, 0.4], [800, 700], [0.3, 0.2], [4000, 5000], 0))
    table = Table2x2([[280, 420], [400, 400]])
    assert list(found.loc[("relative", "group")] + 1) == pytest.approx(
        [table.riskratio, *table.riskratio_confint()]
    )
    assert list(found.loc[("log odds", "group")]) == pytest.approx(
        [table.log_oddsratio, *table.log_oddsratio_confint()]
    )
    for scale in ("absolute", "log odds"):
        half = (found["high"] - found["low"]).loc[scale] / 2
        assert half["difference"] == pytest.approx(np.hypot(half["group"], half["whole"]))
        assert found.loc[(scale, "difference"), "estimate"] == pytest.approx(
            found.loc[(scale, "group"), "estimate"] - found.loc[(scale, "whole"), "estimate"]
        )
    assert found.loc[("relative", "difference"), "estimate"] == pytest.approx(0.4 / 0.5 / (0.2 / 0.3) - 1)


def test_a_group_that_is_the_whole_does_not_differ_from_it():
    found = change_against(two_cohorts([0.5, 0.4], 800, [0.5, 0.4], 800, 800))
    assert np.abs(found.xs("difference", level="of").to_numpy()).max() < 1e-8
    assert found.loc[("absolute", "group")].to_list() == pytest.approx(
        found.loc[("absolute", "whole")].to_list()
    )


def test_a_sign_can_depend_on_the_scale():
    """CRCs as printed (47.5 to 45.4) and England and Wales (31.3 to 154,375 of 523,366), the overlap as assumed in 02."""
    crcs = two_cohorts(
        [0.475, 0.454], 108_000, [0.313, 154_375 / 523_366], [628_761, 523_366], [81_000, 54_000]
    )
    found = change_against(crcs).xs("difference", level="of")["estimate"]
    assert found.round(4).to_dict() == {"absolute": -0.003, "relative": 0.0142, "log odds": 0.0008}


@pytest.mark.parametrize(
    ("runs", "within", "shared"),
    [
        (1000, 0.02, (0.8, 0.5)),
        *(pytest.param(20_000, 0.005, m, marks=pytest.mark.full) for m in [(1, 1), (0.3, 0)]),
    ],
)
def test_change_against_covers_the_truth(runs, within, shared):
    """A group of 900 and 700 in a whole of 2,500 and 2,000, 95% intervals; the errors are the whole's own."""
    random, inside = np.random.default_rng(12), 0.0
    n, whole, p, rest = (
        np.array([900, 700]),
        np.array([2500, 2000]),
        np.array([0.5, 0.4]),
        np.array([0.2, 0.25]),
    )
    m = (np.array(shared) * n).astype(int)
    q = (m * p + (whole - m) * rest) / whole
    truth = change_against(two_cohorts(p, n, q, whole, m))["estimate"].to_numpy()
    for _ in range(runs):
        both, own, others = random.binomial([m, n - m, whole - m], [p, p, rest])
        seen = change_against(two_cohorts((both + own) / n, n, (both + others) / whole, whole, m))
        inside = inside + ((seen["low"] <= truth) & (truth <= seen["high"])).to_numpy() / runs
    assert inside == pytest.approx(0.95, abs=within)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"share": [47.5, 45.4]}, "column 'share', row before: 47.5: give a share strictly between 0 and 1"),
        ({"whole_share": [0.3, np.nan]}, "column 'whole_share', row after: nan: give a share"),
        ({"people": [0, 9]}, "column 'people', row before: 0: give the size of the group"),
        ({"shared": [500, 801]}, "column 'shared', row after: 801: no more can be in both"),
        ({"whole_share": [0.05, 0.3]}, "leaves the rest of the whole none that can be: look at 'shared'"),
    ],
)
def test_cohorts_that_cannot_be_are_refused(changed, message):
    cohorts = two_cohorts([0.5, 0.4], 800, [0.3, 0.2], 4000, [500, 500])
    with pytest.raises(ValueError, match=message):
        change_against(cohorts.assign(**changed))
    with pytest.raises(ValueError, match="no column 'shared' in cohorts: give share, people"):
        change_against(cohorts.drop(columns="shared"))
    with pytest.raises(ValueError, match="two rows, before and after"):
        change_against(cohorts.head(1))


def test_upper_bound_of_zero():
    assert upper_bound_zero(86) == pytest.approx(1 - 0.05 ** (1 / 86))
    assert stats.binom.cdf(0, 86, upper_bound_zero(86, 0.9)) == pytest.approx(0.1)
    with pytest.raises(ValueError, match=r"^trials is 0: no proportion without trials; give a whole number"):
        upper_bound_zero(0)


def fisher_power(p1, n1, p2, n2):
    """Probability, by going through every table, that Fisher's test rejects at 5%."""
    return sum(
        stats.binom.pmf(k1, n1, p1) * stats.binom.pmf(k2, n2, p2)
        for k1 in range(n1 + 1)
        for k2 in range(n2 + 1)
        if stats.fisher_exact([[k1, n1 - k1], [k2, n2 - k2]]).pvalue <= 0.05
    )


@pytest.mark.parametrize(
    ("p1", "n1", "n2", "power"), [(0.1, 7, 21, 0.8), (0.0, 5, 14, 0.5), (0.3, 20, 9, 0.2)]
)
def test_detectable_share_has_the_power_asked_for(p1, n1, n2, power):
    found = detectable_share(p1, np.float64(n1), n2, power=power)
    assert fisher_power(p1, n1, found, n2) == pytest.approx(power, abs=1e-6)
    assert detectable_share(p1, 4 * n1, 4 * n2, power=power) < found
    assert np.isnan(detectable_share(0.0, 2, 2))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"share_1": 10}, "divide percentages by 100"),
        ({"trials_2": 2.5}, "whole number of 1 or more"),
        ({"power": 0.01}, "between the level of the test, 0.05, and 1"),
    ],
)
def test_impossible_questions_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        detectable_share(**{"share_1": 0.1, "trials_1": 24, "trials_2": 62, **change})
