"""A project is damaged in one way after another; what verifies it must name the file each time."""

import json
import shutil
import subprocess
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from tr_analysis import paths
from tr_analysis.cli import main
from tr_analysis.study import verify

RUNS = ("02-reoffending", "03-recall", "provider-wales")
FIGURE = "reports/figures/02-reoffending/side-by-side.png"
RECALL = "reports/results/03-recall.json"


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    """A small project, and the same once more in place of a fresh run."""
    project = tmp_path_factory.mktemp("verify") / "project"
    shutil.copytree(paths.root() / "data", project / "data", ignore=shutil.ignore_patterns("official"))
    for run in RUNS:
        chapter = run if run[0].isdigit() else "provider"
        for file in (f"notebooks/{chapter}.ipynb", f"reports/{run}.ipynb", f"reports/results/{run}.json"):
            (project / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(paths.root() / file, project / file)
    (project / FIGURE).parent.mkdir(parents=True)
    shutil.copy(paths.root() / FIGURE, project / FIGURE)
    shutil.copy(paths.root() / "README.md", project)
    shutil.copytree(project, project.parent / "fresh")
    return project, project.parent / "fresh"


@pytest.fixture
def damage(projects):
    """Change, remove or add a file of the project; afterwards it is as it was."""
    project, fresh = projects
    touched = []

    def damage(file: str, old: str | None = None, new: str = "") -> Path:
        path = project / file
        touched.append(file)
        if old is None:
            path.unlink()
            return project
        text = path.read_text("utf-8") if old and path.exists() else ""
        assert old in text
        path.write_text(text.replace(old, new, 1) if old else new, "utf-8")
        return project

    yield damage
    for file in touched:
        (project / file).unlink(missing_ok=True)
        if (fresh / file).exists():
            shutil.copy(fresh / file, project / file)


def test_an_undamaged_project_comes_out(projects):
    check = verify.compared(*projects)
    assert check.faults == ()
    assert check.good == check.of > 2 * len(RUNS)
    raw = verify.recorded(projects[0])
    assert (raw.faults, raw.good) == ((), len(list((projects[0] / "data" / "raw").glob("*.csv"))))


PIXEL = '"image/png": "iVBORw0KGgo'


PACKAGE = "data/raw/datapackage.json"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "data/raw/prison_population_monthly.csv",
            "2020-02,recall,8737",
            "2020-02,recall,8837",
            "changed since",
        ),
        ("data/raw/extra.csv", "", "a\n1\n", f"not named in {PACKAGE}"),
        ("data/raw/providers.csv", None, "", "missing"),
        (PACKAGE, "{", "[", "missing, or cannot be read"),
        (PACKAGE, '"hash"', '"harsh"', "missing, or cannot be read"),
        (PACKAGE, None, "", "missing, or cannot be read"),
    ],
)
def test_a_raw_table_that_disagrees_with_its_record_is_named(damage, file, old, new, said):
    (fault,) = verify.recorded(damage(file, old, new)).faults
    assert fault.startswith(f"{file}: {said}")


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (RECALL, "8737.0", "8737.1", "findings.before_pandemic.value: committed 8737.1, here 8737.0"),
        ("reports/03-recall.ipynb", "8737.0", "8737.1", "committed 8737.1, here 8737.0"),
        ("reports/03-recall.ipynb", PIXEL, PIXEL[:-1] + "p", "data.image/png: committed"),
        ("reports/03-recall.ipynb", '"harmonics": 2', '"harmonics": 3', "parameters.harmonics: committed 3, here 2"),
        ("reports/03-recall.ipynb", None, "", "missing; a fresh run gives it"),
        ("reports/extra.ipynb", "", "{}", "a fresh run does not give it"),
        ("data/processed/providers.csv", ",CRC,", ",NPS,", "column provider_type: committed NPS, here CRC"),
        (FIGURE, None, "", "missing; a fresh run gives it"),
        (FIGURE, "", "x", "the picture: committed 1 bytes, here "),
        ("README.md", "notebooks/03-recall.ipynb", "notebooks/03-recal.ipynb", "line "),
        ("data/DICTIONARY.md", "# Data", "# Date", "line 1: committed # Date dictionary, here # Data dictionary"),
    ],
)  # fmt: skip
def test_what_a_fresh_run_gives_otherwise_is_named_with_both_sides(damage, projects, file, old, new, said):
    damage(file, old, new)
    (fault,) = verify.compared(*projects).faults
    assert fault.startswith(f"{file}: ")
    assert said in fault


