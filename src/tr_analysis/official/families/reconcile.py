"""Printed rates against the same recomputed from the counts beside them, to the printed digit."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import pandas as pd

from tr_analysis.data.checks import printed
from tr_analysis.official.families.reading import tidy
from tr_analysis.official.words.rates import ROUNDED

TYPES = {
    "release": "str",
    "file": "str",
    "sheet": "str",
    "row": "Int64",
    "what": "str",
    "measure": "str",
    "printed": "float64",
    "recomputed": "float64",
    "places": "Int64",
    "agrees": "boolean",
}
# measure, column, numerator, denominator, scale
_RATIOS = (
    ("binary rate", "binary_rate", "reoffenders", "offenders", 100),
    ("frequency rate", "frequency_rate", "reoffences", "reoffenders", 1),
)
# measure, column, minuend, subtrahend
_DIFFERENCES = (
    ("difference", "difference", "adjusted_rate", "baseline_rate"),
    ("frequency difference", "frequency_difference", "frequency_rate", "baseline_frequency"),
)
Places = Mapping[str, int | None]


def ratio(value: float, places: int, top: int, bottom: int, scale: int) -> tuple[float, bool]:
    """Recompute one printed ratio.

    Parameters
    ----------
    value, places
        As printed, and its decimals.
    top, bottom, scale
        The ratio is ``scale * top / bottom``; the denominator above zero.

    Returns
    -------
    tuple
        The ratio rounded to the printed decimals, and whether the printed one is a rounding of it; a tie may have
        been rounded either way.
    """
    exact = Fraction(top * scale, bottom)
    kept = min(places, 9)
    half = Fraction(1, 2 * 10**kept) if places <= ROUNDED else Fraction(1, 10**kept)
    agrees = abs(Fraction(str(value)) - exact) <= half
    return float(printed(top, bottom, kept, scale)), agrees


def checks(
    rows: Sequence[Mapping[str, Any]], places: Sequence[Places], what: str = "provider"
) -> pd.DataFrame:
    """Hold every printed rate of some tidy rows against its row's counts.

    Parameters
    ----------
    rows
        Rows of a tidy table, with release, file, sheet, row, and counts and rates where they are known.
    places
        For each row the decimals of its printed numbers, by column.
    what
        Column that says what a row is about.

    Returns
    -------
    DataFrame
        One row a comparison; columns as in ``TYPES``. A disagreement is a row like the others: it is reported,
        not repaired.
    """
    found = []
    for row, shown in zip(rows, places, strict=True):
        place = {c: row.get(c) for c in ("release", "file", "sheet", "row")} | {"what": row.get(what)}
        found += [place | check for check in _ratios(row, shown) + _differences(row, shown)]
    return tidy(found, TYPES)


def _ratios(row: Mapping[str, Any], shown: Places) -> list[dict[str, Any]]:
    out = []
    for measure, column, top, bottom, scale in _RATIOS:
        value, k, n, digits = row.get(column), row.get(top), row.get(bottom), shown.get(column)
        if value is None or k is None or not n or digits is None:
            continue
        recomputed, agrees = ratio(value, digits, k, n, scale)
        out.append(_check(measure, value, recomputed, digits, agrees))
    return out


def _differences(row: Mapping[str, Any], shown: Places) -> list[dict[str, Any]]:
    """Hold printed differences against their two sides, each of which may be half a digit off."""
    out = []
    for measure, column, first, second in _DIFFERENCES:
        value, sides, digits = row.get(column), (row.get(first), row.get(second)), shown.get(column)
        if value is None or sides[0] is None or sides[1] is None or digits is None:
            continue
        parts = [digits, *(shown.get(c) or 0 for c in (first, second))]
        slack = sum(Fraction(1, 2 * 10 ** min(p, 9)) for p in parts)
        exact = Fraction(str(sides[0])) - Fraction(str(sides[1]))
        agrees = abs(Fraction(str(value)) - exact) <= slack
        recomputed = round(float(exact), min(digits, 9)) + 0.0
        out.append(_check(measure, value, recomputed, digits, agrees))
    return out


def _check(measure: str, printed: Any, recomputed: float, places: int, agrees: bool) -> dict[str, Any]:
    found = {"measure": measure, "printed": printed, "recomputed": recomputed}
    return found | {"places": places, "agrees": agrees}


def stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put tables of checks under each other; one without rows where there is none."""
    return pd.concat([tidy([], TYPES), *frames], ignore_index=True) if frames else tidy([], TYPES)


def sums(rows: Sequence[Mapping[str, Any]], parts: Mapping[str, int]) -> pd.DataFrame:
    """Hold printed totals of providers against the sum of the providers.

    Parameters
    ----------
    rows
        Rows of `crc_results`.
    parts
        Number of providers that each kind has: only a complete table can be summed.
    """
    found = []
    totals = {"All CRCs": ("CRC",), "All NPS": ("NPS",), "England and Wales": ("CRC", "NPS")}
    for row in rows:
        kinds = totals.get(str(row["provider"]), ())
        if row["provider_type"] != "total" or not kinds:
            continue
        same = ("release", "file", "cohort")
        members = [r for r in rows if r["provider_type"] in kinds and all(r[c] == row[c] for c in same)]
        if len(members) != sum(parts[kind] for kind in kinds):
            continue
        found += _sums(row, members)
    return tidy(found, TYPES)


def _sums(row: Mapping[str, Any], members: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    out = []
    for column in ("eligible", "offenders", "reoffenders", "reoffences"):
        counts = [m.get(column) for m in members]
        if row.get(column) is None or any(c is None for c in counts):
            continue
        total = sum(c for c in counts if c is not None)
        place = {c: row.get(c) for c in ("release", "file", "sheet", "row")} | {"what": row["provider"]}
        out.append(
            place
            | {"measure": f"{column}, sum of {len(members)}", "printed": row[column], "recomputed": total}
            | {"places": 0, "agrees": row[column] == total}
        )
    return out
