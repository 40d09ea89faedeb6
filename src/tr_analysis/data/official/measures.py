"""Columns of counts, percentages and averages of one table, read together: the counts help with the rates."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tr_analysis.data.official.cells import Number
from tr_analysis.data.official.rates import decimals, percents

Cells = Sequence[Mapping[str, Number]]


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
