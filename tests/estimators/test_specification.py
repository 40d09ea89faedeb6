import numpy as np
import pytest

from tr_analysis.estimators.randomisation import sign_flips
from tr_analysis.estimators.specification import (
    grid,
    influence,
    joint_test,
    joint_test_at_once,
    marginals,
    run_specifications,
    specification_id,
    summarise,
)

MADE = grid({"scale": ["log", "level"], "harmonics": [0, 2, 3]})


def estimate(scale, harmonics=0):
    return {"estimate": harmonics - 1.0, "low": harmonics - 2.0, "high": harmonics * 1.0, "n": 117}


def test_ids_are_pinned():
    # sha256sum of the choices as JSON, names sorted, no spaces.
    choices = {"harmonics": 2, "reform": "2015-02", "control": False, "share": 0.1}
    assert specification_id(choices) == "88fa40ee89fb6254"
    assert specification_id(dict(reversed(choices.items()))) == "88fa40ee89fb6254"
    assert specification_id({"name": "café"}) == "9db11f5f5dc2b389"


def test_numbers_are_what_they_equal_and_no_more():
    same = [2, 2.0, np.int64(2), np.float64(2)]
    assert len({specification_id({"lags": lags}) for lags in same}) == 1
    assert specification_id({"x": 0.0}) == specification_id({"x": -0.0})
    assert len({specification_id({"x": x}) for x in (1, True, "1", 1.5)}) == 4
    assert type(grid({"lags": np.arange(2)}).specifications[0]["lags"]) is int


def test_grid_makes_every_combination_once():
    assert len({specification_id(made) for made in MADE.specifications}) == len(MADE.specifications) == 6
    assert MADE.specifications[1] == {"scale": "log", "harmonics": 2}
    assert MADE.excluded.empty
    assert list(MADE.excluded.columns) == ["scale", "harmonics", "reason"]


def test_grid_keeps_what_it_leaves_out_with_the_first_reason():
    made = grid(
        {"scale": ["log", "level"], "harmonics": [0, 2]},
        {"no level": lambda c: c["scale"] == "level", "no seasons": lambda c: c["harmonics"] == 0},
    )
    assert made.specifications == [{"scale": "log", "harmonics": 2}]
    assert list(made.excluded["reason"]) == ["no seasons", "no level", "no level"]


def test_results_are_tidy():
    found = run_specifications(estimate, MADE.specifications)
    numbers = ["estimate", "low", "high", "n", "failure"]
    assert list(found.columns) == ["id", "scale", "harmonics", *numbers]
    assert list(found["id"]) == [specification_id(made) for made in MADE.specifications]
    assert list(found["estimate"]) == [-1, 1, 2, -1, 1, 2]
    assert run_specifications(lambda a: {"estimate": a}, [{"a": 1}])[["low", "n"]].isna().all(axis=None)
    assert (found["failure"] == "").all()


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (ValueError("too many harmonics: take fewer"), "too many harmonics: take fewer"),
        (ValueError(), "ValueError"),
        (ZeroDivisionError(), "ZeroDivisionError: "),
        ({"estimate": np.nan}, "the estimate is nan: return a finite number"),
        ({"estimate": 1, "low": 2, "high": 3}, "the interval 2 to 3 does not hold the estimate 1"),
    ],
)
def test_failures_are_rows_with_their_message(result, message):
    def fragile(harmonics):
        if harmonics == 0:
            return {"estimate": 1}
        if isinstance(result, Exception):
            raise result
        return result

    found = run_specifications(fragile, grid({"harmonics": [0, 1]}).specifications)
    assert found["estimate"].isna().to_list() == [False, True]
    assert found["failure"].to_list() == ["", message]


GRID = grid({"big": [0, 10, 20], "small": [0, 1], "idle": ["x"]}).specifications


def curve(function=lambda big, small, idle: big + small, half=5.0, specifications=GRID):
    def run(**choices):
        middle = function(**choices)
        return {"estimate": middle, "low": middle - half, "high": middle + half}

    return run_specifications(run, specifications)


def by_size(values, half=1.5):
    """Return a curve of these estimates; those that are None fail."""
    made = grid({"place": range(len(values))}).specifications
    return curve(lambda place: float(values[place]), half, made)


@pytest.mark.parametrize(
    ("values", "median", "same_sign", "significant"),
    [
        ([-2, 1, 2, 3, 4], 2, 0.8, 0.6),
        ([-9, -8, 1, 2, 3], 1, 0.6, 0.4),  # clear estimates of the other sign do not count
        ([-2, 0, 2], 0, 1 / 3, 0),  # a median of nothing has no side
        ([None, 1, 2], 1.5, 1, 0.5),  # failures are left out of the shares
    ],
)
def test_curves_are_summarised(values, median, same_sign, significant):
    found = summarise(by_size(values))
    assert (found.specifications, found.failed) == (len(values), values.count(None))
    estimates = [value for value in values if value is not None]
    assert (found.lowest, found.median, found.highest) == (min(estimates), median, max(estimates))
    assert (found.same_sign, found.significant) == (same_sign, significant)


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
    assert list(influence(curve()).index) == ["big", "small", "idle"]
    assert influence(curve()).to_numpy().tolist() == [[2, 20, 20], [3, 1, 1], [0, 0, 0]]
    assert influence(by_size([3, -1, 4])).loc["place"].tolist() == [1, 5, 5]


