"""The study gives the same bytes as other processors would compute it, and the gate that says so bites."""

import json
import subprocess
import sys

import pytest

from tests.processors import DISTURBANCES, ROWS, copy_project, differing, environment, shuffle_rows, study
from tr_analysis import paths

# The four ways in which the study once hung on the processor, each unsound and sound.
FAULTS = """
import json
import numpy as np
import pandas as pd
from scipy.optimize import minimize
from tr_analysis.data import load
from tr_analysis.digits import settle, text
from tr_analysis.digits import polish
from tr_analysis.order import in_order

def loss(at):
    return float(np.linalg.norm([1.0, *10 * (at - [0.3, 0.7])]))

rows = pd.DataFrame({"place": [1, 2] * 20, "name": range(40)})
kept = rows.sort_values("place")
search = minimize(loss, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-15})
rates = load("pbr_results").query("measure == 'binary rate'")["value"].to_numpy()
print(json.dumps({
    "optimum": [f"{search.x[0]:.9f}", text(polish(loss, search.x)[0])],
    "ties": [kept["name"].to_list(), in_order(rows, "place", "name")["name"].to_list()],
    "first": [int(kept["name"].iloc[0]), int(in_order(rows, "place", "name")["name"].iloc[0])],
    "first of a group": [kept.groupby("place")["name"].first().to_list(), rows.groupby("place")["name"].min().to_list()],
    "closed line": [bool((rates == rates.round(2)).all()), bool((settle(rates) == settle(rates).round(2)).all())],
}))
"""


def computed(disturbance):
    done = subprocess.run(
        [sys.executable, "-c", FAULTS],
        env=environment(disturbance),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_disturbances_show_what_hangs_on_the_processor_and_nothing_else():
    plain, moved = computed({}), computed({"TR_ANALYSIS_NOISE": "floats,algebra,ties"})
    for name, (unsound, sound) in plain.items():
        assert moved[name][0] != unsound, name
        assert moved[name][1] == sound, name


def test_a_raw_table_in_another_order_gives_the_same_tables(tmp_path, monkeypatch):
    from tr_analysis.cli import main

    project = copy_project(tmp_path)
    shuffle_rows(project)
    for file in ("published_figures.csv", "pbr_results.csv"):
        assert (project / "data" / "raw" / file).read_bytes() != (paths.raw() / file).read_bytes()
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(project))
    assert main(["data", "describe"]) == main(["data", "build"]) == 0
    processed = sorted((project / "data" / "processed").glob("*.csv"))
    monkeypatch.undo()
    assert [p.name for p in processed if p.read_bytes() != (paths.processed() / p.name).read_bytes()] == []


@pytest.mark.full
@pytest.mark.parametrize("name", DISTURBANCES)
def test_the_study_gives_the_same_bytes(name, tmp_path):
    project = copy_project(tmp_path / "project") if name == ROWS else None
    if project:
        shuffle_rows(project)
    study(tmp_path / "reports", DISTURBANCES[name], project=project)
    assert differing(paths.reports(), tmp_path / "reports") == []


@pytest.mark.full
@pytest.mark.parametrize(
    ("chapter", "old", "new", "setting"),
    [
        (
            "03-recall",
            "from tr_analysis.estimators.autocorrelation import ",
            "from tr_analysis import digits\nfrom tr_analysis.estimators import autocorrelation as module\n"
            "module.polish = lambda loss, start: start\ndigits.SIGNIFICANT, digits.FRACTION = 8, 1e-9\n"
            "module.autoregressive = module.arma\n"
            "from tr_analysis.estimators.autocorrelation import ",
            {"TR_ANALYSIS_NOISE": "algebra"},
        ),
        (
            "04-inspection",
            'squares = in_order(squares, \\"place\\", \\"service\\", descending=[\\"place\\"])',
            'squares = squares.sort_values(\\"place\\", ascending=False)',
            {"TR_ANALYSIS_NOISE": "ties"},
        ),
        (
            "02-reoffending",
            'round(settle(row[\\"change\\"]), 6) >= 0',
            'row[\\"change\\"] >= 0',
            {"TR_ANALYSIS_NOISE": "floats"},
        ),
        (
            "06-system",
            'in_order(levels, \\"series\\", \\"quarter\\")',
            'levels.sort_values(\\"series\\")',
            {"TR_ANALYSIS_NOISE": "ties"},
        ),
    ],
    ids=["optimum", "ties", "sign of nothing", "first of a group"],
)
def test_the_gate_bites_on_each_fault_that_was_found(chapter, old, new, setting, tmp_path):
    project = copy_project(tmp_path / "project")
    notebook = project / "notebooks" / f"{chapter}.ipynb"
    source = notebook.read_text("utf-8")
    assert source.count(old) == 1
    notebook.write_text(source.replace(old, new.replace("\n", '\\n",\n    "')), "utf-8")
    for name, disturbance in (("plain", {}), ("moved", setting)):
        study(tmp_path / name, disturbance, chapter, project=project)
    assert f"{chapter}.ipynb" in differing(tmp_path / "plain", tmp_path / "moved")
