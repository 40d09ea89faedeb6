"""The package as `pip install` puts it down, in a folder with nothing else: its tables, its names, a new notebook."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tr_analysis import paths

ANYWHERE = """
import json

import tr_analysis
from tr_analysis import load, proportions, interrupted, autoregressive, Findings, table, charts
from tr_analysis import paths
from tr_analysis.cli import main

tables = load()
rate = load("proven_reoffending_annual")["binary_rate"].iloc[0]
shown = {
    "package": tr_analysis.__file__,
    "tables": str(paths.tables()),
    "listed": tables["rows"].to_dict(),
    "rate": rate,
    "estimate": proportions.proportion(3, 10).estimate,
    "codes": [main(["new", "housing"]), main(["lint"]), main(["run", "housing"]), main(["data", "check"])],
}
print(json.dumps(shown))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The built package, unpacked as an installer does it; what it needs comes from the environment of the tests."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=paths.root(), check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "site")
    return folder / "site"


def python(installed, folder, code):
    given = {name: value for name, value in os.environ.items() if not name.startswith("TR_ANALYSIS_")}
    command = [sys.executable, "-c", code]
    env = given | {"PYTHONPATH": str(installed)}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)


def test_the_package_works_in_an_empty_folder(installed, tmp_path):
    done = python(installed, tmp_path, ANYWHERE)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert Path(found["package"]).is_relative_to(installed)
    assert Path(found["tables"]) == installed / "tr_analysis" / "tables"
    recorded = json.loads((paths.processed() / "manifest.json").read_bytes())["tables"]
    assert found["listed"] == {name: about["rows"] for name, about in recorded.items()}
    assert 0.3 < found["rate"] < 0.4 and found["estimate"] == 0.3
    assert found["codes"] == [0, 0, 0, 1]
    assert "data/raw: there is none in" in done.stderr
    results = json.loads((tmp_path / "reports" / "results" / "housing.json").read_bytes())
    assert results["findings"]["rate"]["low"] < results["findings"]["rate"]["value"]
    assert (tmp_path / "reports" / "housing.html").is_file()
    assert not (tmp_path / "data").exists()


def test_in_a_checkout_its_own_tables_are_read(installed):
    code = "from tr_analysis import load, paths; load('providers'); print(paths.tables())"
    done = python(installed, paths.root() / "docs", code)
    assert Path(done.stdout.strip()) == paths.processed(), done.stderr


def test_only_tables_that_may_be_given_away_are_packed(installed):
    packed = {path.name for path in (installed / "tr_analysis" / "tables").rglob("*")}
    assert packed == {path.name for path in paths.processed().glob("*.*")}
    assert list(installed.glob("*.dist-info/licenses/LICENCE-DATA.md"))
