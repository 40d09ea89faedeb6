import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import fsolve
from scipy.stats import binom, multinomial
from statsmodels.stats import proportion as oracle
from statsmodels.stats.power import NormalIndPower

from tr_analysis.estimators import payment as model
from tr_analysis.estimators.payment import outcome_probabilities, standard_error

ERROR = standard_error(1286, 0.475)
TEST = {"error": ERROR, "level": 0.05}
SEEN = (13, 2, 21)
changes, levels = st.floats(-0.3, 0.3), st.floats(0.001, 0.4)


def counts(shift, providers=21, **test):
    """Winners and losers expected."""
    found = outcome_probabilities(shift, **TEST | test)
    return providers * found.payment, providers * found.deduction


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.05, 0.95))
def test_score_against_a_known_baseline(cohort, baseline):
    count, size = cohort
    found = model.score(np.array(count), np.array(size), np.array(baseline), np.array(np.inf))
    expected = oracle.proportions_ztest(count, size, baseline, prop_var=baseline)[0]
    assert found == pytest.approx(expected, abs=1e-9)


@given(st.integers(1, 299), st.integers(1, 199))
def test_score_against_a_sampled_baseline(count, baseline):
    found = model.score(np.array(count), np.array(300), np.array(baseline / 200), np.array(200))
    options = {"method": "score", "compare": "diff", "correction": False}
    tested = oracle.test_proportions_2indep(count, 300, baseline, 200, **options)
    assert found == pytest.approx(tested.statistic, abs=1e-9)


def test_golden_values():
    year = standard_error(5143, 0.475)
    found = [ERROR, *(model.minimum_detectable_change(error, level=0.05) for error in (ERROR, year))]
    assert [f"{100 * x:.2f}" for x in found] == ["1.39", "3.90", "1.95"]  # points; a quarter's, and a year's
    power = outcome_probabilities(np.array([-0.037, -0.019, 0]), **TEST)
    assert [f"{p:.0%}" for p in power.payment[:2]] == ["76%", "28%"]
    assert (round(21 * power.payment[1], 1), round(21 * power.deduction[1], 3)) == (5.8, 0.009)
    assert round(binom.sf(12, 21, power.payment[1]), 3) == 0.001  # 13 winners or more
    assert np.round(counts(-0.019, spread=0.03), 1).tolist() == [8.4, 1.7]
    nothing = power.payment[2]
    assert (round(1 - (1 - nothing) ** 21, 2), round(21 * 18 * nothing, 2)) == (0.41, 9.45)


@given(levels, st.floats(0.45, 0.99), st.integers(1, 10**6), st.floats(0, 0.03))
def test_detectable_change_is_found_with_that_power(level, power, size, ignored):
    test = {"error": standard_error(size, 0.3) / 10, "level": level, "ignored_standard_error": ignored}
    change = model.minimum_detectable_change(**test, power=power)
    assert outcome_probabilities(-change, **test).payment == pytest.approx(power)


def test_power_of_two_cohorts_against_statsmodels():
    found = outcome_probabilities(-0.05, error=standard_error(800, 0.4, baseline_size=2400), level=0.1)
    effect = 0.05 / np.sqrt(0.4 * 0.6)
    expected = NormalIndPower().power(effect, 800, 0.05, ratio=3, alternative="larger")
    assert found.payment == pytest.approx(expected, rel=1e-9)


@given(changes, changes, levels, st.floats(0, 0.2))
def test_a_deeper_fall_is_paid_more_often_and_falls_mirror_rises(first, second, level, spread):
    fall, rise = sorted([first, second])
    low, high = counts(fall, level=level, spread=spread), counts(rise, level=level, spread=spread)
    assert low[0] >= high[0]
    assert low[1] <= high[1]
    assert counts(-fall, level=level, spread=spread) == pytest.approx(low[::-1])


