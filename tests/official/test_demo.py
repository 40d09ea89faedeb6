"""The made-up file: read as any other, marked wherever it is shown, never beside an official one, never evidence."""

import shutil

import pytest

from tests.official.layouts import CRCS, NPS, final_sheet, save
from tr_analysis import paths
from tr_analysis.cli import main
from tr_analysis.data import load
from tr_analysis.data.checks import can_evaluate
from tr_analysis.errors import DataError
from tr_analysis.official.fetch import DEMO, place_demo
from tr_analysis.official.store import held_panel, inputs, official, read_official, recipe_tables
from tr_analysis.report.findings import Findings
from tr_analysis.simulated import origin_of

REAL = "results-oct17.xlsx"


@pytest.fixture
def root(tmp_path, monkeypatch):
    kept = shutil.ignore_patterns("official")
    shutil.copytree(paths.raw().parent, tmp_path / "data", ignore=kept)
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_file_has_every_provider_in_two_final_cohorts(root):
    place_demo()
    reading = read_official(paths.official() / DEMO)
    frame = reading.frames["crc_results"]
    assert frame.groupby("provider_type").size().to_dict() == {"CRC": 2 * len(CRCS), "NPS": 2 * len(NPS)}
    assert set(frame["stage"]) == {"final"}
    assert set(frame["cohort"]) == {"2015Q4", "2016Q1"}
    assert reading.asides == ()
    shutil.copy(paths.official() / DEMO, root / "results-oct17.csv")
    with pytest.raises(DataError, match="must begin with SIMULATED-"):
        read_official(root / "results-oct17.csv")


def test_everything_that_is_shown_says_simulated(root, capsys):
    assert main(["fetch", "--demo"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 3
    assert all(line.startswith("SIMULATED") for line in said)
    assert main(["fetch", "--demo"]) == 0
    assert "unchanged" in capsys.readouterr().out
    (table,) = inputs("crc_results", "crc_baselines")
    findings = Findings()
    findings.uses(table)
    findings.keep(people=1, label="People", unit="people", level="A")
    assert findings.table(table, "Results").caption.startswith("SIMULATED: ")
    assert {origin_of(held_panel(kind).frame) for kind in ("CRC", "NPS")} == {"simulated"}
    with pytest.raises(ValueError, match="simulated"):
        Findings().keep(people=held_panel().frame.iloc[0], label="People", unit="people", level="A")


def test_no_recipe_takes_a_number_of_it(root):
    place_demo()
    tables = recipe_tables()
    assert {name: origin_of(table) for name, table in tables.items()} == dict.fromkeys(tables, "simulated")
    assert not any(can_evaluate(recipe, tables) for recipe in load("official_recipes")["recipe"])


def test_it_never_mixes_with_official_files(root, capsys):
    save(root / "downloads" / REAL, final_sheet())
    place_demo()
    assert main(["fetch", "--from", "downloads"]) == 1
    assert f"{DEMO}: is simulated, and never mixes" in capsys.readouterr().err
    assert not (paths.official() / REAL).exists()
    shutil.rmtree(paths.official())
    assert main(["fetch", "--from", "downloads"]) == 0
    assert main(["fetch", "--demo"]) == 1
    assert f"{REAL}: is here already" in capsys.readouterr().err
    assert origin_of(official("crc_results")) == ""
