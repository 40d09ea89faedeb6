"""The cells of a table of providers as values: counts whole, rates in percent, tests in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from tr_analysis.official.families.blocks import Block
from tr_analysis.official.families.crc_rows import NUMERIC, Found
from tr_analysis.official.families.reading import NotUnderstood, fault, short
from tr_analysis.official.words import meanings
from tr_analysis.official.words.cells import Number
from tr_analysis.official.words.rates import Percent, decimals, percents
from tr_analysis.official.words.significance import judge

Shown = dict[str, tuple[str, int | None]]
_LEVELS = [c for c in meanings.PERCENTS if c != "difference"]


def values(
    found: Sequence[Found], block: Block
) -> tuple[list[dict[str, Any]], list[Shown], list[NotUnderstood]]:
    """Turn the rows of a block into tidy ones.

    Returns
    -------
    tuple
        The values by column; for each row the printed text and decimals by column; what was not understood.

    Raises
    ------
    DataError
        If a count is negative or not whole, more people reoffend than there are, or a rate is outside 0 to 100.
    """
    rows = [_counts(f, block) for f in found]
    shown: list[Shown] = [
        {c: (n.printed, n.places) for c, n in f.numbers.items() if n.value is not None} for f in found
    ]
    notes: list[NotUnderstood] = []
    scales: set[int] = set()
    for column in _LEVELS:
        cells = [f.numbers.get(column) for f in found]
        read = percents(cells, [_observed(row) for row in rows])
        scales |= {
            p.scale
            for n, p in zip(cells, read, strict=True)
            if n and p and p.scale and not n.percent and n.value
        }
        notes += _keep(column, read, found, rows, shown, block)
    for column in meanings.AVERAGES:
        for row, out, f, places in zip(
            rows, shown, found, decimals([f.numbers.get(column) for f in found]), strict=True
        ):
            if (number := f.numbers.get(column)) and number.value is not None:
                row[column], out[column] = number.value, (number.printed, places)
    notes += _difference(found, rows, shown, block, scales)
    for f, row in zip(found, rows, strict=True):
        _possible(f, row, block)
        row |= _states(f)
        notes += _tests(f, row, block)
    return rows, shown, notes


def _counts(found: Found, block: Block) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for column in meanings.COUNTS:
        number = found.numbers.get(column)
        if number is None or number.value is None:
            continue
        if number.value < 0 or number.value != int(number.value) or number.percent:
            header = short(str(block.header.names.get(column, column)))
            raise fault(
                block.file,
                block.sheet,
                "must be a whole number of people or offences",
                found.number,
                header,
                number.printed,
            )
        row[column] = int(number.value)
    return row


def _observed(row: Mapping[str, Any]) -> float | None:
    """Return the rate of a row from its counts, in percent: every rate of the row is near it."""
    if row.get("offenders") and row.get("reoffenders") is not None:
        return float(100 * row["reoffenders"] / row["offenders"])
    rate = row.get("binary_rate")
    return None if rate is None else float(rate)


def _keep(
    column: str,
    read: Sequence[Percent | None],
    found: Sequence[Found],
    rows: Sequence[dict[str, Any]],
    shown: Sequence[Shown],
    block: Block,
) -> list[NotUnderstood]:
    """Put a column of percentages into the rows; report the cells that could be either of two."""
    notes = []
    for percent, f, row, out in zip(read, found, rows, shown, strict=True):
        if percent is None:
            continue
        printed = f.numbers[column].printed
        if percent.value is None:
            header = str(block.header.names.get(column, column))
            notes.append(
                block.note(
                    f.number, header, printed, "a fraction or a percentage? the other cells do not tell"
                )
            )
            out.pop(column, None)
            continue
        row[column], out[column] = percent.value, (printed, percent.places)
    return notes


def _difference(
    found: Sequence[Found],
    rows: Sequence[dict[str, Any]],
    shown: Sequence[Shown],
    block: Block,
    scales: set[int],
) -> list[NotUnderstood]:
    """Read the differences from the baseline, in points and with a minus for a reduction."""
    cells = [f.numbers.get("difference") for f in found]
    anchors = [_expected(row) for row in rows]
    signless = [
        None if a is None or n is None or n.value is None else abs(a) * (-1 if n.value < 0 else 1)
        for a, n in zip(anchors, cells, strict=True)
    ]
    hint = next(iter(scales)) if len(scales) == 1 else 0
    read = percents(cells, signless, hint=0 if _anchored(cells, signless) else hint, low=0.0)
    notes = _keep("difference", read, found, rows, shown, block)
    pairs = [
        (row["difference"], a)
        for row, a in zip(rows, anchors, strict=True)
        if a is not None and row.get("difference") is not None
    ]
    pairs = [(d, a) for d, a in pairs if abs(a) > 0.2]
    if pairs and all(abs(d + a) < abs(d - a) for d, a in pairs):
        for row in rows:
            if row.get("difference") is not None:
                row["difference"] = -row["difference"] + 0.0
        header = str(block.header.names.get("difference", "difference"))
        notes.append(
            block.note(
                block.header.last + 1, header, "", "printed as baseline less rate; kept as rate less baseline"
            )
        )
    return notes


def _anchored(cells: Sequence[Number | None], anchors: Sequence[float | None]) -> bool:
    return any(n and n.value and a and abs(a) >= 0.05 for n, a in zip(cells, anchors, strict=True))


def _expected(row: Mapping[str, Any]) -> float | None:
    """Return the adjusted rate less the baseline."""
    if row.get("adjusted_rate") is None or row.get("baseline_rate") is None:
        return None
    return float(row["adjusted_rate"] - row["baseline_rate"])


def _possible(found: Found, row: Mapping[str, Any], block: Block) -> None:
    """Raise if the numbers of a row cannot all be true."""
    people, again = row.get("offenders"), row.get("reoffenders")
    if people is not None and again is not None and again > people:
        raise fault(
            block.file,
            block.sheet,
            f"more reoffenders than the {people} offenders of the cohort",
            found.number,
            "reoffenders",
            again,
        )
    for column in _LEVELS:
        if (rate := row.get(column)) is not None and not 0 <= rate <= 100:
            header = short(str(block.header.names.get(column, column)))
            raise fault(
                block.file,
                block.sheet,
                "a rate must lie between 0 and 100 percent",
                found.number,
                header,
                found.numbers[column].printed,
            )


def _states(found: Found) -> dict[str, str]:
    """Name the suppressed and the inapplicable columns of a row."""
    return {
        name: " ".join(c for c in NUMERIC if c in found.numbers and found.numbers[c].state == state)
        for name, state in (("suppressed", "suppressed"), ("not_applicable", "not applicable"))
    }


def _tests(found: Found, row: dict[str, Any], block: Block) -> list[NotUnderstood]:
    notes = []
    sides = {
        "significance": ("difference", "adjusted_rate", "baseline_rate"),
        "frequency_significance": ("frequency_difference", "frequency_rate", "baseline_frequency"),
    }
    for column, cell in found.tests.items():
        difference, rate, baseline = (row.get(c) for c in sides[column])
        if difference is None and rate is not None and baseline is not None:
            difference = rate - baseline
        row[column], why = judge(cell, difference)
        if why:
            notes.append(block.note(found.number, str(block.header.names.get(column, column)), cell, why))
    return notes
