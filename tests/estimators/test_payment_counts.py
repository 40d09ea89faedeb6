import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import fsolve
from scipy.stats import multinomial

from tr_analysis.estimators import payment_counts as model
from tr_analysis.estimators.payment_power import chances, standard_error

ERROR = standard_error(1286, 0.475)
SEEN = (13, 2, 21)


def expected(found, providers=21):
    got = chances(found.shift, error=ERROR, level=found.level, spread=found.spread)
    return providers * got.payment, providers * got.deduction


def test_shift_and_spread_of_thirteen_and_two():
    found = model.shift_and_spread(*SEEN, error=ERROR, level=0.05)
    assert expected(found) == pytest.approx((13, 2))

    def gap(unknown):
        got = chances(unknown[0], error=ERROR, level=0.05, spread=abs(unknown[1]))
        return [21 * got.payment - 13, 21 * got.deduction - 2]

    root = fsolve(gap, [-0.03, 0.03])
    assert (found.shift, found.spread) == pytest.approx(tuple(root), rel=1e-6)
    assert (round(100 * found.shift, 1), round(100 * found.spread, 1)) == (-4.4, 5.2)


def test_spread_and_level_of_thirteen_and_two():
    found = model.spread_and_level(*SEEN, error=ERROR, shift=-0.019)
    assert expected(found) == pytest.approx((13, 2))
    assert found.shift == pytest.approx(-0.019)
    assert (round(100 * found.spread, 1), round(found.level, 2)) == (1.9, 0.39)


@given(st.floats(-0.08, -0.005), st.floats(0.001, 0.08), st.floats(0.01, 0.3))
def test_solutions_give_back_what_made_the_counts(shift, spread, level):
    made = chances(shift, error=ERROR, level=level, spread=spread)
    if made.deduction < 1e-12 or made.payment - made.deduction < 1e-6:
        return
    counts = (21 * made.payment, 21 * made.deduction, 21)
    at_level = model.shift_and_spread(*counts, error=ERROR, level=level)
    at_shift = model.spread_and_level(*counts, error=ERROR, shift=shift)
    for found in (at_level, at_shift):
        assert (found.shift, found.level) == pytest.approx((shift, level), rel=1e-4)
        assert found.spread == pytest.approx(spread, rel=1e-3, abs=1e-4)


def test_level_for_winners():
    level = model.level_for_winners(13, 21, error=ERROR, shift=-0.019)
    assert 21 * chances(-0.019, error=ERROR, level=level).payment == pytest.approx(13)
    assert round(level, 2) == 0.29


def test_likelihood_against_scipy_and_deviance_of_the_best():
    region = model.compatibility(3, 1, 8, shifts=[-0.03, 0.0], spreads=[0.0, 0.02], error=ERROR, level=0.1)
    for row in region.itertuples():
        got = chances(row.shift, error=ERROR, level=0.1, spread=row.spread)
        p = [got.payment, got.deduction, 1 - got.payment - got.deduction]
        outcomes = [(w, c, 8 - w - c) for w in range(9) for c in range(9 - w)]
        likely = {o: multinomial.pmf(o, 8, p) for o in outcomes}
        best = {o: multinomial.pmf(o, 8, np.array(o) / 8) for o in outcomes}
        deviance = {o: 2 * np.log(best[o] / likely[o]) for o in outcomes}
        assert row.deviance == pytest.approx(deviance[3, 1, 4])
        tail = sum(likely[o] for o in outcomes if deviance[o] >= deviance[3, 1, 4] - 1e-9)
        assert row.p_value == pytest.approx(tail)
        assert row.expected_winners == pytest.approx(8 * got.payment)


@pytest.mark.parametrize(("shift", "spread"), [(-0.019, 0.0), (-0.019, 0.03), (0.01, 0.05)])
def test_region_covers_whatever_the_truth(shift, spread):
    got = chances(shift, error=ERROR, level=0.05, spread=spread)
    p = [got.payment, got.deduction, 1 - got.payment - got.deduction]
    covered = 0.0
    for winners in range(13):
        for losers in range(13 - winners):
            at_truth = model.compatibility(
                winners, losers, 12, shifts=[shift], spreads=[spread], error=ERROR, level=0.05
            )
            if at_truth["p_value"].item() >= 0.05:
                covered += multinomial.pmf([winners, losers, 12 - winners - losers], 12, p)
    assert covered >= 0.95


def test_no_common_shift_gives_thirteen_and_two():
    region = model.compatibility(
        *SEEN, shifts=np.arange(-0.1, 0.05, 0.001), spreads=[0.0], error=ERROR, level=0.05
    )
    assert region["p_value"].max() < 1e-5


def test_exchanging_winners_and_losers_turns_the_shift():
    grid = {"spreads": [0.01, 0.03], "error": ERROR, "level": 0.05}
    one = model.compatibility(13, 2, 21, shifts=[-0.04, -0.02], **grid)
    other = model.compatibility(2, 13, 21, shifts=[0.04, 0.02], **grid)
    columns = ["deviance", "p_value"]
    pd.testing.assert_frame_equal(one[columns], other[columns])


def test_luck_of_the_baseline_stands_in_for_spread():
    options = {"shifts": [-0.03], "error": ERROR, "level": 0.05}
    unseen = model.compatibility(*SEEN, spreads=[0.03], unseen=0.04, **options)
    wider = model.compatibility(*SEEN, spreads=[0.05], **options)
    assert unseen["p_value"].item() == pytest.approx(wider["p_value"].item())


