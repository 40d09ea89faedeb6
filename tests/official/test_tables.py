import csv

import pandas as pd
import pytest

from tests.official.layouts import final_sheet, interim_sheet, save
from tests.official.test_other_tables import (
    BASE,
    BLOCKS,
    CASES,
    COHORT,
    FIRST,
    NATIONAL,
    NOTES,
    PERIODS,
    STARTS,
    TOOL,
)
from tr_analysis.errors import DataError, UsageError
from tr_analysis.official.families import crc_results
from tr_analysis.official.families.reading import NotUnderstood, tidy
from tr_analysis.official.tables import FAMILIES, combine, family_of, read_official, release_of
from tr_analysis.official.words.csv_text import from_csv, safe, to_csv
from tr_analysis.official.workbooks import Sheet

BOOKS = {
    "crc_results": [interim_sheet()],
    "crc_baselines": [
        Sheet("F15.05", [BASE, ["Essex", 47, 45, 49, 4.2, 4.0, 4.4], ["Wales", 47, 45, 49, 4.2, 4.0, 4.4]])
    ],
    "overall_tool": [Sheet("Data", [TOOL, NATIONAL])],
    "annual_by_offence": [Sheet("A4a_(annual_average)", [*NOTES, PERIODS, *BLOCKS])],
    "consultation_cohorts": [Sheet("1", [["Adults, old measure"], COHORT, FIRST])],
    "probation_caseload": [Sheet("x", [CASES, ["London", "All", "Male", "30/06/2019", 1]])],
    "probation_starts": [Sheet("x", [STARTS, ["London", "All", "Male", "Jan-Mar 2019", 1]])],
}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_recognised_by_its_content(family):
    assert family_of(BOOKS[family]) == family


def test_final_results_are_recognised_and_other_things_are_not():
    assert family_of([final_sheet()]) == "crc_results"
    assert family_of([Sheet("x", [["a", "b"], [1, 2]])]) is None


@pytest.mark.parametrize("family", FAMILIES)
def test_a_file_of_any_name_is_read_as_what_it_holds(family, tmp_path):
    reading = read_official(save(tmp_path / "download.xlsx", *BOOKS[family]))
    assert reading.family == family
    assert reading.frame["file"].eq("download.xlsx").all()


def test_a_csv_file_is_read(tmp_path):
    path = tmp_path / "caseloadq1.csv"
    rows = [
        ["Note"],
        ["Note, with a comma"],
        CASES,
        ["London", "All", "Male", "30/06/2019", "1,234"],
        ["", "", "", "", ""],
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    reading = read_official(path, release="2019-07")
    assert list(reading.frame["value"]) == [1234]
    assert list(reading.frame["release"]) == ["2019-07"]


def test_a_file_of_no_known_layout_and_a_family_that_is_none_are_refused(tmp_path):
    path = save(tmp_path / "x.xlsx", Sheet("Sheet1", [["a"], [1]]))
    with pytest.raises(DataError, match=r"x\.xlsx: holds none of the official tables in its sheets 'Sheet1'"):
        read_official(path)
    with pytest.raises(UsageError, match="did you mean crc_results"):
        read_official(path, family="crc_result")
    starts = save(tmp_path / "y.xlsx", *BOOKS["probation_starts"])
    with pytest.raises(DataError, match="holds the table probation_starts, not probation_caseload"):
        read_official(starts, family="probation_caseload")


@pytest.mark.parametrize(
    "name, release",
    [
        ("crc-nps-interim-results-tables-jan17.xlsx", "2017-01"),
        ("final-results-october-2017.ods", "2017-10"),
        ("results-2018-04.xls", "2018-04"),
        ("proven-reoffending-jul17-sep17-annual.ods", ""),
        ("decisions.xlsx", ""),
        ("x.csv", ""),
    ],
)
def test_a_release_is_read_from_a_name(name, release):
    assert release_of(name) == release


def reading(release, file="a.xlsx", **sheet):
    return crc_results.read([interim_sheet(**sheet)], file, release)


def test_releases_of_other_cohorts_are_put_together():
    both = combine([reading("2017-04", title="Jan-Mar 2016"), reading("2017-01", "b.xlsx")])
    assert len(both.frame) == 42
    assert list(both.frame["release"].unique()) == ["2017-01", "2017-04"]
    assert len(both.checks) == 84


def test_releases_that_overlap_are_refused_unless_asked_for():
    both = [reading("2017-01"), reading("2017-04", "b.xlsx", shift=3)]
    with pytest.raises(DataError, match=r"a\.xlsx, row 4: 21 rows, such as .* stand also in b\.xlsx"):
        combine(both)
    assert list(combine(both, "latest").frame["release"].unique()) == ["2017-04"]
    assert len(combine(both, "all").frame) == 42


def test_two_files_of_one_release_that_differ_are_always_refused():
    for releases in (None, "latest", "all"):
        with pytest.raises(DataError, match="stand also in"):
            combine([reading("2017-01"), reading("2017-01", "b.xlsx", shift=3)], releases)


def test_a_file_held_twice_counts_once():
    assert len(combine([reading("2017-01"), reading("2017-01", "b.xlsx")]).frame) == 21


def test_readings_of_several_families_are_not_put_together():
    with pytest.raises(ValueError, match="one family"):
        combine([])


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx", "'x", "＝1"])
def test_a_text_that_starts_a_formula_gets_an_apostrophe_and_loses_it_again(text):
    assert safe(text) == "'" + text.replace("\r", "\n")
    frame = tidy(
        [NotUnderstood(text, "a", 1, "", "b", "c")._asdict()], dict.fromkeys(NotUnderstood._fields, "str")
    )
    types = {str(c): str(t) for c, t in frame.dtypes.items()}
    assert from_csv(to_csv(frame), types)["file"].iloc[0] == text.replace("\r", "\n")


@pytest.mark.parametrize("value", ["x=1", "", 5, -5, 1.5, None])
def test_other_cells_stay_as_they_are(value):
    assert safe(value) == value or pd.isna(value)


def test_hidden_sheets_are_read_only_where_no_shown_one_has_the_table(tmp_path):
    shown, draft = interim_sheet(), interim_sheet(name="draft", shift=7)
    path = save(tmp_path / "a.xlsx", shown, Sheet(draft.name, draft.rows, hidden=True))
    reading = read_official(path)
    assert set(reading.frame["sheet"]) == {"2"}
    (note,) = reading.not_understood
    assert (note.sheet, note.row) == ("draft", 4)
    assert "hidden" in note.why
    other = Sheet("Notes", [["Notes on the tables"]])
    path = save(tmp_path / "b.xlsx", other, Sheet(draft.name, draft.rows, hidden=True))
    assert len(read_official(path).frame) == 21
