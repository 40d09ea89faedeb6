import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tr_analysis.estimators.panel import (
    adjustment_identity,
    association,
    changes,
    flag_counts,
    flag_significance,
    regression_to_the_mean,
)


def rows(*rates, n=1286, baseline=47.5):
    return pd.DataFrame({"adjusted_rate": rates, "baseline_rate": baseline, "offenders": n})


def test_a_flag_is_the_score_test_against_the_known_baseline():
    """The standard error of an average CRC-quarter is 1.39 points: falls of more than 2.73 are significant at 5%."""
    found = flag_significance(rows(47.5, 44.8, 44.7, 50.2, 50.3, np.nan), level=0.05)
    assert found["error"].iloc[:5].round(2).tolist() == [1.39] * 5
    flags = ["not", "not", "reduction", "not", "increase"]
    assert [flag for flag, told in zip(flags, found["recomputed"], strict=False) if flag in told] == flags
    assert pd.isna(found["recomputed"].iloc[5])
    assert found["p_value"].iloc[0] == pytest.approx(1)
    assert found["z"].iloc[2] == pytest.approx(-2.8 / 1.39253, abs=1e-4)


def counted(*p_values):
    return flag_counts(pd.DataFrame({"p_value": p_values, "recomputed": "not significant"}), level=0.05)


def test_corrections_by_hand():
    """Holm's p-values are 0.04 and three of 0.06; those of Benjamini and Hochberg 0.04 all four."""
    counts = counted(0.01, 0.02, 0.03, 0.04)
    assert [counts[name] for name in ("either", "by_holm", "by_benjamini_hochberg")] == [4, 1, 4]


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
    assert (
        np.mean([f.best_quarter_initial for f in found]) < np.mean([f.best_quarter_later for f in found]) < 0
    )
    assert np.mean([f.low <= 0.64 <= f.high for f in found]) == pytest.approx(0.95, abs=0.035)


def test_the_slope_is_that_of_least_squares():
    (first, later), *_ = worlds(1)
    found = regression_to_the_mean(first, later, np.ones(21))
    assert found.estimate == pytest.approx(np.polyfit(first, later, 1)[0])
    assert (found.best_quarter, found.units) == (5, 21)
    assert found.best_quarter_initial == pytest.approx(np.sort(first)[:5].mean())


def test_the_correlation_has_the_interval_of_fisher():
    random = np.random.default_rng(2)
    x = random.standard_normal(21)
    y = 0.5 * x + random.standard_normal(21)
    found, r = association(x, y), np.corrcoef(x, y)[0, 1]
    half = 1.959964 / np.sqrt(18)
    assert [found.estimate, found.low, found.high] == pytest.approx(
        [r, np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half)]
    )


ROW = {"release": "2017-10", "offenders": 1000, "reoffenders": 456, "binary_rate": 45.6}
ROW |= {"baseline_ogrs": 46.2, "ogrs": 46.9, "adjusted_rate": 44.9}


def identity(*rows):
    return adjustment_identity(pd.DataFrame([ROW | row for row in rows]))


def test_a_higher_score_than_the_baseline_lowers_the_rate():
    """The Ministry's national quarterly series is observed plus 33.7289176 less the cohort's score."""
    national = {"reoffenders": np.nan, "binary_rate": 30.1, "baseline_ogrs": 33.7289176, "ogrs": 33.0}
    found = identity({}, {"ogrs": 45.5}, national)["predicted"]
    assert found.to_numpy() == pytest.approx([44.9, 46.3, 30.8289176], abs=1e-9)


def test_a_rate_that_was_not_adjusted_is_found():
    found = identity({}, {"adjusted_rate": 45.6})
    assert found["holds"].tolist() == [True, False]
    assert found["residual"].round(6).tolist() == [0.0, 0.7]


