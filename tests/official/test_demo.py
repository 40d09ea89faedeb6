"""The made-up file: read as any other, marked wherever it is shown, never beside an official one, never evidence."""

import shutil

import pytest

from tests.official.layouts import CRCS, NPS, final_sheet, save
from tr_analysis.cli import main
from tr_analysis.data import load
from tr_analysis.data.expressions import can_evaluate
from tr_analysis.errors import DataError
from tr_analysis.official.fetch import DEMO, place_demo
from tr_analysis.official.store import held_panel, inputs, official, read_official, recipe_tables
from tr_analysis.report.findings import Findings
from tr_analysis.simulated import origin_of

REAL = "results-oct17.xlsx"


def test_the_file_has_every_provider_in_two_final_cohorts_and_must_say_what_it_is(folder, tmp_path):
    place_demo()
    reading = read_official(folder / DEMO)
    frame = reading.frames["crc_results"]
    assert frame.groupby("provider_type").size().to_dict() == {"CRC": 2 * len(CRCS), "NPS": 2 * len(NPS)}
    assert (set(frame["stage"]), set(frame["cohort"])) == ({"final"}, {"2015Q4", "2016Q1"})
    assert reading.asides == ()
    with pytest.raises(DataError, match="must begin with SIMULATED-"):
        read_official(shutil.copy(folder / DEMO, tmp_path / "results-oct17.csv"))


def test_all_that_is_shown_says_simulated_and_no_recipe_takes_a_number_of_it(folder, capsys):
    assert main(["fetch", "--demo"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.startswith("SIMULATED") for line in said] == [True] * 3
    assert main(["fetch", "--demo"]) == 0
    assert "unchanged" in capsys.readouterr().out
    (table,) = inputs("crc_results", "crc_baselines")
    findings = Findings()
    findings.uses(table)
    findings.keep(people=1, label="People", unit="people", level="A")
    assert findings.table(table, "Results").caption.startswith("SIMULATED: ")
    with pytest.raises(ValueError, match="simulated"):
        Findings().keep(people=held_panel().frame.iloc[0], label="People", unit="people", level="A")
    tables = recipe_tables()
    shown = [*(held_panel(kind).frame for kind in ("CRC", "NPS")), *tables.values()]
    assert {origin_of(frame) for frame in shown} == {"simulated"}
    assert not any(can_evaluate(recipe, tables) for recipe in load("official_recipes")["recipe"])


def test_it_never_mixes_with_official_files(folder, downloads, capsys):
    save(downloads / REAL, final_sheet())
    place_demo()
    assert main(["fetch", "--from", "downloads"]) == 1
    assert f"{DEMO}: is simulated, and never mixes" in capsys.readouterr().err
    assert not (folder / REAL).exists()
    shutil.rmtree(folder)
    assert main(["fetch", "--from", "downloads"]) == 0
    assert main(["fetch", "--demo"]) == 1
    assert f"{REAL}: is here already" in capsys.readouterr().err
    assert origin_of(official("crc_results")) == ""
