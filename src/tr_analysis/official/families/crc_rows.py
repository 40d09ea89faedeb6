"""The rows of one table of providers: whose they are, which cohort's, and what they say."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tr_analysis.official.families.blocks import Block, cell_at
from tr_analysis.official.families.reading import NotUnderstood, fault, short
from tr_analysis.official.words import meanings
from tr_analysis.official.words.cells import Number, parse_number, plain_text
from tr_analysis.official.words.cohorts import Cohort, cohorts_in
from tr_analysis.official.words.headers import Row
from tr_analysis.official.words.providers import Name, guess, kind_in, resolve

NUMERIC = (*meanings.COUNTS, *meanings.PERCENTS, *meanings.AVERAGES)
_START = (
    2015 * 12 + 9
)  # the first month of the first cohort under payment by results; earlier periods are baselines
_HEADING = 100  # a longer text is a note


def named_cohorts(text: object) -> list[Cohort]:
    """Return the cohorts of payment by results that a text names; its first year, 2015/16, began in October."""
    found = [c for c in cohorts_in(text) if c.last > _START]
    return list(dict.fromkeys(c._replace(first=max(c.first, _START)) for c in found))


def only_named(texts: Iterable[object]) -> Cohort | None:
    """Return the cohort of the first text that names exactly one; None where none does."""
    return next((found[0] for text in texts if len(found := named_cohorts(text)) == 1), None)


class Found(NamedTuple):
    """One row of one provider in one cohort, its cells not yet judged.

    Attributes
    ----------
    number
        Row of the sheet.
    name
        The provider.
    cohort
        The cohort.
    numbers
        Its numeric cells by column.
    tests
        Its statistical tests by column.
    """

    number: int
    name: Name
    cohort: Cohort
    numbers: dict[str, Number]
    tests: dict[str, object]


@dataclass
class Context:
    """What rows inherit from the rows and titles above them."""

    kind: str
    cohort: Cohort | None
    provider: object = None
    named: Cohort | None = None
    notes: list[NotUnderstood] = field(default_factory=list)


def columns_by_cohort(block: Block) -> list[tuple[Cohort | None, dict[str, int]]]:
    """Return the columns of a block, once for each cohort that its headers name."""
    places = block.header.places
    shared = {key: i for key, i in places.items() if isinstance(key, str)}
    cohorts = dict.fromkeys(key[1] for key in places if isinstance(key, tuple))
    if not cohorts:
        return [(None, shared)]
    own = {c: {k[0]: i for k, i in places.items() if isinstance(k, tuple) and k[1] == c} for c in cohorts}
    return [(c, shared | own[c]) for c in cohorts]


def rows_of(block: Block, provider: int, context: Context) -> list[Found]:
    """Read the rows of a block.

    Parameters
    ----------
    block
        The block.
    provider
        Place of the column that names the provider.
    context
        What its titles say; headings between the rows change it, and what is not understood is added to it.

    Raises
    ------
    DataError
        If a provider's row has no cohort.
    """
    found: list[Found] = []
    several = columns_by_cohort(block)
    for number, row in block.numbered():
        for cohort, places in several:
            read = _row(block, number, row, provider, cohort, places, context)
            if read is not None:
                found.append(read)
            elif len(several) > 1 and resolve(cell_at(row, provider), context.kind) is None:
                break
    return found


def _row(
    block: Block,
    number: int,
    row: Row,
    provider: int,
    cohort: Cohort | None,
    places: Mapping[str, int],
    context: Context,
) -> Found | None:
    """Read one row for one cohort; None if it is a heading, a note, or not understood."""
    cells = {c: parse_number(cell_at(row, i)) for c, i in places.items() if c in NUMERIC}
    cell = cell_at(row, provider)
    says = any(n.state in ("value", "suppressed") for n in cells.values())
    if plain_text(cell) == "" and "cohort" in places and plain_text(cell_at(row, places["cohort"])):
        cell = context.provider  # one merged cell for the rows of a provider
    name = _provider(row, cell, places, context)
    if name is None or (name.kind == "total" and not says):
        _other(block, number, row, cell, cells, says, context)
        return None
    if not any(n.printed for n in cells.values()):
        if not _is_note(row) and "provider" in places:
            context.notes.append(block.note(number, "", cell, "a provider without anything in its row"))
        return None
    context.provider = cell
    entered = cohort or _entered(block, number, row, places, context)
    for column, read in cells.items():
        if read.state == "not a number":
            header = block.header.names.get(column, column)
            context.notes.append(block.note(number, header, read.printed, "not a number"))
        elif read.mark:
            header = block.header.names.get(column, column)
            context.notes.append(
                block.note(number, header, read.printed, "a mark beside a number; no meaning is known")
            )
    tests = {c: cell_at(row, places[c]) for c in meanings.JUDGEMENTS if c in places}
    return Found(number, name, entered, cells, tests)


def _is_note(row: Row) -> bool:
    return any(isinstance(cell, str) and len(cell) > _HEADING for cell in row)


def _provider(row: Row, cell: object, places: Mapping[str, int], context: Context) -> Name | None:
    """Find the provider of a row, by its name, its type and its code."""
    kind = context.kind
    if "provider_type" in places:
        kind = kind_in(cell_at(row, places["provider_type"])) or kind
    name = resolve(cell, kind)
    if name is None and plain_text(cell) == "" and "area_code" in places:
        return resolve(cell_at(row, places["area_code"]), kind)
    return name


def _entered(block: Block, number: int, row: Row, places: Mapping[str, int], context: Context) -> Cohort:
    """Return the cohort of a row: its own, or the heading's, or the sheet's."""
    if "cohort" in places:
        text = _as_quarter(cell_at(row, places["cohort"]))
        if own := only_named([text]):
            context.named = own
        elif plain_text(text):
            raise fault(
                block.file,
                block.sheet,
                "no cohort; write it such as Oct-Dec 2015",
                number,
                short(block.header.names["cohort"]),
                text,
            )
        if context.named:
            return context.named
    if context.cohort is None:
        rule = (
            "whose cohort this is, is not said: neither by a column, nor by the titles above the table, nor by the "
            "name of the sheet; name the sheet after its cohort, such as Oct-Dec 2015"
        )
        raise fault(block.file, block.sheet, rule, number)
    return context.cohort


def _as_quarter(cell: object) -> object:
    """Return the quarter that begins on a day, where a cell holds one; else the cell."""
    if isinstance(cell, datetime.date) and cell.month % 3 == 1 and cell.day == 1:
        return f"{cell.year}Q{(cell.month + 2) // 3}"
    return cell


def _other(
    block: Block,
    number: int,
    row: Row,
    cell: object,
    cells: Mapping[str, Number],
    says: bool,
    context: Context,
) -> None:
    """Take a row that is no provider's: a heading changes the context, numbers are reported, notes are passed over."""
    text = plain_text(cell)
    if says:
        why = f"no provider of providers.csv{guess(cell)}" if text else "numbers without a provider"
        shown = ", ".join(f"{n.printed}" for n in cells.values() if n.printed)
        context.notes.append(block.note(number, "", f"{text}: {shown}" if text else shown, why))
        return
    others = [plain_text(c) for c in row if isinstance(c, str) and plain_text(c)]
    if len(set(others)) != 1 or len(others[0]) > _HEADING:
        return
    context.kind = kind_in(others[0]) or context.kind
    recent = named_cohorts(others[0])
    if len(recent) == 1:
        context.cohort = recent[0]


def as_row(found: Found, block: Block, release: str, stage: str | None) -> dict[str, Any]:
    """Return what a tidy row says of where it comes from."""
    return {
        "release": release,
        "file": block.file,
        "sheet": block.sheet,
        "row": found.number,
        "cohort": found.cohort.name,
        "cohort_type": found.cohort.kind,
        "provider": found.name.provider,
        "provider_type": found.name.kind,
        "stage": stage,
    }
