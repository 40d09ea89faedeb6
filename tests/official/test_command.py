"""The command from the outside: what it prints, its exit codes, and what it leaves on disk."""

import csv
import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.official.layouts import CRCS, FINAL, final_row, final_sheet, interim_sheet, save, square
from tr_analysis import paths
from tr_analysis.cli import main
from tr_analysis.errors import DataError
from tr_analysis.official.register import REGISTER
from tr_analysis.official.workbooks import Sheet
from tr_analysis.study.plan import build_official_tables

GUIDE = Path(__file__).parents[2] / "docs" / "official-tables.md"
INTERIM = "crc-nps-interim-results-tables-jan17.xlsx"


@pytest.fixture
def root(folder, apart):
    """A project with nothing official; files are opened as outside of the tests."""
    return folder.parents[2]


@pytest.fixture
def offline(monkeypatch):
    def no_names(*_args, **_more):
        raise OSError("Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", no_names)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def brought(downloads):
    """A folder with an official file and another."""
    save(downloads / INTERIM, interim_sheet())
    (downloads / "readme.pdf").write_bytes(b"%PDF")
    return downloads


def tree(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_list_names_every_file_and_changes_nothing(root, capsys):
    before = tree(root)
    assert main(["fetch", "--list"]) == 0
    said = capsys.readouterr().out
    assert re.findall(r"^(\S+)  not here$", said, re.MULTILINE) == list(REGISTER)
    assert said.count("    download it from ") == sum(not file.url for file in REGISTER.values())
    assert main(["fetch", "--list", "crc-baselines-2011"]) == 0
    assert "F15.05" in capsys.readouterr().out
    assert tree(root) == before


def test_without_internet_one_sentence_and_nothing_changed(root, offline, capsys):
    before = tree(root)
    for words in (["fetch"], ["fetch", "crc-interim-2017-01"]):
        assert main(words) == 3
        out, err = capsys.readouterr()
        assert out == ""
        assert re.fullmatch(r"tr-analysis: [^\n]*the internet cannot be reached\), nothing was [^\n]*\n", err)
    assert tree(root) == before
    assert not paths.official().exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["no-such-file"], "no official file 'no-such-file'"),
        (["--from", "nowhere"], "name a folder with the files"),
        (["--list", "--accept-changes"], "--list changes nothing"),
        (["--list", "no-such-file"], "no official file"),
        (["--loud"], "No such option"),
        (["--demo", "--accept-changes"], "--demo goes without"),
        (["--cohort", "2015Q4"], "is for a file of your own"),
        (["--from", ".", "--cohort", "winter"], "no cohort of payment by results"),
    ],
)
def test_wrong_usage(root, words, said, capsys):
    assert main(["fetch", *words]) == 64
    assert said in capsys.readouterr().err
    assert not paths.official().exists()


def test_files_that_are_brought_become_tables(root, brought, capsys):
    assert main(["fetch", "--from", "downloads"]) == 0
    said = capsys.readouterr().out
    assert f"{INTERIM}  imported\n" in said
    assert "readme.pdf  left out: no table" in said
    with (paths.official_tables() / "crc_results.csv").open() as file:
        people = sum(int(row["offenders"]) for row in csv.DictReader(file))
    about = "cohort 2015Q4, stage interim, release 2017-01: 21 CRC"
    assert f"crc_results: {INTERIM}, sheet '2': {about}, {people:,} offenders; set aside: nothing\n" in said
    after = tree(root)
    assert main(["fetch", "--from", "downloads"]) == 0
    assert f"{INTERIM}  unchanged" in capsys.readouterr().out
    assert tree(root) == after
    assert main(["fetch", "--list", "crc-interim-2017-01"]) == 0
    assert f"crc-interim-2017-01  here: study/data/raw/official/{INTERIM}" in capsys.readouterr().out
    shutil.rmtree(paths.official_tables())
    assert main(["fetch", "crc-interim-2017-01"]) == 0
    assert tree(root) == after


def test_data_build_makes_the_tables_and_removes_them_with_the_files(root, brought):
    before = tree(root)
    assert build_official_tables() == []
    assert tree(root) == before
    save(paths.official() / INTERIM, interim_sheet())
    assert main(["data", "build"]) == 0
    assert (paths.official_tables() / "crc_results.csv").exists()
    assert main(["fetch", "--from", "downloads"]) == 0
    save(paths.official() / INTERIM, final_sheet())
    held = tree(root)
    with pytest.raises(DataError, match="is not the file that was first fetched"):
        build_official_tables()
    assert tree(root) == held
    shutil.rmtree(paths.official())
    assert build_official_tables() == []
    assert not paths.official_tables().exists()


