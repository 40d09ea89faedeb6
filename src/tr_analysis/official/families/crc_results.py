"""Interim and final payment-by-results results: one row a provider and cohort."""

import re
from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import pandas as pd

from tr_analysis.official.families import reconcile
from tr_analysis.official.families.blocks import (
    Block,
    SheetLike,
    blocks,
    nameless_columns,
    unknown_columns,
    unread,
)
from tr_analysis.official.families.crc_layout import (
    OUTCOMES,
    WORDS,
    by_measure,
    cohort,
    essential,
    keys,
    provider_place,
    refused,
    stage_of,
)
from tr_analysis.official.families.crc_merge import merged
from tr_analysis.official.families.crc_rows import (
    NUMERIC,
    Context,
    Found,
    as_row,
    named_cohorts,
    rows_of,
)
from tr_analysis.official.families.crc_totals import totals
from tr_analysis.official.families.crc_values import values
from tr_analysis.official.families.reading import NotUnderstood, Reading, fault, short, tidy
from tr_analysis.official.words import meanings
from tr_analysis.official.words.cohorts import Cohort, scan
from tr_analysis.official.words.providers import kind_in, known, resolve

FAMILY = "crc_results"
_COMPARISONS = ("difference", "frequency_difference", *meanings.JUDGEMENTS)
_AGAINST = re.compile(r"\b(?:from|since|compared|comparison|relative|against|than|between|vs|versus)\b")
TYPES = {
    "release": "str",
    "file": "str",
    "sheet": "str",
    "row": "Int64",
    "cohort": "str",
    "cohort_type": "str",
    "provider": "str",
    "provider_type": "str",
    "stage": "str",
    **dict.fromkeys(meanings.COUNTS, "Int64"),
    "binary_rate": "float64",
    "frequency_rate": "float64",
    "ogrs": "float64",
    "adjusted_rate": "float64",
    "baseline_rate": "float64",
    "baseline_ogrs": "float64",
    "difference": "float64",
    "significance": "str",
    "baseline_frequency": "float64",
    "frequency_difference": "float64",
    "frequency_significance": "str",
    "suppressed": "str",
    "not_applicable": "str",
}
PRINTED = {
    "release": "str",
    "file": "str",
    "sheet": "str",
    "row": "Int64",
    "cohort": "str",
    "provider": "str",
    "column": "str",
    "printed": "str",
    "places": "Int64",
}


@lru_cache(maxsize=4096)
def meaning(text: str) -> Hashable | None:
    """Return the column that a normalised header names, with the cohort where it names one too."""
    named, rest = scan(text)
    if named:
        rest = re.sub(r"^(?:(?:the|annual|quarterly|year|quarter) )*cohort ", "", rest)
    column = meanings.provider_column(rest) or meanings.measure(text) or meanings.measure(rest)
    if column == "provider" and (name := resolve(rest)) and name.kind != "total":
        return None  # a row of a provider, not the header above it
    if column is None:
        return None if named else meanings.cohort_column(rest)
    recent = named_cohorts(text)
    if recent and column in _COMPARISONS and _AGAINST.search(rest) and "baseline" not in rest:
        return None  # the NPS is compared with its first cohort, not with a baseline
    if len(recent) == 1 and column in (*NUMERIC, *meanings.JUDGEMENTS):
        return column, recent[0]
    return column


