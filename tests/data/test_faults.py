"""Ways the raw files can be wrong, from the command line: exit code 1, where and why, and nothing written.

What can be wrong within one file is tried in test_clean.py, what between tables in test_checks.py.
"""

import pytest

ANNUAL, MONTHLY, FIGURES = "proven_reoffending_annual", "prison_population_monthly", "published_figures"
CHECKS, INSPECTIONS, CRCS = "figure_checks", "inspection_ratings", "crc_published_results"
FIRST = {"cohort_year": "2012/13"}
SUM, DEATHS = {"check_id": "K01"}, {"check_id": "K36"}


@pytest.mark.parametrize(
    ("table", "key", "column", "value", "rule"),
    [
        (ANNUAL, FIRST, "offenders", "12a", "'12a': must be a whole number without separators"),
        (ANNUAL, FIRST, "published_binary_rate", "31.0", "'31.0': contradicts the counts of 2012/13"),
        (ANNUAL, FIRST, "reoffenders", "628762", "'628762': must be at most offenders"),
        ("pbr_results", {"cohort": "2016Q2"}, "source_ids", "S191 S999", "'S999': not found in sources.csv"),
        (CHECKS, SUM, "left", "F0061 plus F0062", "'F0061 plus F0062': cannot be read"),
        (CHECKS, DEATHS, "expected", "agree", "'agree': K36, deaths under supervision 2016-17"),
        ("pbr_results", {"cohort": "2016Q2"}, "source_ids", "", "must not be empty where value has a value"),
        (FIGURES, {"figure_id": "F0206"}, "revision", "", "'F0206': another figure has the same"),
        ("sources", {"source_id": "S074"}, "producer", "", "must be given where the tier is secondary"),
    ],
)
def test_a_bad_cell_is_named_with_file_row_column_value_and_rule(study, table, key, column, value, rule):
    line = study.change(table, column, value, **key)
    where = f"{table}.csv, row {line}, column {column}: {rule}"
    assert any(fault.startswith(where) for fault in study.refuses())


def test_a_month_missing_from_the_series_is_refused(study):
    study.write(MONTHLY, [row for row in study.rows(MONTHLY) if row["month"] != "2015-02"])
    assert study.refuses() == [
        f"{MONTHLY}.csv, column month: '2015-02': missing from the run 2010-06 to 2026-03, status recall",
        f"{MONTHLY}.csv, column month: '2015-02': missing from the run 2010-06 to 2025-09, status remand",
    ]


def test_ratings_that_no_longer_add_up_to_the_published_tallies_are_refused(study):
    study.change(INSPECTIONS, "overall_rating", "Good", service="Merseyside", inspection_round="1")
    lines = {row["figure_id"]: line for line, row in enumerate(study.rows(FIGURES), start=2)}
    found = study.refuses()
    for figure, value, counted in [
        ("F0367", "1", "2 CRC rated Good"),
        ("F0368", "19", "18 CRC rated Requires"),
    ]:
        where = f"{FIGURES}.csv, row {lines[figure]}, column value: '{value}': inspection_ratings.csv counts {counted}"
        assert any(fault.startswith(where) for fault in found)


def test_a_published_tally_that_is_gone_is_refused(study):
    study.write(FIGURES, [row for row in study.rows(FIGURES) if row["figure_id"] != "F0367"])
    assert f"{FIGURES}.csv, column figure_id: 'F0367': missing" in study.refuses()[0]


def test_a_recorded_contradiction_that_has_vanished_is_refused(study):
    study.change(FIGURES, "value", "819", figure_id="F0205")
    line = 2 + [row["check_id"] for row in study.rows(CHECKS)].index("K36")
    (fault,) = study.refuses()
    assert fault.startswith(f"{CHECKS}.csv, row {line}, column expected: 'differ': K36, ")
    assert fault.endswith(": 819 and 819 agree")


def test_faults_of_several_files_are_found_together(study):
    study.change(ANNUAL, "offenders", "x", **FIRST)
    study.edit("events", lambda text: b"")
    (study.raw / f"{CRCS}.csv").unlink()
    (study.raw / "recalls.csv").write_bytes(b"month\n")
    first, *rest = study.refuses()
    assert first.startswith(f"{ANNUAL}.csv, row 2, column offenders: 'x': must be a whole number")
    assert rest == [
        f"{CRCS}.csv: missing; it belongs in raw/",
        "events.csv: empty; a header and at least one row are needed",
        "recalls.csv: no schema knows this file; remove it or add its table",
    ]
