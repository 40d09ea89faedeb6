import shutil
from pathlib import Path

import pytest

from tr_analysis import paths
from tr_analysis.cli import main


@pytest.fixture(scope="session")
def fresh(tmp_path_factory):
    """The whole study as it comes out now, in a folder of its own: run once more, but for what a run recorded here."""
    out = tmp_path_factory.mktemp("fresh") / "reports"
    others = shutil.ignore_patterns("failed", "sweeps", "variants")
    shutil.copytree(paths.reports(), out, ignore=others)
    if not (out / ".runs.json").exists():
        shutil.rmtree(out)
    assert main(["run", "--out", str(out)]) == 0
    return out


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of data and chapters that a test may spoil."""
    for folder in ("data", "notebooks"):
        shutil.copytree(paths.root() / folder, tmp_path / folder)
    shutil.copy(paths.root() / "LICENCE-DATA.md", tmp_path)  # the pages give the data away with it
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    return tmp_path


@pytest.fixture
def spoil():
    """Change one text in a file, which must hold it once."""

    def spoil(path: Path, old: str, new: str) -> None:
        text = path.read_text("utf-8")
        assert text.count(old) == 1, f"{path.name} holds {old!r} {text.count(old)} times"
        path.write_text(text.replace(old, new), "utf-8")

    return spoil
