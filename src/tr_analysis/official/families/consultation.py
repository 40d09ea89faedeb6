"""National cohorts under the old and the new measure, from the consultation on the reoffending statistics."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from tr_analysis.errors import DataError
from tr_analysis.official.families import reconcile
from tr_analysis.official.families.blocks import (
    Block,
    SheetLike,
    blocks,
    cell_at,
    nameless_columns,
    unknown_columns,
    unread,
)
from tr_analysis.official.families.consultation_words import (
    COUNTS,
    GROUPS,
    PERCENTS,
    QUARTER,
    VERSIONS,
    Key,
    cohort_of,
    meaning,
    said,
)
from tr_analysis.official.families.reading import NotUnderstood, Reading, fault, repeated, short, tidy
from tr_analysis.official.words.cells import parse_number, plain_text, without_notes
from tr_analysis.official.words.cohorts import Cohort, only_cohort
from tr_analysis.official.words.headers import Row
from tr_analysis.official.words.rates import read_measures

FAMILY = "consultation_cohorts"
TYPES = {
    "release": "str",
    "file": "str",
    "sheet": "str",
    "row": "Int64",
    "group": "str",
    "measure_version": "str",
    "cohort_type": "str",
    "cohort": "str",
    **dict.fromkeys(COUNTS, "Int64"),
    "binary_rate": "float64",
    "frequency_rate": "float64",
    "ogrs": "float64",
    "adjusted_rate": "float64",
    "suppressed": "str",
}


class _Turned(NamedTuple):
    """A sheet with its rows and columns exchanged: some tables have a column a cohort."""

    name: str
    rows: Sequence[Row]


def read(sheets: Sequence[SheetLike], file: str, release: str) -> Reading:
    """Read the national cohorts.

    Parameters
    ----------
    sheets
        Sheets of the workbook, each with a row, or a column, a cohort.
    file, release
        The file's name and the release it belongs to.

    Returns
    -------
    Reading
        Adults or juveniles, old or new measure come from the headers of the columns, else from headings, titles
        or the name of the sheet; ``row`` is missing where a sheet has a column a cohort.

    Raises
    ------
    DataError
        If there is no such table, it is not said whom or which measure it is about, a column is there twice, or a
        cohort has two rows.
    """
    rows: list[dict[str, Any]] = []
    places: list[dict[str, int | None]] = []
    notes: list[NotUnderstood] = []
    for sheet in sheets:
        found, turned = _tables(sheet, file)
        if not found:
            notes += unread(sheet, file, "no table of cohorts was found in this sheet")
        for block in found:
            new, shown = _block(block, release, turned, notes)
            rows += new
            places += shown
    if not rows:
        names = ", ".join(repr(short(s.name, 40)) for s in list(sheets)[:12])
        raise fault(file, "", f"no table of cohorts with counts or rates in the sheets {names or '(none)'}")
    if problems := repeated(rows, keys_of(FAMILY)):
        raise DataError(problems)
    return Reading(
        FAMILY, tidy(rows, TYPES), tuple(dict.fromkeys(notes)), reconcile.checks(rows, places, "cohort")
    )


def _tables(sheet: SheetLike, file: str) -> tuple[list[Block], bool]:
    """Return the tables of a sheet, and whether its rows are columns."""
    for turned in (False, True):
        page: SheetLike = sheet
        if turned:
            width = min(max((len(row) for row in sheet.rows), default=0), 400)
            page = _Turned(sheet.name, [[cell_at(row, i) for row in sheet.rows[:400]] for i in range(width)])
        if found := [b for b in blocks(page, file, meaning) if _cohort_place(b) is not None and _keys(b)]:
            return found, turned
    return [], False


def _keys(block: Block) -> dict[Key, int]:
    return {k: i for k, i in block.header.places.items() if isinstance(k, Key)}


def _cohort_place(block: Block) -> int | None:
    """Return the column of cohorts: by its header, else the first whose cells are cohorts."""
    for key in ("cohort", "year"):
        if (place := block.header.places.get(key)) is not None:
            return place
    taken = set(block.header.places.values())
    for i in range(3):
        if (
            i not in taken
            and sum(only_cohort([cell_at(row, i)]) is not None for _, row in block.numbered()) >= 3
        ):
            return i
    return None


def _block(
    block: Block, release: str, turned: bool, notes: list[NotUnderstood]
) -> tuple[list[dict[str, Any]], list[dict[str, int | None]]]:
    """Read one table."""
    _unique(block, turned)
    numbered = _entered(block, notes)
    rows: list[dict[str, Any]] = []
    shown: list[dict[str, int | None]] = []
    for group, version in dict.fromkeys((k.group, k.version) for k in _keys(block)):
        columns = {k.column: i for k, i in _keys(block).items() if (k.group, k.version) == (group, version)}
        cells = [{c: parse_number(cell_at(row, i)) for c, i in columns.items()} for _, row, _, _ in numbered]
        values, digits, doubtful = read_measures(cells, COUNTS, PERCENTS, ("frequency_rate",))
        notes += [
            block.note(None if turned else numbered[i][0], c, cells[i][c].printed, why)
            for i, c, why in doubtful
        ]
        for (number, _, cohort, heading), numbers, row, places in zip(
            numbered, cells, values, digits, strict=True
        ):
            if all(n.state in ("missing", "not a number") for n in numbers.values()):
                continue
            for column, cell in numbers.items():
                if cell.state == "not a number":
                    notes.append(block.note(None if turned else number, column, cell.printed, "not a number"))
            where = {"release": release, "row": None if turned else number}
            about = _whose(block, heading, group, version)
            when = {"cohort_type": cohort.kind, "cohort": cohort.name}
            states = {"suppressed": " ".join(c for c, n in numbers.items() if n.state == "suppressed")}
            rows.append(where | about | when | row | states)
            shown.append(places)
    if not turned:
        place = _cohort_place(block)
        kept = [(n, [None if i == place else c for i, c in enumerate(row)]) for n, row, _, _ in numbered]
        notes += unknown_columns(block, place) + nameless_columns(block, kept)
    return rows, shown


def _unique(block: Block, turned: bool) -> None:
    """Raise if two columns of a table mean the same."""
    if twice := [c for c in block.header.twice if isinstance(c.key, Key)]:
        rule = "another column has this meaning too; keep one, or say how they differ"
        raise fault(
            block.file, block.sheet, rule, None if turned else block.header.last + 1, short(twice[0].printed)
        )


def _whose(block: Block, heading: str, group: str, version: str) -> dict[str, str]:
    """Return whom and which measure a row is about, and where it is."""
    return {
        "file": block.file,
        "sheet": block.sheet,
        "group": group or _about(block, heading, GROUPS, "adults or juveniles"),
        "measure_version": version or _about(block, heading, VERSIONS, "the old or the new measure"),
    }


def _about(block: Block, heading: str, words: dict[str, str], what: str) -> str:
    """Return the group or the measure that headings, titles or the sheet's name say."""
    for text in (heading, *block.titles, block.sheet):
        if name := said(text, words):
            return name
    rule = f"whether this is {what} is not said by a header, a title or the name of the sheet"
    raise fault(block.file, block.sheet, rule, block.header.last + 1)


