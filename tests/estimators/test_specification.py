import numpy as np
import pytest

from tr_analysis.estimators.specification import (
    grid,
    influence,
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
    assert type(grid({"lags": np.arange(2)})[0]["lags"]) is int


def test_grid_makes_every_combination_once():
    assert len({specification_id(made) for made in MADE}) == len(MADE) == 6
    assert MADE[1] == {"scale": "log", "harmonics": 2}
    some = grid(
        {"scale": ["log", "level"], "harmonics": [0, 2]}, lambda c: c["harmonics"] * (c["scale"] == "log")
    )
    assert some == [{"scale": "log", "harmonics": 2}]


def test_results_are_tidy():
    found = run_specifications(estimate, MADE)
    numbers = ["estimate", "low", "high", "n", "failure"]
    assert list(found.columns) == ["id", "scale", "harmonics", *numbers]
    assert list(found["id"]) == [specification_id(made) for made in MADE]
    assert list(found["estimate"]) == [-1, 1, 2, -1, 1, 2]
    assert run_specifications(lambda a: {"estimate": a}, [{"a": 1}])[["low", "n"]].isna().all(axis=None)
    assert (found["failure"] == "").all()


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (ValueError("too many harmonics: take fewer"), "too many harmonics: take fewer"),
        (ValueError(), "ValueError"),
        (ZeroDivisionError(), "ZeroDivisionError: "),
        (1.0, "the function returned 1: return a dictionary with an estimate"),
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

    found = run_specifications(fragile, grid({"harmonics": [0, 1]}))
    assert found["estimate"].isna().to_list() == [False, True]
    assert found["failure"].to_list() == ["", message]


GRID = grid({"big": [0, 10, 20], "small": [0, 1], "idle": ["x"]})


def curve(function=lambda big, small, idle: big + small, half=5.0, specifications=GRID):
    def run(**choices):
        middle = function(**choices)
        return {"estimate": middle, "low": middle - half, "high": middle + half}

    return run_specifications(run, specifications)


def by_size(values, half=1.5):
    """Return a curve of these estimates; those that are None fail."""
    made = grid({"place": range(len(values))})
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
        lambda c: (c["control"], c["scale"]) != ("remand", "level"),
    )
    found = influence(run_specifications(run, made))
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
        (lambda two: grid({"scale": ["log"]}, lambda c: False), "no combination is left"),
        (lambda two: run_specifications(estimate, []), "no specifications"),
        (lambda two: run_specifications(estimate, [{"a": 1}, {"b": 1}]), "needs a choice for each of a"),
        (lambda two: run_specifications(estimate, [{"a": 1}, {"a": 1.0}]), "given twice: keep one"),
        (lambda two: summarise(two.drop(columns="failure")), "lack columns: give what"),
        (lambda two: summarise(by_size([None, None])), "every specification failed; the first: "),
        (lambda two: summarise(two.iloc[:0]), "there are none"),
    ],
)
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(by_size([1.0, 2.0]))
