import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import brentq

from tr_analysis.estimators import proportions as model


def wilson_by_hand(k: int, n: int, level: float) -> tuple[float, float]:
    z = stats.norm.ppf((1 + level) / 2)
    p = k / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return centre - half, centre + half


counts = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_wilson_of_8_in_29():
    # Worked by hand from the formula with z = 1.959964.
    found = model.proportion(8, 29)
    assert (found.low, found.high) == pytest.approx((0.1469876, 0.4571714), abs=1e-7)
    assert (found.estimate, found.method) == (8 / 29, "Wilson")


def test_clopper_pearson_of_0_in_86():
    found = model.proportion(0, 86)
    assert (found.low, found.high) == pytest.approx((0, 1 - 0.025 ** (1 / 86)))
    assert found.method == "Clopper-Pearson"


@given(counts, st.sampled_from([0.8, 0.95, 0.99]))
def test_interval_against_formula(count, level):
    k, n = count
    found = model.proportion(k, n, level=level)
    if k in (0, n):
        alpha = 1 - level
        low = 0 if k == 0 else brentq(lambda p: stats.binom.sf(k - 1, n, p) - alpha / 2, 1e-12, 1)
        high = 1 if k == n else brentq(lambda p: stats.binom.cdf(k, n, p) - alpha / 2, 0, 1 - 1e-12)
    else:
        low, high = wilson_by_hand(k, n, level)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)


@given(counts)
def test_failures_mirror_successes(count):
    k, n = count
    found, mirrored = model.proportion(k, n), model.proportion(n - k, n)
    assert (found.low, found.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-12)
    assert 0 <= found.low <= found.estimate <= found.high <= 1


def test_frame_keeps_rows_and_leaves_the_input_alone():
    frame = pd.DataFrame({"k": [0, 8, 29], "n": [86, 29, 29], "area": ["a", "b", "c"]}, index=[7, 3, 5])
    before = frame.copy()
    found = model.proportions(frame, "k", "n")
    pd.testing.assert_frame_equal(frame, before)
    assert list(found.columns) == ["k", "n", "area", "estimate", "low", "high", "method"]
    assert list(found.index) == [7, 3, 5]
    assert list(found["method"]) == ["Clopper-Pearson", "Wilson", "Clopper-Pearson"]
    single = model.proportion(8, 29)
    assert tuple(found.loc[3, ["estimate", "low", "high"]]) == (single.estimate, single.low, single.high)


def test_nullable_counts_are_welcome():
    frame = pd.DataFrame({"k": [1, 2], "n": [5, 5]}, dtype="Int64")
    assert list(model.proportions(frame, "k", "n")["estimate"]) == [0.2, 0.4]


@pytest.mark.parametrize(
    ("k", "n", "message"),
    [
        ([1, -1], [5, 5], r"row y, column 'k': -1: .*negative"),
        ([1, 6], [5, 5], r"row y, column 'k': 6: more successes"),
        ([1, 2.5], [5, 5], r"row y, column 'k': 2.5: .*whole number"),
        ([1, 0], [5, 0], r"row y, column 'n': 0: .*without trials"),
        ([1, None], [5, 5], r"row y, column 'k': nan: a count is needed"),
        ([1, 1], [5, np.inf], r"row y, column 'n': inf: .*whole number"),
        (["1", "2"], [5, 5], r"column 'k' holds .*: turn it into whole numbers"),
    ],
)
def test_impossible_counts_are_refused(k, n, message):
    with pytest.raises(ValueError, match=message):
        model.proportions(pd.DataFrame({"k": k, "n": n}, index=["x", "y"]), "k", "n")


def test_missing_column_is_named():
    with pytest.raises(ValueError, match="no column 'n': the frame has k"):
        model.proportions(pd.DataFrame({"k": [1]}), "k", "n")


def test_a_frame_without_rows_is_refused():
    with pytest.raises(ValueError, match="no rows: give at least one, or check the filter"):
        model.proportions(pd.DataFrame({"successes": [], "trials": []}, dtype=int))


@pytest.mark.parametrize("call", [model.proportion, lambda k, n: model.difference(1, 2, k, n)])
@pytest.mark.parametrize(
    ("count", "message"),
    [
        ((np.nan, 3), "successes.* is nan, which is not a finite number"),
        ((1, np.inf), "trials.* is inf, which is not a finite number"),
        (("one", 3), "successes.* is 'one', which is not a number"),
        ((True, 3), "successes.* is True, which is not a number"),
        ((1, None), "trials.* is None, which is not a number"),
        (([1], 3), "successes.* is .1., which is not a number"),
        ((4, 3), "successes.* is 4 of 3: more successes than trials"),
    ],
)
def test_counts_of_every_function_are_checked(call, count, message):
    with pytest.raises(ValueError, match=message):
        call(*count)


@pytest.mark.parametrize("trials", [np.nan, np.inf, 2.5, -1])
def test_trials_of_the_bound_are_checked(trials):
    with pytest.raises(
        ValueError, match=r"^trials is .*: no proportion without trials; give a whole number of 1 or more"
    ):
        model.upper_bound_zero(trials)


@pytest.mark.parametrize("level", [0, 1, 95, np.nan, "0.95", None])
def test_level_is_checked(level):
    for call in (model.proportion, lambda k, n, level: model.difference(k, n, k, n, level=level)):
        with pytest.raises(ValueError, match=r"^level is .*: give a coverage between 0 and 1"):
            call(1, 5, level=level)
    with pytest.raises(ValueError, match=r"^level is .*: give a coverage between 0 and 1"):
        model.upper_bound_zero(5, level)


