"""The gates on the real study: each passes as it stands, and bites when something is broken."""

import json
import shutil
from pathlib import Path

import nbformat
import pytest

from tests.gates.compare import unsupported_numbers
from tests.processors import differing, files
from tr_analysis import paths
from tr_analysis.cli import main
from tr_analysis.lint import lint
from tr_analysis.study.chapters import find_chapters
from tr_analysis.study.comparison import file_differences
from tr_analysis.study.plan import plan

CHAPTERS = [chapter.name for chapter in find_chapters()]
RUNS = [task.name for task in plan()]  # the chapters, and their pages about one provider each
RECALL_LAST = "2020-02,recall,8737,S001"


def results(folder: Path, chapter: str) -> dict:
    return json.loads((folder / "results" / f"{chapter}.json").read_text("utf-8"))


def notebook(folder: Path, chapter: str) -> nbformat.NotebookNode:
    return nbformat.read(folder / f"{chapter}.ipynb", as_version=4)


# Gate 1: the rules of the chapters


def test_chapters_keep_the_rules():
    assert [fault for chapter in CHAPTERS for fault in lint(paths.notebooks() / f"{chapter}.ipynb")] == []


def test_chapters_check_their_parameters_for_papermill():
    for chapter in CHAPTERS:
        cells = nbformat.read(paths.notebooks() / f"{chapter}.ipynb", as_version=4).cells
        place = next(i for i, cell in enumerate(cells) if "parameters" in cell.metadata.get("tags", []))
        assert cells[place + 1].source == f'check_parameters("{chapter}", globals())'


def test_lint_bites_on_a_number_typed_into_prose(copy, spoil, capsys):
    chapter = copy / "notebooks" / "03-recall.ipynb"
    spoil(chapter, "these figures cannot say", "8,737 cannot say")
    assert main(["lint", "03-recall"]) == 1
    assert "8,737" in capsys.readouterr().err


# Gate 2: key numbers against the reference, and prose against the key numbers


def changed(folder: Path, *names: str) -> dict[str, list[str]]:
    """Return where fresh files differ from the committed ones by value, whatever version of the package made them."""
    found = {}
    for name in names:
        sides = ((reports / name).read_bytes() for reports in (paths.reports(), folder))
        places = [each.place for each in file_differences(name, *sides, exact=False)]
        found[name] = [place for place in places if not place.endswith("version")]
    return {name: places for name, places in found.items() if places}


def test_fresh_numbers_are_the_reference(fresh):
    assert changed(fresh, *(f"results/{run}.json" for run in RUNS)) == {}


def test_fresh_pages_show_what_is_committed(fresh):
    """Every cell of every run by what a reader would see; nbval runs some of them cell by cell as well."""
    assert changed(fresh, *(f"{run}.ipynb" for run in RUNS)) == {}


def test_figures_beside_the_pages_are_those_of_the_pages(fresh):
    figures = paths.reports().glob("figures/*/*")
    committed = [path.relative_to(paths.reports()).as_posix() for path in figures]
    assert committed, "the figure of the README is committed"
    assert changed(fresh, *committed) == {}


def test_every_number_in_prose_is_a_key_number():
    pages = {
        run: unsupported_numbers(notebook(paths.reports(), run), results(paths.reports(), run))
        for run in RUNS
    }
    assert {run: numbers for run, numbers in pages.items() if numbers} == {}


@pytest.mark.full
def test_numbers_gate_bites_on_a_changed_figure(copy, spoil, monkeypatch):
    """An honest change of one figure moves the key numbers, and the gate names them."""
    spoil(copy / "data" / "raw" / "prison_population_monthly.csv", RECALL_LAST, "2020-02,recall,8837,S001")
    assert main(["data", "describe"]) == 0
    assert main(["run", "03-recall", "--out", str(copy / "out")]) == 0
    monkeypatch.undo()
    (places,) = changed(copy / "out", "results/03-recall.json").values()
    moved = {"findings.stock_last.value", "findings.recall_gap.value", "data.prison_population_monthly"}
    assert moved <= set(places)


