"""Every way the raw files can be wrong, from the command line: exit code 1, where and why, and nothing written."""

import pytest

from tr_analysis import data
from tr_analysis.errors import DataError

ANNUAL, MONTHLY, FIGURES = "proven_reoffending_annual", "prison_population_monthly", "published_figures"
CHECKS, INSPECTIONS, CRCS = "figure_checks", "inspection_ratings", "crc_published_results"
FIRST = {"cohort_year": "2012/13"}


@pytest.mark.parametrize(
    ("table", "key", "column", "value", "rule"),
    [
        (ANNUAL, FIRST, "offenders", "12a", "must be a whole number without separators, such as 4240"),
        (ANNUAL, FIRST, "offenders", "6e5", "must be a whole number"),
        (ANNUAL, FIRST, "offenders", "628761.0", "must be a whole number"),
        (ANNUAL, FIRST, "offenders", "628,761", "must be a whole number"),
        (ANNUAL, FIRST, "offenders", "nan", "must be a whole number"),
        (ANNUAL, FIRST, "published_binary_rate", "inf", "must be a number"),
        (ANNUAL, FIRST, "published_binary_rate", "309", "must be at most 100"),
        (
            ANNUAL,
            FIRST,
            "published_binary_rate",
            "31.0",
            "contradicts the counts of 2012/13, which give 30.9",
        ),
        (
            ANNUAL,
            FIRST,
            "published_frequency_rate",
            "3.45",
            "contradicts the counts of 2012/13, which give 3.44",
        ),
        (ANNUAL, FIRST, "reoffenders", "628762", "must be at most offenders"),
        (ANNUAL, FIRST, "reoffenders", "0", "must be at least 1"),
        (CRCS, {"cohort": "2016Q2 to 2017Q1"}, "reoffenders", "4090", "must be at most offenders"),
        (ANNUAL, FIRST, "cohort_year", "2012/14", "does not exist; must be a financial year such as 2015/16"),
        (
            "prison_population_june",
            {"date": "2015-06-30"},
            "date",
            "2015-02-30",
            "does not exist; must be a date",
        ),
        (ANNUAL, FIRST, "source_id", "S999", "not found in sources.csv, column source_id"),
        ("pbr_results", {"cohort": "2016Q2"}, "source_ids", "S191 S999", "not found in sources.csv"),
        (
            CRCS,
            {"cohort": "2016Q2 to 2017Q1"},
            "provider",
            "Mersey",
            "not found in providers.csv, column provider",
        ),
        (
            INSPECTIONS,
            {"service": "NPS Wales"},
            "overall_rating",
            "Excellent",
            "must be one of: Outstanding, Good",
        ),
        (INSPECTIONS, {"service": "NPS Wales"}, "note", "text ", "has space around it; remove it"),
        (FIGURES, {"figure_id": "F0205"}, "figure_id", "F205", r"must match F\d{4}"),
        (
            CHECKS,
            {"check_id": "K01"},
            "left",
            "F0061 plus F0062",
            "cannot be read; write figures, cells and numbers",
        ),
        (CHECKS, {"check_id": "K01"}, "right", "F9999", "F9999: must name exactly one number, names 0"),
        (CHECKS, {"check_id": "K01"}, "left", "F0061 / 0", "divides by zero: F0061 / 0"),
        (CHECKS, {"check_id": "K36"}, "expected", "agree", "K36, deaths under supervision 2016-17"),
    ],
)
def test_a_bad_cell_is_named_with_file_row_column_value_and_rule(study, table, key, column, value, rule):
    line = study.change(table, column, value, **key)
    shown = "S999" if value == "S191 S999" else value
    assert any(
        fault.startswith(f"{table}.csv, row {line}, column {column}: {shown!r}: {rule}")
        for fault in study.refuses()
    )


def test_a_value_without_its_source_is_refused(study):
    line = study.change("pbr_results", "source_ids", "", cohort="2016Q2")
    rule = "column source_ids: must not be empty where value has a value"
    assert study.refuses() == [f"pbr_results.csv, row {line}, {rule}"]


def test_fewer_reoffences_than_reoffenders_are_refused(study):
    line = study.change(ANNUAL, "reoffences", "194499", **FIRST)
    rule = "column reoffenders: '194500': must be at most reoffences"
    assert study.refuses() == [f"{ANNUAL}.csv, row {line}, {rule}"]


def test_a_row_given_twice_is_refused(study):
    rows = study.rows(MONTHLY)
    study.write(MONTHLY, [*rows, rows[0]])
    rule = "column month + status: '2009-06, recall': the key must be unique"
    assert study.refuses() == [f"{MONTHLY}.csv, row 2, {rule}", f"{MONTHLY}.csv, row {len(rows) + 2}, {rule}"]


