import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tr_analysis.estimators.panel import adjustment_identity, decimals, predicted, rounding_tolerance

ROW = {
    "release": "2017-10",
    "provider": "Essex",
    "offenders": 1000,
    "reoffenders": 456,
    "binary_rate": 45.6,
    "baseline_ogrs": 46.2,
    "ogrs": 46.9,
    "adjusted_rate": 44.9,
}


def identity(*rows):
    return adjustment_identity(pd.DataFrame([ROW | row for row in rows]))


def test_a_higher_score_than_the_baseline_lowers_the_rate():
    assert predicted([45.6, 45.6], [46.2, 46.2], [46.9, 45.5]).round(9).tolist() == [44.9, 46.3]


def test_the_national_series_holds_with_its_constant():
    """The Ministry's quarterly series is observed plus 33.7289176 less the cohort's score."""
    assert predicted([30.1], [33.7289176], [33.0])[0] == pytest.approx(30.8289176, abs=1e-9)


def test_the_tolerance_is_half_a_unit_of_each_part():
    assert rounding_tolerance({"adjusted": 1, "baseline": 2, "cohort": 2}) == pytest.approx(0.06, abs=1e-8)
    assert rounding_tolerance({}) == pytest.approx(0, abs=1e-8)


def test_trailing_noughts_do_not_count_and_floats_are_no_print():
    assert [decimals(v) for v in ([45.4, 45.0], [45.0], [0.1 + 0.2], [1 / 3], [np.nan])] == [1, 0, 1, 10, 0]


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
    found = identity(*rows, shown | {"binary_rate": 40.0})
    assert found["residual"].abs().iloc[:-1].le(found["tolerance"].iloc[:-1]).all()


def test_a_rate_that_was_not_adjusted_is_found():
    found = identity({}, {"provider": "Wales", "adjusted_rate": 45.6})
    assert found["holds"].tolist() == [True, False]
    assert found["residual"].round(6).tolist() == [0.0, 0.7]


def test_without_counts_the_printed_rate_counts_with_its_rounding():
    found = identity({"offenders": np.nan, "reoffenders": np.nan})
    assert found["tolerance"].round(6).tolist() == [0.2]


def test_releases_are_rounded_each_in_its_own_way():
    fine = {"release": "2018-01", "adjusted_rate": 44.912, "baseline_ogrs": 46.213, "ogrs": 46.901}
    assert identity({}, fine)["tolerance"].round(6).tolist() == [0.15, 0.0015]


def test_a_cell_that_lacks_a_part_is_left_out():
    assert identity({}, {"ogrs": np.nan}).index.tolist() == [0]


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match="no column 'ogrs'"):
        adjustment_identity(pd.DataFrame([ROW]).drop(columns="ogrs"))


def test_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="one of each per cohort"):
        predicted([1.0, 2.0], [1.0], [1.0])