def test_a_digit_within_the_tolerance_counts_only_where_the_same_bytes_are_promised(
    damage, projects, monkeypatch
):
    value = json.loads((projects[0] / RECALL).read_bytes())["findings"]["stock_growth"]["value"]
    damage(RECALL, f"{value}", f"{value * (1 + 1e-7)}")
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    (fault,) = verify.compared(*projects).faults
    assert "stock_growth.value" in fault
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert verify.compared(*projects).faults == ()


def test_the_same_bytes_are_not_promised_with_other_libraries(damage, projects, monkeypatch):
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    reports = [project / "reports" for project in projects]
    assert verify.promises_same_bytes(*reports)
    damage(RECALL, '"numpy": "', '"numpy": "9')
    assert not verify.promises_same_bytes(*reports)


def test_the_run_has_a_copy_and_its_own_package_and_says_what_stopped_it(projects, tmp_path, monkeypatch):
    steps = []

    def fails_at_last(command, *, cwd, env, **_):
        steps.append(command[3:])
        assert (cwd / "data" / "raw" / "providers.csv").is_file()
        assert (env["TR_ANALYSIS_ROOT"], env["PYTHONPATH"].split(":")[0]) == (str(cwd), str(cwd / "src"))
        assert "TR_ANALYSIS_REPORTS" not in env
        said = "progress\ntr-analysis: providers.csv: no\n"
        return SimpleNamespace(returncode=len(steps) == 2, stderr=said)

    monkeypatch.setenv("TR_ANALYSIS_REPORTS", "elsewhere")
    monkeypatch.setattr(subprocess, "run", fails_at_last)
    (tmp_path / "copy").mkdir()
    stopped = verify.run_again(projects[0], tmp_path / "copy")
    assert stopped == "`tr-analysis run --force` fails here: tr-analysis: providers.csv: no"
    assert steps[0] == ["data", "describe"]
    assert not (tmp_path / "copy" / "reports").exists()  # nothing committed can pass for what was run


@pytest.fixture
def run_again(projects, monkeypatch):
    """What a fresh run would give, without one."""

    def run_again(folder, copy):
        shutil.copytree(projects[1], copy, dirs_exist_ok=True)
        return ""

    monkeypatch.setattr(verify, "run_again", run_again)


def test_the_command_says_it_on_one_screen_and_by_its_code(damage, projects, run_again, capsys):
    project, _ = projects
    assert main(["verify", str(project)]) == 0
    damage(RECALL, "8737.0", "8737.1")
    capsys.readouterr()
    assert main(["verify", str(project)]) == 1
    out, err = capsys.readouterr()
    assert f"{RECALL}: findings.before_pandemic.value: committed 8737.1, here 8737.0" in out
    assert err.startswith("tr-analysis: this machine does not give every committed result")
    assert len(out.splitlines()) < 50


@pytest.mark.parametrize("top", ["", "study-1.0/"])
def test_an_archive_is_verified_as_its_folder_is(projects, tmp_path, run_again, capsys, top):
    packed = tmp_path / "study.zip"
    with zipfile.ZipFile(packed, "w") as out:
        for file in filter(Path.is_file, projects[0].rglob("*")):
            out.write(file, f"{top}{file.relative_to(projects[0])}")
    assert main(["verify", str(packed)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert main(["verify", str(projects[0])]) == 0
    assert said[1:] == capsys.readouterr().out.splitlines()[1:]


def test_a_file_that_is_no_archive_is_refused(tmp_path, capsys):
    (tmp_path / "study.zip").write_bytes(b"PK")
    assert main(["verify", str(tmp_path / "study.zip")]) == 64
    assert "is no ZIP archive that can be read" in capsys.readouterr().err


def test_a_folder_that_is_no_clone_is_refused(tmp_path, capsys):
    assert main(["verify", str(tmp_path)]) == 64
    assert "has no data/raw or no reports; name a clone or a crate" in capsys.readouterr().err