def test_a_month_missing_from_the_series_is_refused(study):
    study.write(MONTHLY, [row for row in study.rows(MONTHLY) if row["month"] != "2015-02"])
    assert study.refuses() == [
        f"{MONTHLY}.csv, column month: '2015-02': missing from the run 2010-06 to 2026-03, status recall",
        f"{MONTHLY}.csv, column month: '2015-02': missing from the run 2010-06 to 2025-09, status remand",
    ]


def test_a_figure_that_repeats_another_must_say_which_it_is(study):
    line = study.change(FIGURES, "revision", "", figure_id="F0206")
    (fault,) = study.refuses()
    assert fault.startswith(
        f"{FIGURES}.csv, row {line}, column revision: 'F0206': another figure has the same"
    )


def test_ratings_that_no_longer_add_up_to_the_published_tallies_are_refused(study):
    study.change(INSPECTIONS, "overall_rating", "Good", service="Merseyside", inspection_round="1")
    lines = {row["figure_id"]: line for line, row in enumerate(study.rows(FIGURES), start=2)}
    found = study.refuses()
    counted = "inspection_ratings.csv counts {} CRC rated {} in round 1".format
    assert f"{FIGURES}.csv, row {lines['F0367']}, column value: '1': {counted(2, 'Good')}" in found
    assert (
        f"{FIGURES}.csv, row {lines['F0368']}, column value: '19': {counted(18, 'Requires improvement')}"
        in found
    )


def test_a_published_tally_that_is_gone_is_refused(study):
    study.write(FIGURES, [row for row in study.rows(FIGURES) if row["figure_id"] != "F0367"])
    assert f"{FIGURES}.csv, column figure_id: 'F0367': missing" in study.refuses()[0]


def test_a_recorded_contradiction_that_has_vanished_is_refused(study):
    study.change(FIGURES, "value", "819", figure_id="F0205")
    line = 2 + [row["check_id"] for row in study.rows(CHECKS)].index("K36")
    (fault,) = study.refuses()
    assert fault.startswith(f"{CHECKS}.csv, row {line}, column expected: 'differ': K36, ")
    assert fault.endswith(": 819 and 819 agree")


@pytest.mark.parametrize(
    ("alter", "fault"),
    [
        (lambda text: b"", ": empty; a header and at least one row are needed"),
        (lambda text: text.splitlines(keepends=True)[0], ": empty; a header and at least one row are needed"),
        (lambda text: text.replace(b"2012/13", b"2012/13\xa3"), ", row 2: '0xa3': not UTF-8"),
        (lambda text: b"\xef\xbb\xbf" + text, ", row 1: starts with a byte-order mark"),
        (lambda text: text.replace(b"offenders,", b"", 1), ", row 1, column offenders: column missing"),
        (
            lambda text: text.replace(b"source_id\n", b"source_id,x\n"),
            ", row 1, column x: column not in the schema",
        ),
        (
            lambda text: text.replace(b"offenders,reoffenders", b"reoffenders,offenders"),
            ", row 1, column reoffenders: out of order or repeated; the order is cohort_year, offenders",
        ),
        (lambda text: text.replace(b",30.9", b""), ", row 2: 6 cells, must be 7; check commas and quotes"),
        (lambda text: text.replace(b"30.9", b'"30.9'), ", row 2: cannot be split into cells"),
        (lambda text: text + b"\n", ", row 14: blank line; remove it"),
        (lambda text: text.replace(b"\n2013/14", b"\n\n2013/14"), ", row 3: blank line; remove it"),
    ],
)
def test_a_file_that_is_no_table_is_refused(study, alter, fault):
    study.edit(ANNUAL, alter)
    assert study.refuses()[0].startswith(f"{ANNUAL}.csv{fault}")


def test_a_missing_file_is_refused(study):
    (study.raw / f"{ANNUAL}.csv").unlink()
    assert study.refuses() == [f"{ANNUAL}.csv: missing; it belongs in raw/"]


def test_a_file_no_schema_knows_is_refused(study):
    (study.raw / "recalls.csv").write_bytes(b"month\n")
    assert study.refuses() == ["recalls.csv: no schema knows this file; remove it or add its table"]


def test_faults_of_several_files_are_found_together(study):
    study.change(ANNUAL, "offenders", "x", **FIRST)
    study.edit("events", lambda text: b"")
    assert [fault.split(",")[0].split(":")[0] for fault in study.refuses()] == [f"{ANNUAL}.csv", "events.csv"]


def test_thousands_of_faults_are_counted_not_poured_out(study):
    study.write(FIGURES, [{**row, "source_id": "x"} for row in study.rows(FIGURES)])
    found = study.refuses()
    assert len(found) == 21
    assert found[-1] == f"and {len(study.rows(FIGURES)) - 20} more"
    with pytest.raises(DataError) as caught:
        data.check()
    assert len(caught.value.problems) == len(study.rows(FIGURES))