def _entered(block: Block, notes: list[NotUnderstood]) -> list[tuple[int, Row, Cohort, str]]:
    """Return the rows of a block with their cohorts and the heading they stand under."""
    places = block.header.places
    place = _cohort_place(block) or 0
    year = places.get("year") if places.get("year") != place else None
    quarters = any(QUARTER.fullmatch(plain_text(cell_at(row, place)).lower()) for _, row in block.numbered())
    last_year, heading = "", ""
    out = []
    for number, row in block.numbered():
        printed = cell_at(row, place)
        if year is not None and plain_text(cell_at(row, year)):
            last_year = without_notes(plain_text(cell_at(row, year)))
        cohort = cohort_of(printed, last_year, quarters)
        says = [
            n
            for i in _keys(block).values()
            if (n := parse_number(cell_at(row, i))).state in ("value", "suppressed")
        ]
        if cohort is not None and says:
            own = [plain_text(cell_at(row, places[key])) for key in ("group", "version") if key in places]
            out.append((number, row, cohort, " ".join([*own, heading])))
        elif says:
            shown = ", ".join(n.printed for n in says)
            notes.append(
                block.note(
                    number, "", f"{plain_text(printed)}: {shown}", "numbers of no cohort that could be read"
                )
            )
        elif len(text := plain_text(printed)) < 100 and text:
            heading = text
    return out


def recognises(sheets: Sequence[SheetLike]) -> str | None:
    """Return the family if the sheets have tables of cohorts, and say which measure they are of."""
    for sheet in sheets:
        found, _ = _tables(sheet, "")
        for block in found:
            texts = [*block.titles, block.sheet, *(c.printed for c in block.header.columns)]
            columns = block.header.places
            versions = "version" in columns or any(said(t, VERSIONS) for t in texts)
            if versions and ("group" in columns or any(said(t, GROUPS) for t in texts)):
                return FAMILY
    return None


def keys_of(family: str) -> tuple[str, ...]:
    """Return the columns that together name a row, but for the release."""
    return ("group", "measure_version", "cohort_type", "cohort")
