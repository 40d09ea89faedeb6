import pandas as pd
import pytest

from tr_analysis.data.checks import references, revisions, runs, stocks
from tr_analysis.data.fields import Run, column, table

SOURCES = table("sources", "S", "S.", {"source_id": column("source", "name")}, key=["source_id"])


def frame(start=2, **columns):
    made = pd.DataFrame(columns, dtype="str")
    return made.set_index(pd.RangeIndex(start, start + len(made)))


def test_references_name_each_part_that_is_nowhere():
    cells = table(
        "cells", "C", "C.", {"source_ids": column("sources", "where", required=False)}, key=["source_ids"]
    )
    frames = {
        "sources": frame(source_id=["S001", "S002"]),
        "cells": frame(5, source_ids=["S001 S002", "S003 S001 S004", None]),
    }
    assert [str(problem) for problem in references(frames, {"sources": SOURCES, "cells": cells})] == [
        "cells.csv, row 6, column source_ids: 'S003': not found in sources.csv, column source_id",
        "cells.csv, row 6, column source_ids: 'S004': not found in sources.csv, column source_id",
    ]


@pytest.mark.parametrize(
    ("kind", "first", "last", "present", "missing"),
    [
        ("month", "2010-06", "2010-09", ["2010-06", "2010-09"], ["2010-07", "2010-08"]),
        ("quarter", "2010Q3", "2011Q1", ["2010Q4"], ["2010Q3", "2011Q1"]),
        ("quarters", "2010Q3", "2011Q1", ["2010Q3", "2010Q4", "2010Q3 to 2011Q1"], ["2011Q1"]),
        ("financial year", "1998/99", "2000/01", ["1998/99", "2000/01"], ["1999/00"]),
        ("date", "2002-06-30", "2004-06-30", ["2002-06-30", "2003-06-29", "2004-06-30"], ["2003-06-30"]),
        ("month", "2010-06", "2010-07", ["2010-06", "2010-07", "2012-01"], []),
    ],
)
def test_each_period_missing_from_a_run_is_named(kind, first, last, present, missing):
    made = table(
        "t", "T", "T.", {"when": column(kind, "when")}, key=["when"], runs=[Run("when", first, last)]
    )
    rule = f"missing from the run {first} to {last}"
    expected = [f"t.csv, column when: {gap!r}: {rule}" for gap in missing]
    assert [str(problem) for problem in runs({"t": frame(when=present)}, {"t": made})] == expected


def test_a_run_looks_only_at_its_own_rows():
    run = Run("when", "2010-06", "2010-07", {"status": "recall"})
    columns = {"when": column("month", "when"), "status": column("string", "which")}
    made = table("t", "T", "T.", columns, key=["when", "status"], runs=[run])
    rows = frame(when=["2010-06", "2010-07"], status=["recall", "remand"])
    (problem,) = runs({"t": rows}, {"t": made})
    assert (
        str(problem)
        == "t.csv, column when: '2010-07': missing from the run 2010-06 to 2010-07, status recall"
    )


def figures(**changes):
    columns = {
        "figure_id": ["F0001", "F0002"],
        "topic": ["deaths", "deaths"],
        "measure": ["deaths", "deaths"],
        "population": ["all", "all"],
        "period": ["2016-17", "2016-17"],
        "unit": ["people", "people"],
        "revision": [None, None],
    }
    return frame(8, **(columns | changes))


def test_two_values_of_one_figure_must_each_say_which_they_are():
    found = revisions(figures(revision=["revised", None]))
    assert [(p.row, p.column, p.value) for p in found] == [(9, "revision", "F0002")]
    assert "another figure has the same topic, measure, population, period and unit" in found[0].rule
    assert [p.row for p in revisions(figures())] == [8, 9]


@pytest.mark.parametrize(
    "changes",
    [
        {"revision": ["first published", "revised"]},
        {"period": ["2016-17", "2017-18"]},
        {"period": [None, None]},  # without a period nothing says that they are one figure
        {"unit": ["people", "percent"]},
    ],
)
def test_figures_that_differ_or_say_so_pass(changes):
    assert revisions(figures(**changes)) == []


def test_no_june_holds_more_on_recall_and_remand_than_in_prison():
    monthly = frame(month=["2015-06", "2015-06", "2015-07"]).assign(people=[6000, 9000, 99999])
    june = frame(date=["2015-06-30"]).assign(people=[15000])
    assert stocks(monthly, june) == []
    (problem,) = stocks(monthly, june.assign(people=[14999]))
    assert "2015-06: 15000" in str(problem) and "14,999 in prison that June" in str(problem)
