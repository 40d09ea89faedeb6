"""Totals and subtotals, compared with the sum of the rows that they are of."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tr_analysis.official.finding import Book
from tr_analysis.official.layouts import UNITS
from tr_analysis.official.parsing import count_providers, name_words, parse_number, total_of
from tr_analysis.official.values import Line

NO_PROVIDERS = HEADING, TOTAL, BLANK = "heading", "total", "blank"
"""What stands for the kind of provider in the name of a row that is none, or that has no number."""


@dataclass
class Total:
    """A row of a total, and the providers above and below it, up to the next total or heading, and in its table."""

    line: Line
    heading: str  # over the rows above it
    above: list[Line]
    table: list[Line]
    below: list[Line] = field(default_factory=list)

    @property
    def of(self) -> str:
        """Of what it is a total (see `total_of`)."""
        return total_of(self.line.name.provider)

    @property
    def is_beside_its_rows(self) -> bool:
        """Whether what stands beside it is its own: of a region only if it heads it, or others are in the table."""
        beside, headed = self.above or self.below, name_words(self.heading)
        kinds = {(line.name.kind, line.cohort) for line in beside}
        alike = [line for line in self.table if (line.name.kind, line.cohort) in kinds]
        named = bool(headed) and headed <= name_words(self.line.name.provider)
        return self.of in ("section", "table") or (self.of == "part" and (named or len(beside) < len(alike)))


def find_totals(rows: Sequence[Line]) -> list[Total]:
    """Return the totals among the rows of a table, which are of providers, headings and totals."""
    totals, section, heading = list[Total](), list[Line](), ""
    table = [line for line in rows if line.name.kind not in (HEADING, TOTAL)]
    for line in rows:
        if line.name.kind == HEADING:
            heading, section = line.name.provider, []
        elif line.name.kind == TOTAL:
            totals.append(Total(line, heading, section, table))
            section = totals[-1].below  # filled by what follows
        else:
            section.append(line)
    return totals


def check_totals(totals: Sequence[Total], lines: Sequence[Line], book: Book) -> None:
    """Set totals aside, and find those that contradict the sum of their rows where each of these has the number."""
    for total in totals:
        if len(book.problems) > 100:  # the file is refused anyway, and each total takes time
            return
        row, checked = total.line, False
        parts = [] if any(line.replaced for line in total.table) else _parts(total, lines)
        for name in (name for name in row.cells if UNITS[name] == "count"):
            printed = parse_number(row.cells[name]).value
            counts = [(own, [n for ln in own for n in ln.number_of(row.target(name))]) for own in parts]
            sums = {sum(numbers): own for own, numbers in counts if len(numbers) == len(own)}
            checked |= printed is not None and bool(sums)
            if printed is not None and sums and printed not in sums:
                given = " or ".join(f"{number:,} ({_rows(own, book)})" for number, own in sums.items())
                book.fault(f"a total that contradicts the sum of its rows, {given}", *row.at(name))
        why = "a total, the sum of its rows" if checked else "a total that cannot be compared with its rows"
        why = "an average" if total.of == "average" else why
        book.set_aside(why, row.sheet, row.number, value=row.name.provider)


def _parts(total: Total, lines: Sequence[Line]) -> list[list[Line]]:
    """Return the sets of rows of which it may be the total: all providers of a kind or of both, its section, its table."""
    of, line = total.of, total.line
    same = [ln for ln in lines if (ln.layout, ln.cohort, ln.stage) == (line.layout, line.cohort, line.stage)]
    parts = []
    for kinds in (("CRC",), ("NPS",), ("CRC", "NPS")):
        own = [ln for ln in same if ln.name.kind in kinds]
        whole = len(own) == sum(map(count_providers, kinds))
        parts += [own] if whole and (of in ("all", "table", "section") or kinds == (of,)) else []
    beside = [total.above, total.below] if total.is_beside_its_rows else []
    if of == "table":  # as are several of a sheet, with their header again
        blank = [ln for ln in total.table if ln.name.kind == BLANK]
        beside += [total.table, [*blank, *(ln for ln in same if ln.sheet == line.sheet)]]
    parts += [[ln for ln in own if ln.cohort == line.cohort] for own in beside]
    return [own for own in parts if own]


def _rows(lines: Sequence[Line], book: Book) -> str:
    """Name the cells that were summed: the rows, or the columns of a sheet on its side, of each sheet."""
    found: dict[str, list[int]] = {}
    for line in lines:
        found.setdefault(line.sheet, []).append(line.number)
    return ", ".join(book.place(sheet, min(n), max(n)) for sheet, n in found.items())
