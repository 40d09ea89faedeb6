"""Rows and numbers that must agree: tables that complete each other, what cannot be, rates and totals."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tr_analysis.official.finding import Book
from tr_analysis.official.layouts import COUNTS, DIFFERENCES, LISTS, RATIOS, RISING
from tr_analysis.official.parsing import known_providers, parse_number
from tr_analysis.official.values import Line, expected, half


def merge(lines: Sequence[Line], book: Book) -> list[Line]:
    """Put the rows of one thing from several tables together where they complete each other or say the same.

    Two that contradict each other are a fault: nobody can say which is right.
    """
    kept: dict[tuple[Any, ...], list[Line]] = {}
    for line in lines:
        same = kept.setdefault((line.layout, line.name, line.cohort), [])
        first = next((ln for ln in same if ln.row.get("stage") == line.row.get("stage")), None)
        if first:
            _complete(first, line, book)
            continue
        if same and line.cohort and None in (line.row.get("stage"), same[0].row.get("stage")):
            rule = (
                f"a second row of {line.name.provider} for its cohort, after row {same[0].number} of sheet "
                f"{same[0].sheet!r}; of one of the two it is not said whether it is interim or final"
            )
            book.fault(rule, line.sheet, line.number)
        same.append(line)
    return [line for same in kept.values() for line in same]


def _complete(first: Line, line: Line, book: Book) -> None:
    """Add to a row what a second one of the same thing says besides."""
    columns = line.layout.columns
    for column in [c for c in columns if c in line.row and first.row.get(c, line.row[c]) != line.row[c]][:1]:
        rule = (
            f"contradicts row {first.number} of sheet {first.sheet!r}, which says {first.row[column]} of "
            f"{line.name.provider} in the same cohort; nothing tells which is right"
        )
        book.fault(rule, *line.where[column], line.row[column])
    for ours, theirs in ((first.row, line.row), (first.places, line.places), (first.where, line.where)):
        ours |= {c: value for c, value in theirs.items() if c in columns and c not in ours}
    for name in LISTS:
        listed = dict.fromkeys(f"{first.row[name]} {line.row[name]}".split())
        first.row[name] = " ".join(c for c in listed if c not in first.row)


def check_lines(lines: Sequence[Line], book: Book) -> None:
    """Find numbers of a row that contradict each other: rates and their counts, differences, what cannot be."""
    for line in lines:
        row = line.row
        for columns, rule in RISING:
            there = [c for c in columns if c in row]
            numbers = [row[c] for c in there]
            if numbers != sorted(numbers):
                book.fault(rule, *line.where[there[0]], ", ".join(map(str, numbers)))
        given = {
            column: (scale * row[top] / row[bottom], 0.0)
            for column, top, bottom, scale in RATIOS
            if {column, top, bottom} <= row.keys() and row[bottom]
        }
        given |= {c: sides for c, *_ in DIFFERENCES if c in row and (sides := expected(line, c))}
        for column, (exact, slack) in given.items():
            if abs(row[column] - exact) > slack + half(line.places[column]):
                rule = f"contradicts the numbers beside it, which give {exact:.5g}"
                book.fault(rule, *line.where[column], row[column])


def check_totals(totals: Sequence[Line], lines: Sequence[Line], book: Book) -> None:
    """Compare each total with the sum of its providers, where every one of them has the number, and set it aside."""
    every = Counter(kind for kind, _ in known_providers())
    for total in totals:
        about = total.layout, total.sheet, total.cohort
        parts = [ln for ln in lines if (ln.layout, ln.sheet, ln.cohort) == about]
        checked = False
        for column in {"eligible", *COUNTS} & total.cells.keys():
            printed, sums = parse_number(total.cells[column]).value, []
            for kinds in (("CRC",), ("NPS",), ("CRC", "NPS")):
                counts = [ln.row[column] for ln in parts if ln.name.kind in kinds and column in ln.row]
                whole = len(counts) == sum(every[kind] for kind in kinds)
                sums += [sum(counts)] if whole and total.name.provider in ("", kinds[0]) else []
            checked |= bool(sums)
            if printed is not None and sums and printed not in sums:
                why = f"a total of providers whose rows sum to {' or '.join(map(str, sums))}"
                book.doubt(why, *total.at(column))
        why = "compared with its providers" if checked else "not all of its providers are here"
        book.set_aside(f"a total, {why}", total.sheet, total.number, value=total.printed)