def test_profile_intervals():
    region = model.compatibility(
        *SEEN, shifts=np.arange(-75, 26) / 500, spreads=np.arange(81) / 500, error=ERROR, level=0.05
    )
    best = model.shift_and_spread(*SEEN, error=ERROR, level=0.05)
    for column, truth in (("shift", best.shift), ("spread", best.spread)):
        found = model.profile_interval(region, column)
        assert found.estimate == pytest.approx(truth, abs=0.002)
        assert found.low < found.estimate < found.high
        narrow = model.profile_interval(region, column, coverage=0.5)
        assert found.low < narrow.low < narrow.high < found.high


def test_profile_of_nothing_unusual_starts_at_no_spread():
    region = model.compatibility(
        1, 1, 21, shifts=np.arange(-50, 51) / 1000, spreads=np.arange(81) / 1000, error=ERROR, level=0.05
    )
    assert model.profile_interval(region, "spread").low == 0


@pytest.mark.parametrize(
    ("shifts", "spreads", "coverage", "message"),
    [
        (np.arange(-50, 0) / 1000, np.arange(161) / 1000, 0.95, "the interval of the shift runs to the end"),
        (np.arange(-150, 51) / 1000, [0.05], 2, "coverage is 2"),
    ],
)
def test_grids_that_are_too_small(shifts, spreads, coverage, message):
    region = model.compatibility(*SEEN, shifts=shifts, spreads=spreads, error=ERROR, level=0.05)
    with pytest.raises(ValueError, match=message):
        model.profile_interval(region, "shift", coverage=coverage)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ((13, 2, 21.5), "providers is 21.5: give a whole number"),
        (([13], 2, 21), r"winners is \[13\], which is not a number: give counts of 0 or more"),
        ((13, None, 21), "losers is None, which is not a number"),
        ((22, 0, 21), "give counts of 0 or more, together no more than all"),
        ((-1, 2, 21), "give counts of 0 or more"),
        ((13, 0, 21), "nothing finite fits"),
        ((19, 2, 21), "nothing finite fits"),
        ((0.01, 0.01, 21), "sampling alone spreads the changes more"),
    ],
)
def test_counts_that_cannot_be(counts, message):
    with pytest.raises(ValueError, match=message):
        model.shift_and_spread(*counts, error=ERROR, level=0.05)


def test_shifts_that_cannot_be():
    with pytest.raises(ValueError, match="the shift has the wrong sign"):
        model.spread_and_level(*SEEN, error=ERROR, shift=0.019)
    with pytest.raises(ValueError, match="as many winners as losers"):
        model.spread_and_level(3, 3, 21, error=ERROR, shift=0.0)
    with pytest.raises(ValueError, match=r"shift has -1\.9: give shares"):
        model.spread_and_level(*SEEN, error=ERROR, shift=-1.9)
    with pytest.raises(ValueError, match="need a threshold above the baseline"):
        model.level_for_winners(13, 21, error=ERROR, shift=0.0)


@pytest.mark.parametrize(
    ("counts", "options", "message"),
    [
        ((13.5, 2, 21), {}, "winners is 13.5: give a whole number"),
        ((13, 2, 21.5), {}, "providers is 21.5: give a whole number"),
        (SEEN, {"shifts": []}, "shifts and spreads need one value each at least"),
        (SEEN, {"spreads": [[0.1]]}, "shifts and spreads need one value each at least, in a row"),
        (SEEN, {"spreads": [-0.1]}, "spreads has -0.1: give shares from 0"),
        (SEEN, {"error": 0.9}, "error is 0.9: give a share"),
        (SEEN, {"unseen": [0.1, 0.2]}, "unseen is .*, which is not a number: give one share"),
    ],
)
def test_regions_that_cannot_be(counts, options, message):
    with pytest.raises(ValueError, match=message):
        model.compatibility(
            *counts, **{"shifts": [0.0], "spreads": [0.0], "error": ERROR, "level": 0.05, **options}
        )


REGION = model.compatibility(*SEEN, shifts=[-0.1, 0.0], spreads=[0.0, 0.1], error=ERROR, level=0.05)


@pytest.mark.parametrize(
    ("region", "column", "message"),
    [
        (REGION, "x", "column is 'x': choose 'shift' or 'spread'"),
        (REGION, "deviance", "column is 'deviance': choose"),
        (REGION[:0], "shift", "the region is empty or lacks values: give what `compatibility` returns"),
        (REGION.assign(deviance=np.nan), "shift", "the region is empty or lacks values"),
        (REGION[["shift"]], "shift", "the region is empty or lacks values"),
        (None, "shift", "the region is empty or lacks values"),
    ],
)
def test_regions_without_a_profile(region, column, message):
    with pytest.raises(ValueError, match=message):
        model.profile_interval(region, column)


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        (model.spread_and_level, {"losers": 2, "shift": [-0.019]}, "shift is .* give one share, not many"),
        (model.spread_and_level, {"losers": 2, "shift": -0.9}, "only a shift of -0.90 and a spread of 1"),
        (model.level_for_winners, {"shift": [-0.019]}, "shift is .* give one share, not many"),
        (model.level_for_winners, {"shift": -0.019, "spread": [0.1]}, "spread is .* give one share"),
        (model.shift_and_spread, {"losers": 2, "level": 0.05, "error": 0.9}, "error is 0.9: .* by 100"),
    ],
)
def test_one_share_not_many_nor_percentage_points(function, options, message):
    with pytest.raises(ValueError, match=message):
        function(13, providers=21, **{"error": ERROR, **options})
