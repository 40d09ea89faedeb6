import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from statsmodels.stats.power import NormalIndPower

from tr_analysis.estimators import payment_power as model

ERROR = model.standard_error(1286, 0.475)
changes = st.floats(-0.3, 0.3)
levels = st.floats(0.001, 0.4)


def test_average_quarter_and_year():
    # Golden values: standard error 1.39 points; detectable 3.9 points, and 1.95 over a year.
    year = model.standard_error(5143, 0.475)
    found = [ERROR, *(model.minimum_detectable_change(error, level=0.05) for error in (ERROR, year))]
    assert [f"{100 * x:.2f}" for x in found] == ["1.39", "3.90", "1.95"]


def test_power_for_the_target_and_for_the_fall_seen():
    # Golden values: 76% and 28%; of 21, 5.8 winners and 0.009 losers; 13 or more with probability 0.001.
    found = model.chances(np.array([-0.037, -0.019]), error=ERROR, level=0.05)
    assert [f"{p:.0%}" for p in found.payment] == ["76%", "28%"]
    assert (round(21 * found.payment[1], 1), round(21 * found.deduction[1], 3)) == (5.8, 0.009)
    assert round(binom.sf(12, 21, found.payment[1]), 3) == 0.001


def test_spread_of_three_points():
    # Golden values: 8.4 winners and 1.7 losers of 21.
    found = model.chances(-0.019, error=ERROR, level=0.05, spread=0.03)
    assert (round(21 * found.payment, 1), round(21 * found.deduction, 1)) == (8.4, 1.7)


def test_no_effect_at_all():
    # Golden values: 41% chance of a false payment among 21, 9.45 expected over 18 quarters.
    paid = model.chances(0.0, error=ERROR, level=0.05).payment
    assert (round(1 - (1 - paid) ** 21, 2), round(21 * 18 * paid, 2)) == (0.41, 9.45)
    assert model.chances(0.0, error=ERROR, level=0.025, sides=1) == pytest.approx((paid, 0))


@given(levels, st.floats(0.45, 0.99), st.integers(1, 10**6), st.sampled_from([1, 2]), st.floats(0, 0.03))
def test_detectable_change_is_found_with_that_power(level, power, size, sides, unseen):
    error = model.standard_error(size, 0.3)
    test = {"error": error / 10, "level": level, "sides": sides, "unseen": unseen}
    change = model.minimum_detectable_change(**test, power=power)
    found = model.chances(-change, **test)
    assert found.payment == pytest.approx(power)


def test_power_of_two_cohorts_against_statsmodels():
    error = model.standard_error(800, 0.4, baseline_size=2400)
    found = model.chances(-0.05, error=error, level=0.05, sides=1)
    effect = 0.05 / np.sqrt(0.4 * 0.6)
    oracle = NormalIndPower().power(effect, 800, 0.05, ratio=3, alternative="larger")
    assert found.payment == pytest.approx(oracle, rel=1e-9)


@given(changes, changes, levels, st.floats(0, 0.2))
def test_a_deeper_fall_is_paid_more_often(first, second, level, spread):
    fall, rise = sorted([first, second])
    low = model.chances(fall, error=ERROR, level=level, spread=spread)
    high = model.chances(rise, error=ERROR, level=level, spread=spread)
    assert low.payment >= high.payment
    assert low.deduction <= high.deduction


@given(changes, levels, st.floats(0, 0.2))
def test_falls_mirror_rises(shift, level, spread):
    found = model.chances(shift, error=ERROR, level=level, spread=spread)
    mirrored = model.chances(-shift, error=ERROR, level=level, spread=spread)
    assert (found.payment, found.deduction) == pytest.approx((mirrored.deduction, mirrored.payment))


def test_unseen_error_widens_like_spread():
    unseen = model.chances(-0.01, error=ERROR, level=0.05, spread=0.03, unseen=0.04)
    assert unseen == pytest.approx(model.chances(-0.01, error=ERROR, level=0.05, spread=0.05))


def test_sampled_baseline_adds_its_variance():
    known = model.standard_error(1000, 0.5)
    assert model.standard_error(1000, 0.5, baseline_size=1000) == pytest.approx(np.sqrt(2) * known)


@pytest.mark.parametrize("level", [0, 0.5, 1, 5, -0.05, np.nan])
def test_levels_that_cannot_be(level):
    with pytest.raises(ValueError, match=r"significance level above 0 and below 0\.5"):
        model.critical_value(level)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 0.475), "size is 0: give the number of people"),
        ((np.nan, 0.475), "size is nan"),
        ((1286, 47.5), "rate is 47.5: give a share"),
        ((1286, 0), "rate is 0: give a share"),
    ],
)
def test_cohorts_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        model.standard_error(*arguments)


@pytest.mark.parametrize(
    ("shift", "options", "message"),
    [
        (-1.9, {}, "shift has -1.9: give shares from -1 to 1, such as 0.019 for 1.9 percentage points"),
        (np.array([0, np.nan]), {}, "shift has nan"),
        ("much", {}, "shift holds what is no number"),
        (0.0, {"spread": -0.01}, "spread has -0.01: give shares from 0"),
        (0.0, {"spread": 3.0}, "spread has 3.0"),
        (0.0, {"sides": 3}, "sides is 3: a test has 1 or 2"),
        (0.0, {"error": 1.39}, "error is 1.39: give a share"),
        (0.0, {"error": 0.0}, "error is 0: give a share"),
        (
            0.0,
            {"error": 0.70},
            "error is 0.7: give a share above 0 and up to 0.5, .* divide percentage points",
        ),
        (0.0, {"error": [0.01]}, r"error is \[0.01\], which is not a number"),
        (0.0, {"spread": 0.9}, "spread has 0.9: give shares from 0 to 0.5, such as .* divided by 100"),
        (0.0, {"unseen": 0.9}, "unseen has 0.9: give shares from 0 to 0.5"),
        ([0.0, -0.1], {"spread": [0.1, 0.2, 0.3]}, "2 shifts and 3 spreads: give one of either"),
        ("-0.1", {}, "shift holds what is no number"),
        (0.0, {"level": "0.05"}, "level is '0.05', which is not a number"),
        (0.0, {"level": None}, "level is None, which is not a number"),
    ],
)
def test_changes_that_cannot_be(shift, options, message):
    with pytest.raises(ValueError, match=message):
        model.chances(shift, **{"error": ERROR, "level": 0.05, **options})


def test_power_below_the_level():
    with pytest.raises(ValueError, match=r"power is 0\.05: give a probability above the level"):
        model.minimum_detectable_change(ERROR, level=0.05, power=0.05)


def test_percentage_points_are_not_detectable_changes():
    with pytest.raises(ValueError, match=r"error is 0\.9: .* divide percentage points by 100"):
        model.minimum_detectable_change(0.9, level=0.05)
    with pytest.raises(ValueError, match=r"only a fall of 1\.12 would be found, more than there is"):
        model.minimum_detectable_change(0.4, level=0.05)


def test_known_baselines_need_no_size():
    assert model.standard_error(1286, 0.475, baseline_size=float("inf")) == ERROR
    with pytest.raises(ValueError, match="baseline_size is nan"):
        model.standard_error(1286, 0.475, baseline_size=np.nan)
