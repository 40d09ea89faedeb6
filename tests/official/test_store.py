"""Official files to tidy tables on disk: recognised by content, put together, built all or none, and loaded."""

import csv
import shutil
import zipfile

import pytest

from tests.official.layouts import final_sheet, interim_sheet, save, square
from tests.official.test_reader import BASE
from tr_analysis import paths
from tr_analysis.data import load
from tr_analysis.errors import DataError
from tr_analysis.official import store
from tr_analysis.official.layouts import RESULTS
from tr_analysis.official.register import release_of
from tr_analysis.official.store import build_official, official, read_official, recipe_tables
from tr_analysis.official.workbooks import Sheet

INTERIM = "crc-nps-interim-results-tables-jan17.xlsx"
PROVIDERS = load("providers")
SECOND = "January to March 2016 cohort"


@pytest.fixture
def project(tmp_path, monkeypatch):
    raw = tmp_path / "data" / "raw"
    raw.mkdir(parents=True)
    shutil.copy(paths.raw() / "providers.csv", raw)
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    monkeypatch.setattr(store, "load", lambda _: PROVIDERS)
    return tmp_path


def bring(project, name=INTERIM, *sheets):
    return save(
        project / "data/raw/official" / name, *(sheets or (interim_sheet(), interim_sheet(SECOND, "4", 10)))
    )


def built(project):
    return {path: path.read_bytes() for path in build_official()}


# one file


@pytest.mark.parametrize(
    ("delimiter", "encoding", "ending"),
    [(",", "utf-8", "csv"), (";", "cp1252", "csv"), ("\t", "utf-16", "csv"), (";", "utf-8-sig", "zip")],
)
def test_a_csv_file_is_read_and_a_zip_of_it(tmp_path, delimiter, encoding, ending):
    path = tmp_path / "results-2018-04.csv"
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter).writerows(final_sheet().rows)
    if ending == "zip":
        with zipfile.ZipFile(tmp_path / "results-2018-04.zip", "w") as packed:
            packed.write(path, "tables/Table 1.csv")
    frame = read_official(tmp_path / f"results-2018-04.{ending}").frames["crc_results"]
    assert (len(frame), set(frame["release"]), set(frame["cohort"])) == (21, {"2018-04"}, {"2015Q4"})


def test_a_file_without_an_official_table_is_refused(tmp_path):
    path = save(tmp_path / "x.xlsx", Sheet("Sheet1", [["a"], [1]]))
    with pytest.raises(
        DataError, match=r"x\.xlsx: no official table .* is recognised in its sheets 'Sheet1'"
    ):
        read_official(path)


@pytest.mark.parametrize(
    ("name", "release"),
    [
        (INTERIM, "2017-01"),
        ("final-results-october-2017.ods", "2017-10"),
        *(("results-2018-04.xls", "2018-04"), ("final-oct21.xlsx", "2021-10")),
        *((name, "") for name in ("final-results-oct-dec-2015.xlsx", "decisions.xlsx", "oct-15-to-sep-20.csv")),
    ],
)  # fmt: skip
def test_a_release_is_read_from_a_name(name, release):
    assert release_of(name) == release


# several files


def test_releases_stand_beside_each_other(project):
    bring(project)
    bring(project, "a-apr17.xlsx", interim_sheet(shift=3))
    build_official()
    assert official("crc_results").groupby("release").size().to_dict() == {"2017-01": 42, "2017-04": 21}
    assert official("crc_results")["release"].is_monotonic_increasing


@pytest.mark.parametrize("name", ["interim-jan17.xlsx", "interim.xlsx"])
def test_two_files_of_which_none_is_known_to_be_later_are_refused(project, name):
    bring(project)
    bring(project, name, interim_sheet(shift=3))
    with pytest.raises(DataError, match=r"another file tells of the same.*with the month"):
        build_official()


def test_interim_and_final_results_of_a_cohort_stand_beside_each_other(project):
    bring(project)
    bring(project, "final-oct17.xlsx", final_sheet())
    bring(project, "pbr-2011-baselines-f15-05.xlsx", Sheet("2011", [BASE, ["Essex", 900, 47, 45, 4.2]]))
    build_official()
    table = official("crc_results")
    assert table.groupby(["stage", "cohort"]).size().to_dict() == {
        ("final", "2015Q4"): 21,
        ("interim", "2015Q4"): 21,
        ("interim", "2016Q1"): 21,
    }
    assert official("crc_baselines")["binary_rate"].tolist() == [47.0]
    pooled = recipe_tables()["official_pbr"]
    assert set(pooled["cohort"]) == {"2015Q4"}


def test_results_that_do_not_say_they_are_final_reach_no_verdict(project):
    rows = [["October to December 2015 cohort"], *final_sheet().rows[1:]]
    bring(project, "results-oct17.xlsx", Sheet("Table 1", square(rows)))
    build_official()
    assert official("crc_results")["stage"].isna().all()
    assert recipe_tables()["official_pbr"].empty


# the tables on disk


def test_without_official_files_there_is_nothing_to_build_and_no_folder(project):
    assert build_official() == []
    assert official("crc_results") is None
    assert not (project / "data/processed").exists()


def test_tables_come_back_as_they_were_built_and_go_with_their_files(project):
    path = bring(project)
    first = built(project)
    assert [p.name for p in first] == ["manifest.json", "crc_results.csv", "set_aside.csv"]
    table = official("crc_results")
    assert (len(table), set(table["cohort"]), set(table["release"])) == (
        42,
        {"2015Q4", "2016Q1"},
        {"2017-01"},
    )
    assert {str(c): str(t) for c, t in table.dtypes.items()} == RESULTS.types
    assert (table["suppressed"] == "").all()
    assert table.attrs["table"] == "official/crc_results"
    assert official("crc_baselines") is None
    assert built(project) == first
    path.unlink()
    assert build_official() == []
    assert not paths.official_tables().exists()


def test_one_bad_file_leaves_everything_as_it_was(project):
    bring(project)
    before = built(project)
    bring(project, "other.xlsx", interim_sheet("no period at all"))
    with pytest.raises(DataError, match="the cohort is not said"):
        build_official()
    assert {p: p.read_bytes() for p in paths.official_tables().iterdir()} == {
        p: content for p, content in before.items() if p.parent == paths.official_tables()
    }
    with pytest.raises(DataError, match="changed since the tables were built"):
        official("crc_results")


def test_a_table_edited_by_hand_is_refused(project):
    bring(project)
    build_official()
    place = paths.official_tables() / "crc_results.csv"
    place.write_bytes(place.read_bytes().replace(b"Essex", b"Sussex"))
    with pytest.raises(DataError, match="edited by hand"):
        official("crc_results")


def test_no_text_of_a_file_is_a_formula_in_a_table(project):
    sheet = interim_sheet(name="=2+5")
    sheet.rows[2].append("=HYPERLINK(1) rank")
    bring(project, INTERIM, Sheet(sheet.name, square(sheet.rows)))
    build_official()
    texts = [*official("crc_results")["sheet"], *official("set_aside")["column"].dropna()]
    assert {text[:2] for text in texts} == {"'="}
