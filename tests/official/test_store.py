"""Official files to tidy tables on disk: recognised by content, put together, built all or none, and loaded."""

import csv
import zipfile

import pytest

from tests.official.layouts import final_sheet, interim_sheet, save, square
from tests.official.test_reader import BASE
from tr_analysis import paths
from tr_analysis.errors import DataError
from tr_analysis.official.layouts import RESULTS
from tr_analysis.official.register import release_of
from tr_analysis.official.store import build_official, official, read_official, recipe_tables
from tr_analysis.official.workbooks import Sheet

INTERIM = "crc-nps-interim-results-tables-jan17.xlsx"


@pytest.fixture
def bring(folder):
    """Put a file into the folder of official ones, by default interim results of two cohorts."""
    two = interim_sheet(), interim_sheet("January to March 2016 cohort", "4", 10)
    return lambda name=INTERIM, *sheets: save(folder / name, *(sheets or two))


def built():
    return {path: path.read_bytes() for path in build_official()}


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


REFUSED = {
    "without an official table": ({"x.xlsx": Sheet("Sheet1", [["a"], [1]])}, r"^x\.xlsx: no official table .* is recognised in its sheets 'Sheet1'$"),
    "two of one release": ({INTERIM: interim_sheet(), "interim-jan17.xlsx": interim_sheet(shift=3)}, "another file tells of the same.*with the month"),
    "two of which one has no release": ({INTERIM: interim_sheet(), "interim.xlsx": interim_sheet(shift=3)}, "another file tells of the same.*with the month"),
    "another table than its name says": ({"crc-baselines-2011.xlsx": final_sheet()}, "has no table of crc_baselines"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_files_that_are_refused(bring, case):
    files, why = REFUSED[case]
    for name, sheet in files.items():
        bring(name, sheet)
    with pytest.raises(DataError, match=why):
        build_official()


def test_releases_and_stages_stand_beside_each_other(bring):
    bring()
    bring("a-apr17.xlsx", interim_sheet(shift=3))
    bring("final-oct17.xlsx", final_sheet())
    bring("pbr-2011-baselines-f15-05.xlsx", Sheet("2011", [BASE, ["Essex", 900, 47, 45, 4.2]]))
    build_official()
    table = official("crc_results")
    assert table["release"].is_monotonic_increasing
    assert table.groupby(["release", "stage", "cohort"]).size().to_dict() == {
        **{("2017-01", "interim", "2015Q4"): 21, ("2017-01", "interim", "2016Q1"): 21},
        **{("2017-04", "interim", "2015Q4"): 21, ("2017-10", "final", "2015Q4"): 21},
    }
    assert official("crc_baselines")["binary_rate"].tolist() == [47.0]
    assert set(recipe_tables()["official_pbr"]["cohort"]) == {"2015Q4"}


def test_results_that_do_not_say_they_are_final_reach_no_verdict(bring):
    rows = [["October to December 2015 cohort"], *final_sheet().rows[1:]]
    bring("results-oct17.xlsx", Sheet("Table 1", square(rows)))
    build_official()
    assert official("crc_results")["stage"].isna().all()
    assert recipe_tables()["official_pbr"].empty


# the tables on disk


def test_tables_come_back_as_they_were_built_and_go_with_their_files(bring):
    assert build_official() == []
    assert official("crc_results") is None
    assert not paths.official_tables().exists()
    path, first = bring(), built()
    assert [p.name for p in first] == ["manifest.json", "crc_results.csv", "set_aside.csv"]
    table = official("crc_results")
    assert (len(table), set(table["cohort"]), set(table["release"])) == (42, {"2015Q4", "2016Q1"}, {"2017-01"})  # fmt: skip
    assert {str(c): str(t) for c, t in table.dtypes.items()} == RESULTS.types
    assert (table["suppressed"] == "").all()
    assert table.attrs["table"] == "official/crc_results"
    assert official("crc_baselines") is None
    assert built() == first
    path.unlink()
    assert build_official() == []
    assert not paths.official_tables().exists()


def test_one_bad_file_leaves_everything_as_it_was(bring):
    bring()
    tables = {p: content for p, content in built().items() if p.parent == paths.official_tables()}
    bring("other.xlsx", interim_sheet("no period at all"))
    with pytest.raises(DataError, match="the cohort is not said"):
        build_official()
    assert {p: p.read_bytes() for p in paths.official_tables().iterdir()} == tables
    with pytest.raises(DataError, match="changed since the tables were built"):
        official("crc_results")


def test_a_table_edited_by_hand_is_refused(bring):
    bring()
    build_official()
    place = paths.official_tables() / "crc_results.csv"
    place.write_bytes(place.read_bytes().replace(b"Essex", b"Sussex"))
    with pytest.raises(DataError, match="edited by hand"):
        official("crc_results")


def test_no_text_of_a_file_is_a_formula_in_a_table(bring):
    sheet = interim_sheet(name="=2+5")
    sheet.rows[2].append("=HYPERLINK(1) rank")
    bring(INTERIM, Sheet(sheet.name, square(sheet.rows)))
    build_official()
    texts = [*official("crc_results")["sheet"], *official("set_aside")["column"].dropna()]
    assert {text[:2] for text in texts} == {"'="}
