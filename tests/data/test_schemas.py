import pytest

from tr_analysis.data.fields import KINDS
from tr_analysis.data.periods import period
from tr_analysis.data.schemas import TABLES

COLUMNS = [(name, column) for name, table in TABLES.items() for column in table.schema.columns]


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_key_references_runs_and_row_rules_point_at_what_exists(table):
    columns = table.schema.columns
    assert table.key
    assert set(table.key) <= set(columns)
    for column, target in table.references.items():
        other, key = target.split(".")
        assert column in columns
        assert key in TABLES[other].schema.columns
    for run in table.runs:
        kind = table.kind(run.column)
        first, last = (
            period(end, "quarter" if kind == "quarters" else kind) for end in (run.first, run.last)
        )
        assert first < last
        assert set(run.where) <= set(columns)
    assert {check.title for check in table.schema.checks} <= set(columns)


@pytest.mark.parametrize(("name", "column"), COLUMNS)
def test_every_column_says_what_it_holds(name, column):
    meta = TABLES[name].schema.columns[column]
    assert meta.metadata["kind"] in KINDS
    plain = column.replace("_", " ")
    assert meta.description
    assert meta.description != plain
    assert len(meta.description.split()) > 1


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_table_has_title_and_description_and_a_source_where_it_holds_figures(table):
    assert table.schema.title
    assert table.schema.description.endswith(".")
    without = {"sources", "figure_checks", "claims", "claim_documents", "places"}
    without |= {"replication_target_values", "official_recipes"}
    named = "sources.source_id" in table.references.values()
    assert named is (table.name not in without)
