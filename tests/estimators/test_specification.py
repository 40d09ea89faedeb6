from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tr_analysis.estimators.proportions import proportion
from tr_analysis.estimators.specification import Specification, failures, grid, run_specifications

CHOICES = st.dictionaries(
    st.from_regex("[a-h]", fullmatch=True),
    st.one_of(
        st.text(max_size=5), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans()
    ),
    min_size=1,
)


def estimate(scale, harmonics=0):
    return {"estimate": harmonics - 1.0, "low": harmonics - 2.0, "high": harmonics * 1.0, "n": 117}


def noisy(scale, harmonics, seed):
    return {"estimate": np.random.default_rng(seed).normal()}


MADE = grid({"scale": ["log", "level"], "harmonics": [0, 2, 3]})


def test_ids_are_pinned():
    # sha256sum of the choices as JSON, names sorted, no spaces.
    assert Specification({"harmonics": 2, "reform": "2015-02", "control": False, "share": 0.1}).id == (
        "88fa40ee89fb6254"
    )
    assert Specification({"name": "café"}).id == "9db11f5f5dc2b389"


@given(CHOICES)
def test_order_of_names_changes_nothing(choices):
    turned = Specification(dict(reversed(choices.items())))
    assert turned == Specification(choices)
    assert (turned.id, turned.seed, hash(turned)) == (
        Specification(choices).id,
        Specification(choices).seed,
        hash(Specification(choices)),
    )
    assert 0 <= turned.seed < 2**64


def test_numbers_are_what_they_equal_and_no_more():
    same = [2, 2.0, np.int64(2), np.float64(2)]
    assert len({Specification({"lags": lags}).id for lags in same}) == 1
    assert Specification({"x": 0.0}) == Specification({"x": -0.0})
    assert len({Specification({"x": x}).id for x in (1, True, "1", 1.5)}) == 4
    assert type(Specification({"lags": np.int64(2)}).choices["lags"]) is int


def test_choices_are_kept_apart_from_the_mapping_given():
    given_choices = {"lags": 2}
    made = Specification(given_choices)
    given_choices["lags"] = 3
    assert made.choices == {"lags": 2}


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({}, "no choices"),
        ({"lags": None}, "write a month as"),
        ({"lags": float("nan")}, "lags is nan"),
        ({"lags": np.inf}, "lags is inf"),
        ({"lags": [1, 2]}, "a choice is text"),
        ({"two words": 1}, "cannot name a choice"),
        ({3: 1}, "cannot name a choice"),
        ({"estimate": 1}, "results have a column"),
        ({"id": 1}, "results have a column"),
    ],
)
def test_choices_that_cannot_be(choices, message):
    with pytest.raises(ValueError, match=message):
        Specification(choices)


def test_grid_makes_every_combination_once():
    assert len(MADE.specifications) == 6
    assert len({s.id for s in MADE.specifications}) == 6
    assert MADE.specifications[1].choices == {"scale": "log", "harmonics": 2}
    assert MADE.excluded.empty
    assert list(MADE.excluded.columns) == ["scale", "harmonics", "reason"]


def test_grid_keeps_what_it_leaves_out_with_the_first_reason():
    made = grid(
        {"scale": ["log", "level"], "harmonics": [0, 2]},
        {"no level": lambda c: c["scale"] == "level", "no seasons": lambda c: c["harmonics"] == 0},
    )
    assert [dict(s.choices) for s in made.specifications] == [{"scale": "log", "harmonics": 2}]
    assert list(made.excluded["reason"]) == ["no seasons", "no level", "no level"]


@pytest.mark.parametrize(
    ("choices", "exclude", "message"),
    [
        ({}, {}, "no choices"),
        ({"scale": []}, {}, "scale has no options"),
        ({"lags": [1, 1.0]}, {}, "or one twice"),
        ({"scale": "log"}, {"none": lambda c: True}, "no combination is left"),
    ],
)
def test_grids_that_cannot_be(choices, exclude, message):
    with pytest.raises(ValueError, match=message):
        grid(choices, exclude)


def test_results_are_tidy():
    found = run_specifications(estimate, MADE.specifications)
    assert list(found.columns) == [
        *("id", "scale", "harmonics", "estimate", "low", "high", "std_error", "p_value", "n", "failure")
    ]
    assert list(found["id"]) == [s.id for s in MADE.specifications]
    assert list(found["estimate"]) == [-1, 1, 2, -1, 1, 2]
    assert found["std_error"].isna().all()
    assert (found["failure"] == "").all()


