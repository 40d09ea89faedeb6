"""Specification curves: one analysis under every defensible choice.

A specification is a dictionary of choices by name: text, finite numbers, or true and false.
"""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tr_analysis.estimators.checks import shown
from tr_analysis.order import in_order

__all__ = ["grid", "specification_id", "run_specifications", "summarise", "marginals", "influence"]

Choice = str | int | float | bool

# Columns of the results that are no choices, after the id.
RESULTS = ["estimate", "low", "high", "n", "failure"]


def grid(
    choices: Mapping[str, Iterable[Choice]],
    makes_sense: Callable[[Mapping[str, Choice]], bool] = lambda _: True,
) -> list[dict[str, Choice]]:
    """Combine choices in every way that makes sense.

    Answers: which analyses could have been run?

    Tested: every combination once, by hand (`test_grid_makes_every_combination_once`).

    ``choices`` are the options of each choice, of which the last turns fastest; ``makes_sense`` says whether to keep a
    combination, and all are kept if it is left out.

    Examples
    --------
    >>> len(grid({"scale": ["log", "level"], "control": ["none", "remand"]},
    ...          lambda c: c["scale"] == "log" or c["control"] == "none"))
    3
    """
    if not isinstance(choices, Mapping):
        raise ValueError(f"choices is {shown(choices)}: give a dictionary, such as {{'harmonics': [0, 2]}}")
    if not callable(makes_sense):
        raise ValueError(f"makes_sense is {shown(makes_sense)}: give a function of a combination")
    combined: list[dict[str, Choice]] = [{}]
    for name, options in choices.items():
        if isinstance(options, str) or not isinstance(options, Iterable):
            raise ValueError(f"{name} is {options!r}: give a list of options, even if it is of one")
        listed = [_checked({name: option})[name] for option in options]
        if len(set(listed)) < max(len(listed), 1):
            raise ValueError(f"{name} has no options, or one twice: give each option once")
        combined = [{**chosen, name: option} for chosen in combined for option in listed]
    kept = [_checked(specification) for specification in combined if makes_sense(specification)]
    if not kept:
        raise ValueError("no combination is left: exclude fewer")
    return kept


def _checked(choices: Mapping[str, Any]) -> dict[str, Choice]:
    """Return choices with numpy's numbers turned into Python's; refuse what is no specification."""
    if not isinstance(choices, Mapping) or not choices:
        raise ValueError(f"choices are {shown(choices)}: give a dictionary, such as {{'harmonics': 2}}")
    plain = {
        name: value.item() if isinstance(value, np.generic) else value for name, value in choices.items()
    }
    for name, value in plain.items():
        if not isinstance(name, str) or not name.isidentifier() or name in ("id", *RESULTS):
            advice = "use letters, digits and underscores, and no column of the results"
            raise ValueError(f"{name!r} cannot name a choice: {advice}")
        if not isinstance(value, str | int | float) or not (isinstance(value, str) or math.isfinite(value)):
            advice = "write a month as '2015-02', and no choice as 'none'"
            raise ValueError(
                f"{name} is {value!r}: a choice is text, a finite number or a truth value; {advice}"
            )
    return plain


def specification_id(choices: Mapping[str, Choice]) -> str:
    """Return sixteen hexadecimal digits of the SHA-256 of the choices.

    Answers: which row of the results is the analysis with these choices?

    Tested: pinned identifiers (`test_ids_are_pinned`).

    The choices are written as JSON, names sorted, ASCII only, whole numbers as ints: the same in any process and order.

    Examples
    --------
    >>> specification_id({"scale": "log", "harmonics": 2}) == specification_id({"harmonics": 2.0, "scale": "log"})
    True
    """
    written = {
        name: int(choice) if isinstance(choice, float) and choice.is_integer() else choice
        for name, choice in _checked(choices).items()
    }
    text = json.dumps(written, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]


