"""Files that somebody downloaded: recognised, checked, and placed all together or not at all."""

import json
import os

import pytest

from tests.official.making import CELL, ods, row, text, xls, xlsx
from tr_analysis.errors import DataError, Problem, UsageError
from tr_analysis.official.fetching.bring import bring

INTERIM = "crc-nps-interim-results-tables-jan17.xlsx"
TOOL = "PRSQ_overall_data_tool_apr12_mar24.xlsx"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    return tmp_path / "data" / "raw" / "official"


@pytest.fixture
def downloads(tmp_path):
    made = tmp_path / "downloads"
    made.mkdir()
    return made


def table(path, words="table"):
    return xlsx(path, f'<row r="1">{text("A1", words)}</row>')


def recognise(sheets):
    return "crc_results" if sheets[0].rows[0][0] == "table" else None


def brought(downloads, *names, **more):
    more = {"recognise": recognise, "build": lambda: None} | more
    return [(o.file, o.state) for o in bring(downloads, names, **more)]


def test_by_the_publisher_s_name_the_register_s_name_and_content(downloads, folder):
    table(downloads / INTERIM.upper().replace(".XLSX", ".xlsx"))
    ods(
        downloads / "CRC baselines 2011.ods",
        row('<table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell>'),
    )
    table(downloads / "my own name.xlsx")
    table(downloads / "holiday.xlsx", "budget")
    (downloads / "notes.txt").write_text("x")
    (downloads / ".DS_Store").write_text("x")
    (downloads / "more").mkdir()
    assert sorted(brought(downloads)) == sorted(
        [
            ("pbr-2011-baselines-f15-05.ods", "brought"),
            (INTERIM, "brought"),
            ("my own name.xlsx", "brought"),
            ("holiday.xlsx", "left out"),
            ("notes.txt", "left out"),
            ("more", "left out"),
        ]
    )
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        ["my own name.xlsx", "record.json", "pbr-2011-baselines-f15-05.ods", INTERIM]
    )
    known = json.loads((folder / "record.json").read_bytes())["files"]
    assert known["my own name.xlsx"]["family"] == "crc_results"
    assert known["pbr-2011-baselines-f15-05.ods"]["brought as"] == "CRC baselines 2011.ods"
    assert {state for _, state in brought(downloads)} == {"held", "left out"}


def test_only_those_that_are_named(downloads, folder):
    table(downloads / INTERIM)
    table(downloads / TOOL)
    assert brought(downloads, "crc-interim-2017-01") == [(TOOL, "left out"), (INTERIM, "brought")]
    assert not (folder / TOOL).exists()


def test_one_file_instead_of_a_folder(downloads, folder):
    assert brought(table(downloads / INTERIM)) == [(INTERIM, "brought")]


def test_one_that_is_broken_stops_all(downloads, folder):
    table(downloads / INTERIM)
    (downloads / TOOL).write_bytes(b"<html>Not found</html>")
    (downloads / "a.ods").write_bytes(b"PK\x03\x04")
    with pytest.raises(DataError) as error:
        brought(downloads)
    said = str(error.value).splitlines()
    assert said[0].startswith(f"{TOOL}: is a web page")
    assert said[1].startswith("a.ods: is damaged")
    assert said[2].endswith("nothing was taken from here")
    assert not folder.exists()


def test_two_files_for_one_place(downloads, folder):
    table(downloads / INTERIM)
    xlsx(downloads / "crc-interim-2017-01.xlsx", CELL)
    with pytest.raises(DataError, match="another file is already brought"):
        brought(downloads)
    assert not folder.exists()


def test_another_file_than_the_one_on_record(downloads, folder):
    table(downloads / INTERIM)
    brought(downloads)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    xlsx(downloads / INTERIM, CELL)
    with pytest.raises(DataError, match="is not the file that was first fetched"):
        brought(downloads)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert brought(downloads, accept=True) == [(INTERIM, "brought")]
    assert (folder / INTERIM).read_bytes() == (downloads / INTERIM).read_bytes()


def test_files_of_which_no_table_can_be_made(downloads, folder):
    def fails():
        raise DataError([Problem(INTERIM, "no header")])

    table(downloads / INTERIM)
    with pytest.raises(DataError, match="no header"):
        brought(downloads, build=fails)
    assert not folder.exists()
    brought(downloads)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    xls(downloads / "crc-baselines-2011.xls")
    with pytest.raises(DataError, match="no header"):
        brought(downloads, build=fails)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.skipif(os.name != "posix", reason="names")
def test_a_name_that_would_write_to_the_screen(downloads, folder):
    table(downloads / "a\x1b[2J\n.xlsx")
    assert brought(downloads) == [(r"'a\x1b[2J\n.xlsx'", "left out")]


def test_no_folder_and_no_such_file(downloads, folder):
    with pytest.raises(UsageError, match="name a folder"):
        brought(downloads / "none")
    with pytest.raises(UsageError, match="did you mean"):
        brought(downloads, "crc-interim")
    assert brought(downloads) == []
    assert not folder.exists()


def test_a_full_disk(downloads, folder, monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    table(downloads / INTERIM)
    monkeypatch.setattr("tr_analysis.files._move_in", full)
    with pytest.raises(DataError, match="cannot be written: No space left"):
        brought(downloads)
    assert not (folder / INTERIM).exists()


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_a_link_to_a_file_is_the_file_and_one_to_nothing_is_said(downloads, folder):
    table(downloads / "real.xlsx")
    (downloads / INTERIM).symlink_to(downloads / "real.xlsx")
    assert brought(downloads, "crc-interim-2017-01") == [(INTERIM, "brought"), ("real.xlsx", "left out")]
    assert not (folder / INTERIM).is_symlink()
    (downloads / TOOL).symlink_to(downloads / "gone.xlsx")
    with pytest.raises(DataError, match="is missing"):
        brought(downloads)
