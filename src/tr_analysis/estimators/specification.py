"""Specifications: the choices of one analysis as data, and one function run once for each of them."""

import hashlib
import inspect
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

Choice = str | int | float | bool
Rows = Iterable[dict[str, Any]]

RESULTS = ["estimate", "low", "high", "std_error", "p_value", "n", "failure"]
"""Columns of the results that are no choices, after the id."""


@dataclass(frozen=True, eq=False)
class Specification:
    """The choices of one analysis, by name; equal choices in any order make the same specification.

    Attributes
    ----------
    choices
        Text, whole numbers, finite numbers or true and false; numpy's are turned into Python's.

    Raises
    ------
    ValueError
        If there are no choices, or a name or a choice is none of these.
    """

    choices: Mapping[str, Choice]

    def __post_init__(self) -> None:
        if not isinstance(self.choices, Mapping) or not self.choices:
            raise ValueError("no choices: give at least one in a dictionary, such as {'harmonics': 2}")
        object.__setattr__(self, "choices", {_named(k): _plain(k, v) for k, v in self.choices.items()})

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits of the SHA-256 of the choices: the same in any process and order.

        The choices are written as JSON, names sorted, nothing but ASCII, a whole number the same whether it
        is an int or a float. Where runs of several functions meet, make the function's name a choice.
        """
        written = {name: _canonical(choice) for name, choice in self.choices.items()}
        text = json.dumps(written, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]

    @property
    def seed(self) -> int:
        """The seed of its random numbers, from the id alone: no order and no number of workers changes it."""
        return int(self.id, 16)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Specification) and self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id)


def _named(name: str) -> str:
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(f"{name!r} cannot name a choice: use letters, digits and underscores")
    if name == "id" or name in RESULTS:
        raise ValueError(f"{name!r} cannot name a choice: the results have a column of that name")
    return name


def _plain(name: str, choice: Any) -> Choice:
    choice = choice.item() if isinstance(choice, np.generic) else choice
    if not isinstance(choice, str | int | float) or not (isinstance(choice, str) or math.isfinite(choice)):
        raise ValueError(
            f"{name} is {choice!r}: a choice is text, a finite number, or true or false; "
            "write a month as '2015-02', and no choice as 'none'"
        )
    return choice


def _canonical(choice: Choice) -> Choice:
    return int(choice) if isinstance(choice, float) and choice.is_integer() else choice


@dataclass(frozen=True)
class Grid:
    """All combinations of some choices: those to run, and those left out with the reason, one row each."""

    specifications: tuple[Specification, ...]
    excluded: pd.DataFrame

    def __iter__(self) -> Iterator[Specification]:
        return iter(self.specifications)

    def __len__(self) -> int:
        return len(self.specifications)


def grid(
    choices: Mapping[str, Iterable[Choice]],
    exclude: Mapping[str, Callable[[Mapping[str, Choice]], bool]] | None = None,
) -> Grid:
    """Combine choices in every way, but leave out what makes no sense and say why.

    Parameters
    ----------
    choices
        The options of each choice, such as ``{"scale": ["log", "level"], "harmonics": [0, 2]}``. The last
        choice turns fastest.
    exclude
        Reasons, each with a function that says whether it applies to a combination; the first that does is
        the one kept.

    Returns
    -------
    Grid
        ``excluded`` has the choices as columns, and the column reason.

    Raises
    ------
    ValueError
        If a choice has no options or the same one twice, no combination is left, or as in `Specification`.

    Examples
    --------
    >>> made = grid({"scale": ["log", "level"], "control": ["none", "remand"]},
    ...             {"no such ratio": lambda c: c["scale"] == "level" and c["control"] == "remand"})
    >>> len(made.specifications), list(made.excluded["reason"])
    (3, ['no such ratio'])
    """
    if not isinstance(choices, Mapping):
        raise ValueError(f"choices are {choices!r}: give the options of each, such as {{'scale': ['log']}}")
    combined: list[dict[str, Choice]] = [{}]
    for name, options in choices.items():
        if not isinstance(options, Iterable):
            raise ValueError(f"{name} is {options!r}: give a list of options, even if it is of one")
        listed = [options] if isinstance(options, str) else list(options)
        if len({Specification({name: option}) for option in listed}) < max(len(listed), 1):
            raise ValueError(f"{name} has no options, or one twice: give each option once")
        combined = [{**chosen, name: option} for chosen in combined for option in listed]
    kept, left_out = [], []
    for specification in map(Specification, combined):
        reasons = [why for why, applies in (exclude or {}).items() if applies(specification.choices)]
        if reasons:
            left_out.append({**specification.choices, "reason": reasons[0]})
        else:
            kept.append(specification)
    if not kept:
        raise ValueError("no combination is left: exclude fewer")
    return Grid(tuple(kept), pd.DataFrame(left_out, columns=[*choices, "reason"]))


def run_specifications(
    function: Callable[..., Any],
    specifications: Iterable[Specification],
    *,
    mapper: Callable[..., Rows] = map,
) -> pd.DataFrame:
    """Run a function once for each specification.

    Parameters
    ----------
    function
        Pure; called with the choices as keywords, and with ``seed`` if it has a parameter of that name that
        is no choice. Returns a mapping, a row of a frame or an object with ``estimate`` and, where known,
        ``low`` and ``high``, ``std_error``, ``p_value`` and ``n``.
    specifications
        All with the same names of choices, none twice.
    mapper
        ``map``, or that of an executor, which keeps the order as well; the table is the same.

    Returns
    -------
    pandas.DataFrame
        One row each, in the order given: id, the choices, estimate, low, high, std_error, p_value, n and
        failure. What a function raises, or an estimate, interval, p-value or standard error that is none, is a
        row without numbers whose failure says so; other rows have an empty failure.

    Raises
    ------
    ValueError
        If there are none, two are the same, their names differ, or a choice is a number and true or false.
    """
    names = _names(listed := list(specifications))
    rows = mapper(partial(run_specification, function), listed)
    return pd.DataFrame(list(rows), columns=["id", *names, *RESULTS])


def _names(listed: list[Specification]) -> list[str]:
    """Return the names of the choices; refuse specifications that make no table."""
    if not listed:
        raise ValueError("no specifications: give at least one")
    if strange := [s for s in listed if not isinstance(s, Specification)]:
        raise ValueError(f"{strange[0]!r} is no specification: make one with `Specification` or `grid`")
    names = list(listed[0].choices)
    if other := next((s for s in listed if sorted(s.choices) != sorted(names)), None):
        raise ValueError(f"specification {dict(other.choices)} needs a choice for each of {', '.join(names)}")
    if len(set(listed)) < len(listed):
        twice = next(s for place, s in enumerate(listed) if s in listed[:place])
        raise ValueError(f"specification {dict(twice.choices)} is given twice: keep one")
    for name in names:
        kinds = {isinstance(s.choices[name], bool) for s in listed if not isinstance(s.choices[name], str)}
        if len(kinds) > 1:
            raise ValueError(f"{name} is a number and true or false, which count as equal: use words for one")
    return names


def run_specification(function: Callable[..., Any], specification: Specification) -> dict[str, Any]:
    """Run a function for one specification: one row of `run_specifications`, as a dictionary."""
    row: dict[str, Any] = {"id": specification.id, **specification.choices}
    try:
        return row | _numbers(function(**_arguments(function, specification))) | {"failure": ""}
    except Exception as error:  # a failure is a result too: it must not stop the others, nor be dropped
        words = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        return row | dict.fromkeys(RESULTS[:-1], math.nan) | {"failure": words or "ValueError"}


def _arguments(function: Callable[..., Any], specification: Specification) -> dict[str, Any]:
    seeded = "seed" in inspect.signature(function).parameters and "seed" not in specification.choices
    return {**specification.choices, **({"seed": specification.seed} if seeded else {})}


def _numbers(result: Any) -> dict[str, float]:
    """Return what a function found as plain numbers, those it did not give as nan."""
    get = result.get if isinstance(result, Mapping | pd.Series) else partial(getattr, result)
    given = {name: get(name, None) for name in RESULTS[:-1]}
    found = {k: math.nan if value is None or value is pd.NA else float(value) for k, value in given.items()}
    estimate, low, high = found["estimate"], found["low"], found["high"]
    if not math.isfinite(estimate):
        raise ValueError(f"the estimate is {estimate}: return a finite number")
    if math.isnan(low) != math.isnan(high) or low > estimate or high < estimate:
        raise ValueError(f"the interval {low:g} to {high:g} does not hold the estimate {estimate:g}")
    for name, most in (("p_value", 1), ("std_error", math.inf)):
        if found[name] < 0 or found[name] > most:
            raise ValueError(f"{name} is {found[name]:g}: return a number from 0 to {most}")
    return found


def failures(results: pd.DataFrame) -> pd.DataFrame:
    """Return the specifications that failed, with their messages."""
    return results.loc[results["failure"] != "", ["id", *choice_names(results), "failure"]]


def choice_names(results: pd.DataFrame) -> list[str]:
    """Return the names of the choices in results of `run_specifications`."""
    return [str(column) for column in results if column not in ("id", *RESULTS)]
