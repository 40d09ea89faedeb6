import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tr_analysis.digits import kept, settle, text, to_count, without_noise

NOISE = st.floats(-1e-12, 1e-12)


@pytest.mark.parametrize(
    ("value", "half_width", "expected"),
    [
        (1 / 3, None, 0.333333),
        (1234567.8, None, 1234568.0),
        (1234567890.0, None, 1234567890.0),
        (-0.016038018, 3.2, -0.016),
        (24.342761, 34.9, 24.343),
        (3.5544475e-08, None, 3.55445e-08),
        (0.5, math.inf, 0.5),
        (0.5, 0.0, 0.5),
        (math.nan, 1.0, math.nan),
        (-math.inf, None, -math.inf),
    ],
)
def test_digits_kept(value, half_width, expected):
    assert kept(value, half_width) == pytest.approx(expected, nan_ok=True, rel=0, abs=0)


@given(st.decimals(-(10**6), 10**6, places=3), NOISE)
@example(Decimal("100000.5"), 1e-12)  # on the border between two roundings
def test_noise_changes_no_number_of_few_digits(number, noise):
    value = float(number)
    assert settle(value * (1 + noise)) == settle(value) == value
    assert text(value * (1 + noise)) == text(value)


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e6))
def test_what_is_kept_is_near_and_stays_as_it_is(value, half_width):
    found = kept(value, half_width)
    assert abs(found - value) <= max(half_width * 1e-4, 5e-6 * abs(value)) * 1.001
    assert kept(found, half_width) == found
    assert math.copysign(1, kept(-0.0)) == 1


def test_settled_numbers_keep_their_shape():
    assert settle(np.full((2, 3), 0.1 + 0.2)).tolist() == [[0.3] * 3] * 2
    assert settle([]).shape == (0,)
    assert without_noise([10.0, -7e-11, 2e-8, np.nan]).tolist()[:3] == [10.0, 0.0, 2e-8]
    assert without_noise([]).tolist() == []
    assert np.isnan(settle([np.nan, 1.0])).tolist() == [True, False]


def test_a_count_is_whole():
    assert to_count(np.float64(12.999999999999)) == 13
    with pytest.raises(ValueError, match=r"12\.7 is no count"):
        to_count(12.7)
