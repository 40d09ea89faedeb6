"""The parameters of a chapter: the cell tagged ``parameters``, read without a kernel; cheap to import.

A line of it reads ``reform: Month = "2015-02"  # month of the break [2013-06, 2019-03]``.
"""

import ast
import csv
import io
import math
import re
import tokenize
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from tr_analysis.errors import StudyError, UsageError, nearest
from tr_analysis.paths import has_own_data, notebooks, raw, tables
from tr_analysis.study.notebook import read_cells
from tr_analysis.text import slugify

__all__ = ["Month", "Provider", "Year", "check_parameters", "parse", "read_parameters"]

Month = str  # "YYYY-MM"
Year = str  # financial year, "YYYY/YY"
Provider = str  # a CRC or NPS division, by its name in the table `providers`
Value = int | float | bool | str


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _yes(value: Any) -> bool:
    return str(value).lower() in ("true", "yes")


def _years(value: str) -> Year:
    first, second = value.split("/")
    if (int(first) + 1) % 100 != int(second):
        raise ValueError
    return value


@dataclass(frozen=True)
class _Type:
    """A type that a parameter may have: in words, as Python, as text, and how either becomes its value."""

    words: str
    python: type = str
    text: str = r"(?s).*"
    convert: Callable[[Any], Value] = str
    ranged: bool = False

    def parse(self, value: Any) -> Value:
        """Turn text or a Python value into the type, or raise a `ValueError`."""
        if isinstance(value, str):
            fits = re.fullmatch(self.text, value) is not None
        else:
            fits = isinstance(value, self.python) and isinstance(value, bool) == (self.python is bool)
        if not fits:
            raise ValueError
        return self.convert(value)


_TYPES = {
    "int": _Type("a whole number", Integral, r"[+-]?[0-9]+", int, ranged=True),
    "float": _Type("a number", Real, r"[0-9.eE+-]+", _finite, ranged=True),
    "bool": _Type("true or false", bool, r"(?i)true|yes|false|no", _yes),
    "str": _Type("text"),
    "Month": _Type("a month (YYYY-MM)", text=r"[0-9]{4}-(0[1-9]|1[0-2])", ranged=True),
    "Year": _Type("a financial year (YYYY/YY)", text=r"[0-9]{4}/[0-9]{2}", convert=_years, ranged=True),
    "Literal": _Type("one of the values listed"),
    "Provider": _Type("a CRC or NPS division"),
}
_RANGE = re.compile(r"\s*\[\s*([-\d./]+)\s*,\s*([-\d./]+)\s*\]\s*$")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a chapter: its type by name, its value in the committed study, and what it means.

    ``choices`` are the values of a ``Literal``, or all providers; ``low`` and ``high``, both included, are bounds.
    """

    chapter: str
    name: str
    kind: str
    default: Value
    help: str
    choices: tuple[Value, ...] = ()
    low: Value | None = None
    high: Value | None = None

    @property
    def allowed(self) -> str:
        """What the parameter accepts, in words."""
        words = _TYPES[self.kind].words
        if self.kind == "Provider":
            return f"{words}, one of {len(self.choices)}"
        if self.choices:
            return "one of " + ", ".join(map(str, self.choices))
        return words if self.low is None else f"{words} from {self.low} to {self.high}"


def read_parameters(notebook: Path) -> tuple[Parameter, ...]:
    """Read the parameters of a chapter from its one cell tagged ``parameters``, or raise a `StudyError`."""
    tagged = [cell for cell in read_cells(notebook) if "parameters" in cell["tags"]]
    if len(tagged) != 1:
        raise StudyError(f"{notebook.name}: needs exactly one cell tagged `parameters`, has {len(tagged)}")
    source, line = tagged[0]["source"], 1
    found: dict[str, Parameter] = {}
    try:
        comments = _comments(source)
        for statement in ast.parse(source).body:
            line = statement.lineno
            comment = comments.get(statement.end_lineno or line, "")
            parameter = _declared(notebook.stem, statement, comment)
            if parameter.name in found:
                raise ValueError(f"{parameter.name} is declared twice")
            if parameter.kind == "Provider" and provider_parameter(found.values()):
                raise ValueError("a chapter is about one provider: have one parameter of the type Provider")
            found[parameter.name] = parameter
    except (SyntaxError, tokenize.TokenError) as error:
        line, reason = getattr(error, "lineno", None) or 1, "is not valid Python"
    except (ValueError, UsageError) as error:
        reason = str(error)
    else:
        return tuple(found.values())
    raise StudyError(f"{notebook.name}: parameters cell, line {line}: {reason}")


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {t.start[0]: t.string.lstrip("# ").strip() for t in tokens if t.type == tokenize.COMMENT}


def _declared(chapter: str, statement: ast.stmt, comment: str) -> Parameter:
    """Build a parameter from one annotated assignment and its comment."""
    if not (
        isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value
    ):
        raise ValueError("write `name: type = value  # meaning`, and nothing else in this cell")
    name = statement.target.id
    kind, choices = _annotation(statement.annotation)
    bounds = _RANGE.search(comment) if _TYPES[kind].ranged else None
    low, high = _ends(kind, bounds.groups()) if bounds else (None, None)
    meaning = comment[: bounds.start()] if bounds else comment
    if not meaning:
        raise ValueError(f"{name} needs a comment that says what it means")
    try:
        default = ast.literal_eval(statement.value)
    except ValueError:
        raise ValueError(f"{name} needs a plain value, not an expression") from None
    parameter = Parameter(chapter, name, kind, default, meaning, choices, low, high)
    if isinstance(default, str) and _TYPES[kind].python is not str:
        raise _refusal(parameter, default)
    return replace(parameter, default=parse(parameter, default))


def _ends(kind: str, ends: Iterable[str]) -> tuple[Value, Value]:
    """Return the ends of a range, in the parameter's own type."""
    written = ", ".join(ends)
    try:
        low, high = (_TYPES[kind].parse(end) for end in ends)
    except ValueError:
        raise ValueError(f"the ends of the range [{written}] must be {_TYPES[kind].words}") from None
    if low > high:  # type: ignore[operator]
        raise ValueError(f"the range [{written}] is empty")
    return low, high


