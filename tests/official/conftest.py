import contextlib
import io
import shutil
from pathlib import Path

import pytest

from tr_analysis import paths
from tr_analysis.official import workbooks

DATA = paths.raw().parent


def printed_here(path: Path) -> bytes:
    """Run in this process what opens a workbook: starting a process for each takes ten times as long."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        patch.setattr(workbooks, "_limit_resources", lambda: None)
        workbooks.main(str(path))
    return said.getvalue().encode()


@pytest.fixture
def apart() -> None:
    """Open workbooks in a process of its own, as outside of the tests: for what needs its bounds."""


@pytest.fixture(autouse=True)
def here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "apart" not in request.fixturenames:
        monkeypatch.setattr(workbooks, "_printed", printed_here)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of official files, not yet there, of a project in the folder ``study`` with the data of ours."""
    shutil.copytree(DATA, tmp_path / "study" / "data", ignore=shutil.ignore_patterns("official"))
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path / "study"))
    monkeypatch.chdir(tmp_path)
    return paths.official()


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    made = tmp_path / "downloads"
    made.mkdir()
    return made
