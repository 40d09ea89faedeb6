"""The 2011 baselines of payment by results and the thresholds around them (F15.05): a row a provider."""

import re
from collections.abc import Sequence
from typing import Any

from tr_analysis.errors import DataError, Problem
from tr_analysis.official.families import reconcile
from tr_analysis.official.families.baseline_words import (
    AVERAGES,
    COUNTS,
    NUMERIC,
    PERCENTS,
    THRESHOLDS,
    TWINS,
    kind_of,
    meaning,
)
from tr_analysis.official.families.blocks import (
    Block,
    SheetLike,
    blocks,
    cell_at,
    nameless_columns,
    unknown_columns,
    unread,
)
from tr_analysis.official.families.crc_layout import by_measure, provider_place
from tr_analysis.official.families.reading import NotUnderstood, Reading, fault, problem, short, tidy
from tr_analysis.official.words.cells import parse_number, plain_text
from tr_analysis.official.words.providers import Name, guess, kind_in, resolve
from tr_analysis.official.words.rates import read_measures

FAMILY = "crc_baselines"
TYPES = {
    "release": "str",
    "file": "str",
    "sheet": "str",
    "row": "Int64",
    "provider": "str",
    "baseline_year": "str",
    "cohort_type": "str",
    **dict.fromkeys(COUNTS, "Int64"),
    "binary_rate": "float64",
    "frequency_rate": "float64",
    "ogrs": "float64",
    "lower_threshold": "float64",
    "upper_threshold": "float64",
    "frequency_lower": "float64",
    "frequency_upper": "float64",
    "suppressed": "str",
    "not_applicable": "str",
}


def read(sheets: Sequence[SheetLike], file: str, release: str) -> Reading:
    """Read the baselines.

    Parameters
    ----------
    sheets
        Sheets of the workbook.
    file, release
        The file's name and the release it belongs to.

    Returns
    -------
    Reading
        A row a provider and kind of cohort (``quarter``, ``year``, or missing where nothing says which). A rate
        below ``lower_threshold`` is paid for, one above ``upper_threshold`` deducted for. Tables that complete
        each other, such as one of each measure, are put together.

    Raises
    ------
    DataError
        If there is no such table, a column is there twice, a provider's numbers contradict each other, or a
        threshold lies on the wrong side of its baseline.
    """
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    places: dict[tuple[str, str, str], dict[str, int | None]] = {}
    notes: list[NotUnderstood] = []
    for sheet in sheets:
        found = [b for b in _tables(sheet, file) if _numeric(b) and provider_place(b) is not None]
        if not found:
            notes += unread(sheet, file, "no table of baselines was found in this sheet")
        for block in found:
            _block(block, release, rows, places, notes)
    if not rows:
        names = ", ".join(repr(short(s.name, 40)) for s in list(sheets)[:12])
        rule = f"no table of providers with a 2011 baseline rate in the sheets {names or '(none)'}"
        raise fault(file, "", rule)
    if problems := [p for row in rows.values() if (p := _impossible(row, file))]:
        raise DataError(problems)
    listed = list(rows.values())
    checked = reconcile.checks(listed, list(places.values()))
    return Reading(FAMILY, tidy(listed, TYPES), tuple(dict.fromkeys(notes)), checked)


def _tables(sheet: SheetLike, file: str) -> list[Block]:
    return [by_measure(block, TWINS) for block in blocks(sheet, file, meaning)]


def _numeric(block: Block) -> list[tuple[str, str, int]]:
    """Return column, kind of cohort and place of each numeric column of a block."""
    return [(k[0], k[1], i) for k, i in block.header.places.items() if isinstance(k, tuple)]


def _block(
    block: Block,
    release: str,
    rows: dict[tuple[str, str, str], dict[str, Any]],
    places: dict[tuple[str, str, str], dict[str, int | None]],
    notes: list[NotUnderstood],
) -> None:
    """Read one block into the rows."""
    _unique(block)
    place = provider_place(block)
    said = kind_of(" ".join(block.titles[:2])) or kind_of(block.sheet)
    named = [
        (n, row, name) for n, row in block.numbered() if (name := _name(block, n, row, place or 0, notes))
    ]
    for kind in dict.fromkeys(k for _, k, _ in _numeric(block)):
        columns = {c: i for c, k, i in _numeric(block) if k == kind}
        cells = [{c: parse_number(cell_at(row, i)) for c, i in columns.items()} for _, row, _ in named]
        values, shown, doubtful = read_measures(cells, COUNTS, PERCENTS, AVERAGES)
        notes += [
            block.note(named[i][0], column, cells[i][column].printed, why) for i, column, why in doubtful
        ]
        for (number, _, name), numbers, row, digits in zip(named, cells, values, shown, strict=True):
            head = {
                "release": release,
                "file": block.file,
                "sheet": block.sheet,
                "row": number,
                "provider": name.provider,
            }
            head |= {"baseline_year": _year(block), "cohort_type": kind or said or None}
            states = {
                s: " ".join(c for c, n in numbers.items() if n.state == w)
                for s, w in (("suppressed", "suppressed"), ("not_applicable", "not applicable"))
            }
            _add(head | row | states, digits, block, rows, places)
    kept = [(n, [None if i == place else c for i, c in enumerate(row)]) for n, row, _ in named]
    notes += unknown_columns(block, place) + nameless_columns(block, kept)