def test_prose_gate_bites_on_a_number_nobody_computed():
    changed = notebook(paths.reports(), "03-recall")
    cell = next(cell for cell in changed.cells if cell["id"] == "answer")
    assert "8,737" in cell.source
    cell.source = cell.source.replace("8,737", "9,737")
    assert unsupported_numbers(changed, results(paths.reports(), "03-recall")) == ["answer: 9737"]


@pytest.mark.full
def test_verify_runs_the_study_and_names_what_an_edited_cell_moves(copy, spoil, capsys):
    reports = Path(__file__).parents[2] / "reports"
    shutil.copytree(reports, copy / "reports", ignore=shutil.ignore_patterns("site", "sweeps", ".runs.json"))
    spoil(copy / "data" / "raw" / "prison_population_monthly.csv", RECALL_LAST, "2020-02,recall,8837,S001")
    table = copy / "data" / "processed" / "prison_population_monthly.csv"
    before = table.read_bytes()
    assert main(["verify", str(copy)]) == 1
    said = capsys.readouterr().out
    assert "data/raw/prison_population_monthly.csv: changed since it was recorded" in said
    assert "column people: committed 8737, here 8837" in said
    assert "reports/03-recall.ipynb: " in said
    assert table.read_bytes() == before  # nothing is written into what is looked at


# Gate 4: a rerun gives the same bytes


@pytest.mark.full
def test_a_rerun_gives_the_same_bytes(fresh, tmp_path):
    """The committed reports are an earlier run; only where they differ does it take a run of its own.

    They do on a machine whose floats differ. Then it is one chapter at a time, and of the pages about one
    provider one stands for all.
    """
    first, stored = files(fresh), files(paths.reports())
    committed = [name for name in first if not name.startswith("figures")]  # the notebooks hold their figures
    assert {f"{run}.ipynb" for run in RUNS} <= set(committed)
    if any(stored.get(name) != first[name] for name in committed):
        again = tmp_path / "again"
        assert main(["run", *CHAPTERS, "--out", str(again), "--jobs", "1"]) == 0
        second = files(again)
        assert {f"{task.name}.ipynb" for task in plan(CHAPTERS)} <= set(second)
        assert [name for name in second if first[name] != second[name]] == []


@pytest.mark.full
def test_identity_gate_bites_on_one_byte(fresh, tmp_path):
    shutil.copytree(fresh, tmp_path / "other")
    target = tmp_path / "other" / "results" / "03-recall.json"
    target.write_bytes(target.read_bytes().replace(b"8737.0", b"8737.1", 1))
    assert differing(fresh, tmp_path / "other") == ["results/03-recall.json"]


# Gate 5: a broken data byte and a broken parameter name stop the run before a kernel starts


def test_a_changed_data_byte_stops_the_run(copy, spoil, capsys):
    spoil(copy / "data" / "raw" / "prison_population_monthly.csv", RECALL_LAST, "2020-02,recall,8738,S001")
    assert main(["run", "03-recall", "--out", str(copy / "out")]) == 1
    assert "prison_population_monthly.csv" in capsys.readouterr().err
    assert not (copy / "out").exists()


def test_an_analysis_table_edited_by_hand_is_refused(copy, spoil):
    from tr_analysis.data import load
    from tr_analysis.errors import DataError

    spoil(
        copy / "data" / "processed" / "prison_population_monthly.csv", RECALL_LAST, "2020-02,recall,8738,S001"
    )
    with pytest.raises(DataError, match=r"prison_population_monthly\.csv.*tr-analysis data build"):
        load("prison_population_monthly")


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("reforn=2014-06", "did you mean reform"),
        ("end=2019-13", "2019-13"),
        ("harmonics=7", "6"),
        ("scale=logs", "log"),
        ("control=maybe", "maybe"),
    ],
)
def test_a_misspelt_parameter_and_a_mistyped_value_are_refused(copy, capsys, assignment, words):
    assert main(["run", "03-recall", "-p", assignment, "--out", str(copy / "out")]) == 64
    assert words in capsys.readouterr().err
    assert not (copy / "out").exists()