def test_any_kind_of_result_is_read():
    def result(kind):
        return {
            "object": SimpleNamespace(estimate=1, low=0, high=2),
            "row": pd.Series({"estimate": 1.0, "low": 0.0, "high": 2.0}),
            "proportion": proportion(3, 10),
            "missing": {"estimate": 1, "n": None, "p_value": pd.NA},
        }[kind]

    made = grid({"kind": ["object", "row", "proportion", "missing"]}).specifications
    found = run_specifications(result, made).set_index("kind")
    assert (found["failure"] == "").all()
    assert found.loc["row", "high"] == found.loc["object", "high"] == 2
    assert found.loc["proportion", "estimate"] == 0.3


def test_failures_are_rows_with_their_message():
    def fragile(harmonics):
        if harmonics == 1:
            raise ValueError("too many harmonics: take fewer")
        if harmonics == 2:
            raise ZeroDivisionError
        return {"estimate": np.nan} if harmonics == 3 else {"estimate": 1, "low": 2, "high": 3}

    found = run_specifications(fragile, grid({"harmonics": [1, 2, 3, 4]}).specifications)
    assert found["estimate"].isna().all()
    assert list(found["failure"]) == [
        "too many harmonics: take fewer",
        "ZeroDivisionError: ",
        "the estimate is nan: return a finite number",
        "the interval 2 to 3 does not hold the estimate 1",
    ]
    assert list(failures(found).columns) == ["id", "harmonics", "failure"]
    assert len(failures(found)) == 4


def test_half_an_interval_or_nothing_at_all_is_a_failure():
    half = run_specifications(lambda a: {"estimate": 1, "low": 0}, [Specification({"a": 1})])
    none = run_specifications(lambda a: None, [Specification({"a": 1})])
    assert half["failure"].str.contains("does not hold").all()
    assert none["failure"].str.contains("the estimate is nan").all()


def test_an_interrupt_is_no_failure():
    def interrupted(a):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_specifications(interrupted, [Specification({"a": 1})])


def test_seeds_do_not_depend_on_order_or_workers():
    one = run_specifications(noisy, MADE.specifications)
    turned = run_specifications(noisy, MADE.specifications[::-1])
    with ThreadPoolExecutor(3) as pool:
        many = run_specifications(noisy, MADE.specifications, mapper=pool.map)
    pd.testing.assert_frame_equal(one, many)
    pd.testing.assert_frame_equal(one, turned[::-1].reset_index(drop=True))
    assert one["estimate"].is_unique
    assert one.to_csv() == many.to_csv()


def test_a_seed_among_the_choices_is_left_alone():
    def seeded(seed):
        return {"estimate": seed}

    assert list(run_specifications(seeded, grid({"seed": [1, 2]}).specifications)["estimate"]) == [1, 2]


@pytest.mark.parametrize(
    ("specifications", "message"),
    [
        ([], "no specifications"),
        ([Specification({"a": 1}), Specification({"b": 1})], "needs a choice for each of a"),
        ([Specification({"a": 1, "b": 2}), Specification({"b": 2.0, "a": 1})], "given twice: keep one"),
    ],
)
def test_runs_that_cannot_be(specifications, message):
    with pytest.raises(ValueError, match=message):
        run_specifications(estimate, specifications)


def test_a_grid_is_run_as_it_is():
    assert len(MADE) == 6
    assert list(MADE) == list(MADE.specifications)
    assert run_specifications(estimate, MADE).equals(run_specifications(estimate, MADE.specifications))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: grid({"a": 5}), "a is 5: give a list of options, even if it is of one"),
        (lambda: grid(["a"]), r"choices are \['a'\]: give the options of each"),
        (lambda: Specification([1]), "no choices: give at least one in a dictionary"),
        (
            lambda: run_specifications(estimate, [{"a": 1}]),
            "{'a': 1} is no specification: make one with `Specification` or",
        ),
        (lambda: run_specifications(estimate, [None]), "None is no specification"),
        (
            lambda: run_specifications(estimate, grid({"scale": [1, True]})),
            "scale is a number and true or false, which count as equal",
        ),
    ],
)
def test_what_is_no_specification(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ({"p_value": 5}, "p_value is 5: return a number from 0 to 1"),
        ({"p_value": -0.1}, "p_value is -0.1: return a number from 0 to 1"),
        ({"std_error": -1.0}, "std_error is -1: return a number from 0 to inf"),
    ],
)
def test_numbers_that_cannot_be_are_failures(result, message):
    found = run_specifications(lambda a: {"estimate": 1.0, **result}, grid({"a": [1]}))
    assert found["failure"].tolist() == [message]
    assert found["estimate"].isna().all()
