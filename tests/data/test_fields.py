import re

import pandas as pd
import pytest

from tr_analysis.data.fields import KINDS, Run, at_most, column, given_with, percent, table
from tr_analysis.data.periods import period
from tr_analysis.data.schemas import TABLES


def test_a_column_carries_what_every_view_of_the_schema_needs():
    made = column("integer", "people held", unit="people", required=False, low=0, values=None)
    assert str(made.dtype) == "Int64"
    assert (made.nullable, made.description) == (True, "people held")
    assert made.metadata == {"kind": "integer", "unit": "people", "minimum": 0}


def test_percentages_lie_between_nought_and_a_hundred():
    assert percent("rate").metadata == {"kind": "number", "unit": "percent", "minimum": 0, "maximum": 100}


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_in_each_rule_is_of_its_kind(kind):
    pattern, rule = KINDS[kind]
    examples = re.findall(r"[\d./Q-]*\d(?: to \d{4}Q\d)?|S\d{3}(?: S\d{3})*|(?<=be )yes|no$", rule)
    assert examples or kind == "string"
    assert all(
        re.fullmatch(pattern, example) for example in examples if not example.isdigit() or len(example) >= 4
    )


def test_sources_are_references_without_being_told():
    made = table(
        "visits",
        "Visits",
        "By inspectors.",
        {"day": column("date", "when"), "by": column("string", "who"), "read_in": column("sources", "where")},
        key=["day"],
        references={"by": "people.name"},
    )
    assert made.references == {"read_in": "sources.source_id", "by": "people.name"}
    assert (made.name, made.key, made.kind("day")) == ("visits", ["day"], "date")


def test_a_run_says_its_ends_and_its_rows():
    assert (
        str(Run("month", "2010-06", "2010-08", {"status": "recall"})) == "2010-06 to 2010-08, status recall"
    )


@pytest.fixture
def frame():
    return pd.DataFrame({"found": [1, 3, None, 3], "people": [2, 2, 2, None]}, dtype="Int64")


def test_at_most_passes_equal_and_empty_cells(frame):
    check = at_most("found", "people")
    assert (check.title, check.error) == ("found", "must be at most people")
    assert check(frame).check_output.tolist() == [True, False, True, True]


def test_given_with_asks_for_a_value_beside_another(frame):
    assert given_with("found", "people")(frame).check_output.tolist() == [True, True, False, True]


def test_key_references_runs_and_row_rules_point_at_what_exists():
    for name, made in TABLES.items():
        columns = made.schema.columns
        assert made.key, name
        assert set(made.key) <= set(columns), name
        for cell, target in made.references.items():
            other, key = target.split(".")
            assert cell in columns, name
            assert key in TABLES[other].schema.columns, name
        for run in made.runs:
            kind = made.kind(run.column)
            ends = (period(end, "quarter" if kind == "quarters" else kind) for end in (run.first, run.last))
            first, last = ends
            assert first < last, name
            assert set(run.where) <= set(columns), name
        assert {check.title for check in made.schema.checks} <= set(columns), name


def test_every_column_says_what_it_holds():
    for name, made in TABLES.items():
        for cell, meta in made.schema.columns.items():
            assert meta.metadata["kind"] in KINDS, (name, cell)
            assert len((meta.description or "").split()) > 1, (name, cell)
            assert meta.description != cell.replace("_", " "), (name, cell)


def test_every_table_has_title_and_description_and_a_source_where_it_holds_figures():
    without = {"sources", "figure_checks", "claims", "claim_documents", "places"}
    without |= {"replication_target_values", "official_recipes"}
    for name, made in TABLES.items():
        assert made.schema.title, name
        assert made.schema.description.endswith("."), name
        named = "sources.source_id" in made.references.values()
        assert named is (name not in without), name
