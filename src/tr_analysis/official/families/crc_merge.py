"""Rows of one provider and cohort from several tables of a workbook, put together where they complete each other."""

from collections.abc import Mapping, Sequence
from typing import Any

from tr_analysis.errors import DataError, Problem
from tr_analysis.official.families.reading import problem

_PLACE = {"release", "file", "sheet", "row", "cohort", "cohort_type", "provider", "provider_type", "stage"}
_PLACE |= {"suppressed", "not_applicable"}
Shown = dict[str, tuple[str, int | None]]


def merged(
    rows: Sequence[dict[str, Any]], shown: Sequence[Shown]
) -> tuple[list[dict[str, Any]], list[Shown]]:
    """Put the rows of each provider and cohort together.

    Parameters
    ----------
    rows, shown
        Tidy rows, and what was printed in each.

    Raises
    ------
    DataError
        If a second row of a provider and cohort adds no column, or contradicts the first: then nobody can say
        which is right.
    """
    places: dict[tuple[str, str], int] = {}
    out: list[dict[str, Any]] = []
    prints: list[Shown] = []
    problems: list[Problem] = []
    for row, text in zip(rows, shown, strict=True):
        key = (row["provider"], row["cohort"])
        if key not in places:
            places[key] = len(out)
            out.append(dict(row))
            prints.append(dict(text))
            continue
        kept = out[places[key]]
        if rule := _clash(kept, row):
            problems.append(problem(row["file"], row["sheet"], rule, row["row"], "provider", row["provider"]))
            continue
        for column, value in row.items():
            if column not in _PLACE and kept.get(column) is None:
                kept[column] = value
        for column in ("suppressed", "not_applicable"):
            kept[column] = " ".join(dict.fromkeys(f"{kept[column]} {row[column]}".split()))
        prints[places[key]] = text | prints[places[key]]
    if problems:
        raise DataError(problems)
    return out, prints


def _clash(kept: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """Return why two rows cannot be one; nothing if they can."""
    said = {c for c, v in row.items() if c not in _PLACE and v is not None}
    before = {c for c, v in kept.items() if c not in _PLACE and v is not None}
    where = f"row {kept['row']} of sheet {kept['sheet']!r}"
    if not said - before or not before - said or kept["stage"] != row["stage"]:
        return f"second row of this provider for {row['cohort']}, after {where}; remove one"
    different = [c for c in sorted(said & before) if kept[c] != row[c]]
    if different:
        return f"contradicts {where} for {row['cohort']} in {', '.join(different)}; remove or correct one"
    return ""
