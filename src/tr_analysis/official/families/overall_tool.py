"""The data behind the overall tool of proven reoffending: one row a cohort year and group of people."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from tr_analysis.errors import DataError
from tr_analysis.official.families.blocks import (
    UNKNOWN,
    Block,
    SheetLike,
    blocks,
    cell_at,
    nameless_columns,
    unknown_columns,
    unread,
)
from tr_analysis.official.families.reading import NotUnderstood, Reading, fault, repeated, short, tidy
from tr_analysis.official.words.cells import Number, parse_number, plain_text, without_notes
from tr_analysis.official.words.cohorts import Cohort, only_cohort

FAMILY = "overall_tool"
_TEXTS = ("adult_child", "cohort", "region", "category", "subcat1", "subcat2")
_COUNTS = ("offenders", "reoffenders", "reoffences")
_NEEDED = ("adult_child", "cohort", "category", *_COUNTS)
TYPES = {
    "release": "str",
    "file": "str",
    "sheet": "str",
    "row": "Int64",
    "adult_child": "str",
    "cohort_as_printed": "str",
    "cohort_start": "str",
    "cohort_end": "str",
    "region": "str",
    "category": "str",
    "subcat1": "str",
    "subcat2": "str",
    **dict.fromkeys(_COUNTS, "Int64"),
    "suppressed": "str",
}
_FORMS = (
    (r"adult(?: or| and)? (?:child(?:ren)?|juvenile)|adult juvenile|adults? children", "adult_child"),
    (r"(?:offender )?cohort(?: period| year)?|period|cohort years?", "cohort"),
    (r"region(?: name)?|geograph(?:y|ical area)|area", "region"),
    (r"category|breakdown", "category"),
    (r"sub ?cat(?:egory)? ?(?:1|one)?", "subcat1"),
    (r"sub ?cat(?:egory)? ?(?:2|two)", "subcat2"),
    (r"(?:number of |no of )?offenders(?: in cohort)?", "offenders"),
    (r"(?:number of |no of )?reoffenders", "reoffenders"),
    (r"(?:number of |no of )?reoffences", "reoffences"),
)


def meaning(text: str) -> str | None:
    """Return the column that a normalised header names."""
    return next((column for form, column in _FORMS if re.fullmatch(form, text)), None)


@lru_cache(maxsize=1024)
def _cohort(text: str) -> Cohort | None:
    return only_cohort([text])


def read(sheets: Sequence[SheetLike], file: str, release: str) -> Reading:
    """Read the data of the tool.

    Parameters
    ----------
    sheets
        Sheets of the workbook; the data are found by their header, wherever it stands.
    file, release
        The file's name and the release it belongs to.

    Raises
    ------
    DataError
        If there is no such sheet, a column is missing or there twice, a cohort cannot be read, counts are
        impossible, or two rows are about the same.
    """
    rows: list[dict[str, Any]] = []
    notes: list[NotUnderstood] = []
    for sheet in sheets:
        found = blocks(sheet, file, meaning, least=5)
        if not found:
            notes += unread(sheet, file, "this sheet does not hold the data of the tool")
        for block in found:
            _essential(block)
            numbered = list(block.numbered())
            new = [r for number, row in numbered if (r := _row(block, number, row, release, notes))]
            rows += new
            kept = {r["row"] for r in new}
            notes += unknown_columns(block) + nameless_columns(block, [n for n in numbered if n[0] in kept])
    if not rows:
        names = ", ".join(repr(short(s.name, 40)) for s in list(sheets)[:12])
        raise fault(
            file, "", f"no sheet has the columns {', '.join(_NEEDED)}; there are {names or '(no sheets)'}"
        )
    if problems := repeated(rows, keys_of(FAMILY)):
        if not any(note.why == UNKNOWN for note in notes):
            raise DataError(problems)
        why = f"{problems[0].rule}; a column of no known meaning may tell them apart"
        notes.append(NotUnderstood(file, rows[0]["sheet"], problems[0].row, "", f"{len(problems)} rows", why))
    return Reading(FAMILY, tidy(rows, TYPES), tuple(dict.fromkeys(notes)))


def _essential(block: Block) -> None:
    places = block.header.places
    found = ", ".join(repr(short(c.printed, 40)) for c in block.header.columns)
    if lacking := [c for c in _NEEDED if c not in places]:
        rule = f"the header lacks {', '.join(lacking)}; found {found}"
        raise fault(block.file, block.sheet, rule, block.header.last + 1)
    if twice := block.header.twice:
        rule = "another column has this meaning too; keep one"
        raise fault(block.file, block.sheet, rule, block.header.last + 1, short(twice[0].printed))


def _row(
    block: Block, number: int, row: Sequence[object], release: str, notes: list[NotUnderstood]
) -> dict[str, Any] | None:
    """Read one row; None for a note."""
    places = block.header.places
    numbers = {c: parse_number(cell_at(row, places[c])) for c in _COUNTS}
    if all(n.state in ("missing", "not a number") for n in numbers.values()):
        return None
    texts = {c: without_notes(plain_text(cell_at(row, places[c]))) for c in _TEXTS if c in places}
    if not texts["cohort"] or not texts["category"]:
        notes.append(
            block.note(
                number,
                "",
                " ".join(n.printed for n in numbers.values()),
                "numbers without a cohort or category",
            )
        )
        return None
    cohort = _cohort(texts["cohort"])
    if cohort is None:
        rule = "no cohort; write it such as Apr 2012 to Mar 2013"
        raise fault(
            block.file, block.sheet, rule, number, short(block.header.names["cohort"]), texts["cohort"]
        )
    out: dict[str, Any] = {"release": release, "file": block.file, "sheet": block.sheet, "row": number}
    out |= {c: t or None for c, t in texts.items() if c != "cohort"}
    out |= {"cohort_as_printed": texts["cohort"], "cohort_start": cohort.start, "cohort_end": cohort.end}
    out |= _whole(block, number, numbers, notes)
    out["suppressed"] = " ".join(c for c, n in numbers.items() if n.state == "suppressed")
    return out


def _whole(
    block: Block, number: int, numbers: Mapping[str, Number], notes: list[NotUnderstood]
) -> dict[str, int]:
    """Return the counts of a row."""
    out: dict[str, int] = {}
    for column, read in numbers.items():
        if read.state == "not a number":
            notes.append(block.note(number, block.header.names[column], read.printed, "not a number"))
        if read.value is None:
            continue
        if read.value < 0 or read.value != int(read.value):
            rule = "must be a whole number of people or offences"
            raise fault(
                block.file, block.sheet, rule, number, short(block.header.names[column]), read.printed
            )
        out[column] = int(read.value)
    if out.get("reoffenders", 0) > out.get("offenders", float("inf")):
        raise fault(
            block.file,
            block.sheet,
            "more reoffenders than offenders",
            number,
            "reoffenders",
            out["reoffenders"],
        )
    return out


def recognises(sheets: Sequence[SheetLike]) -> str | None:
    """Return the family if a sheet holds the data of the tool, else None."""
    return FAMILY if any(blocks(sheet, "", meaning, least=7) for sheet in sheets) else None


def keys_of(family: str) -> tuple[str, ...]:
    """Return the columns that together name a row, but for the release."""
    return ("cohort_start", "cohort_end", "adult_child", "region", "category", "subcat1", "subcat2")
