import json
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tr_analysis.data.checks import (
    disagreements,
    printed,
    reconciliation,
    references,
    revisions,
    runs,
    stocks,
    unused,
    usage,
)
from tr_analysis.data.fields import Run, Table, column

SOURCES = Table("sources", "S", "S.", {"source_id": column("source", "name")}, key=["source_id"])


def frame(start=2, **columns):
    made = pd.DataFrame(columns, dtype="str")
    return made.set_index(pd.RangeIndex(start, start + len(made)))


def test_references_name_each_part_that_is_nowhere():
    columns = {"source_ids": column("sources", "where", required=False)}
    cells = Table("cells", "C", "C.", columns, key=["source_ids"])
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
    ],
)
def test_each_period_missing_from_the_rows_of_a_run_is_named(kind, first, last, present, missing):
    columns = {"when": column(kind, "when"), "status": column("string", "which")}
    run = Run("when", first, last, {"status": "recall"})
    made = Table("t", "T", "T.", columns, key=["when", "status"], runs=[run])
    rows = frame(when=[*present, *missing], status=["recall"] * len(present) + ["remand"] * len(missing))
    rule = f"missing from the run {first} to {last}, status recall"
    expected = [f"t.csv, column when: {gap!r}: {rule}" for gap in missing]
    assert [str(problem) for problem in runs({"t": rows}, {"t": made})] == expected


def figures(**changes):
    same = {
        "topic": "deaths",
        "measure": "deaths",
        "population": "all",
        "period": "2016-17",
        "unit": "people",
    }
    columns = {name: [value] * 2 for name, value in same.items()}
    return frame(8, **({"figure_id": ["F0001", "F0002"], **columns, "revision": [None, None]} | changes))


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({}, [8, 9]),
        ({"revision": ["revised", None]}, [9]),
        ({"revision": ["first published", "revised"]}, []),
        ({"period": ["2016-17", "2017-18"]}, []),
        ({"period": [None, None]}, []),  # without a period nothing says that they are one figure
    ],
)
def test_two_values_of_one_figure_must_each_say_which_they_are(changes, lines):
    found = revisions(figures(**changes))
    assert [(p.row, p.column, p.value) for p in found] == [(n, "revision", f"F000{n - 7}") for n in lines]
    rule = "another figure has the same topic, measure, population, period and unit"
    assert all(p.rule.startswith(rule) for p in found)


def test_no_june_holds_more_on_recall_and_remand_than_in_prison():
    monthly = frame(month=["2015-06", "2015-06", "2015-07"]).assign(people=[6000, 9000, 99999])
    june = frame(date=["2015-06-30"]).assign(people=[15000])
    assert stocks(monthly, june) == []
    (problem,) = stocks(monthly, june.assign(people=[14999]))
    assert "2015-06: 15000" in str(problem) and "14,999 in prison that June" in str(problem)


@pytest.mark.parametrize(
    ("numerator", "denominator", "places", "scale", "expected"),
    [
        (194500, 628761, 1, 100, "30.9"),
        (668502, 194500, 2, 1, "3.44"),
        (1, 8, 2, 1, "0.13"),  # a tie goes up, whatever the digit before it
        (2675, 1000, 2, 1, "2.68"),  # as a binary float it is below the tie
    ],
)
def test_a_ratio_is_printed_half_up(numerator, denominator, places, scale, expected):
    assert str(printed(numerator, denominator, places, scale)) == expected


@given(st.integers(0, 10**7), st.integers(1, 10**7), st.integers(0, 4), st.sampled_from([1, 100]))
def test_printing_is_that_of_decimal_arithmetic(numerator, denominator, places, scale):
    expected = Decimal(numerator * scale) / Decimal(denominator)
    expected = expected.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    assert printed(numerator, denominator, places, scale) == expected


def test_every_comparison_stands_in_one_table(raw_frames):
    made = reconciliation(raw_frames)
    assert made["kind"].value_counts().to_dict() == {
        "rate from its counts": 24,
        "tally from its rows": 5,
        "figure against figure": len(raw_frames["figure_checks"]),
    }
    assert made["subject"].is_unique
    assert made.drop(columns=["why", "target_id"]).notna().all(axis=None)
    assert (made["difference"] == made["left_value"] - made["right_value"]).all()
    assert made.loc[made["expected"] == "differ", "why"].notna().all()
    assert (made["found"] == made["expected"]).all()
    assert disagreements(raw_frames) == []
    rows = made.set_index("subject")
    assert rows.at["round 1: CRC rated requires improvement", "right_value"] == 19
    deaths = rows.loc[raw_frames["figure_checks"].set_index("check_id").at["K36", "subject"]]
    assert deaths[["left_value", "right_value", "difference", "found"]].tolist() == [748, 819, -71, "differ"]


