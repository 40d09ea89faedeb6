"""What must hold across rows and tables, and that every published figure is used or has a reason why not.

The frames are those of `read`, indexed by line of their files.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import pandas as pd

from tr_analysis.data.expressions import evaluate
from tr_analysis.data.fields import Frames, Run, Table
from tr_analysis.data.periods import financial_year, period
from tr_analysis.errors import Problem

FIGURES, REASONS = "published_figures", "unused_figures"
LISTS = ("01-evidence",)  # chapters that list the register
_ID = re.compile(r"\bF\d{4}\b", re.ASCII)
_FIGURES_FILE, _CHECKS = f"{FIGURES}.csv", "figure_checks.csv"
_TALLIES = {  # register figure -> kind of provider and overall rating it counts in round 1
    "F0367": ("CRC", "Good"),
    "F0368": ("CRC", "Requires improvement"),
    "F0369": ("CRC", "Inadequate"),
    "F0370": ("NPS", "Good"),
    "F0371": ("NPS", "Requires improvement"),
}
_ARITHMETIC = {"expected": "agree", "nature": "arithmetic"}  # unless a check says otherwise
_RATES = [  # measure, its counts, decimals printed, scale
    ("binary rate", "reoffenders", "offenders", 1, 100),
    ("frequency rate", "reoffences", "reoffenders", 2, 1),
]


def references(frames: Frames, tables: Mapping[str, Table]) -> list[Problem]:
    """Find values that point at a row which does not exist, such as an unknown source."""
    problems = []
    for name, table in tables.items():
        for column, target in table.references.items():
            other, key = target.split(".")
            known = set(frames[other][key].dropna())
            rule = f"not found in {other}.csv, column {key}"
            for line, cell in _by_line(frames[name][column].dropna()):
                parts = cell.split() if table.kind(column) == "sources" else [cell]
                problems += [Problem(f"{name}.csv", rule, line, column, p) for p in parts if p not in known]
    return problems


def _by_line(cells: "pd.Series[Any]") -> Iterable[tuple[int, Any]]:
    return zip(cells.index, cells, strict=True)


def runs(frames: Frames, tables: Mapping[str, Table]) -> list[Problem]:
    """Find periods missing from a run that claims to have none missing."""
    return [
        Problem(f"{name}.csv", f"missing from the run {run}", column=run.column, value=gap)
        for name, table in tables.items()
        for run in table.runs
        for gap in _gaps(frames[name], run, table.kind(run.column))
    ]


def _gaps(frame: pd.DataFrame, run: Run, kind: str) -> list[str]:
    chosen = (frame[list(run.where)] == pd.Series(run.where, dtype="str")).all(axis=1)
    present = set(frame.loc[chosen, run.column])
    first, last = (period(end, "quarter" if kind == "quarters" else kind) for end in (run.first, run.last))
    expected = pd.period_range(first, last)
    if kind == "date":  # a run of dates is one day a year
        expected = expected[(expected.month == first.month) & (expected.day == first.day)]
    written = financial_year if kind == "financial year" else str
    return [text for text in map(written, expected) if text not in present]


def revisions(figures: pd.DataFrame) -> list[Problem]:
    """Find figures given more than once, for the same thing at the same time, without saying which value each is."""
    same = ["topic", "measure", "population", "period", "unit"]
    repeated = figures.duplicated(same, keep=False) & figures["period"].notna() & figures["revision"].isna()
    rule = "another figure has the same topic, measure, population, period and unit: say which value this is"
    unmarked = figures.loc[repeated, "figure_id"]
    return [Problem(_FIGURES_FILE, rule, line, "revision", figure) for line, figure in _by_line(unmarked)]


def stocks(monthly: pd.DataFrame, june: pd.DataFrame) -> list[Problem]:
    """Find Junes in which more people are on recall and remand than in prison altogether."""
    everyone = dict(zip(june["date"].str[:7], june["people"], strict=True))
    file, rule = (
        "prison_population_monthly.csv",
        "more on recall and remand than the {:,} in prison that June",
    )
    return [
        Problem(file, rule.format(everyone[month]), column="people", value=f"{month}: {people}")
        for month, people in monthly.groupby("month")["people"].sum().items()
        if month in everyone and people > everyone[month]
    ]


def printed(numerator: int, denominator: int, places: int, scale: int = 1) -> Decimal:
    """Return a ratio of counts as statistics are printed: exact, times a scale (100 for a percentage), rounded half up."""
    shifted = Fraction(numerator * scale, denominator) * 10**places
    return Decimal(floor(shifted + Fraction(1, 2))).scaleb(-places)


def reconciliation(frames: Frames) -> pd.DataFrame:
    """Put every comparison of published figures with each other in one table, a row a comparison."""
    columns = ["kind", "subject", "left_value", "right_value", "difference", "tolerance"]
    columns += ["expected", "found", "nature", "why", "target_id"]
    return pd.DataFrame(_comparisons(frames), columns=columns)


def disagreements(frames: Frames) -> list[Problem]:
    """Return every disagreement between published figures that is not recorded as one, and what cannot be compared."""
    return [row["problem"] for row in _comparisons(frames) if row["found"] != row["expected"]]


def _comparisons(frames: Frames) -> Iterator[dict[str, Any]]:
    """Yield every comparison, with the problem that it is if it does not end as expected."""
    yield from _rates(frames["proven_reoffending_annual"])
    yield from _tallies(frames)
    yield from _recorded(frames)


def _compared(kind: str, subject: str, left: float, right: float, tolerance: float = 0.0) -> dict[str, Any]:
    found = "agree" if abs(left - right) <= tolerance + 1e-9 else "differ"
    values = {"left_value": left, "right_value": right, "difference": left - right, "tolerance": tolerance}
    return {"kind": kind, "subject": subject, **values, "found": found, **_ARITHMETIC}


def _impossible(problem: Problem) -> dict[str, Any]:
    return {**_ARITHMETIC, "found": "not compared", "problem": problem}


def _rates(annual: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Recompute each printed rate of the annual table from its counts."""
    for line, row in zip(annual.index, annual.to_dict("records"), strict=True):
        for measure, numerator, denominator, places, scale in _RATES:
            column, year = "published_" + measure.replace(" ", "_"), row["cohort_year"]
            again = float(printed(int(row[numerator]), int(row[denominator]), places, scale))
            rule = f"contradicts the counts of {year}, which give {again}"
            problem = Problem("proven_reoffending_annual.csv", rule, line, column, str(row[column]))
            compared = _compared("rate from its counts", f"{measure} {year}", row[column], again)
            yield compared | {"problem": problem}


