import numpy as np
import pandas as pd
import pytest

from tr_analysis.estimators.panel import association, judge, multiplicity, regression_to_the_mean


def rows(*rates, n=1286, baseline=47.5):
    return pd.DataFrame({"adjusted_rate": rates, "baseline_rate": baseline, "offenders": n})


def test_a_flag_is_the_score_test_against_the_known_baseline():
    """The standard error of an average CRC-quarter is 1.39 points: falls of more than 2.73 are significant at 5%."""
    found = judge(rows(47.5, 44.8, 44.7, 50.2, 50.3), level=0.05)
    assert found["error"].round(2).tolist() == [1.39] * 5
    assert found["recomputed"].tolist() == [
        "not significant",
        "not significant",
        "significant reduction",
        "not significant",
        "significant increase",
    ]
    assert found["p_value"].iloc[0] == pytest.approx(1)
    assert found["z"].iloc[2] == pytest.approx(-2.8 / 1.39253, abs=1e-4)


def test_a_looser_level_or_one_side_flags_other_rates():
    assert judge(rows(45.4), level=0.2)["recomputed"].tolist() == ["significant reduction"]
    assert judge(rows(60.0), level=0.05, sides=1)["recomputed"].tolist() == ["not significant"]


def test_what_is_not_known_gets_no_flag():
    found = judge(rows(44.0, np.nan), level=0.05)
    assert found["recomputed"].isna().tolist() == [False, True]


def test_without_an_effect_five_in_a_hundred_are_flagged():
    random = np.random.default_rng(0)
    rate = 100 * random.binomial(1286, 0.475, 20_000) / 1286
    found = judge(pd.DataFrame({"adjusted_rate": rate, "baseline_rate": 47.5, "offenders": 1286}), level=0.05)
    assert (found["recomputed"] != "not significant").mean() == pytest.approx(0.05, abs=0.006)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"offenders": 0}, "column 'offenders': 0"),
        ({"baseline_rate": 100.0}, "column 'baseline_rate': 100.0"),
    ],
)
def test_a_row_without_variation_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        judge(rows(45.0).assign(**change), level=0.05)


def test_holm_and_benjamini_hochberg_by_hand():
    found = multiplicity([0.01, 0.02, 0.03, 0.04], level=0.05)
    assert found["holm"].round(9).tolist() == [0.04, 0.06, 0.06, 0.06]
    assert found["benjamini_hochberg"].round(9).tolist() == [0.04] * 4
    assert found[["alone", "by_holm", "by_benjamini_hochberg"]].sum().tolist() == [4, 1, 4]


def test_holm_finds_fewer_than_benjamini_hochberg_and_that_fewer_than_one_by_one():
    found = multiplicity(np.random.default_rng(0).permutation(30) ** 2 / 10_000, level=0.05)
    assert (found["by_holm"] <= found["by_benjamini_hochberg"]).all()
    assert (found["by_benjamini_hochberg"] <= found["alone"]).all()
    assert found["by_holm"].sum() < found["by_benjamini_hochberg"].sum() < found["alone"].sum()


def test_p_values_that_cannot_be_are_refused():
    for wrong in ([], [0.1, np.nan], [1.2]):
        with pytest.raises(ValueError, match="probabilities"):
            multiplicity(wrong, level=0.05)


def worlds(many, tau=2.0, error=1.5, units=21, seed=7):
    random = np.random.default_rng(seed)
    for _ in range(many):
        true = tau * random.standard_normal(units)
        yield [true + error * random.standard_normal(units) for _ in range(2)]


def test_what_stays_is_the_reliability_when_only_sampling_differs():
    """tau 2 and error 1.5: 4 / (4 + 2.25) = 0.64 of the first cohort's distance is there later."""
    found = [regression_to_the_mean(*pair, np.full(21, 2.25)) for pair in worlds(300)]
    assert np.mean([f.estimate for f in found]) == pytest.approx(0.64, abs=0.03)
    assert np.median([f.expected for f in found]) == pytest.approx(0.64, abs=0.05)
    assert np.mean([f.picked_first for f in found]) < np.mean([f.picked_later for f in found]) < 0
    assert np.mean([f.low <= 0.64 <= f.high for f in found]) == pytest.approx(0.95, abs=0.035)


def test_the_slope_is_that_of_least_squares():
    (first, later), *_ = worlds(1)
    found = regression_to_the_mean(first, later, np.ones(21))
    assert found.estimate == pytest.approx(np.polyfit(first, later, 1)[0])
    assert (found.picked, found.units) == (5, 21)
    assert found.picked_first == pytest.approx(np.sort(first)[:5].mean())


def test_too_few_or_equal_units_have_no_slope():
    for first in ([1.0, 2.0], [1.0, 1.0, 1.0]):
        with pytest.raises(ValueError, match="three units"):
            regression_to_the_mean(first, first, np.ones(len(first)))


def test_the_correlation_has_the_interval_of_fisher():
    random = np.random.default_rng(2)
    x = random.standard_normal(21)
    y = 0.5 * x + random.standard_normal(21)
    found, r = association(x, y), np.corrcoef(x, y)[0, 1]
    half = 1.959964 / np.sqrt(18)
    assert [found.estimate, found.low, found.high] == pytest.approx(
        [r, np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half)]
    )


def test_a_measure_on_which_all_are_alike_is_refused():
    with pytest.raises(ValueError, match="alike"):
        association([1.0, 1.0, 1.0, 1.0], [1.0, 2.0, 3.0, 4.0])
    with pytest.raises(ValueError, match="lacks a value"):
        association([1.0, np.nan, 1.0, 1.0], [1.0, 2.0, 3.0, 4.0])