def _annotation(node: ast.expr) -> tuple[str, tuple[Value, ...]]:
    """Return a declared type and its choices."""
    if isinstance(node, ast.Name) and node.id in _TYPES and node.id != "Literal":
        return node.id, _provider_names() if node.id == "Provider" else ()
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "Literal":
        try:
            choices = ast.literal_eval(node.slice)
        except ValueError:
            raise ValueError("Literal[...] takes plain values") from None
        return "Literal", choices if isinstance(choices, tuple) else (choices,)
    known = ", ".join(kind for kind in _TYPES if kind != "Literal")
    raise ValueError(f"the type {ast.unparse(node)} is not known; use {known} or Literal[...]")


def _provider_names() -> tuple[str, ...]:
    """Return the providers, read from the raw table: a run checks its call before it builds any other."""
    table = (raw() if has_own_data() else tables()) / "providers.csv"
    try:
        with table.open(encoding="utf-8", newline="") as lines:
            return tuple(row["provider"] for row in csv.DictReader(lines))
    except (OSError, KeyError, UnicodeDecodeError):
        raise StudyError(f"{table}: cannot be read; `tr-analysis data check` says what is wrong") from None


def provider_parameter(parameters: Iterable[Parameter]) -> Parameter | None:
    """Return the parameter that names a provider; a chapter that has it runs once for each."""
    return next((p for p in parameters if p.kind == "Provider"), None)


def run_name(chapter: str, parameters: Sequence[Parameter], given: Mapping[str, Value]) -> str:
    """Return the name of a run's files: the chapter's, with the provider's where there is one."""
    by_provider = provider_parameter(parameters)
    if not by_provider:
        return chapter
    return f"{chapter}-{slugify(str(given.get(by_provider.name, by_provider.default)))}"


def parse(parameter: Parameter, value: Any) -> Value:
    """Turn text such as ``"2.5"``, ``"yes"`` or ``"007"``, or a Python value, into the declared type.

    A value not allowed is a `UsageError` that names chapter, parameter, value and what is.
    """
    for choice in parameter.choices:
        if (type(value) is type(choice) and value == choice) or value == str(choice):
            return choice
    try:
        if parameter.choices:
            raise ValueError
        parsed = _TYPES[parameter.kind].parse(value)
        if parameter.low is not None and not parameter.low <= parsed <= parameter.high:  # type: ignore[operator]
            raise ValueError
    except ValueError:
        raise _refusal(parameter, value) from None
    return parsed


def _refusal(parameter: Parameter, value: Any) -> UsageError:
    hint = nearest(str(value).removeprefix(f"{parameter.chapter}-"), map(str, parameter.choices))
    if not hint and parameter.kind == "Provider":
        hint = f"; `tr-analysis params {parameter.chapter}` lists them"
    return UsageError(
        f"{parameter.chapter}: {parameter.name}={value!s} is not allowed; "
        f"{parameter.name} takes {parameter.allowed}{hint}"
    )


def check_parameters(chapter: str, values: Mapping[str, Any]) -> None:
    """Refuse in a chapter itself what papermill let through: ``check_parameters("03-recall", globals())``.

    Raises
    ------
    UsageError
        When a value is not allowed, or text where another type is declared.
    """
    for parameter in read_parameters(notebooks() / f"{chapter}.ipynb"):
        value = values[parameter.name]
        parsed = parse(parameter, value)
        if isinstance(value, str) and not isinstance(parsed, str):
            raise UsageError(
                f"{chapter}: {parameter.name} is the text {value!r}; give {parsed!r} in its place"
            )
