"""Checks of single numbers: what passes unchanged, and what is refused with which words."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from tr_analysis.estimators.checks import coverage, generator, number, numbers, same_rows, to_floats, whole


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), np.float64(0.5), Fraction(1, 2)])
def test_number_returns_any_kind_of_number_as_a_float(value: object) -> None:
    given = number("level", value, low=0, high=1)
    assert given == 0.5
    assert type(given) is float


@pytest.mark.parametrize("value", [7, 7.0, np.int8(7), np.uint16(7), np.float64(7)])
def test_whole_returns_any_whole_number_as_an_int(value: object) -> None:
    given = whole("draws", value, low=7, high=7)
    assert given == 7
    assert type(given) is int


def test_whole_keeps_every_digit_of_a_long_integer() -> None:
    assert whole("seed", 2**53 + 1) == 2**53 + 1


@pytest.mark.parametrize("check", [number, whole])
@pytest.mark.parametrize(
    "value", ["0.5", "7", None, True, np.bool_(True), [7], np.array([7]), pd.NA, 1j, object(), {}]
)
def test_what_is_no_number_is_refused_by_its_name(check, value: object) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"^draws is .*, which is not a number: give a"):
        check("draws", value)


@pytest.mark.parametrize("check", [number, whole])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, np.float32("nan"), 10**400])
def test_missing_and_infinite_are_refused(check, value: object) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"^effect is .*, which is not a finite number: give a"):
        check("effect", value)


@pytest.mark.parametrize("value", [0, 1, -0.1, 1.1])
def test_open_bounds_are_refused_themselves(value: float) -> None:
    with pytest.raises(ValueError, match=f"^level is {value}: give a number above 0 and below 1$"):
        number("level", np.float64(value), low=0, high=1, open_low=True, open_high=True)


def test_closed_bounds_are_allowed_themselves() -> None:
    assert [number("share", value, low=0, high=1) for value in (0, 1)] == [0, 1]
    with pytest.raises(ValueError, match=r"^share is 1\.5: give a number from 0 up to 1$"):
        number("share", 1.5, low=0, high=1)


def test_a_fraction_is_not_whole_and_bounds_hold() -> None:
    with pytest.raises(ValueError, match=r"^draws is 100\.5: give a whole number from 100$"):
        whole("draws", 100.5, low=100)
    with pytest.raises(ValueError, match=r"^draws is 99: give a whole number from 100$"):
        whole("draws", 99, low=100)
    with pytest.raises(ValueError, match=r"^draws is 11: give a whole number up to 10$"):
        whole("draws", 11, high=10)


def test_advice_takes_the_place_of_the_bounds() -> None:
    with pytest.raises(ValueError, match=r"^level is 95: give a coverage between 0 and 1, such as 0\.95$"):
        number("level", 95, high=1, advice="give a coverage between 0 and 1, such as 0.95")


def test_a_long_value_is_shortened_in_the_message() -> None:
    with pytest.raises(ValueError, match="which is not a number") as refusal:
        number("level", "x" * 10_000)
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize("level", [0, 1, 95, "0.95", None, np.nan, True])
def test_coverage_is_a_number_between_0_and_1(level: object) -> None:
    assert coverage(np.float32(0.5)) == 0.5
    with pytest.raises(ValueError, match=r"^level is .*: give a coverage between 0 and 1, such as 0\.95$"):
        coverage(level)


@pytest.mark.parametrize("seed", [None, "one", -1, 1.5, [1]])
def test_a_seed_can_be_used_again(seed: object) -> None:
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
        ([1, None], [1, np.nan]),
        (pd.Series([1, pd.NA], dtype="Int64"), [1, np.nan]),
        (np.array([2, None], dtype=object), [2, np.nan]),
        ([], []),
    ],
)
def test_numbers_are_an_array_with_nan_for_what_is_missing(values: object, expected: list[float]) -> None:
    assert numbers("sizes", values) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    "values",
    [["1", "2"], "12", [1, "2"], pd.Series(["1"]), pd.to_datetime(["2015-02-01"]), [{}], {"a": 1}, None],
)
def test_what_is_no_row_of_numbers_is_refused(values: object) -> None:
    with pytest.raises(ValueError, match=r"^the sizes hold .*, which are not numbers: turn them into"):
        numbers("sizes", values)


def test_an_integer_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="the sizes hold an integer too long to compute with"):
        numbers("sizes", [1, 10**400])


def test_a_table_is_no_row_of_numbers() -> None:
    with pytest.raises(ValueError, match="the sizes have 2 dimensions: give one number per unit"):
        numbers("sizes", [[1, 2], [3, 4]])


def test_series_in_another_order_are_refused() -> None:
    first = pd.Series([1, 2], index=["x", "y"])
    same_rows(first=first, second=first * 2, third=[5, 6])
    with pytest.raises(ValueError, match="the rows of second and first have different labels"):
        same_rows(first=first, third=[5, 6], second=first[::-1])


@pytest.mark.parametrize(
    "values", ["3", ["3"], [1, "2"], True, [None], {"a": 1}, [[1], [1, 2]], 1j, [10**400]]
)
def test_what_is_no_number_is_not_turned_into_one(values):
    with pytest.raises(ValueError, match="sizes holds what is no number: turn text into numbers first"):
        to_floats("sizes", values)


def test_numbers_of_any_kind_become_floats():
    assert to_floats("sizes", [1, np.int8(2), 3.5, 10**30]).tolist() == [1, 2, 3.5, 1e30]
    assert to_floats("sizes", pd.Series([1, 2], dtype="Int64")).dtype == float
