"""What one run found, as plain columns of a table; and a failure in one line."""

import json
import math
import traceback
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import PurePath
from typing import Any

Plain = str | int | float | bool | None
Outcome = dict[str, Plain]
_FRAMES = 3


def function_outcome(result: Any) -> Outcome:
    """Return what a function found by name: a mapping, a row of a frame, a dataclass, or one value.

    One value is called ``value``; a number that is not finite is missing.

    Raises
    ------
    ValueError
        If it is none of these, or holds what is no plain value.
    """
    if is_dataclass(result) and not isinstance(result, type):
        result = {field.name: getattr(result, field.name) for field in fields(result)}
    elif hasattr(result, "_asdict"):
        result = result._asdict()
    elif hasattr(result, "to_dict") and getattr(result, "ndim", 0) == 1:
        result = result.to_dict()
    if not isinstance(result, Mapping):
        result = {"value": result}
    return {str(name): _plain(str(name), value) for name, value in result.items()}


def _plain(name: str, value: Any) -> Plain:
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:  # numpy's own numbers
        value = value.item()
    if type(value).__name__ == "NAType":  # of pandas, which is not imported for this alone
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    raise ValueError(
        f"the function returned {name} as {type(value).__name__}; "
        "let it return numbers and words, one or a dictionary of them"
    )


def results_outcome(results: bytes) -> Outcome:
    """Return the findings in a chapter's results: each its value, and its interval where it has one."""
    outcome: Outcome = {}
    for name, finding in json.loads(results)["findings"].items():
        value = finding.get("value")
        outcome[name] = finding.get("text") if value is None else value
        outcome |= {f"{name}_low": finding.get("low"), f"{name}_high": finding.get("high")}
    return outcome


def failure(error: BaseException) -> str:
    """Return an error in one line: what, and the last places it went through, which name no folder."""
    words = " ".join(f"{type(error).__name__}: {error}".split())
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not _ours(f.filename)]
    places = [f"{PurePath(f.filename).name}:{f.lineno} in {f.name}" for f in frames[-_FRAMES:]]
    return " | ".join([words, *places])


def _ours(filename: str) -> bool:
    return PurePath(filename).parent == PurePath(__file__).parent