@pytest.mark.full
def test_every_command_of_the_guide_works(root, brought, offline, capsys):
    text = GUIDE.read_text(encoding="utf-8")
    expected = {"tr-analysis fetch": 3, "tr-analysis fetch crc-interim-2017-01": 3}
    expected["tr-analysis fetch --demo"] = 1  # the commands before it have placed official files
    found = re.findall(r"^tr-analysis .*$", text, re.MULTILINE)
    assert len(found) > 5
    for command in found:
        if command in ("tr-analysis run", "tr-analysis data build"):
            continue  # the chapters are not in this project; the other is tried above
        assert main(shlex.split(command)[1:]) == expected.get(command, 0), (command, capsys.readouterr().err)
    assert all(f"`{name}`" in text for name in REGISTER)
    record = json.loads((paths.official() / "record.json").read_bytes())
    assert record["files"][INTERIM]["imported as"] == INTERIM


def test_what_is_not_understood_is_refused_and_what_is_not_kept_is_counted(root, brought, capsys):
    sheet = interim_sheet()
    sheet.rows[7][4] = "n/k"
    save(brought / INTERIM, sheet)
    assert main(["fetch", "--from", "downloads"]) == 1
    assert "row 8, column Number of reoffences: 'n/k'" in capsys.readouterr().err
    sheet.rows[7] = [*sheet.rows[7][:1], *[None] * 6]
    sheet.rows[8] = ["All CRCs", *sheet.rows[8][1:]]
    save(brought / INTERIM, sheet)
    assert main(["fetch", "--from", "downloads"]) == 0
    why = "a provider without any number (1), a total that cannot be compared with its rows (1)"
    assert f"; set aside: {why}\n" in capsys.readouterr().out


def test_each_table_is_summed_up_in_a_line(root, tmp_path, capsys):
    rows = [["Oct-Dec 2015", *final_row(name, i)] for i, name in enumerate(CRCS[:2])]
    cohorts = Sheet("All", square([["Final"], ["Cohort", *FINAL], *rows, ["Jan-Mar 2016", *rows[0][1:]]]))
    twice = [final_sheet("Apr-Jun 2016 cohort", name) for name in ("Q2", "Q2 revised")]
    twice[0].rows[5][8:11] = [44.4, None, "No"]
    save(tmp_path / "results-oct17.xlsx", cohorts, *twice, Sheet("old", twice[0].rows, hidden=True))
    assert main(["fetch", "--from", "results-oct17.xlsx"]) == 0
    people = sum(row[2] for row in (*rows, rows[0]))
    file, about = "results-oct17.xlsx, sheet", "stage final, release 2017-10"
    every = f"{sum(row[1] for row in twice[1].rows[3:]):,}"
    hidden = "a hidden sheet is not read; show it in a spreadsheet and save the file to have it read"
    assert capsys.readouterr().out.splitlines()[1:] == [
        f"crc_results: {file} 'All': cohorts 2015Q4, 2016Q1, {about}: 2 CRC, {people:,} offenders; set aside: nothing",
        f"crc_results: {file} 'Q2 revised': cohort 2016Q2, {about}: 21 CRC, {every} offenders; set aside: nothing",
        f"{file} 'Q2': nothing is read; set aside: replaced by the revised table of sheet 'Q2 revised' (21)",
        f"{file} 'old': nothing is read; set aside: {hidden} (1)",
        "what was set aside is listed in data/processed/official/set_aside.csv",
    ]


def test_a_cohort_that_is_not_certain_is_asked_for(root, brought, capsys):
    save(brought / "results-oct17.xlsx", final_sheet("October to December 2015"))
    assert main(["fetch", "--from", "downloads"]) == 1
    (hint,) = re.findall(r'add (--cohort ".*?") with', capsys.readouterr().err)
    assert main(["fetch", "--from", "downloads/results-oct17.xlsx", *shlex.split(hint)]) == 0
    assert "cohort 2015Q4, stage final" in capsys.readouterr().out


@pytest.mark.parametrize("content", [{}, {"budget.csv": "Item,Cost\nTea,12\n"}])
def test_a_folder_without_official_tables_is_said(root, downloads, content, capsys):
    for name, text in content.items():
        (downloads / name).write_text(text)
    before = tree(root)
    assert main(["fetch", "--from", "downloads"]) == 3
    said = capsys.readouterr()
    assert "no official table is there, nothing was changed" in said.err
    assert all(f"{name}  left out" in said.out for name in content)
    assert tree(root) == before
