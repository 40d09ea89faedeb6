import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tr_analysis.digits import kept, polish, settle, text, to_count, without_noise

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


def bowl(at):
    x, y = at
    return 3 * (x - 1.25) ** 2 + (x - 1.25) * (y + 0.5) + 2 * (y + 0.5) ** 2 + 0.3 * (x - 1.25) ** 4 - 700


@pytest.mark.parametrize("off", [(1e-3, -2e-3), (-5e-3, 1e-3), (0, 0)])
def test_searches_that_stopped_apart_end_in_one_place(off):
    assert polish(bowl, np.array([1.25, -0.5]) + off) == pytest.approx([1.25, -0.5], abs=1e-9)


def test_noise_of_the_loss_hardly_moves_the_place():
    chance = np.random.default_rng(4)
    found = [
        polish(lambda at: bowl(at) * (1 + 1e-15 * chance.standard_normal()), np.array([1.2503, -0.5004]))
        for _ in range(5)
    ]
    assert np.ptp(found, axis=0).max() < 1e-9


@pytest.mark.parametrize(
    "loss",
    [
        lambda at: -float(at @ at),  # a top
        lambda at: 0.0,  # flat
        lambda at: float(at @ at) if (np.abs(at - 0.5) < 0.001).all() else np.inf,  # no room
        lambda at: float(((at - 3) ** 2).sum()),  # far off: the search did not end near it
    ],
)
def test_what_is_no_optimum_is_left_as_it_was(loss):
    start = np.array([0.5, 0.5])
    assert polish(loss, start) is start
    assert polish(loss, np.empty(0)).size == 0