@given(data=st.data())
def test_any_other_printed_rate_is_a_contradiction(raw_frames, data):
    annual = raw_frames["proven_reoffending_annual"]
    line = data.draw(st.sampled_from(list(annual.index)))
    rates = [("published_binary_rate", 1), ("published_frequency_rate", 2)]
    name, places = data.draw(st.sampled_from(rates))
    rate = data.draw(st.integers(0, 1000)) / 10**places
    assume(abs(rate - annual.at[line, name]) > 1e-9)
    wrong = annual.copy()
    wrong.loc[line, name] = rate
    unchecked = {"proven_reoffending_annual": wrong, "figure_checks": raw_frames["figure_checks"].head(0)}
    (problem,) = disagreements({**raw_frames, **unchecked})
    assert (problem.row, problem.column, problem.value) == (line, name, str(rate))
    assert f"which give {annual.at[line, name]}" in problem.rule


FIGURES = [f"F000{n}" for n in range(1, 6)]


def frames(*reasons, **tables):
    register = pd.DataFrame({"figure_id": FIGURES, "note": "as F0005"}, index=range(2, 7))
    rows = pd.DataFrame({"figure_id": list(reasons), "reason": "old"}, index=range(2, 2 + len(reasons)))
    return {"published_figures": register, "unused_figures": rows.astype("str"), **tables}


def notebook(path, source="", **data):
    outputs = [{"output_type": "display_data", "data": data}]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": [{"source": [source], "outputs": outputs}]}), "utf-8")


@pytest.fixture
def study(tmp_path):
    """A chapter that names F0001 in its code and F0002 in its file, and shows F0003 in a table and F0004 in a chart."""
    chapters, reports = tmp_path / "notebooks", tmp_path / "reports"
    notebook(chapters / "03-recall.ipynb", 'value["F0001"]')
    (chapters / "03-recall.toml").write_text('[recalls]\nfigure = "F0002"\n', "utf-8")
    notebook(reports / "03-recall.ipynb", **{"text/csv": ["Figure,Value\n", "F0003,7\n"]})
    chart = {"text/csv": "figure_id,value\nF0004,12\n", "image/png": "F0005"}
    notebook(reports / "provider-essex.ipynb", **chart)
    return chapters, reports


def said(study, *reasons, **tables):
    return [str(problem) for problem in usage(frames(*reasons, **tables), *study)]


def test_code_file_tables_and_charts_of_a_chapter_use_figures_and_pictures_and_notes_do_not(study):
    assert said(study, "F0005") == []


def test_an_unused_figure_without_a_reason_is_refused(study):
    (fault,) = said(study)
    assert fault.startswith(
        "published_figures.csv, row 6, column figure_id: 'F0005': no chapter, claim or check uses"
    )
    assert fault.endswith("say why not in unused_figures.csv")


def test_a_reason_for_a_figure_that_is_used_is_refused(study):
    assert said(study, "F0005", "F0002") == [
        "unused_figures.csv, row 3, column figure_id: 'F0002': the study uses this figure: take its reason out"
    ]


def test_a_chapter_that_lists_the_register_uses_none_of_it(study):
    chapters, reports = study
    notebook(chapters / "01-evidence.ipynb", "F0005")
    notebook(reports / "01-evidence.ipynb", **{"text/csv": "figure_id\nF0005\n"})
    assert len(said(study)) == 1


def test_where_there_are_no_chapters_nothing_is_said(tmp_path):
    assert said((tmp_path / "notebooks", tmp_path / "reports")) == []


def test_an_expression_uses_a_figure_and_a_longer_name_or_a_note_does_not():
    checks = pd.DataFrame(
        {"left": ["F0001 + F0002"], "why": ["see {F0003|0}"], "note": ["F0004"]}, dtype="str"
    )
    tables = frames(figure_checks=checks, places=pd.DataFrame({"place": ["XF0004", "F00055"]}, dtype="str"))
    assert unused(tables, []) == {"F0004", "F0005"}
