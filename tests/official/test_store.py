"""Official files to tidy tables on disk: recognised by content, put together, built all or none, and loaded."""

import csv
import shutil

import pandas as pd
import pytest

from tests.official.layouts import final_sheet, interim_sheet, save
from tests.official.test_reader import BASE
from tr_analysis import paths
from tr_analysis.errors import DataError
from tr_analysis.official.layouts import RESULTS
from tr_analysis.official.reader import read, tidy
from tr_analysis.official.releases import combine, find_layout, read_official, release_of
from tr_analysis.official.store import build_official, from_csv, official, to_csv
from tr_analysis.official.workbooks import Sheet

INTERIM = "crc-nps-interim-results-tables-jan17.xlsx"
BASELINE = [["Essex", 47, 45, 49, 4.2, 4.0, 4.4], ["Wales", 47, 45, 49, 4.2, 4.0, 4.4]]
BOOKS = {"crc_results": [interim_sheet()], "crc_baselines": [Sheet("F15.05", [BASE, *BASELINE])]}


# one file


@pytest.mark.parametrize("family", BOOKS)
def test_a_file_of_any_name_is_read_as_what_it_holds(family, tmp_path):
    reading = read_official(save(tmp_path / "download.xlsx", *BOOKS[family]))
    assert reading.family == family
    assert reading.frame["file"].eq("download.xlsx").all()


def test_final_results_are_recognised_and_other_things_are_not():
    assert find_layout([final_sheet()])[0] is RESULTS
    assert find_layout([Sheet("x", [["a", "b"], [1, 2]])]) is None
    rates = [["CRC", "2011 baseline rate", "Binary rate", "Frequency rate"], ["Essex", 47, 45, 4.2]]
    assert find_layout([Sheet("Adjusted results, Oct-Dec 2015", rates)]) is None


def test_a_csv_file_is_read(tmp_path):
    path = tmp_path / "results-2018-04.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["October to December 2015, final"], *final_sheet().rows[1:]])
    frame = read_official(path).frame
    assert (len(frame), set(frame["release"]), set(frame["cohort"])) == (21, {"2018-04"}, {"2015Q4"})


def test_a_file_of_no_known_layout_is_refused(tmp_path):
    path = save(tmp_path / "x.xlsx", Sheet("Sheet1", [["a"], [1]]))
    with pytest.raises(DataError, match=r"x\.xlsx: holds none of the official tables in its sheets 'Sheet1'"):
        read_official(path)


@pytest.mark.parametrize(
    ("name", "release"),
    [
        (INTERIM, "2017-01"),
        ("final-results-october-2017.ods", "2017-10"),
        ("results-2018-04.xls", "2018-04"),
        ("proven-reoffending-jul17-sep17-annual.ods", ""),
        ("decisions.xlsx", ""),
    ],
)
def test_a_release_is_read_from_a_name(name, release):
    assert release_of(name) == release


def test_hidden_sheets_are_read_only_where_no_shown_one_has_the_table(tmp_path):
    draft = Sheet("draft", interim_sheet(shift=7).rows, hidden=True)
    reading = read_official(save(tmp_path / "a.xlsx", interim_sheet(), draft))
    assert set(reading.frame["sheet"]) == {"2"}
    (note,) = reading.not_understood
    assert (note.sheet, note.row) == ("draft", 4) and "hidden" in note.why
    path = save(tmp_path / "b.xlsx", Sheet("Notes", [["Notes on the tables"]]), draft)
    assert len(read_official(path).frame) == 21


# several files


def reading(release, file="a.xlsx", **sheet):
    return read([interim_sheet(**sheet)], file, release, RESULTS)


def test_releases_of_other_cohorts_are_put_together_and_a_file_held_twice_counts_once():
    both = combine([reading("2017-04", title="Jan-Mar 2016"), reading("2017-01", "b.xlsx")])
    assert both.frame["release"].tolist() == ["2017-01"] * 21 + ["2017-04"] * 21
    assert len(both.checks) == 84
    again = combine([reading("2017-01"), reading("2017-01", "b.xlsx")])
    assert (len(again.frame), len(again.checks)) == (21, 42)


