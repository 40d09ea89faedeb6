"""What a reader may turn in a chapter: the cell tagged ``parameters``, read without a kernel; cheap to import."""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from tr_analysis.errors import StudyError, UsageError, nearest
from tr_analysis.paths import notebooks
from tr_analysis.study.notebook import read_cells
from tr_analysis.study.values import KINDS, Month, Provider, Value, Year, provider_names
from tr_analysis.text import slugify

__all__ = [
    "Literal",
    "Month",
    "Parameter",
    "Provider",
    "Year",
    "check_parameters",
    "parse",
    "provider_parameter",
    "read_parameters",
    "run_name",
]

_RANGE = re.compile(r"\s*\[\s*([-\d./]+)\s*,\s*([-\d./]+)\s*\]\s*$")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a chapter.

    Attributes
    ----------
    chapter, name
        Where it stands and what it is called.
    kind
        Name of its type, one of `KINDS`.
    default
        Its value in the committed study.
    help
        What it means.
    choices
        The values of a ``Literal``, or all providers; empty otherwise.
    low, high
        Bounds of a number, a month or a year, both included; ``None`` when it has none.
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
        if self.kind == "Provider":
            return f"{KINDS[self.kind].words}, one of {len(self.choices)}"
        if self.choices:
            return "one of " + ", ".join(map(str, self.choices))
        bounds = "" if self.low is None else f" from {self.low} to {self.high}"
        return KINDS[self.kind].words + bounds


def read_parameters(notebook: Path) -> tuple[Parameter, ...]:
    """Read the parameters of a chapter from its cell tagged ``parameters``.

    Raises
    ------
    StudyError
        When there is not exactly one such cell, or a line of it is not
        ``name: type = value  # meaning`` with a known type and a default that is allowed.
    """
    tagged = [cell for cell in read_cells(notebook) if "parameters" in cell["tags"]]
    if len(tagged) != 1:
        raise StudyError(f"{notebook.name}: needs exactly one cell tagged `parameters`, has {len(tagged)}")
    source = tagged[0]["source"]

    def fault(line: int, text: str) -> StudyError:
        return StudyError(f"{notebook.name}: parameters cell, line {line}: {text}")

    try:
        body = ast.parse(source).body
        comments = _comments(source)
    except (SyntaxError, tokenize.TokenError) as error:
        raise fault(getattr(error, "lineno", None) or 1, "is not valid Python") from None
    parameters: dict[str, Parameter] = {}
    for statement in body:
        try:
            comment = comments.get(statement.end_lineno or statement.lineno, "")
            parameter = _declared(notebook.stem, statement, comment)
            if parameter.name in parameters:
                raise ValueError(f"{parameter.name} is declared twice")
            if parameter.kind == "Provider" and provider_parameter(parameters.values()):
                raise ValueError("a chapter is about one provider: have one parameter of the type Provider")
        except (ValueError, UsageError) as error:
            raise fault(statement.lineno, str(error)) from None
        parameters[parameter.name] = parameter
    return tuple(parameters.values())


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def _declared(chapter: str, statement: ast.stmt, comment: str) -> Parameter:
    """Build a parameter from one annotated assignment and its comment."""
    if not (
        isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value
    ):
        raise ValueError("write `name: type = value  # meaning`, and nothing else in this cell")
    kind, choices = _annotation(statement.annotation)
    bounds = _RANGE.search(comment) if KINDS[kind].ranged else None
    low, high = _ends(kind, bounds.groups()) if bounds else (None, None)
    meaning = comment[: bounds.start()] if bounds else comment
    if not meaning:
        raise ValueError(f"{statement.target.id} needs a comment that says what it means")
    try:
        default = ast.literal_eval(statement.value)
    except ValueError:
        raise ValueError(f"{statement.target.id} needs a plain value, not an expression") from None
    parameter = Parameter(chapter, statement.target.id, kind, default, meaning, choices, low, high)
    if isinstance(default, str) and not KINDS[kind].quoted:
        raise _refusal(parameter, default)
    return replace(parameter, default=parse(parameter, default))


def _ends(kind: str, ends: Iterable[str]) -> tuple[Value, Value]:
    """Return the ends of a range, in the parameter's own type."""
    written = ", ".join(ends)
    try:
        low, high = (KINDS[kind].parse(end) for end in ends)
    except ValueError:
        raise ValueError(f"the ends of the range [{written}] must be {KINDS[kind].words}") from None
    if low > high:  # type: ignore[operator]
        raise ValueError(f"the range [{written}] is empty")
    return low, high


def _annotation(node: ast.expr) -> tuple[str, tuple[Value, ...]]:
    if isinstance(node, ast.Name) and node.id in KINDS and node.id != "Literal":
        return node.id, provider_names() if node.id == "Provider" else ()
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "Literal":
        try:
            choices = ast.literal_eval(node.slice)
        except ValueError:
            raise ValueError("Literal[...] takes plain values") from None
        return "Literal", choices if isinstance(choices, tuple) else (choices,)
    known = ", ".join(kind for kind in KINDS if kind != "Literal")
    raise ValueError(f"the type {ast.unparse(node)} is not known; use {known} or Literal[...]")


def provider_parameter(parameters: Iterable[Parameter]) -> Parameter | None:
    """Return the parameter that names a provider; a chapter that has it runs once for each."""
    return next((p for p in parameters if p.kind == "Provider"), None)


def run_name(chapter: str, parameters: Sequence[Parameter], given: Mapping[str, Value]) -> str:
    """Return the name of a run's files: the chapter's, with the provider's where there is one.

    Parameters
    ----------
    chapter, parameters
        The chapter's name and parameters.
    given
        Values; the others are defaults.
    """
    by_provider = provider_parameter(parameters)
    if not by_provider:
        return chapter
    provider = str(given.get(by_provider.name, by_provider.default))
    return f"{chapter}-{slugify(provider)}"


def parse(parameter: Parameter, value: Any) -> Value:
    """Turn the command line's text, or a value of the right type already, into the declared type.

    Parameters
    ----------
    parameter
        What is declared.
    value
        Text such as ``"2.5"``, ``"yes"``, ``"007"``, or a Python value.

    Raises
    ------
    UsageError
        When the value is not allowed; the message names chapter, parameter, value and what is.
    """
    if parameter.choices:
        return _chosen(parameter, value)
    try:
        parsed = KINDS[parameter.kind].parse(value)
    except (ValueError, TypeError, LookupError, AttributeError):
        raise _refusal(parameter, value) from None
    if parameter.low is not None and not parameter.low <= parsed <= parameter.high:  # type: ignore[operator]
        raise _refusal(parameter, value)
    return parsed


def check_parameters(chapter: str, values: Mapping[str, Any]) -> None:
    """Refuse in a chapter itself what papermill let through, which checks nothing.

    Parameters
    ----------
    chapter, values
        The chapter's name and variables: ``check_parameters("03-recall", globals())``.

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


def _chosen(parameter: Parameter, value: Any) -> Value:
    for choice in parameter.choices:
        if (type(value) is type(choice) and value == choice) or value == str(choice):
            return choice
    hint = nearest(str(value).removeprefix(f"{parameter.chapter}-"), map(str, parameter.choices))
    if not hint and parameter.kind == "Provider":
        hint = f"; `tr-analysis params {parameter.chapter}` lists them"
    raise _refusal(parameter, value, hint)


def _refusal(parameter: Parameter, value: Any, suggestion: str = "") -> UsageError:
    return UsageError(
        f"{parameter.chapter}: {parameter.name}={value!s} is not allowed; "
        f"{parameter.name} takes {parameter.allowed}{suggestion}"
    )