def read(sheets: Sequence[SheetLike], file: str, release: str) -> Reading:
    """Read the results of providers from a workbook.

    Parameters
    ----------
    sheets
        Its sheets.
    file, release
        Its name, and the release it belongs to, such as ``2017-01``.

    Returns
    -------
    Reading
        The tidy table ``crc_results``. The cohort comes from a column, else the heading or the title nearest above
        the table, else the name of the sheet. ``stage`` says interim or final where a title, the sheet or the file
        does. Tables of one cohort that complete each other, such as one of each measure, are put together.

    Raises
    ------
    DataError
        If there is no such table, an essential column is missing, two columns mean the same, a cohort is not said
        or said twice differently, a provider has two rows, or counts are impossible.
    """
    rows: list[dict[str, Any]] = []
    places: list[dict[str, tuple[str, int | None]]] = []
    notes: list[NotUnderstood] = []
    for sheet in sheets:
        got = _sheet(sheet, file, release, notes)
        if not got:
            notes += unread(sheet, file, "no table of providers was found in this sheet")
        for found, block, stage in got:
            read_rows, shown, more = values(found, block)
            heads = [as_row(f, block, release, stage) for f in found]
            rows += [head | row for head, row in zip(heads, read_rows, strict=True)]
            places += shown
            notes += more
    if not rows:
        raise _nothing(sheets, file)
    rows, places = merged(rows, places)
    decimals = [{c: d for c, (_, d) in shown.items()} for shown in places]
    parts = {kind: sum(k == kind for k, _ in known().by_words) for kind in ("CRC", "NPS")}
    found_checks = pd.concat(
        [reconcile.checks(rows, decimals), reconcile.sums(rows, parts)], ignore_index=True
    )
    return Reading(
        FAMILY, tidy(rows, TYPES), tuple(dict.fromkeys(notes)), found_checks, _printed(rows, places)
    )


def _printed(
    rows: Sequence[Mapping[str, Any]], places: Sequence[Mapping[str, tuple[str, int | None]]]
) -> pd.DataFrame:
    """Return every printed number with its decimals."""
    keys = ("release", "file", "sheet", "row", "cohort", "provider")
    return tidy(
        [
            {k: row[k] for k in keys} | {"column": column, "printed": text, "places": digits}
            for row, shown in zip(rows, places, strict=True)
            for column, (text, digits) in shown.items()
        ],
        PRINTED,
    )


def _sheet(
    sheet: SheetLike, file: str, release: str, notes: list[NotUnderstood]
) -> list[tuple[list[Found], Block, str | None]]:
    """Read the tables of one sheet."""
    out = []
    entered: Cohort | None = None
    kind = ""
    for block in map(by_measure, blocks(sheet, file, meaning)):
        provider = provider_place(block)
        if provider is None or not OUTCOMES & keys(block):
            notes += refused(block, provider)
            continue
        essential(block)
        named = str(block.header.names.get("provider", ""))
        kind = kind_in(named, *block.titles[:1]) or kind_in(sheet.name) or kind
        context = Context(kind, cohort(block) or entered)
        found = totals(block, rows_of(block, provider, context))
        entered, kind = context.cohort, context.kind
        rows = [row for row in block.numbered() if row[0] in {f.number for f in found}]
        notes += context.notes + unknown_columns(block, provider) + nameless_columns(block, rows, provider)
        if found:
            out.append((found, block, stage_of(block)))
    return out


def _nothing(sheets: Sequence[SheetLike], file: str) -> Exception:
    """Return the error for a workbook without a table of providers: it says what was nearest to one."""
    best: tuple[int, str, str] = (0, "", "")
    for sheet in sheets:
        for block in blocks(sheet, file, meaning, least=1):
            size = len(block.header)
            best = max(
                best, (size, sheet.name, ", ".join(short(c.printed, 40) for c in block.header.columns))
            )
    names = ", ".join(repr(short(sheet.name, 40)) for sheet in list(sheets)[:12])
    nearest = f"; nearest to one is {short(best[2])!r} in sheet {best[1]!r}" if best[0] else ""
    rule = f"no table of providers with {', '.join(map(repr, WORDS.values()))} in the sheets {names or '(none)'}{nearest}"
    return fault(file, "", rule)


def recognises(sheets: Sequence[SheetLike]) -> str | None:
    """Return the family if a sheet has a table of providers with results, else None."""
    for sheet in sheets:
        for block in blocks(sheet, "", meaning):
            if {"reoffenders", "reoffences", "adjusted_rate", "eligible"} & keys(block) and (
                "eligible" in keys(block) or provider_place(block) is not None
            ):
                return FAMILY
    return None


def keys_of(family: str) -> tuple[str, ...]:
    """Return the columns that together name a row, but for the release."""
    return ("cohort", "provider", "stage")
