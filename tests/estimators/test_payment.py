import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats import proportion as oracle

from tr_analysis.estimators import payment as model


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.05, 0.95))
def test_score_against_a_known_baseline(cohort, baseline):
    count, size = cohort
    found = model.score(np.array(count), np.array(size), np.array(baseline), np.array(np.inf))
    assert found == pytest.approx(
        oracle.proportions_ztest(count, size, baseline, prop_var=baseline)[0], abs=1e-9
    )


@given(st.integers(1, 299), st.integers(1, 199))
def test_score_against_a_sampled_baseline(count, baseline):
    found = model.score(np.array(count), np.array(300), np.array(baseline / 200), np.array(200))
    tested = oracle.test_proportions_2indep(
        count, 300, baseline, 200, method="score", compare="diff", correction=False
    )
    assert found == pytest.approx(tested.statistic, abs=1e-9)


def test_rule_of_one_row_and_of_a_frame():
    one = model.payment_rule([100, 200], 0.4, level=0.05, cohorts=2)
    two = model.payment_rule(pd.DataFrame([[100, 200]] * 2, columns=[1, 2]), [0.4, 0.4], level=0.05)
    pd.testing.assert_frame_equal(one.sizes, two.sizes)
    assert list(one.sizes.index) == [1, 2]
    assert one.critical == two.critical == pytest.approx(1.959964, abs=1e-6)


def test_names_match_numbers():
    rule = model.payment_rule(
        pd.Series({"a": 10, "b": 20}), pd.Series({"b": 0.2, "a": 0.1}), level=0.1, baseline_sizes=[30, 40]
    )
    assert list(rule.baselines) == [0.1, 0.2]
    shift, drift = model.check_truth(rule, pd.Series({"b": 0.02, "a": 0.01}), 0.0, [-0.01])
    assert (list(shift), list(drift)) == ([0.01, 0.02], [-0.01])


@pytest.mark.parametrize(
    ("sizes", "baselines", "options", "message"),
    [
        ([1286, 0], 0.475, {}, "sizes must be whole numbers of 1 or more"),
        ([1286, -3], 0.475, {}, "sizes must be whole numbers of 1 or more"),
        ([1286.5], 0.475, {}, "sizes must be whole numbers of 1 or more"),
        ([np.nan], 0.475, {}, "sizes must be whole numbers of 1 or more"),
        (["many"], 0.475, {}, "sizes holds what is no number"),
        ([], 0.475, {}, "no cohorts or no providers"),
        ([[1, 2], [3, 4]], 0.475, {}, "give a frame, one row per cohort"),
        ([1286], 47.5, {}, "baselines from 47.5 to 47.5: give shares"),
        ([1286], 0, {}, "baselines from 0.0 to 0.0: give shares"),
        ([1286], np.nan, {}, "baselines from nan to nan: give shares"),
        ([1286], [0.4, 0.5], {}, "baselines has shape .2,.: give one, or one for each of 1 providers"),
        ([1286], pd.Series({"x": 0.4}), {}, "baselines and sizes name different providers"),
        ([1286], 0.475, {"level": 0.5}, "level is 0.5"),
        ([1286], 0.475, {"level": 5}, "level is 5"),
        ([1286], 0.475, {"sides": 0}, "sides is 0"),
        ([1286], 0.475, {"cohorts": 0}, "cohorts is 0"),
        ([1286], 0.475, {"cohorts": 1.5}, "cohorts is 1.5: give 1 or more"),
        ([1286], 0.475, {"cohorts": np.nan}, "cohorts is nan"),
        ([1286], 0.475, {"allowed": "no"}, "allowed is 'no': give True or False"),
        (["1286"], 0.475, {}, "sizes holds what is no number: turn text into numbers first"),
        ([1286], "0.475", {}, "baselines holds what is no number"),
        (None, 0.475, {}, "sizes holds what is no number"),
        ([2**31], 0.475, {}, "sizes has 2,147,483,648: give 2,147,483,647 people at most"),
        ([1286], 0.475, {"baseline_sizes": 1e12}, "baseline_sizes has 1,000,000,000,000: give 2,147,483,647"),
        (
            pd.DataFrame({"a": [5, 6]}, ["q", "q"]),
            0.4,
            {},
            "a cohort occurs twice in sizes, or is called 'all'",
        ),
        (pd.DataFrame({"a": [5, 6]}, ["q", "all"]), 0.4, {}, "a cohort occurs twice in sizes, or is called"),
        (pd.DataFrame([[5], [6]]), 0.475, {"cohorts": 2}, "cohorts is 2: .* only 1 with a row of sizes"),
        (pd.DataFrame([[5, 6]], columns=["a", "a"]), 0.475, {}, "a provider occurs twice"),
        ([1286], 0.475, {"baseline_sizes": 0}, "baseline_sizes must be whole numbers"),
        ([1286], 0.475, {"baseline_sizes": np.nan}, "baseline_sizes must be whole numbers"),
    ],
)
def test_rules_that_cannot_be(sizes, baselines, options, message):
    with pytest.raises(ValueError, match=message):
        model.payment_rule(sizes, baselines, **{"level": 0.05, **options})


@pytest.mark.parametrize(
    ("shift", "spread", "drift", "message"),
    [
        (-1.9, 0, 0, "shift has -1.9: give shares"),
        ([-0.01, 0], 0, 0, "shift has shape"),
        (0, -0.01, 0, "spread has -0.01"),
        (0, np.nan, 0, "spread is nan, which is not a finite number"),
        (0, 0.9, 0, "spread has 0.9: give shares from 0 to 0.5, such as .* divided by 100"),
        (0, "0.1", 0, "spread is '0.1', which is not a number"),
        (0, [0.01], 0, "spread is one number for all providers"),
        (0, 0, [0.01, 0.02], "drift has shape .2,.: give one, or one for each of 3 cohorts"),
        (0, 0, -0.5, "true rates from -0.025 to -0.025: take smaller shifts or drifts"),
        (pd.Series({"x": 0.0}), 0, 0, "shift and sizes name different providers"),
    ],
)
def test_truths_that_cannot_be(shift, spread, drift, message):
    rule = model.payment_rule([1286], 0.475, level=0.05, cohorts=3)
    with pytest.raises(ValueError, match=message):
        model.check_truth(rule, shift, spread, drift)
