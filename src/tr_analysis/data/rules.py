"""What must hold across rows and tables: references, runs without a gap, and marked revisions.

The frames are those of `read`, indexed by line of their files.
"""

from collections.abc import Mapping

import pandas as pd

from tr_analysis.data.fields import Frames, Run, Table
from tr_analysis.data.periods import financial_year, period
from tr_analysis.errors import Problem


def references(frames: Frames, tables: Mapping[str, Table]) -> list[Problem]:
    """Find values that point at a row which does not exist, such as an unknown source."""
    problems = []
    for name, table in tables.items():
        for column, target in table.references.items():
            other, key = target.split(".")
            known = set(frames[other][key].dropna())
            rule = f"not found in {other}.csv, column {key}"
            cells = frames[name][column].dropna()
            for line, cell in zip(cells.index, cells, strict=True):
                parts = cell.split() if table.kind(column) == "sources" else [cell]
                problems += [Problem(f"{name}.csv", rule, line, column, p) for p in parts if p not in known]
    return problems


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
    """Find figures that stand more than once, for the same thing at the same time, without saying why.

    First-published and revised values of one figure are both kept; each must say which it is.
    """
    same = ["topic", "measure", "population", "period", "unit"]
    repeated = figures.duplicated(same, keep=False) & figures["period"].notna() & figures["revision"].isna()
    rule = "another figure has the same topic, measure, population, period and unit: say which value this is"
    unmarked = figures.loc[repeated, "figure_id"]
    return [
        Problem("published_figures.csv", rule, line, "revision", figure)
        for line, figure in zip(unmarked.index, unmarked, strict=True)
    ]


def stocks(monthly: pd.DataFrame, june: pd.DataFrame) -> list[Problem]:
    """Find Junes in which more people are on recall and remand than in prison altogether."""
    everyone = dict(zip(june["date"].str[:7], june["people"], strict=True))
    both = monthly.groupby("month")["people"].sum()
    file, rule = (
        "prison_population_monthly.csv",
        "more on recall and remand than the {:,} in prison that June",
    )
    return [
        Problem(file, rule.format(everyone[month]), None, "people", f"{month}: {people}")
        for month, people in zip(both.index, both, strict=True)
        if month in everyone and people > everyone[month]
    ]