def _year(block: Block) -> str | None:
    """Return the year of the baselines, as a title, a header or the name of the file says it."""
    texts = (*block.titles, *(c.printed for c in block.header.columns), block.file)
    years = (re.search(r"(?<!\d)20(?:0\d|1[0-4])(?!\d)", text) for text in texts)
    return next((year[0] for year in years if year), None)


def _unique(block: Block) -> None:
    """Raise if two columns of a table mean the same."""
    if twice := block.header.twice:
        rule = "another column has this meaning too; keep one, or say how they differ"
        raise fault(block.file, block.sheet, rule, block.header.last + 1, short(twice[0].printed))


def _name(
    block: Block, number: int, row: Sequence[object], place: int, notes: list[NotUnderstood]
) -> Name | None:
    """Return the provider of a row; a row of numbers without one is reported."""
    cell = cell_at(row, place)
    found = resolve(cell, kind_in(block.sheet, *block.titles[:1]))
    numbers = [parse_number(cell_at(row, i)) for _, _, i in _numeric(block)]
    shown = [n.printed for n in numbers if n.state in ("value", "suppressed")]
    if not shown:
        return None
    if found is None:
        why = f"no provider of providers.csv{guess(cell)}"
        notes.append(block.note(number, "", f"{plain_text(cell)}: {', '.join(shown)}", why))
    return found


def _add(
    row: dict[str, Any],
    digits: dict[str, int | None],
    block: Block,
    rows: dict[tuple[str, str, str], dict[str, Any]],
    places: dict[tuple[str, str, str], dict[str, int | None]],
) -> None:
    """Add a row, or put it together with what an earlier table says of the same."""
    key = (str(row["provider"]), str(row["baseline_year"]), str(row["cohort_type"]))
    kept = rows.setdefault(key, row)
    if kept is not row:
        said = [c for c in NUMERIC if row.get(c) is not None]
        clash = [c for c in said if kept.get(c) is not None and kept[c] != row[c]]
        if clash or not any(kept.get(c) is None for c in said):
            where = f"row {kept['row']} of sheet {kept['sheet']!r}"
            rule = f"second row of this provider, after {where}" + (
                f"; they differ in {', '.join(clash)}" if clash else ""
            )
            raise DataError(
                [
                    problem(
                        block.file,
                        block.sheet,
                        rule + "; remove one",
                        row["row"],
                        "provider",
                        row["provider"],
                    )
                ]
            )
        kept |= {c: row[c] for c in said}
        for column in ("suppressed", "not_applicable"):
            kept[column] = " ".join(dict.fromkeys(f"{kept[column]} {row[column]}".split()))
    places.setdefault(key, {}).update(digits)


def _impossible(row: dict[str, Any], file: str) -> Problem | None:
    """Return the fault of a row whose thresholds lie on the wrong side of the baseline."""
    for low, middle, high in (
        ("lower_threshold", "binary_rate", "upper_threshold"),
        ("frequency_lower", "frequency_rate", "frequency_upper"),
    ):
        ordered = [row[c] for c in (low, middle, high) if row.get(c) is not None]
        if ordered != sorted(ordered):
            rule = f"{low}, {middle} and {high} must rise; found {', '.join(map(str, ordered))}"
            return problem(file, row["sheet"], rule, row["row"], low, row["provider"])
    for column in PERCENTS:
        if row.get(column) is not None and not 0 <= row[column] <= 100:
            return problem(
                file, row["sheet"], "must lie between 0 and 100 percent", row["row"], column, row[column]
            )
    return None


def recognises(sheets: Sequence[SheetLike]) -> str | None:
    """Return the family if a sheet has providers, a baseline and thresholds, or a baseline and nothing else."""
    for sheet in sheets:
        for block in _tables(sheet, ""):
            columns = {c for c, _, _ in _numeric(block)}
            said = " ".join([*block.titles, sheet.name, *(c.printed for c in block.header.columns)]).lower()
            compared = re.search(r"\badjusted\b|\beligible\b|\bdifference\b|\bsignifican", said)
            if provider_place(block) is None or compared:
                continue
            if columns & set(THRESHOLDS) or (
                "baseline" in said and not columns & {"reoffenders", "reoffences"}
            ):
                return FAMILY
    return None


def keys_of(family: str) -> tuple[str, ...]:
    """Return the columns that together name a row, but for the release."""
    return ("provider", "baseline_year", "cohort_type")
