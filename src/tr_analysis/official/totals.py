"""Totals and subtotals, compared with the sum of the rows that they are of."""

from collections.abc import Sequence
from itertools import groupby, takewhile

from tr_analysis.official.layouts import UNITS
from tr_analysis.official.parsing import count_providers, name_words, parse_number, total_of
from tr_analysis.official.tables import Book, place_of
from tr_analysis.official.values import Line

NO_PROVIDERS = HEADING, TOTAL, BLANK = "heading", "total", "blank"
"""What stands for the kind of provider in the name of a row that is none, or that has no number."""


def check_totals(tables: Sequence[Sequence[Line]], lines: Sequence[Line], book: Book) -> None:
    """Set totals aside, and find those that contradict the sum of their rows where each of these has the number.

    The rows of each table are of providers, headings and totals; ``lines`` are those of providers of all tables.
    """
    for rows in tables:
        for i, row in enumerate(rows):
            if len(book.problems) > 100:  # the file is refused anyway, and each total takes time
                return
            if row.name.kind == TOTAL:
                _check_total(row, _parts(rows, i, lines))


def _check_total(row: Line, parts: Sequence[Sequence[Line]]) -> None:
    """Compare a total with the sets of rows of which it may be one."""
    checked = False
    for name in (name for name in row.cells if UNITS[name] == "count"):
        printed = parse_number(row.cells[name]).value
        counts = [(own, [n for ln in own for n in ln.number_of(name)]) for own in parts]
        sums = {sum(numbers): own for own, numbers in counts if len(numbers) == len(own)}
        checked |= printed is not None and bool(sums)
        if printed is not None and sums and printed not in sums:
            given = " or ".join(f"{number:,} ({_rows(own)})" for number, own in sums.items())
            row.fault(f"a total that contradicts the sum of its rows, {given}", name)
    why = "a total, the sum of its rows" if checked else "a total that cannot be compared with its rows"
    row.fault("an average" if total_of(row.name.provider) == "average" else why, aside=True)


def _parts(rows: Sequence[Line], i: int, lines: Sequence[Line]) -> list[list[Line]]:
    """Return the sets of rows of which the i-th of a table may be the total.

    All providers of a kind or of both; the rows above and below it, up to the next total or heading; its table. What
    stands beside the total of a region is its own only if the region heads it, or others are in the table.
    """
    line, of = rows[i], total_of(rows[i].name.provider)
    table = list(filter(_is_part, rows))
    if any(ln.replaced for ln in table):
        return []
    same = [ln for ln in lines if ln.key == (*line.key[:3], ln.name)]
    parts = []
    for kinds in (("CRC",), ("NPS",), ("CRC", "NPS")):
        own = [ln for ln in same if ln.name.kind in kinds]
        whole = len(own) == sum(map(count_providers, kinds))
        parts += [own] if whole and (of in ("all", "table", "section") or kinds == (of,)) else []
    above, below = (list(takewhile(_is_part, beside)) for beside in (reversed(rows[:i]), rows[i + 1 :]))
    headings = [ln.name.provider for ln in rows[:i] if ln.name.kind == HEADING]
    headed = name_words(headings[-1]) if headings else None
    like = {(ln.name.kind, ln.cohort) for ln in above or below}
    others = len(above or below) < sum((ln.name.kind, ln.cohort) in like for ln in table)
    own_part = others or (headed and headed <= name_words(line.name.provider))
    found = [above[::-1], below] if of in ("section", "table") or (of == "part" and own_part) else []
    if of == "table":  # as are several of a sheet, with their header again
        blank = [ln for ln in table if ln.name.kind == BLANK]
        found += [table, [*blank, *(ln for ln in same if ln.table.sheet is line.table.sheet)]]
    parts += [[ln for ln in own if ln.cohort == line.cohort] for own in found]
    return [own for own in parts if own]


def _is_part(line: Line) -> bool:
    """Return whether a row of a table is one that its totals count."""
    return line.name.kind not in (HEADING, TOTAL)


def _rows(lines: Sequence[Line]) -> str:
    """Name the cells that were summed: the rows, or the columns of a sheet on its side, of each sheet."""
    groups = [[*own] for _, own in groupby(lines, lambda line: line.table.sheet.name)]
    return ", ".join(place_of(own[0].table.sheet, own[0].number, own[-1].number) for own in groups)
