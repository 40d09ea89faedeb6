import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tr_analysis.estimators.randomisation import sign_flips
from tr_analysis.estimators.specification import grid, run_specifications
from tr_analysis.estimators.specification_curve import influence, joint_test, marginals, summarise

GRID = grid({"big": [0, 10, 20], "small": [0, 1], "idle": ["x"]}).specifications


def curve(function=lambda big, small, idle: big + small, half=5.0, specifications=GRID):
    def run(**choices):
        middle = function(**choices)
        return {"estimate": middle, "low": middle - half, "high": middle + half}

    return run_specifications(run, specifications)


def by_size(values, half=1.5):
    """Return a curve of these estimates."""
    made = grid({"place": range(len(values))}).specifications
    return curve(lambda place: float(values[place]), half, made)


def test_a_known_curve_is_summarised():
    found = summarise(by_size([-2, 1, 2, 3, 4]))
    assert (found.specifications, found.failed, found.with_interval) == (5, 0, 5)
    assert (found.median, found.lowest, found.highest) == (2, -2, 4)
    assert (found.same_sign, found.significant) == (0.8, 0.6)


def test_failures_are_counted_and_left_out_of_the_shares():
    def fragile(place):
        if place == 0:
            raise ValueError("no")
        return {"estimate": place}

    found = summarise(run_specifications(fragile, grid({"place": [0, 1, 2]}).specifications))
    assert (found.specifications, found.failed, found.same_sign) == (3, 1, 1)
    assert (found.with_interval, found.significant) == (0, 0)


def test_clear_estimates_of_the_other_sign_do_not_count():
    found = summarise(by_size([-9, -8, 1, 2, 3]))
    assert (found.median, found.same_sign, found.significant) == (1, 0.6, 0.4)


def test_a_median_of_nothing_has_no_side():
    found = summarise(by_size([-2, 0, 2]))
    assert (found.median, found.significant) == (0, 0)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing_and_the_mirror_mirrors(values, random):
    observed = by_size(values)
    order = list(range(len(values)))
    random.shuffle(order)
    assert summarise(observed.iloc[order]) == summarise(observed)
    mirrored = summarise(by_size([-value for value in values]))
    found = summarise(observed)
    assert mirrored.median == pytest.approx(-found.median)
    assert (mirrored.same_sign, mirrored.significant) == (found.same_sign, found.significant)


def test_choices_are_ranked_by_what_they_alone_move():
    found = influence(curve())
    assert list(found.index) == ["big", "small", "idle"]
    assert found["sets"].tolist() == [2, 3, 0]
    assert found["typical"].tolist() == [20, 1, 0]
    assert found["largest"].tolist() == [20, 1, 0]


def test_no_choice_is_blamed_for_its_companions():
    def run(control, scale):
        return {"estimate": {"log": 10.0, "level": 0.0}[scale] + {"none": 0.0, "remand": 1.0}[control]}

    made = grid(
        {"control": ["none", "remand"], "scale": ["log", "level"]},
        {"no such ratio": lambda c: (c["control"], c["scale"]) == ("remand", "level")},
    )
    found = influence(run_specifications(run, made.specifications))
    assert found.loc["control"].tolist() == [1, 1, 1]
    assert found.loc["scale"].tolist() == [1, 10, 10]


def test_one_choice_is_one_set():
    assert influence(by_size([3, -1, 4])).loc["place"].tolist() == [1, 5, 5]
    assert influence(by_size([3])).loc["place"].tolist() == [0, 0, 0]


def test_marginals_are_option_by_option():
    found = marginals(curve())
    assert list(found.loc["big"].index) == [0, 10, 20]
    assert found.loc["big", "median"].tolist() == [0.5, 10.5, 20.5]
    assert found.loc["big", "significant"].tolist() == [0, 1, 1]
    assert found.loc[("small", 0), "specifications"] == 3


def test_an_option_that_always_fails_has_no_numbers():
    def fragile(big, small, idle):
        if big == 20:
            raise ValueError("no")
        return {"estimate": 1.0 + big}

    found = marginals(run_specifications(fragile, GRID)).loc["big"]
    assert found.loc[20, ["specifications", "failed"]].tolist() == [2, 2]
    assert found.loc[20, ["median", "same_sign", "significant"]].isna().all()


