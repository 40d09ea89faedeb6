"""Checks of what is given: what passes unchanged, and what is refused with which words."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from tr_analysis.estimators.checks import (
    check_count,
    check_counts,
    check_integer,
    check_level,
    check_number,
    generator,
    numbers,
    to_floats,
)


def test_any_kind_of_number_within_bounds_becomes_a_float_or_an_int():
    for value in (0.5, np.float32(0.5), Fraction(1, 2)):
        given = check_number("level", value, low=0.5, high=0.5)
        assert (given, type(given)) == (0.5, float)
    for value in (7, 7.0, np.int8(7), np.float64(7)):
        given = check_integer("draws", value, low=7, high=7)
        assert (given, type(given)) == (7, int)
    assert check_integer("seed", 2**53 + 1) == 2**53 + 1
    assert to_floats("sizes", [1, np.int8(2), 3.5, 10**30]).tolist() == [1, 2, 3.5, 1e30]


@pytest.mark.parametrize("check", [check_number, check_integer])
@pytest.mark.parametrize(
    ("value", "kind"),
    [(value, "a number") for value in ("0.5", None, True, np.bool_(True), [7], np.array([7]), pd.NA, 1j)]
    + [(value, "a finite number") for value in (np.nan, -np.inf, np.float32("nan"), 10**400)],
)
def test_what_is_no_finite_number_is_refused_by_its_name(check, value, kind):
    with pytest.raises(ValueError, match=f"^draws is .*, which is not {kind}: give a"):
        check("draws", value)


@pytest.mark.parametrize("value", [0, 1, -0.1, 1.1])
def test_open_bounds_are_refused_themselves(value):
    with pytest.raises(ValueError, match=f"^share is {value}: give a number above 0 and below 1$"):
        check_number("share", np.float64(value), low=0, high=1, strict=True)


@pytest.mark.parametrize(
    ("check", "value", "options", "wanted"),
    [
        (check_integer, 100.5, {"low": 100}, r"100\.5: give a whole number from 100"),
        (check_integer, 99, {"low": 100}, "99: give a whole number from 100"),
        (check_integer, 11, {"high": 10}, "11: give a whole number up to 10"),
        (check_number, 1.5, {"low": 0, "high": 1}, r"1\.5: give a number from 0 up to 1"),
        (check_number, 2, {"high": 1, "advice": "halve it"}, "2: halve it"),
    ],
)
def test_a_fraction_is_not_whole_and_bounds_hold(check, value, options, wanted):
    with pytest.raises(ValueError, match=f"^draws is {wanted}$"):
        check("draws", value, **options)


@pytest.mark.parametrize("level", [0, 1, 95, "0.95", None, np.nan, True])
def test_a_level_is_a_number_between_0_and_1(level):
    assert check_level(np.float32(0.5)) == 0.5
    with pytest.raises(ValueError, match=r"^level is .*: give a coverage between 0 and 1, such as 0\.95$"):
        check_level(level)


@pytest.mark.parametrize("seed", [None, "one", -1, 1.5, [1]])
def test_a_seed_can_be_used_again(seed):
    random = np.random.default_rng(3)
    assert generator(random) is random
    assert generator(np.int64(3)).random() == np.random.default_rng(3).random()
    with pytest.raises(ValueError, match=r"^seed is .*: give a whole number from 0, or a generator$"):
        generator(seed)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2.5], [1, 2.5]),
        (3, [3]),
        ([True, False], [1, 0]),
        (pd.Series([1, pd.NA], dtype="Int64"), [1, np.nan]),
        (np.array([2, None], dtype=object), [2, np.nan]),
        ([], []),
    ],
)
def test_numbers_are_an_array_with_nan_for_what_is_missing(values, expected):
    assert numbers("sizes", values) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    "values", ["3", [1, "2"], pd.to_datetime(["2015-02-01"]), {"a": 1}, [[1], [1, 2]], 1j, [10**400]]
)
def test_what_is_no_number_is_not_turned_into_one(values):
    with pytest.raises(ValueError, match="sizes holds what is no number: turn text into numbers first"):
        to_floats("sizes", values)
    with pytest.raises(ValueError, match="sizes has 2 dimensions: give one number per unit"):
        numbers("sizes", [[1, 2], [3, 4]])


def test_counts_are_whole_numbers_wide_enough_to_add():
    found = check_count(np.int16(3), np.float64(5))
    assert (found, [type(count) for count in found]) == ((3, 5), [int, int])
    frame = pd.DataFrame({"k": np.array([100, 27], np.int8), "n": [120.0, 100.0]}, index=["x", "y"])
    for given in (frame, frame.astype("Int64")):
        k, n = check_counts(given, "k", "n")
        assert (k.dtype, n.dtype) == (np.int64, np.int64)
        assert (k.tolist(), n.tolist()) == ([100, 27], [120, 100])


@pytest.mark.parametrize(
    ("k", "n", "message"),
    [
        ([1, -1], [5, 5], r"row y, column 'k': -1: .*negative"),
        ([1, 6], [5, 5], r"row y, column 'k': 6: more successes"),
        ([1, 2.5], [5, 5], r"row y, column 'k': 2.5: .*whole number"),
        ([1, 0], [5, 0], r"row y, column 'n': 0: .*without trials"),
        ([1, None], [5, 5], r"row y, column 'k': nan: a count is needed"),
        ([1, 1], [5, np.inf], r"row y, column 'n': inf: .*whole number"),
        (["1", "2"], [5, 5], r"column 'k' holds .*: turn it into whole numbers"),
    ],
)
def test_impossible_counts_are_refused(k, n, message):
    with pytest.raises(ValueError, match=message):
        check_counts(pd.DataFrame({"k": k, "n": n}, index=["x", "y"]), "k", "n")


TWICE = pd.DataFrame([[1, 2, 5]], columns=["k", "k", "n"])


@pytest.mark.parametrize(
    ("frame", "columns", "message"),
    [
        ({"k": [1], "n": [5]}, ("k", "n"), "the table of counts is {.*}: give a pandas DataFrame"),
        (TWICE[:0], ("k", "n"), "no rows: give at least one, or check the filter"),
        (TWICE, ("k", "n"), "several columns are called 'k'"),
        (TWICE, ("m", "n"), "no column 'm': the frame has k, k, n"),
        (TWICE.iloc[:, 1:], ("k", ["n"]), r"no column \['n'\]: the frame has k, n"),
        (TWICE, ("n", "n"), "column 'n' is named for both successes and trials"),
        (TWICE.iloc[:, 1:], ("k", "n"), "column 'n' has the name of a result"),
    ],
)
def test_columns_must_be_told_apart(frame, columns, message):
    with pytest.raises(ValueError, match=message):
        check_counts(frame, *columns, results=("n",) if "result" in message else ())