def test_the_tolerance_is_half_a_unit_of_each_printed_part():
    """Each release is rounded in its own way; without counts the printed rate counts with its rounding."""
    fine = {"release": "2018-01", "adjusted_rate": 44.912, "baseline_ogrs": 46.213, "ogrs": 46.901}
    even = {"release": "2018-04", "adjusted_rate": 45.0, "baseline_ogrs": 0.1 + 0.2, "ogrs": 1 / 3}
    without = {"release": "2018-07", "offenders": np.nan}
    found = identity({}, fine, even, without)["tolerance"]
    assert found.round(6).tolist() == [0.15, 0.0015, 0.55, 0.2]


share = st.integers(200, 5000).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n)))


@given(
    st.lists(st.tuples(share, st.floats(20, 70), st.floats(20, 70)), min_size=1, max_size=8),
    st.integers(0, 3),
)
def test_rounded_parts_are_always_within_the_tolerance(cells, places):
    rows = []
    for (n, k), base, score in cells:
        rate = 100 * k / n
        printed = {"baseline_ogrs": base, "ogrs": score, "adjusted_rate": rate + base - score}
        rows.append({"offenders": n, "reoffenders": k, "binary_rate": round(rate, 1)})
        rows[-1] |= {name: round(value, places) for name, value in printed.items()}
    # One cell shows to how many decimals its column is rounded: a value with a last digit that is no nought.
    last = 10.0**-places
    shown = {"adjusted_rate": 40 + last, "baseline_ogrs": 45 + last, "ogrs": 45 + last, "reoffenders": 400}
    assert identity(*rows, shown | {"binary_rate": 40.0})["holds"].iloc[:-1].all()


def test_a_cell_that_lacks_a_part_is_left_out_and_a_missing_column_is_named():
    assert identity({}, {"ogrs": np.nan}).index.tolist() == [0]
    for call, column in (
        (adjustment_identity, "ogrs"),
        (lambda f: flag_significance(f, level=0.05), "offenders"),
    ):
        with pytest.raises(ValueError, match=f"no column '{column}'"):
            call(pd.DataFrame([ROW | {"baseline_rate": 46.0}]).drop(columns=column))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: flag_significance(rows(45.0, n=0), level=0.05), "column 'offenders': 0"),
        (lambda: flag_significance(rows(45.0, baseline=100.0), level=0.05), "column 'baseline_rate': 100.0"),
        (lambda: counted(), "probabilities"),
        (lambda: counted(0.1, np.nan), "probabilities"),
        (lambda: regression_to_the_mean([1.0] * 3, [1.0] * 3, np.ones(3)), "three units"),
        (lambda: association([1.0] * 4, [1.0, 2.0, 3.0, 4.0]), "alike"),
        (lambda: association([1.0, np.nan, 1.0, 1.0], [1.0, 2.0, 3.0, 4.0]), "lacks a value"),
    ],
)
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_flags_are_counted_beside_the_official_ones():
    """At 1.39 points of error only the first fall and the rise are significant; the second official flag differs."""
    official = ["significant reduction", "significant reduction", None]
    judged = flag_significance(rows(40.0, 46.0, 51.0), level=0.05).assign(significance=official)
    assert flag_counts(judged, level=0.05) == {
        "tested": 3, "official": 2, "won": 1, "lost": 1, "either": 2, "by_holm": 2, "by_benjamini_hochberg": 2,
        "official_won": 2, "official_lost": 0, "alike": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("since_baseline", "known", "change", "frequency_change"),
    [(True, 4.0, [-5.0, 4.0], [25.0, 0.0]), (False, np.nan, [-10.0, 10.0], [100 / 7, -100 * 3 / 35])],
)
def test_changes_are_since_the_baseline_or_from_all(since_baseline, known, change, frequency_change):
    """Of all 2,000 people 800 reoffended, 40%, and each committed 4.375 offences."""
    panel = pd.DataFrame({
        "cohort": "2015Q4", "offenders": 1000, "reoffenders": [300, 500], "reoffences": [1500, 2000],
        "frequency_rate": np.nan, "difference": [-5.0, 4.0], "baseline_frequency": known,
    })  # fmt: skip
    found = changes(panel, since_baseline=since_baseline)
    assert found["change"].tolist() == pytest.approx(change)
    assert found["frequency_change"].tolist() == pytest.approx(frequency_change)
    assert found["variance"].tolist() == pytest.approx([2.4, 2.4])
