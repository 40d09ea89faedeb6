"""Percentages, however they are stored: 45.4, 0.454 or ``45.4%``; counts help to tell which."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tr_analysis.official.words.cells import Number

Cells = Sequence[Mapping[str, Number]]
ROUNDED = 6  # decimals; a cell that shows more was never rounded


class Percent(NamedTuple):
    """A percentage as printed.

    Attributes
    ----------
    value
        In percent, or in percentage points.
    places
        Decimals of the percentage.
    scale
        What the stored number was multiplied by: 1 or 100; 0 where that cannot be told, and the value is None.
    """

    value: float | None
    places: int | None
    scale: int


def percents(
    numbers: Sequence[Number | None], anchors: Sequence[float | None], hint: int = 0, low: float = 1.0
) -> list[Percent | None]:
    """Read a column of percentages.

    Parameters
    ----------
    numbers
        Its cells; those without a value stay None.
    anchors
        For each, a percentage it should be near, such as 100 k / n; None where there is none. Between a number
        and its hundredfold a rough one decides.
    hint
        Scale of the neighbouring columns, for a column of small differences that could be either.
    low
        A column whose numbers are all at most this is of fractions.

    Returns
    -------
    list of Percent or None
        A cell with a percent sign is taken as it stands; the others as fractions or percentages by their anchors,
        where these are silent by the other cells of the column.
    """
    scales = [_own_scale(n, a) for n, a in zip(numbers, anchors, strict=True)]
    loose = [n.value for n, s in zip(numbers, scales, strict=True) if n and n.value and s is None]
    sure = {s for n, s in zip(numbers, scales, strict=True) if s and n is not None and not n.percent}
    if len(sure) > 1 and low and _all_small(numbers):  # the counts beside them are of something else
        scales = [1 if n and n.percent else None for n in numbers]
        loose, sure = [n.value for n in numbers if n and n.value and not n.percent], set()
    common = hint or _common_scale(loose, sure, low)
    out: list[Percent | None] = []
    for number, own in zip(numbers, scales, strict=True):
        if number is None or number.value is None:
            out.append(None)
            continue
        scale = own if own is not None else common
        if own is None and abs(number.value) > 1:
            scale = 1
        out.append(_scaled(number, 1 if number.value == 0 and not scale else scale))
    return _even(numbers, out)


def _own_scale(number: Number | None, anchor: float | None) -> int | None:
    """Return the scale that a cell tells itself: by its sign, or by what it should be near."""
    if number is None or number.value is None:
        return None
    if number.percent:
        return 1
    if number.value == 0 or anchor is None or abs(anchor) < 0.05 or number.value * anchor < 0:
        return None
    as_percent, as_fraction = (abs(math.log(abs(s * number.value / anchor))) for s in (1, 100))
    return 1 if abs(number.value) > 1 or as_percent <= as_fraction else 100  # no rate is above 100 percent


def _all_small(numbers: Sequence[Number | None]) -> bool:
    """Return whether every stored number could be a fraction."""
    return all(abs(n.value) <= 1 for n in numbers if n and n.value is not None and not n.percent)


def _common_scale(loose: Sequence[float], sure: set[int], low: float) -> int:
    """Return the scale of the cells that do not tell it themselves; 0 where it cannot be told."""
    if len(sure) == 1:
        return next(iter(sure))
    if sure or not loose:
        return 0 if sure else 1
    sizes = [abs(v) for v in loose]
    if min(sizes) > 1:
        return 1
    return 100 if max(sizes) <= low else 0


def _scaled(number: Number, scale: int) -> Percent:
    if not scale or number.value is None or number.places is None:
        return Percent(None, None, 0)
    if scale == 1:
        return Percent(number.value, number.places, 1)
    places = max(number.places - 2, 0)
    return Percent(round(number.value * 100, places) + 0.0, places, 100)


def _even(numbers: Sequence[Number | None], out: list[Percent | None]) -> list[Percent | None]:
    """Give stored numbers of a column the same decimals: a spreadsheet keeps 45.0 as 45."""
    shown = {
        (p.scale, p.places)
        for n, p in zip(numbers, out, strict=True)
        if n and p and p.places is not None and not n.percent and p.places <= ROUNDED
    }
    most = {scale: max(d for s, d in shown if s == scale) for scale, _ in shown}
    return [
        p._replace(places=most[p.scale])
        if n and p and p.places is not None and not n.percent and p.places <= ROUNDED
        else p
        for n, p in zip(numbers, out, strict=True)
    ]


def decimals(numbers: Sequence[Number | None]) -> list[int | None]:
    """Return the decimals of a column of averages, the same for all its rounded cells."""
    places = [n.places for n in numbers if n and n.places is not None and n.places <= ROUNDED]
    most = max(places, default=0)
    return [
        None if n is None or n.places is None else most if n.places <= ROUNDED else n.places for n in numbers
    ]


class Read(NamedTuple):
    """The values of a table.

    Attributes
    ----------
    rows
        Values by column, for each row.
    places
        Decimals of the printed rates by column, for each row.
    doubtful
        Row, column and reason of each cell that has a number which could not be used.
    """

    rows: list[dict[str, Any]]
    places: list[dict[str, int | None]]
    doubtful: list[tuple[int, str, str]]


def read_measures(cells: Cells, counts: Sequence[str], rates: Sequence[str], averages: Sequence[str]) -> Read:
    """Read the numeric cells of a table.

    Parameters
    ----------
    cells
        For each row its cells by column.
    counts, rates, averages
        The columns of whole numbers, of percentages and of plain numbers.
    """
    out = Read([{} for _ in cells], [{} for _ in cells], [])
    for column in counts:
        _counts(cells, column, out)
    for column in rates:
        _rates(cells, column, out)
    for column in averages:
        own = [row.get(column) for row in cells]
        for i, (number, digits) in enumerate(zip(own, decimals(own), strict=True)):
            if number is not None and number.value is not None:
                out.rows[i][column], out.places[i][column] = number.value, digits
    for i, row in enumerate(cells):
        out.doubtful.extend(
            (i, column, "not a number") for column, n in row.items() if n.state == "not a number"
        )
    return out


def _rates(cells: Cells, column: str, out: Read) -> None:
    anchors = [_observed(row) for row in out.rows]
    for i, percent in enumerate(percents([row.get(column) for row in cells], anchors)):
        if percent is not None and percent.value is None:
            out.doubtful.append((i, column, "a fraction or a percentage? the other cells do not tell"))
        elif percent is not None:
            out.rows[i][column], out.places[i][column] = percent.value, percent.places


def _counts(cells: Cells, column: str, out: Read) -> None:
    for i, row in enumerate(cells):
        number = row.get(column)
        if number is None or number.value is None:
            continue
        if number.value < 0 or number.value != int(number.value) or number.percent:
            out.doubtful.append((i, column, "no whole number of people or offences"))
        else:
            out.rows[i][column] = int(number.value)


def _observed(row: Mapping[str, Any]) -> float | None:
    """Return the rate that the counts of a row give, in percent; else the one it prints, once that is read."""
    k, n = row.get("reoffenders"), row.get("offenders")
    return 100 * k / n if k and n else row.get("binary_rate")