def test_releases_that_overlap_are_refused_unless_asked_for():
    both = [reading("2017-01"), reading("2017-04", "b.xlsx", shift=3)]
    with pytest.raises(
        DataError, match=r"a\.xlsx, row 4: 21 rows, such as .* stand also in b\.xlsx.* not mixed"
    ):
        combine(both)
    latest = combine(both, "latest")
    assert (set(latest.frame["release"]), len(latest.checks)) == ({"2017-04"}, 42)
    assert len(combine(both, "all").frame) == 42
    for releases in ("one", "latest", "all"):
        with pytest.raises(DataError, match="these are of one release"):
            combine([reading("2017-01"), reading("2017-01", "b.xlsx", shift=3)], releases)


# the tables on disk


@pytest.fixture
def project(tmp_path, monkeypatch):
    raw = tmp_path / "data" / "raw"
    raw.mkdir(parents=True)
    shutil.copy(paths.raw() / "providers.csv", raw)
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    return tmp_path


def bring(project, name=INTERIM, *sheets):
    sheets = sheets or (interim_sheet(), interim_sheet("January to March 2016", "4", 10))
    return save(project / "data/raw/official" / name, *sheets)


def test_without_official_files_there_is_nothing_to_build_and_no_folder(project):
    assert build_official() == []
    assert official("crc_results") is None
    assert not (project / "data/processed").exists()


def test_tables_come_back_as_they_were_built(project):
    bring(project)
    first = {p: p.read_bytes() for p in build_official()}
    assert [p.name for p in first] == [
        *("crc_results.csv", "official_checks.csv", "not_understood.csv", "manifest.json")
    ]
    table = official("crc_results")
    assert (len(table), set(table["cohort"]), set(table["release"])) == (
        42,
        {"2015Q4", "2016Q1"},
        {"2017-01"},
    )
    assert {str(c): str(t) for c, t in table.dtypes.items()} == RESULTS.types
    assert (table["suppressed"] == "").all()
    assert table.attrs["table"] == "official/crc_results"
    assert official("official_checks")["agrees"].all()
    assert official("crc_baselines") is None
    assert {p: p.read_bytes() for p in build_official()} == first


def test_tables_go_when_their_files_do(project):
    path = bring(project)
    build_official()
    path.unlink()
    assert build_official() == []
    assert not paths.official_tables().exists()


def test_one_bad_file_leaves_everything_as_it_was(project):
    bring(project)
    before = {p: p.read_bytes() for p in build_official()}
    bring(project, "other.xlsx", interim_sheet("no period at all"))
    with pytest.raises(DataError, match="whose cohort"):
        build_official()
    assert {p: p.read_bytes() for p in paths.official_tables().iterdir()} == before
    with pytest.raises(DataError, match="changed since the tables were built"):
        official("crc_results")


def test_a_table_edited_by_hand_is_refused(project):
    bring(project)
    build_official()
    place = paths.official_tables() / "crc_results.csv"
    place.write_bytes(place.read_bytes().replace(b"Essex", b"Sussex"))
    with pytest.raises(DataError, match="edited by hand"):
        official("crc_results")


def test_interim_and_final_results_of_a_cohort_stand_beside_each_other(project):
    bring(project)
    bring(project, "crc-nps-final-results-september-2020.xlsx", final_sheet())
    build_official()
    assert official("crc_results").groupby(["stage", "cohort"]).size().to_dict() == {
        ("final", "2015Q4"): 21,
        ("interim", "2015Q4"): 21,
        ("interim", "2016Q1"): 21,
    }


def test_no_cell_of_a_csv_starts_a_formula(project):
    sheet = interim_sheet(name="=HYPERLINK(A1)")
    sheet.rows[3].append("@SUM(A1)")
    sheet.rows[2].append("=cmd|' /C calc'!A0")
    bring(project, INTERIM, sheet)
    for path in build_official()[:-1]:
        cells = pd.read_csv(path, dtype="str", keep_default_na=False)
        numbers = cells.map(lambda text: text.replace(".", "").removeprefix("-").isdigit())
        starts = cells[~numbers].map(lambda text: str(text).startswith(("=", "+", "-", "@", "\t", "\r")))
        assert not starts.any(axis=None)
    assert set(official("crc_results")["sheet"]) == {"=HYPERLINK(A1)"}


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx", "'x", "＝1"])
def test_a_text_that_starts_a_formula_gets_an_apostrophe_and_loses_it_again(text):
    frame = tidy([{"file": text, "row": -5}], {"file": "str", "row": "Int64"})
    content = to_csv(frame)
    kept = text.replace("\r", "\n")
    assert content.decode() in (f"file,row\n'{kept},-5\n", f'file,row\n"\'{kept}",-5\n')
    assert from_csv(content, {"file": "str", "row": "Int64"})["file"].iloc[0] == kept