def test_marginals_are_option_by_option():
    found = marginals(curve())
    assert list(found.loc["big"].index) == [0, 10, 20]
    assert found.loc["big", "median"].tolist() == [0.5, 10.5, 20.5]
    assert found.loc["big", "significant"].tolist() == [0, 1, 1]
    assert found.loc[("small", 0), "specifications"] == 3
    failed = marginals(by_size([1, None])).loc[("place", 1)]
    assert failed[["specifications", "failed"]].tolist() == [1, 1]
    assert failed[["median", "same_sign", "significant"]].isna().all()


def test_joint_test_counts_the_curves_as_extreme():
    half_failed = joint_test(by_size([3, None], half=1), [by_size([3.0, 0.0])])
    assert half_failed.loc["share significant", "observed"] == 0.5
    null = [by_size([value] * 3) for value in (-5.0, 0.5, 1.0, 2.0)]
    found = joint_test(by_size([2.0, 2.0, 9.0]), iter(null))
    assert found.loc["median"].tolist() == [2, 2, 5, 0.6, 0.2]
    assert found.loc["share significant"].tolist() == [1, 2, 5, 0.6, 0.6]
    assert joint_test(by_size([1, 2, 3]), [by_size([1, 2, 3])[::-1]])["as_extreme"].tolist() == [1, 1]


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


@pytest.mark.parametrize(
    ("effect", "series", "seed", "low", "high"),
    [
        (0.0, 10, 5, 0, 3 / 10),  # of 10 data sets more than 3 hardly once in a thousand runs
        (4.0, 4, 5, 0.5, 1),
        # The p-value is a multiple of 2/64, so that its level at 0.05 is 1/32; Monte Carlo error 0.0045.
        pytest.param(0.0, 1500, 1, 0.018, 0.045, marks=pytest.mark.full),
    ],
)
def test_joint_test_keeps_its_level_and_finds_an_effect(effect, series, seed, low, high):
    assert low <= rejections(effect, series, seed) <= high


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda two: specification_id({}), "choices are {}: give a dictionary"),
        (lambda two: specification_id({"lags": None}), "write a month as"),
        (lambda two: specification_id({"lags": np.inf}), "lags is inf"),
        (lambda two: specification_id({"two words": 1}), "'two words' cannot name a choice"),
        (lambda two: specification_id({"estimate": 1}), "'estimate' cannot name a choice: .* no column of"),
        (lambda two: grid({"scale": []}), "scale has no options"),
        (lambda two: grid({"lags": [1, 1.0]}), "or one twice"),
        (lambda two: grid({"scale": "log"}), "scale is 'log': give a list of options"),
        (lambda two: grid({"scale": ["log"]}, {"none": lambda c: True}), "no combination is left"),
        (lambda two: run_specifications(estimate, []), "no specifications"),
        (lambda two: run_specifications(estimate, [{"a": 1}, {"b": 1}]), "needs a choice for each of a"),
        (lambda two: run_specifications(estimate, [{"a": 1}, {"a": 1.0}]), "given twice: keep one"),
        (lambda two: joint_test(two, []), "no null curves"),
        (lambda two: joint_test(two, two), "null is a DataFrame .*: give a list of them"),
        (lambda two: joint_test(two, [by_size([1.0, 2.0, 3.0])]), "a null curve is of other specifications"),
        (lambda two: joint_test(two, [by_size([None, None])]), "every specification failed; the first: "),
        (lambda two: summarise(two.drop(columns="failure")), "lack columns: give what"),
        (lambda two: summarise(two.iloc[:0]), "there are none"),
    ],
)
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(by_size([1.0, 2.0]))


def test_many_curves_at_once_as_one_by_one():
    rng = np.random.default_rng(5)
    estimates = rng.normal(0.3, 1, (6, 40))
    p_values = rng.uniform(0, 0.2, (6, 40))
    tested = joint_test_at_once(estimates, p_values)
    specifications = MADE.specifications

    def curve(place):
        given = iter(zip(estimates[:, place], p_values[:, place], strict=True))

        def found(**_):
            estimate, p = next(given)
            ends = sorted([0.5 * estimate, 2 * estimate]) if p < 0.05 else [-9.0, 9.0]
            return {"estimate": estimate, "low": ends[0], "high": ends[1]}

        return run_specifications(found, specifications)

    curves = [curve(place) for place in range(40)]
    expected = joint_test(curves[0], curves[1:])
    assert tested[list(expected)].to_numpy() == pytest.approx(expected.to_numpy(dtype=float))
    p = tested.loc["median", "p_value"]
    assert tested.loc["median", "simulation_error"] == pytest.approx(np.sqrt(p * (1 - p) / 40))
