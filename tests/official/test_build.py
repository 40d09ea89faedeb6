import shutil

import pandas as pd
import pytest

from tests.official.layouts import final_sheet, interim_sheet, save
from tr_analysis import paths
from tr_analysis.errors import DataError
from tr_analysis.official.build import build_official, disagreements, load_official

INTERIM = "crc-nps-interim-results-tables-jan17.xlsx"


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
    assert load_official("crc_results") is None
    assert not (project / "data/processed").exists()


def test_tables_come_back_as_they_were_built(project):
    bring(project)
    written = build_official()
    assert [p.name for p in written] == [
        "crc_results.csv",
        "official_checks.csv",
        "not_understood.csv",
        "official_printed.csv",
        "manifest.json",
    ]
    table = load_official("crc_results")
    assert len(table) == 42
    assert set(table["cohort"]) == {"2015Q4", "2016Q1"}
    assert set(table["release"]) == {"2017-01"}
    assert str(table["offenders"].dtype) == "Int64"
    assert (table["suppressed"] == "").all()
    assert load_official("official_checks")["agrees"].all()
    assert load_official("crc_baselines") is None


def test_two_builds_give_the_same_bytes(project):
    bring(project)
    first = {p: p.read_bytes() for p in build_official()}
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
        load_official("crc_results")


def test_a_table_edited_by_hand_is_refused(project):
    bring(project)
    build_official()
    place = paths.official_tables() / "crc_results.csv"
    place.write_bytes(place.read_bytes().replace(b"Essex", b"Sussex"))
    with pytest.raises(DataError, match="edited by hand"):
        load_official("crc_results")


def test_interim_and_final_results_of_a_cohort_stand_beside_each_other(project):
    bring(project)
    bring(project, "crc-nps-final-results-september-2020.xlsx", final_sheet())
    build_official()
    table = load_official("crc_results")
    assert table.groupby(["stage", "cohort"]).size().to_dict() == {
        ("final", "2015Q4"): 21,
        ("interim", "2015Q4"): 21,
        ("interim", "2016Q1"): 21,
    }


def test_releases_that_overlap_are_not_mixed_unless_asked_for(project):
    bring(project)
    bring(project, "interim-apr17.xlsx", interim_sheet(shift=5))
    with pytest.raises(DataError, match="not mixed unless asked for"):
        build_official()
    build_official("latest")
    table = load_official("crc_results")
    assert table.groupby("cohort")["release"].unique().map(list).to_dict() == {
        "2015Q4": ["2017-04"],
        "2016Q1": ["2017-01"],
    }
    build_official("all")
    assert len(load_official("crc_results")) == 63


def test_no_cell_of_a_csv_starts_a_formula(project):
    sheet = interim_sheet(name="=HYPERLINK(A1)")
    sheet.rows[3].append("@SUM(A1)")
    sheet.rows[2].append("=cmd|' /C calc'!A0")
    bring(project, INTERIM, sheet)
    written = build_official()
    for path in written[:-1]:
        cells = pd.read_csv(path, dtype="str", keep_default_na=False)
        numbers = cells.map(lambda text: text.replace(".", "").removeprefix("-").isdigit())
        assert (
            not cells[~numbers]
            .map(lambda text: str(text).startswith(("=", "+", "-", "@", "\t", "\r")))
            .any(axis=None)
        )
    assert set(load_official("crc_results")["sheet"]) == {"=HYPERLINK(A1)"}


def test_a_rate_that_its_counts_do_not_give_is_named(project):
    sheet = interim_sheet()
    sheet.rows[5][5] = 99.9
    bring(project, INTERIM, sheet)
    build_official()
    (line,) = disagreements()["crc_results"]
    assert "row 6, Durham Tees Valley: binary rate printed as 99.9, its row gives" in line


@pytest.mark.parametrize(("shift", "releases"), [(0, None), (5, "latest")])
def test_what_stands_beside_rows_that_are_left_out_is_left_out_too(project, shift, releases):
    bring(project, "a-apr17.xlsx", interim_sheet(shift=shift))
    alone = {
        name: len(load_official(name)) for name in ("official_checks", "official_printed") if build_official()
    }
    bring(project, "b-apr17.xlsx" if shift == 0 else INTERIM, interim_sheet())
    build_official(releases)
    assert len(load_official("crc_results")) == 21
    assert {name: len(load_official(name)) for name in alone} == alone