def _tallies(frames: Frames) -> Iterator[dict[str, Any]]:
    """Count the round-1 overall ratings and set them beside the published tallies."""
    inspections, figures = frames["inspection_ratings"], frames["published_figures"]
    first = inspections[inspections["inspection_round"] == 1]
    for figure, (kind, rating) in _TALLIES.items():
        printed_there = list(_by_line(figures.loc[figures["figure_id"] == figure, "value"]))
        if not printed_there:
            rule = "missing; the ratings of inspection_ratings.csv are held against it"
            yield _impossible(Problem(_FIGURES_FILE, rule, column="figure_id", value=figure))
            continue
        ((line, value),) = printed_there
        counted = int(((first["provider_type"] == kind) & (first["overall_rating"] == rating)).sum())
        rule = f"inspection_ratings.csv counts {counted} {kind} rated {rating} in round 1"
        subject = f"round 1: {kind} rated {rating.lower()}"
        problem = Problem(_FIGURES_FILE, rule, line, "value", f"{value:g}")
        yield _compared("tally from its rows", subject, value, counted) | {"problem": problem}


def _recorded(frames: Frames) -> Iterator[dict[str, Any]]:
    """Work out both sides of every row of the table `figure_checks`."""
    checks = frames["figure_checks"]
    for line, check in zip(checks.index, checks.to_dict("records"), strict=True):
        worked = []
        for side in ("left", "right"):
            try:
                worked.append(evaluate(check[side], frames))
            except ValueError as error:
                yield _impossible(Problem(_CHECKS, str(error), line, side, check[side]))
        if len(worked) == 2:
            left, right = worked
            compared = _compared("figure against figure", check["subject"], left, right, check["tolerance"])
            rule = f"{check['check_id']}, {check['subject']}: {left:g} and {right:g} {compared['found']}"
            recorded = {part: check[part] for part in ("expected", "nature", "why", "target_id")}
            problem = Problem(_CHECKS, rule, line, "expected", check["expected"])
            yield compared | recorded | {"problem": problem}


def usage(frames: Frames, notebooks: Path, reports: Path) -> list[Problem]:
    """Find figures that nothing uses and that have no reason, and reasons for figures that are used.

    A figure is used if its id stands in the code or the file of a chapter, in another raw table (but not in a note), or
    in the data of a chart or table that was published: in the column ``figure_id`` of a chart, or ``Figure`` of a table.
    A chapter that lists the whole register uses none of it by that. Without a folder of chapters nothing is found.
    """
    if not notebooks.is_dir():
        return []
    idle = unused(frames, published(notebooks, reports))
    lines = (zip(frames[name]["figure_id"], frames[name].index, strict=True) for name in (FIGURES, REASONS))
    figures, reasons = map(dict, lines)
    without = "no chapter, claim or check uses it, or no run was published since: use it, or say why not in"
    found = [
        Problem(_FIGURES_FILE, f"{without} {REASONS}.csv", figures[f], "figure_id", f)
        for f in sorted(idle - reasons.keys())
    ]
    stale = "the study uses this figure: take its reason out"
    return found + [
        Problem(f"{REASONS}.csv", stale, line, "figure_id", f) for f, line in reasons.items() if f not in idle
    ]


def unused(frames: Frames, texts: Iterable[str]) -> set[str]:
    """Return the figures that stand in none of the texts and in no other raw table."""
    used = {name for text in texts for name in _ID.findall(text)}
    for name in frames.keys() - {FIGURES, REASONS}:
        words: pd.DataFrame = frames[name].drop(columns="note", errors="ignore").select_dtypes("str")
        used |= {found for column in words for cell in words[column].dropna() for found in _ID.findall(cell)}
    return set(frames[FIGURES]["figure_id"]) - used


def published(notebooks: Path, reports: Path) -> Iterator[str]:
    """Yield the chapters as they are written, and the data of the charts and tables that they published."""
    for path in sorted(notebooks.glob("*.toml")):
        if path.stem not in LISTS:
            yield path.read_text("utf-8")
    for path in sorted([*notebooks.glob("*.ipynb"), *reports.glob("*.ipynb")]):
        if path.stem not in LISTS:
            yield from _written(json.loads(path.read_bytes()))


def _written(notebook: Mapping[str, Any]) -> Iterator[str]:
    """Yield the cells of a notebook and the data of the charts and tables that it shows."""
    for cell in notebook["cells"]:
        yield "".join(cell["source"])
        for output in cell.get("outputs", []):
            yield "".join(output.get("data", {}).get("text/csv", ""))
