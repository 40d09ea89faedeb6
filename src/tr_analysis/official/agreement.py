"""Rows and numbers that must agree: tables that complete each other, what cannot be, and printed against recomputed."""

from collections.abc import Sequence
from fractions import Fraction
from math import floor
from typing import Any

from tr_analysis.errors import DataError, Problem
from tr_analysis.official.finding import short
from tr_analysis.official.layouts import COUNTS, DIFFERENCES, LISTS, RATIOS, Layout
from tr_analysis.official.parsing import ALL, ROUNDED, known_providers

Values = dict[str, Any]
"""The cells of a tidy row by column, with the decimals of its printed numbers as "places"."""

CHECKS = {
    **{"release": "str", "file": "str", "sheet": "str", "row": "Int64", "what": "str", "measure": "str"},
    **{"printed": "float64", "recomputed": "float64", "places": "Int64", "agrees": "boolean"},
}
"""Types of the table of printed numbers beside what the others of their row give."""


def merge_rows(rows: Sequence[Values], layout: Layout) -> list[Values]:
    """Put the rows of one thing from several tables together where they complete each other.

    A second row that adds nothing, or contradicts the first, is a fault: nobody can say which is right.
    """
    kept: dict[tuple[Any, ...], Values] = {}
    problems = []
    for row in rows:
        first = kept.setdefault(tuple(row[c] for c in layout.key if c != "stage"), row)
        if first is row:
            continue
        said, before = ({c for c in layout.columns if r.get(c) is not None} for r in (row, first))
        different = [c for c in layout.columns if c in said & before and row[c] != first[c]]
        other_stage = "stage" in layout.key and first["stage"] != row["stage"]
        where, of = f"row {first['row']} of sheet {first['sheet']!r}", row["cohort"] or "its baseline"
        if not said - before or not before - said or other_stage:
            rule = f"second row of this provider for {of}, after {where}; remove one"
            problems.append(_problem(row, rule, "provider", row["provider"]))
        elif different:
            rule = f"contradicts {where} for {of} in {', '.join(different)}; correct one"
            problems.append(_problem(row, rule, "provider", row["provider"]))
        else:
            first |= {c: row[c] for c in said} | {"places": row["places"] | first["places"]}
            first |= {c: " ".join(dict.fromkeys(f"{first[c]} {row[c]}".split())) for c in LISTS}
    if problems:
        raise DataError(problems)
    return list(kept.values())


def _problem(row: Values, rule: str, column: str, value: object) -> Problem:
    return Problem(f"{row['file']}, sheet {row['sheet']!r}", rule, row["row"], column, short(value))


def impossible(row: Values, layout: Layout) -> list[Problem]:
    """Find the numbers of a row that cannot all be true."""
    found = [
        _problem(row, "a rate must lie between 0 and 100 percent", column, row[column])
        for column, unit in layout.columns.items()
        if unit == "percent" and row.get(column) is not None and not 0 <= row[column] <= 100
    ]
    for columns, rule in layout.rising:
        numbers = [row[c] for c in columns if row.get(c) is not None]
        if numbers != sorted(numbers):
            found.append(_problem(row, rule, ", ".join(columns), ", ".join(map(str, numbers))))
    return found


def check_row(row: Values, rows: Sequence[Values]) -> list[Values]:
    """Hold printed rates, differences and totals against what the others give; a disagreement is reported only.

    A printed number may be half a digit off, a difference half a digit of each side, and a tie was rounded either way.
    """
    places, has = row["places"], {column for column, value in row.items() if value is not None}
    found: list[tuple[str, str, Fraction, Fraction]] = []  # measure, column, what it should be, how far off
    for measure, column, top, bottom, scale in RATIOS:
        if column in places and {top, bottom} <= has and row[bottom]:
            found.append((measure, column, Fraction(row[top] * scale, row[bottom]), _half(places[column])))
    for measure, column, first, second in DIFFERENCES:
        if column in places and {first, second} <= has:
            exact = Fraction(str(row[first])) - Fraction(str(row[second]))
            slack = sum((_half(places[c]) for c in (column, first, second)), Fraction(0))
            found.append((measure, column, exact, slack))
    kinds = [k for k, _ in known_providers() if k in ALL and row["provider"] in (ALL[k], ALL[""])]
    parts = [r for r in rows if r["provider_type"] in kinds and r["cohort"] == row["cohort"]]
    if kinds and len(parts) == len(kinds):
        for column in ("eligible", *COUNTS):
            counts = [part[column] for part in parts if part.get(column) is not None]
            if column in has and len(counts) == len(parts):
                found.append((f"{column}, sum of {len(parts)}", column, Fraction(sum(counts)), Fraction(0)))
    where = {c: row[c] for c in ("release", "file", "sheet", "row")} | {"what": row["provider"]}
    return [where | _compared(measure, row[c], places.get(c, 0), *rest) for measure, c, *rest in found]


def _half(places: int) -> Fraction:
    return Fraction(1, (2 if places <= ROUNDED else 1) * 10 ** min(places, 9))


def _compared(measure: str, printed: float, places: int, exact: Fraction, slack: Fraction) -> Values:
    agrees = abs(Fraction(str(printed)) - exact) <= slack
    recomputed = floor(exact * 10 ** min(places, 9) + Fraction(1, 2)) / 10 ** min(places, 9)
    return dict(measure=measure, printed=printed, recomputed=recomputed, places=places, agrees=agrees)