def test_explanations_of_thirteen_and_two():
    at_level = model.explain_counts(*SEEN, **TEST)
    assert counts(at_level.shift, spread=at_level.spread) == pytest.approx((13, 2))

    def gap(unknown):
        return np.subtract(counts(unknown[0], spread=abs(unknown[1])), (13, 2))

    root = fsolve(gap, [-0.03, 0.03])
    assert (at_level.shift, at_level.spread) == pytest.approx(tuple(root), rel=1e-6)
    assert (round(100 * at_level.shift, 1), round(100 * at_level.spread, 1)) == (-4.4, 5.2)
    at_shift = model.explain_counts(*SEEN, error=ERROR, shift=-0.019)
    assert (round(100 * at_shift.spread, 1), round(at_shift.level, 2)) == (1.9, 0.39)
    level = model.level_for_winners(13, 21, error=ERROR, shift=-0.019)
    assert counts(-0.019, level=level)[0] == pytest.approx(13)
    assert round(level, 2) == 0.29


@given(st.floats(-0.08, -0.005), st.floats(0.001, 0.08), st.floats(0.01, 0.3))
def test_solutions_give_back_what_made_the_counts(shift, spread, level):
    made = counts(shift, spread=spread, level=level)
    assume(made[1] > 21e-12 and made[0] - made[1] > 21e-6)
    for found in (
        model.explain_counts(*made, 21, error=ERROR, level=level),
        model.explain_counts(*made, 21, error=ERROR, shift=shift),
    ):
        assert (found.shift, found.level) == pytest.approx((shift, level), rel=1e-4)
        assert found.spread == pytest.approx(spread, rel=1e-3, abs=1e-4)


def cells(shift, spread, level):
    found = outcome_probabilities(shift, error=ERROR, level=level, spread=spread)
    return [found.payment, found.deduction, 1 - found.payment - found.deduction]


def test_likelihood_against_scipy_and_deviance_of_the_best():
    options = {"error": ERROR, "level": 0.1}
    region = model.multinomial_region(3, 1, 8, shifts=[-0.03, 0.0], spreads=[0.0, 0.02], **options)
    for row in region.itertuples():
        p = cells(row.shift, row.spread, 0.1)
        outcomes = [(w, c, 8 - w - c) for w in range(9) for c in range(9 - w)]
        likely = {o: multinomial.pmf(o, 8, p) for o in outcomes}
        best = {o: multinomial.pmf(o, 8, np.array(o) / 8) for o in outcomes}
        deviance = {o: 2 * np.log(best[o] / likely[o]) for o in outcomes}
        assert row.deviance == pytest.approx(deviance[3, 1, 4])
        tail = sum(likely[o] for o in outcomes if deviance[o] >= deviance[3, 1, 4] - 1e-9)
        assert row.p_value == pytest.approx(tail)
        assert row.expected_winners == pytest.approx(8 * p[0])


@pytest.mark.parametrize(("shift", "spread"), [(-0.019, 0.0), (-0.019, 0.03), (0.01, 0.05)])
def test_region_covers_whatever_the_truth(shift, spread):
    wide = {"spread": np.hypot(spread, 0.04)}  # an error that the test ignores widens like spread
    assert counts(shift, spread=spread, ignored_standard_error=0.04) == pytest.approx(counts(shift, **wide))
    p, covered = cells(shift, spread, 0.05), 0.0
    for winners in range(13):
        for losers in range(13 - winners):
            found = model.multinomial_region(winners, losers, 12, shifts=[shift], spreads=[spread], **TEST)
            if found["p_value"].item() >= 0.05:
                covered += multinomial.pmf([winners, losers, 12 - winners - losers], 12, p)
    assert covered >= 0.95


