from decimal import ROUND_HALF_UP, Decimal

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tr_analysis.data.checks import (
    disagreements,
    evaluate,
    printed,
    reconciliation,
    references,
    revisions,
    runs,
    sources_of,
    stocks,
)
from tr_analysis.data.fields import Run, Table, column

FRAMES = {
    "published_figures": pd.DataFrame(
        {"figure_id": ["F0001", "F0002", "F0003"], "value": [6.0, 0.0, None], "unit": ["a", "b", "c"]}
    ),
    "recalls": pd.DataFrame(
        {
            "month": ["2015-01", "2015-01", "2015-02"],
            "status": ["recall", "remand", "recall"],
            "people": [4, 5, 6],
        }
    ),
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("F0001", 6),
        ("F0001 + 2 * 3", 12),
        ("(F0001 + 2) * 3", 24),
        ("-F0001 - -2", -4),
        ("recalls[month=2015-01].rows", 2),
        ("recalls[month=2014-01].rows", 0),
        ("recalls[month=2015-01;status=recall].rows * (F0001 - recalls[month=2015-02].people)", 0),
        ("F0001 / 4 - 1", 0.5),
        ("recalls[month=2015-01;status=remand].people", 5),
        ("recalls[month=2015-02].people / F0001 * 100 - 100", 0),
    ],
)
def test_an_expression_follows_the_rules_of_arithmetic(expression, value):
    assert evaluate(expression, FRAMES) == value


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("F0001 +", "cannot be read; write figures, cells and numbers joined by"),
        ("F0001 F0002", "cannot be read"),
        ("F0001 ** 2", "cannot be read"),
        ("(F0001", "cannot be read"),
        ("F0001 // 2", "cannot be read"),
        ("1_000", "cannot be read"),
        ("~1", "cannot be read"),
        ("F00011", "cannot be read"),
        ("+ + 1", "cannot be read"),
        ("1 / F0002", "divides by zero: 1 / F0002"),
        ("F0009", "F0009: must name exactly one number, names 0"),
        ("F0003", "F0003: must name exactly one number, names 0 cells with a value"),
        ("recalls[month=2015-01].people", "must name exactly one number, names 2 cells"),
        ("recalls[month=2015-02].status", "must name exactly one number"),
        ("recalls[month=2015-02].persons", "no such table or column"),
        ("arrests[month=2015-02].people", "no such table or column"),
    ],
)
def test_what_cannot_be_worked_out_says_why(expression, fault):
    with pytest.raises(ValueError, match=fault):
        evaluate(expression, FRAMES)


@given(
    st.recursive(
        st.integers(0, 999).map(str),
        lambda part: st.builds("({} {} {})".format, part, st.sampled_from("+-*"), part),
        max_leaves=6,
    )
)
def test_numbers_signs_and_brackets_follow_arithmetic(expression):
    assert evaluate(expression, FRAMES) == float(eval(expression))


@given(st.text(alphabet="F0123 +-*/()_[]=;.recalsmonth", max_size=25))
def test_no_text_ends_in_another_error(expression):
    try:
        assert isinstance(evaluate(expression, FRAMES), float)
    except ValueError as error:
        assert str(error)


def test_a_simulated_table_is_refused():
    simulated = {"recalls": FRAMES["recalls"].assign(origin="simulated")}
    with pytest.raises(ValueError, match="recalls is simulated"):
        evaluate("recalls[month=2015-02].people", simulated)


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


READ_IN = {
    "published_figures": pd.DataFrame({"figure_id": ["F0001"], "value": [1.0], "source_id": ["S001"]}),
    "areas": pd.DataFrame(
        {
            "area": ["Kent", "Gwent"],
            "people": [3.0, 4.0],
            "people_source_id": ["S003", None],
            "source_id": "S002",
        }
    ),
    "claims": pd.DataFrame(
        {"claim_id": ["C01"], "value": [5.0], "document": ["D1"], "source_ids": ["S004 S005"]}
    ),
    "plain": pd.DataFrame({"name": ["x"], "value": [1.0]}),
}


@pytest.mark.parametrize(
    ("expression", "sources"),
    [
        ("F0001 * 2", "S001"),
        ("areas[area=Kent].people", "S003"),  # of the number, not of the row
        ("areas[area=Gwent].people + F0001", "S001"),  # which is not known
        ("areas[area=Kent].rows", "S002"),
        ("claims[claim_id=C01].value", "D1 S004 S005"),
        ("plain[name=x].value / 12", ""),
        ("12", ""),
    ],
)
def test_an_expression_says_where_its_numbers_were_read(expression, sources):
    assert sources_of(expression, READ_IN) == set(sources.split())
