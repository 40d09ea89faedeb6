"""What must hold across rows and tables: references, runs without a gap, marked revisions, and arithmetic.

The frames are those of `read`, indexed by line of their files.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
import pandas as pd

from tr_analysis.data.expressions import evaluate
from tr_analysis.data.fields import Frames, Run, Table
from tr_analysis.data.periods import financial_year, period
from tr_analysis.errors import Problem

_FIGURES, _CHECKS = "published_figures.csv", "figure_checks.csv"
_TALLIES = {  # register figure -> kind of provider and overall rating it counts in round 1
    "F0367": ("CRC", "Good"),
    "F0368": ("CRC", "Requires improvement"),
    "F0369": ("CRC", "Inadequate"),
    "F0370": ("NPS", "Good"),
    "F0371": ("NPS", "Requires improvement"),
}
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
    """Return the cells of a column with the lines of the file they stand in."""
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
    chosen = pd.Series(True, index=frame.index)
    for column, value in run.where.items():
        chosen &= frame[column] == value
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
    return [Problem(_FIGURES, rule, line, "revision", figure) for line, figure in _by_line(unmarked)]


def stocks(monthly: pd.DataFrame, june: pd.DataFrame) -> list[Problem]:
    """Find Junes in which more people are on recall and remand than in prison altogether."""
    everyone = dict(zip(june["date"].str[:7], june["people"], strict=True))
    rule = "more on recall and remand than the {:,} in prison that June"
    return [
        Problem(
            "prison_population_monthly.csv",
            rule.format(everyone[month]),
            column="people",
            value=f"{month}: {people}",
        )
        for month, people in monthly.groupby("month")["people"].sum().items()
        if month in everyone and people > everyone[month]
    ]


def printed(numerator: int, denominator: int, places: int, scale: int = 1) -> Decimal:
    """Return a ratio of counts as statistics are printed: exact, times a scale (100 for a percentage), rounded half up."""
    shifted = Fraction(numerator * scale, denominator) * 10**places
    return Decimal(floor(shifted + Fraction(1, 2))).scaleb(-places)


def annual_rates(frame: pd.DataFrame) -> pd.DataFrame:
    """Recompute each printed rate of the annual table from its counts.

    Returns
    -------
    DataFrame
        Two rows per cohort year: cohort_year, measure, published, recomputed, agrees.
    """
    rows = [
        {
            "cohort_year": row["cohort_year"],
            "measure": measure,
            "published": row[_rate_column(measure)],
            "recomputed": float(printed(int(row[numerator]), int(row[denominator]), places, scale)),
        }
        for row in frame.to_dict("records")
        for measure, numerator, denominator, places, scale in _RATES
    ]
    out = pd.DataFrame(rows)
    return out.assign(agrees=(out["published"] - out["recomputed"]).abs() < 1e-9)


def _rate_column(measure: str) -> str:
    return "published_" + measure.replace(" ", "_")


def rating_tallies(frames: Frames) -> pd.DataFrame:
    """Count the round-1 overall ratings and set them beside the published tallies.

    Returns
    -------
    DataFrame
        One row per tally: figure_id, provider_type, rating, published, counted, agrees.
    """
    inspections, figures = frames["inspection_ratings"], frames["published_figures"].set_index("figure_id")
    first = inspections[inspections["inspection_round"] == 1]
    rows = [
        {
            "figure_id": figure,
            "provider_type": kind,
            "rating": rating,
            "published": figures.at[figure, "value"],
            "counted": int(((first["provider_type"] == kind) & (first["overall_rating"] == rating)).sum()),
        }
        for figure, (kind, rating) in _TALLIES.items()
    ]
    out = pd.DataFrame(rows)
    return out.assign(agrees=out["published"] == out["counted"])


def figure_checks(frames: Frames) -> pd.DataFrame:
    """Work out both sides of every row of the table `figure_checks`.

    Returns
    -------
    DataFrame
        The rows with left_value, right_value, difference and found (agree or differ).

    Raises
    ------
    ValueError
        If an expression cannot be worked out; see `evaluate`.
    """
    checks = frames["figure_checks"]
    left, right = ([evaluate(text, frames) for text in checks[side]] for side in ("left", "right"))
    out = checks.assign(left_value=left, right_value=right)
    out["difference"] = out["left_value"] - out["right_value"]
    agrees = out["difference"].abs() <= out["tolerance"] + 1e-9
    return out.assign(found=np.where(agrees, "agree", "differ"))


def reconciliation(frames: Frames) -> pd.DataFrame:
    """Put every comparison of published figures with each other in one table.

    Returns
    -------
    DataFrame
        One row a comparison: kind, subject, left_value, right_value, difference, tolerance, expected, found,
        nature, why, target_id.
    """
    rates, tallies = annual_rates(frames["proven_reoffending_annual"]), rating_tallies(frames)
    rates = rates.rename(columns={"published": "left_value", "recomputed": "right_value"}).assign(
        kind="rate from its counts", subject=rates["measure"] + " " + rates["cohort_year"]
    )
    tallies = tallies.rename(columns={"published": "left_value", "counted": "right_value"}).assign(
        kind="tally from its rows",
        subject="round 1: " + tallies["provider_type"] + " rated " + tallies["rating"].str.lower(),
    )
    exact = pd.concat([rates, tallies])
    found = np.where(exact["agrees"], "agree", "differ")
    exact = exact.assign(expected="agree", nature="arithmetic", found=found, tolerance=0.0)
    out = pd.concat([exact, figure_checks(frames).assign(kind="figure against figure")], ignore_index=True)
    out["difference"] = out["left_value"] - out["right_value"]
    values = ["kind", "subject", "left_value", "right_value", "difference", "tolerance"]
    return out[[*values, "expected", "found", "nature", "why", "target_id"]]


def disagreements(frames: Frames) -> list[Problem]:
    """Return every disagreement between published figures that is not recorded as one."""
    return [*_rate_problems(frames), *_tally_problems(frames), *_check_problems(frames)]


def _rate_problems(frames: Frames) -> list[Problem]:
    annual = frames["proven_reoffending_annual"]
    lines = dict(zip(annual["cohort_year"], annual.index, strict=True))
    return [
        Problem(
            "proven_reoffending_annual.csv",
            f"contradicts the counts of {rate['cohort_year']}, which give {rate['recomputed']}",
            lines[rate["cohort_year"]],
            _rate_column(rate["measure"]),
            str(rate["published"]),
        )
        for rate in annual_rates(annual).query("not agrees").to_dict("records")
    ]


def _tally_problems(frames: Frames) -> list[Problem]:
    figures = frames["published_figures"]
    lines = dict(zip(figures["figure_id"], figures.index, strict=True))
    if missing := sorted(set(_TALLIES) - set(lines)):
        rule = "missing; the ratings of inspection_ratings.csv are held against it"
        return [Problem(_FIGURES, rule, column="figure_id", value=figure) for figure in missing]
    return [
        Problem(
            _FIGURES,
            "inspection_ratings.csv counts {counted} {provider_type} rated {rating} in round 1".format_map(
                tally
            ),
            lines[tally["figure_id"]],
            "value",
            f"{tally['published']:g}",
        )
        for tally in rating_tallies(frames).query("not agrees").to_dict("records")
    ]


def _check_problems(frames: Frames) -> list[Problem]:
    try:
        checks = figure_checks(frames)
    except ValueError:
        return _unreadable(frames)
    rule = "{check_id}, {subject}: {left_value:g} and {right_value:g} {found}"
    return [
        Problem(_CHECKS, rule.format_map(check), line, "expected", check["expected"])
        for line, check in zip(checks.index, checks.to_dict("records"), strict=True)
        if check["found"] != check["expected"]
    ]


def _unreadable(frames: Frames) -> list[Problem]:
    """Find the expressions of `figure_checks` that cannot be worked out."""
    found = []
    for side in ("left", "right"):
        for line, expression in _by_line(frames["figure_checks"][side]):
            try:
                evaluate(expression, frames)
            except ValueError as error:
                found.append(Problem(_CHECKS, str(error), line, side, expression))
    return found