def test_profile_intervals():
    grid = {"shifts": np.arange(-75, 26) / 500, "spreads": np.arange(81) / 500}
    region, best = model.multinomial_region(*SEEN, **grid, **TEST), model.explain_counts(*SEEN, **TEST)
    for column in ("shift", "spread"):
        found = model.profile_interval(region, column)
        assert found.estimate == pytest.approx(getattr(best, column), abs=0.002)
        # The ends are where the smallest deviance passes 3.841, the quantile of one degree of freedom.
        profile = region.groupby(column)["deviance"].min()
        inside = profile[profile <= profile.min() + 3.841459]
        assert (found.low, found.high) == (inside.index.min(), inside.index.max())
    usual = model.multinomial_region(1, 1, 21, **grid, **TEST)
    assert model.profile_interval(usual, "spread").low == 0


REGION = model.multinomial_region(*SEEN, shifts=[-0.1, 0.0], spreads=[0.0, 0.1], **TEST)


EXPLAIN, LEVEL, REGIONS = model.explain_counts, model.level_for_winners, model.multinomial_region
PROFILE = model.profile_interval


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: model.critical_value(0.5), r"significance level above 0 and below 0\.5"),
        (lambda: standard_error(0, 0.475), "size is 0: give the number of people"),
        (lambda: standard_error(1286, 47.5), "rate is 47.5: give a share"),
        (lambda: standard_error(1286, 0.475, baseline_size=np.nan), "baseline_size is nan"),
        (lambda: counts(-1.9), "shift has -1.9: give shares from -1 to 1, percentage points divided by"),
        (lambda: counts(np.array([0, np.nan])), "shift has nan"),
        (lambda: counts(0.0, spread=-0.01), "spread has -0.01: give shares from 0 to 0.5"),
        (lambda: counts([0.0, -0.1], spread=[0.1] * 3), "2 shifts and 3 spreads: give one, or as many"),
        (lambda: counts(0.0, error=0.7), "error is 0.7: give a share above 0 and up to 0.5, .* percentage p"),
        (lambda: counts(0.0, ignored_standard_error=0.9), "ignored_standard_error has 0.9: give shares from"),
        (lambda: model.minimum_detectable_change(**TEST, power=0.05), "power is 0.05: give a probability"),
        (lambda: model.minimum_detectable_change(0.4, level=0.05), "only a fall of 1.12 would be found"),
        (lambda: EXPLAIN(13, 2, 21.5, **TEST), "providers is 21.5: give a whole number"),
        (lambda: EXPLAIN(22, 0, 21, **TEST), "give counts of 0 or more, together no more"),
        (lambda: EXPLAIN(13, 0, 21, **TEST), "nothing finite fits"),
        (lambda: EXPLAIN(19, 2, 21, **TEST), "nothing finite fits"),
        (lambda: EXPLAIN(0.01, 0.01, 21, **TEST), "sampling alone spreads the changes more"),
        (lambda: EXPLAIN(*SEEN, error=ERROR), "give either the level or the shift"),
        (lambda: EXPLAIN(*SEEN, error=ERROR, shift=0.019), "the shift has the wrong sign"),
        (lambda: EXPLAIN(3, 3, 21, error=ERROR, shift=0.0), "as many winners as losers"),
        (lambda: EXPLAIN(*SEEN, error=ERROR, shift=-0.9), "only a shift of -0.90 and a spread of 1"),
        (lambda: LEVEL(13, 21, error=ERROR, shift=0.0), "no level gives 13 winners of 21"),
        (lambda: LEVEL(13, 21, error=ERROR, shift=-0.019, spread=[0.1]), "spread is .* give one share"),
        (lambda: REGIONS(13.5, 2, 21, shifts=0, spreads=0, **TEST), "winners is 13.5: give a whole number"),
        (lambda: REGIONS(*SEEN, shifts=[], spreads=0, **TEST), "need one value each at least, in a row"),
        (lambda: PROFILE(REGION, "shift"), "the interval of the shift runs to the end of the grid: try more"),
        (lambda: PROFILE(REGION, "deviance"), "column is 'deviance': give 'shift' or 'spread'"),
        (lambda: PROFILE(REGION[:0], "shift"), "the region is empty or lacks values: give what"),
    ],
)
def test_values_that_cannot_be(call, message):
    with pytest.raises(ValueError, match=message):
        call()