def run_specifications(
    function: Callable[..., Any], specifications: Iterable[Mapping[str, Choice]]
) -> pd.DataFrame:
    """Run a function once for each specification.

    Answers: what does each of the analyses that could have been run find?

    Tested: rows by hand; failures are rows (`test_results_are_tidy`, `test_failures_are_rows_with_their_message`).

    The function is pure and called with the choices of each as keywords. It returns a mapping with ``estimate`` and,
    where known, ``low`` and ``high``, and ``n``. Of each there is a row: id, the choices, estimate, low, high, n and
    failure. What a function raises, or an estimate or interval that is none, is a row without numbers whose failure
    says so.

    Examples
    --------
    >>> made = grid({"scale": ["log", "level"], "harmonics": [0, 2]})
    >>> found = run_specifications(lambda scale, harmonics: {"estimate": harmonics + 1.0}, made)
    >>> found["estimate"].to_list()
    [1.0, 3.0, 1.0, 3.0]
    """
    if not callable(function):
        raise ValueError(f"function is {shown(function)}: give one that takes the choices as keywords")
    if isinstance(specifications, str | Mapping) or not isinstance(specifications, Iterable):
        advice = "give a list of dictionaries, such as `grid(...)`"
        raise ValueError(f"specifications is {shown(specifications)}: {advice}")
    listed = [_checked(specification) for specification in specifications]
    if not listed:
        raise ValueError("no specifications: give at least one")
    names = list(listed[0])
    if other := next((choices for choices in listed if sorted(choices) != sorted(names)), None):
        raise ValueError(f"specification {other} needs a choice for each of {', '.join(names)}")
    rows = [{"id": specification_id(choices), **choices, **_run(function, choices)} for choices in listed]
    results = pd.DataFrame(rows, columns=["id", *names, *RESULTS])
    if results["id"].duplicated().any():
        twice = listed[results["id"].duplicated().to_list().index(True)]
        raise ValueError(f"specification {twice} is given twice: keep one")
    return results


def _run(function: Callable[..., Any], choices: Mapping[str, Choice]) -> dict[str, Any]:
    """Return what a function finds, or why it fails: that must neither stop the others nor be dropped."""
    try:
        return {**_numbers(function(**choices)), "failure": ""}
    except Exception as error:
        words = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        return {**dict.fromkeys(RESULTS[:-1], math.nan), "failure": words or "ValueError"}


def _numbers(result: Any) -> dict[str, float]:
    """Return what a function found as plain numbers, those it did not give as nan."""
    if not isinstance(result, Mapping):
        raise ValueError(f"the function returned {shown(result)}: return a dictionary with an estimate")
    given = {name: result.get(name) for name in RESULTS[:-1]}
    found = {k: math.nan if value is None or value is pd.NA else float(value) for k, value in given.items()}
    estimate, low, high = found["estimate"], found["low"], found["high"]
    if not math.isfinite(estimate):
        raise ValueError(f"the estimate is {estimate}: return a finite number")
    if math.isnan(low) != math.isnan(high) or low > estimate or high < estimate:
        raise ValueError(f"the interval {low:g} to {high:g} does not hold the estimate {estimate:g}")
    return found


def _choice_names(results: pd.DataFrame) -> list[str]:
    return [str(column) for column in results if column not in ("id", *RESULTS)]


@dataclass(frozen=True)
class CurveSummary:
    """A curve in a few numbers: specifications run and failed, and the estimates' median and range.

    ``same_sign`` is the share of the estimates with the sign of the median, ``significant`` of those whose interval
    excludes 0 on the side of the median; an estimate without an interval is not significant.
    """

    specifications: int
    failed: int
    median: float
    lowest: float
    highest: float
    same_sign: float
    significant: float


def summarise(results: pd.DataFrame) -> CurveSummary:
    """Summarise the results of `run_specifications`; shares are of the specifications that did not fail.

    Answers: do the findings survive other methods?

    Tested: by hand (`test_curves_are_summarised`).

    Examples
    --------
    >>> made = grid({"harmonics": [0, 2, 3]})
    >>> found = summarise(run_specifications(lambda harmonics: {"estimate": harmonics - 1}, made))
    >>> found.median, round(found.same_sign, 2)
    (1.0, 0.67)
    """
    side = np.sign(_estimated(results)["estimate"].median())
    return CurveSummary(**_shape(results, side))


