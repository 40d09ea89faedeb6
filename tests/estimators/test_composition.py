import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog

from tr_analysis.estimators.decomposition import composition_bounds, kitagawa


def groups(*sizes: float) -> pd.Series:
    return pd.Series(sizes, [f"group {i}" for i in range(len(sizes))], dtype=float)


@st.composite
def changes(draw, most_groups=6):
    """Sizes before and after, and the rates at both ends."""
    sizes = arrays(float, draw(st.integers(2, most_groups)), elements=st.floats(0.1, 100))
    ends = sorted([draw(st.floats(-10, 10)), draw(st.floats(-10, 10))])
    return groups(*draw(sizes)), groups(*draw(sizes)), *ends


def bounds_by_search(before: pd.Series, after: pd.Series, lowest: float, highest: float) -> list[float]:
    """Smallest and largest effect over all rising rates, by linear programming."""
    effect = (after / after.sum() - before / before.sum()).to_numpy()
    k = len(effect)
    falls = np.eye(k)[:-1] - np.eye(k)[1:]  # each rate less the next one
    ends = [(lowest, lowest), *[(lowest, highest)] * (k - 2), (highest, highest)]
    found = [linprog(sign * effect, falls, np.zeros(k - 1), bounds=ends) for sign in (1, -1)]
    return [found[0].fun, -found[1].fun]


def test_three_groups_by_hand():
    """Shares move from 50, 30, 20 to 40, 20, 40 per cent; rates run from 10 to 60.

    The middle rate weighs on a share that falls by 0.1: at 60 the effect is 50 x (-0.1 + 0.2), at 10 it is
    50 x 0.2.
    """
    found = composition_bounds(groups(50, 30, 20), groups(40, 20, 40), lowest=10, highest=60)
    assert found == pytest.approx((5, 10))


def test_two_groups_leave_nothing_open():
    found = composition_bounds(groups(3, 1), groups(1, 1), lowest=20, highest=40)
    assert found == pytest.approx((5, 5))


def test_unchanged_mix_has_no_effect():
    found = composition_bounds(groups(1, 2, 3), groups(10, 20, 30), lowest=0, highest=100)
    assert found == pytest.approx((0, 0), abs=1e-12)


@given(changes())
def test_bounds_are_those_of_a_linear_programme(change):
    before, after, lowest, highest = change
    found = composition_bounds(before, after, lowest=lowest, highest=highest)
    assert list(found) == pytest.approx(bounds_by_search(*change), abs=1e-6)


@given(changes(), st.data())
def test_kitagawa_effect_of_any_rising_rates_lies_within(change, data):
    before, after, lowest, highest = change
    between = arrays(float, len(before) - 2, elements=st.floats(lowest, highest)) if len(before) > 2 else None
    rates = np.r_[lowest, np.sort(data.draw(between)) if between is not None else [], highest]
    frames = [pd.DataFrame({"size": sizes, "rate": rates}) for sizes in (before, after)]
    effect = kitagawa(*frames).loc["total", "composition"]
    low, high = composition_bounds(before, after, lowest=lowest, highest=highest)
    assert low - 1e-9 <= effect <= high + 1e-9


@given(changes(), st.floats(0.01, 1000), st.floats(0.01, 1000))
def test_scaling_sizes_changes_nothing_and_rates_set_the_unit(change, factor_before, factor_after):
    before, after, lowest, highest = change
    found = composition_bounds(before, after, lowest=lowest, highest=highest)
    scaled = composition_bounds(before * factor_before, after * factor_after, lowest=lowest, highest=highest)
    assert scaled == pytest.approx(found, abs=1e-9)
    percent = composition_bounds(before, after, lowest=100 * lowest + 7, highest=100 * highest + 7)
    assert list(percent) == pytest.approx([100 * found.low, 100 * found.high], abs=1e-6)


@given(changes())
def test_swapping_before_and_after_turns_the_bounds_round(change):
    before, after, lowest, highest = change
    low, high = composition_bounds(before, after, lowest=lowest, highest=highest)
    assert composition_bounds(after, before, lowest=lowest, highest=highest) == pytest.approx((-high, -low))


@pytest.mark.parametrize(
    ("before", "after", "ends", "message"),
    [
        (groups(1, 2), groups(1, 2, 3), (0, 1), "same groups in the same order, each once"),
        (groups(1, 2), groups(1, 2)[::-1], (0, 1), "same groups in the same order, each once"),
        (groups(1, 2).set_axis(["a", "a"]), groups(1, 2).set_axis(["a", "a"]), (0, 1), "each once"),
        (groups(1), groups(1), (0, 1), "fewer than two groups"),
        (groups(), groups(), (0, 1), "fewer than two groups"),
        (groups(1, 2), groups(1, np.nan), (0, 1), "sizes after must be finite, 0 or more"),
        (groups(1, np.inf), groups(1, 2), (0, 1), "sizes before must be finite"),
        (groups(1, -2), groups(1, 2), (0, 1), "sizes before must be finite, 0 or more"),
        (groups(1, 2), groups(0, 0), (0, 1), "not all 0"),
        (groups(1, 2), groups(1, 2).map(lambda size: f"{size} people"), (0, 1), "turn text into numbers"),
        (groups(1, 2), groups(1, 2), (1, 0), "rates from 1 to 0: give finite ones, the lowest first"),
        (groups(1, 2), groups(1, 2), (np.nan, 1), "lowest is nan, which is not a finite number"),
        (groups(1, 2), groups(1, 2), (0, np.inf), "highest is inf, which is not a finite number"),
        (groups(1, 2), groups(1, 2), ("0", 1), "lowest is '0', which is not a number"),
        ([1, 2], groups(1, 2), (0, 1), "must be series: give the size of each group, indexed by group"),
        (groups(1, 2), None, (0, 1), "must be series"),
        (groups(1, 2).map(str), groups(1, 2), (0, 1), "the sizes before holds what is no number"),
    ],
)
def test_mistakes_are_named(before, after, ends, message):
    with pytest.raises(ValueError, match=message):
        composition_bounds(before, after, lowest=ends[0], highest=ends[1])
