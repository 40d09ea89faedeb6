"""The expressions over tables in which checks, claims and recipes say how a number is worked out."""

import ast
import operator
import re

import pandas as pd

from tr_analysis.data.fields import Frames
from tr_analysis.order import only
from tr_analysis.simulated import SIMULATED, origin_of

_OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
_CELL = r"(\w+)\[([^\]]*)\]\.(\w+)"
_NAMED = re.compile(rf"(?<!\w)(?:F\d{{4}}(?!\w)|{_CELL})", re.ASCII)
_REST = re.compile(r"[\d_.+\-*/() ]*", re.ASCII)


def evaluate(expression: str, frames: Frames) -> float:
    """Work out an expression over tables by the usual rules of arithmetic.

    It is such as ``(F0023 / F0022 - 1) * 100``, ``prison_population_monthly[month=2014-06;status=recall].people`` or,
    for the number of rows that fit, ``providers[provider_type=CRC].rows``.

    Raises
    ------
    ValueError
        If the expression cannot be read, names no number or more than one or a simulated one, or divides by zero.
    """
    named = names_in(expression)
    numbered = _NAMED.sub("_", expression)
    unreadable = "cannot be read; write figures, cells and numbers joined by + - * / and brackets"
    if not _REST.fullmatch(numbered) or numbered.count("_") != len(named):
        raise ValueError(unreadable)
    try:
        tree = ast.parse(numbered.strip(), mode="eval").body
    except SyntaxError:
        raise ValueError(unreadable) from None
    names = iter(named)

    def work(node: ast.expr) -> float:
        match node:
            case ast.BinOp(left, sign, right) if type(sign) in _OPERATORS:
                first, second = work(left), work(right)
                if isinstance(sign, ast.Div) and second == 0:
                    raise ValueError(f"divides by zero: {expression}")
                return float(_OPERATORS[type(sign)](first, second))
            case ast.UnaryOp(ast.USub(), inner):
                return -work(inner)
            case ast.Constant(int() | float() as number):
                return float(number)
            case ast.Name("_"):
                return _number(next(names), frames)
        raise ValueError(unreadable)

    return work(tree)


def _number(token: str, frames: Frames) -> float:
    """Return the number that a figure, a cell or a count of rows stands for."""
    rows, column = _rows(token, frames)
    if column == "rows":
        return float(len(rows))
    cells = rows[column].dropna()
    if len(cells) != 1 or not pd.api.types.is_numeric_dtype(cells):
        raise ValueError(f"{token}: must name exactly one number, names {len(cells)} cells with a value")
    return float(only(cells))


def _rows(token: str, frames: Frames) -> tuple[pd.DataFrame, str]:
    """Return the rows that a figure, a cell or a count of rows names, and the column."""
    if match := re.fullmatch(_CELL, token):
        name, conditions, column = match.groups()
    else:
        name, conditions, column = "published_figures", f"figure_id={token}", "value"
    chosen = [condition.partition("=") for condition in conditions.split(";")]
    columns = {key for key, _, _ in chosen} | {column} - {"rows"}
    if name not in frames or not columns <= set(frames[name]):
        raise ValueError(f"{token}: no such table or column")
    rows = frames[name]
    if origin_of(rows):
        raise ValueError(f"{token}: {name} is {SIMULATED}, and no claim or result may rest on it")
    for key, _, value in chosen:
        known = rows[key]
        rows = rows[(known if known.dtype == "str" else known.astype(str)) == value]
    return rows, column


def sources_of(expression: str, frames: Frames) -> set[str]:
    """Return where the numbers that an expression names were read: sources, and documents for numbers of claims.

    A key number of a chapter that names no source, and a cell of a table that has none, add nothing.
    """
    found: set[str] = set()
    for token in names_in(expression):
        rows, column = _rows(token, frames)
        own = f"{column}_source_id"  # such as the source of a caseload, beside that of its row
        listed = {own} & set(rows) or {"document", "source_id", "source_ids", "sources"} & set(rows)
        found |= {source for name in listed for cell in rows[name].dropna() for source in cell.split()}
    return found


def names_in(expression: str) -> list[str]:
    """Return the figures, cells and counts of rows that an expression names, in order."""
    return [match[0] for match in _NAMED.finditer(expression)]


def can_evaluate(expression: str, frames: Frames) -> bool:
    """Return whether every table, column and cell that an expression names is there."""
    try:
        for name in names_in(expression):
            _number(name, frames)
    except ValueError:
        return False
    return True


def bare_figure(expression: str) -> str | None:
    """Return the figure that an expression quotes without any arithmetic, if that is all it does."""
    return expression if re.fullmatch(r"F\d{4}", expression, re.ASCII) else None
