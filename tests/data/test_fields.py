import re

import pandas as pd
import pytest

from tr_analysis.data.fields import KINDS, at_most, given_with
from tr_analysis.data.periods import period
from tr_analysis.data.schemas import TABLES


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_in_each_rule_is_of_its_kind(kind):
    pattern, rule = KINDS[kind]
    examples = re.findall(r"[\d./Q-]*\d(?: to \d{4}Q\d)?|S\d{3}(?: S\d{3})*|(?<=be )yes|no$", rule)
    assert examples or kind == "string"
    assert all(
        re.fullmatch(pattern, example) for example in examples if not example.isdigit() or len(example) >= 4
    )


def test_rules_of_a_row_pass_what_is_equal_or_empty():
    frame = pd.DataFrame({"found": [1, 3, None, 3], "people": [2, 2, 2, None]}, dtype="Int64")
    assert at_most("found", "people").holds(frame).tolist() == [True, False, True, True]
    assert given_with("found", "people").holds(frame).tolist() == [True, True, False, True]


def test_key_references_runs_and_row_rules_point_at_what_exists():
    for name, made in TABLES.items():
        columns = made.columns
        assert made.key, name
        assert set(made.key) <= set(columns), name
        for cell, target in made.references.items():
            other, key = target.split(".")
            assert cell in columns, name
            assert key in TABLES[other].columns, name
        for run in made.runs:
            kind = made.kind(run.column)
            ends = (period(end, "quarter" if kind == "quarters" else kind) for end in (run.first, run.last))
            first, last = ends
            assert first < last, name
            assert set(run.where) <= set(columns), name
        assert {rule.column for rule in made.rules} <= set(columns), name
        for cell, about in columns.items():
            assert about.kind in KINDS, (name, cell)
            assert len(about.description.split()) > 1, (name, cell)
            assert about.description != cell.replace("_", " "), (name, cell)


def test_every_table_has_title_and_description_and_a_source_where_it_holds_figures():
    without = {"sources", "figure_checks", "claim_documents", "claim_providers", "places", "unused_figures"}
    without |= {"replication_target_values", "official_recipes"}
    for name, made in TABLES.items():
        assert made.title, name
        assert made.description.endswith("."), name
        named = "sources.source_id" in made.references.values()
        assert named is (name not in without), name
