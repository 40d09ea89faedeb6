"""The expressions of `figure_checks`: figures, cells and numbers joined by + - * /."""

import operator
import re

import pandas as pd

from tr_analysis.data.fields import Frames

_OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
_CELL = r"(\w+)\[([^\]]*)\]\.(\w+)"
_TOKEN = re.compile(rf"F\d{{4}}|{_CELL}|\d+(?:\.\d+)?|[-+*/]", re.ASCII)


def evaluate(expression: str, frames: Frames) -> float:
    """Work out an expression from left to right, without precedence.

    Parameters
    ----------
    expression
        Such as ``F0023 / F0022 * 100 - 100`` or
        ``prison_population_monthly[month=2014-06;status=recall].people``.
    frames
        The raw tables by name.

    Raises
    ------
    ValueError
        If the expression cannot be read, names no number or more than one, or divides by zero.
    """
    tokens = [match[0] for match in _TOKEN.finditer(expression)]
    whole = "".join(tokens).replace(" ", "") == expression.replace(" ", "")
    signs = tokens[1::2]
    if not whole or len(tokens) % 2 == 0 or not all(sign in _OPERATORS for sign in signs):
        raise ValueError("cannot be read; write figures, cells and numbers joined by + - * /")
    value = _operand(tokens[0], frames)
    for sign, operand in zip(signs, tokens[2::2], strict=True):
        try:
            value = _OPERATORS[sign](value, _operand(operand, frames))
        except ZeroDivisionError:
            raise ValueError(f"divides by {operand}, which is zero") from None
    return value


def _operand(token: str, frames: Frames) -> float:
    """Return the number that a token names."""
    if token in _OPERATORS:
        raise ValueError(f"{token} stands where a number should")
    if token[0].isdigit():
        return float(token)
    if match := re.fullmatch(_CELL, token):
        name, conditions, column = match.groups()
    else:
        name, conditions, column = "published_figures", f"figure_id={token}", "value"
    chosen = [condition.partition("=") for condition in conditions.split(";")]
    if name not in frames or not {column, *(key for key, _, _ in chosen)} <= set(frames[name]):
        raise ValueError(f"{token}: no such table or column")
    rows = frames[name]
    named = pd.Series(True, rows.index)
    for key, _, value in chosen:
        named &= rows[key].astype(str) == value
    cells = rows.loc[named, column].dropna()
    if len(cells) != 1 or not pd.api.types.is_numeric_dtype(cells):
        raise ValueError(f"{token}: must name exactly one number, names {len(cells)} cells with a value")
    return float(cells.iloc[0])
