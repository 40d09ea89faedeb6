from tr_analysis.data.fields import KINDS
from tr_analysis.data.periods import period
from tr_analysis.data.schemas import TABLES


def test_key_references_runs_and_row_rules_point_at_what_exists():
    for name, table in TABLES.items():
        columns = table.schema.columns
        assert table.key, name
        assert set(table.key) <= set(columns), name
        for column, target in table.references.items():
            other, key = target.split(".")
            assert column in columns, name
            assert key in TABLES[other].schema.columns, name
        for run in table.runs:
            kind = table.kind(run.column)
            ends = (period(end, "quarter" if kind == "quarters" else kind) for end in (run.first, run.last))
            first, last = ends
            assert first < last, name
            assert set(run.where) <= set(columns), name
        assert {check.title for check in table.schema.checks} <= set(columns), name


def test_every_column_says_what_it_holds():
    for name, table in TABLES.items():
        for column, meta in table.schema.columns.items():
            assert meta.metadata["kind"] in KINDS, (name, column)
            assert len((meta.description or "").split()) > 1, (name, column)
            assert meta.description != column.replace("_", " "), (name, column)


def test_every_table_has_title_and_description_and_a_source_where_it_holds_figures():
    without = {"sources", "figure_checks", "claims", "claim_documents", "places"}
    without |= {"replication_target_values", "official_recipes"}
    for name, table in TABLES.items():
        assert table.schema.title, name
        assert table.schema.description.endswith("."), name
        named = "sources.source_id" in table.references.values()
        assert named is (name not in without), name