def test_joint_test_counts_the_curves_as_extreme():
    null = [by_size([value] * 3) for value in (-5.0, 0.5, 1.0, 2.0)]
    found = joint_test(by_size([2.0, 2.0, 9.0]), null)
    assert found.loc["median"].tolist() == [2, 2, 5, 0.6, 0.2]
    assert found.loc["share significant"].tolist() == [1, 2, 5, 0.6, 0.6]


def test_mirrored_null_curves_bound_the_smallest_p():
    changes = np.array([1.0, 2.0, 3.0])
    null = [by_size([float(row @ changes)]) for row in sign_flips(3)]
    found = joint_test(by_size([float(changes.sum())]), null)
    assert found.loc["median", ["p_value", "smallest_p"]].tolist() == [2 / 8, 2 / 8]


def test_failures_count_against_the_share():
    def fragile(place):
        if place:
            raise ValueError("no")
        return {"estimate": 3, "low": 2, "high": 4}

    made = grid({"place": [0, 1]}).specifications
    observed = run_specifications(fragile, made)
    found = joint_test(observed, [by_size([3.0, 0.0])])
    assert found.loc["share significant", "observed"] == 0.5


def test_curves_that_cannot_be_compared():
    observed = by_size([1.0, 2.0])
    with pytest.raises(ValueError, match="no null curves"):
        joint_test(observed, [])
    with pytest.raises(ValueError, match="has 3 specifications, not 2"):
        joint_test(observed, [by_size([1.0, 2.0, 3.0])])
    with pytest.raises(ValueError, match="every specification failed; the first: the estimate is nan"):
        joint_test(observed, [by_size([np.nan, np.nan])])
    with pytest.raises(ValueError, match="no column 'failure'"):
        summarise(observed.drop(columns="failure"))
    with pytest.raises(ValueError, match="there are none"):
        summarise(observed.iloc[:0])


def rejections(effect: float, series: int, seed: int) -> float:
    """Share of data sets whose joint test by sign flips is below 0.05: six units, three ways to average."""
    draw = np.random.default_rng(seed)
    signs = np.vstack([np.ones(6), sign_flips(6)])
    ways = np.array([np.ones(6) / 6, np.r_[np.ones(3), np.zeros(3)] / 3, np.arange(1, 7) / 21])
    frames = by_size(np.zeros(3))

    def as_curve(values, data):
        half = 1.96 * data.std(ddof=1) * np.sqrt((ways**2).sum(axis=1))
        return frames.assign(estimate=values, low=values - half, high=values + half)

    below = 0
    for _ in range(series):
        data = draw.standard_t(3, 6) + effect
        curves = [as_curve(ways @ (row * data), data * row) for row in signs]
        below += joint_test(curves[0], curves[1:]).loc["median", "p_value"] <= 0.05
    return below / series


# The p-value is a multiple of 2/64, so that its level at 0.05 is 1/32.
def test_joint_test_keeps_its_level_and_finds_an_effect():
    # Of 10 data sets more than 3 fall below hardly once in a thousand runs.
    assert rejections(0.0, 10, seed=5) <= 3 / 10
    assert rejections(4.0, 4, seed=5) >= 0.5


@pytest.mark.full
def test_joint_test_has_its_level():
    # 1,500 data sets: Monte Carlo error 0.0045.
    assert 0.018 <= rejections(0.0, 1500, seed=1) <= 0.045


def test_null_curves_may_come_one_by_one():
    observed, null = by_size([1, 2, 3]), [by_size([-1, 0, 1]), by_size([4, 5, 6])]
    assert joint_test(observed, (curve for curve in null)).equals(joint_test(observed, null))


def test_null_curves_are_of_the_same_specifications():
    other = curve(lambda elsewhere: 1.0, specifications=grid({"elsewhere": range(3)}))
    with pytest.raises(ValueError, match="a null curve is of other specifications: run the same on each"):
        joint_test(by_size([1, 2, 3]), [other])
    observed = by_size([1, 2, 3])
    turned = joint_test(observed, [by_size([1, 2, 3]).iloc[::-1]])
    assert turned["as_extreme"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("null", "message"),
    [
        (by_size([1, 2, 3]), "null is one curve: give a list of them"),
        ([[1, 2, 3]], "results are a list: give what `run_specifications` returns"),
    ],
)
def test_what_is_no_list_of_curves(null, message):
    with pytest.raises(ValueError, match=message):
        joint_test(by_size([1, 2, 3]), null)