def test_first_round_ratings():
    """Good or better: NPS 5 of 7, CRC 1 of 21."""
    table = [[5, 2], [1, 20]]
    assert stats.fisher_exact(table).pvalue == pytest.approx(0.00119, abs=5e-6)
    assert stats.fisher_exact(table).statistic == 50
    found = model.difference(5, 7, 1, 21)
    # 0.00081 is the p-value of the transposed table, which fixes how many were rated good;
    # the numbers of services were fixed, hence 0.00070.
    assert found.p_value == pytest.approx(0.00070, abs=5e-6)
    assert stats.boschloo_exact(table).pvalue == pytest.approx(0.00081, abs=5e-6)
    assert found.test == "Boschloo"


def test_boschloo_by_enumeration():
    """Largest probability, over the common share, of a table with a Fisher p-value as small."""
    k1, n1, k2, n2 = 5, 7, 1, 21
    fisher = np.array(
        [[stats.hypergeom.sf(a - 1, n1 + n2, a + b, n1) for b in range(n2 + 1)] for a in range(n1 + 1)]
    )
    as_extreme = fisher <= fisher[k1, k2] * (1 + 1e-9)
    share = np.linspace(0, 1, 2001)
    first = stats.binom.pmf(np.arange(n1 + 1)[:, None], n1, share)
    second = stats.binom.pmf(np.arange(n2 + 1)[:, None], n2, share)
    one_sided = np.einsum("as,bs,ab->s", first, second, as_extreme).max()
    assert model.difference(k1, n1, k2, n2).p_value == pytest.approx(2 * one_sided, rel=1e-4)


small_counts = st.integers(1, 25).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(small_counts, small_counts)
def test_difference_against_formula_and_under_swap(first, second):
    (k1, n1), (k2, n2) = first, second
    found, swapped = model.difference(k1, n1, k2, n2), model.difference(k2, n2, k1, n1)
    (l1, u1), (l2, u2) = wilson_by_hand(k1, n1, 0.95), wilson_by_hand(k2, n2, 0.95)
    p1, p2 = k1 / n1, k2 / n2
    assert found.low == pytest.approx(p1 - p2 - np.hypot(p1 - l1, u2 - p2), abs=1e-9)
    assert found.high == pytest.approx(p1 - p2 + np.hypot(u1 - p1, p2 - l2), abs=1e-9)
    assert (found.estimate, found.low, found.high) == pytest.approx(
        (-swapped.estimate, -swapped.high, -swapped.low)
    )
    assert found.p_value == pytest.approx(swapped.p_value)
    assert 0 < found.p_value <= 1


def test_many_trials_use_the_score_test():
    found = model.difference(4541, 10_000, 4751, 10_000)
    table = [[4541, 4751], [5459, 5249]]
    assert found.test == "score"
    assert found.p_value == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)


@pytest.mark.parametrize(("k", "n"), [(0, 10), (10, 10), (0, 5000)])
def test_groups_all_alike_do_not_differ(k, n):
    found = model.difference(k, n, k, n)
    assert (found.estimate, found.p_value) == (0, 1)
    assert found.low < 0 < found.high


def test_impossible_group_is_named():
    with pytest.raises(ValueError, match=r"^successes_2 is 9 of 5: more successes"):
        model.difference(1, 5, 9, 5)


def test_upper_bound_of_zero():
    assert model.upper_bound_zero(86) == pytest.approx(1 - 0.05 ** (1 / 86))
    assert model.upper_bound_zero(1000) == pytest.approx(3 / 1000, rel=0.01)
    assert stats.binom.cdf(0, 86, model.upper_bound_zero(86, 0.9)) == pytest.approx(0.1)
    with pytest.raises(ValueError, match="without trials"):
        model.upper_bound_zero(0)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", [np.int8, np.float32])
@pytest.mark.full
def test_counts_of_any_width_give_the_same(kind):
    narrow = model.difference(kind(100), kind(120), kind(90), kind(110))
    assert narrow == model.difference(100, 120, 90, 110)
    assert type(narrow.estimate) is float
    assert model.proportion(kind(100), kind(120)) == model.proportion(100, 120)


def test_counts_too_many_to_add_in_their_own_width():
    narrow = [np.int16(count) for count in (20_000, 30_000, 19_000, 29_000)]
    assert model.difference(*narrow) == model.difference(*map(int, narrow))


@pytest.mark.filterwarnings("error")
def test_an_empty_cell_of_many_trials_gives_no_warning():
    found = model.difference(200, 200, 0, 201)
    assert found.test == "score"
    assert found.p_value == pytest.approx(
        stats.chi2_contingency([[200, 0], [0, 201]], correction=False).pvalue
    )


@pytest.mark.parametrize("name", ["estimate", "low", "high", "method"])
def test_counts_under_the_name_of_a_result_are_refused(name):
    frame = pd.DataFrame({name: [1, 2], "n": [9, 9]})
    with pytest.raises(ValueError, match=f"column '{name}' has the name of a result"):
        model.proportions(frame, name, "n")
    with pytest.raises(ValueError, match=f"column '{name}' has the name of a result"):
        model.proportions(frame.assign(n=0), "n", name)