def _shape(part: pd.DataFrame, side: float) -> dict[str, Any]:
    """Return the numbers of `CurveSummary` for a part of a curve, about one sign."""
    found = part[part["failure"] == ""]
    estimate = found["estimate"]
    return {
        "specifications": len(part),
        "failed": len(part) - len(found),
        "median": float(estimate.median()),
        "lowest": float(estimate.min()),
        "highest": float(estimate.max()),
        "same_sign": float((np.sign(estimate) == side).mean()),
        "significant": float(_clear(found, side).mean()),
    }


def marginals(results: pd.DataFrame) -> pd.DataFrame:
    """Summarise the curve option by option.

    Answers: what do the analyses with one particular choice find?

    Tested: by hand (`test_marginals_are_option_by_option`).

    Rows are by choice and option; the columns are those of `CurveSummary`, shares about the sign of the median of
    the whole curve. An option that always failed has no numbers.

    Examples
    --------
    >>> made = grid({"scale": ["log", "level"], "harmonics": [0, 2]})
    >>> found = run_specifications(lambda scale, harmonics: {"estimate": harmonics + 1.0}, made)
    >>> marginals(found).loc["harmonics", "median"].to_list()
    [1.0, 3.0]
    """
    side = np.sign(_estimated(results)["estimate"].median())
    rows = {
        (choice, option): _shape(part, side)
        for choice in _choice_names(results)
        for option, part in results.groupby(choice, sort=False)
    }
    index = pd.MultiIndex.from_tuples(rows, names=["choice", "option"])
    return pd.DataFrame(list(rows.values()), index)


def influence(results: pd.DataFrame) -> pd.DataFrame:
    """Measure how much each choice moves the answer, the most moving first.

    Answers: which choice of method matters most?

    Tested: by hand (`test_no_choice_is_blamed_for_its_companions`).

    Specifications that differ in one choice alone are compared: no choice is blamed for what its companions do. By
    choice: the number of such sets of two estimates or more, and the median ("typical") and the largest range of
    estimates within a set, 0 without sets.

    Examples
    --------
    >>> made = grid({"scale": ["log", "level"], "harmonics": [0, 2]})
    >>> found = run_specifications(lambda scale, harmonics: {"estimate": harmonics + 1.0}, made)
    >>> influence(found)["typical"].to_dict()
    {'harmonics': 2.0, 'scale': 0.0}
    """
    found, names = _estimated(results), _choice_names(results)
    rows = {}
    for choice in names:
        others = [name for name in names if name != choice] or np.zeros(len(found))
        sets = found.groupby(others, sort=False)["estimate"].agg(["size", "min", "max"])
        ranges = (sets["max"] - sets["min"])[sets["size"] > 1]
        typical, largest = (float(ranges.agg(how)) if len(ranges) else 0.0 for how in ("median", "max"))
        rows[choice] = {"sets": len(ranges), "typical": typical, "largest": largest}
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("choice")
    return in_order(table, "typical", "largest", "choice", descending=["typical", "largest"])


def _clear(found: pd.DataFrame, side: float) -> "pd.Series[bool]":
    """Whether each interval excludes 0 on the side given."""
    return (found["low"] > 0) & (side > 0) | (found["high"] < 0) & (side < 0)


def _estimated(results: pd.DataFrame) -> pd.DataFrame:
    """Return the specifications that gave an estimate."""
    if not isinstance(results, pd.DataFrame) or {"id", *RESULTS} - set(results):
        raise ValueError("the results lack columns: give what `run_specifications` returns")
    found = results[results["failure"] == ""]
    if found.empty:
        first = next(iter(results["failure"])) if len(results) else "there are none"
        raise ValueError(f"every specification failed; the first: {first}")
    return found
