import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tr_analysis.study import workspace as module
from tr_analysis.study.plan import plan
from tr_analysis.study.runs import kernels_for, run
from tr_analysis.study.workspace import MARK, environment, workspace

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A folder in which private folders are made."""
    (tmp_path / "t").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t"))
    return tmp_path / "t"


def sleeper(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(SLEEP, env=os.environ | environment(folder), start_new_session=True)


def test_a_workspace_is_private_and_goes_with_all_that_works_in_it_and_nothing_else(places):
    with workspace() as folder, workspace() as other:
        assert folder.stat().st_mode & 0o077 == 0
        ours, theirs = sleeper(folder), sleeper(other)
        module.end_processes(folder)
        assert (ours.wait(10) != 0, theirs.poll()) == (True, None)
    assert theirs.wait(10) != 0
    assert list(places.iterdir()) == []


def test_what_a_killed_run_left_goes_before_the_next(places):
    with subprocess.Popen(SLEEP) as dead:
        dead.kill()
    left, running = places / f"tr-analysis-{dead.pid}-a", places / f"tr-analysis-{os.getppid()}-b"
    for folder in (left, running):
        folder.mkdir()
        (folder / "kernel.log").write_text("x")
    orphan = sleeper(left)
    with workspace() as own:
        assert set(places.iterdir()) == {running, own}
    assert orphan.wait(10) != 0


HOME = """\
import os, matplotlib.pyplot, IPython
from pathlib import Path
own = Path(os.environ["TR_ANALYSIS_WORKSPACE"])
print(os.environ["HOME"], own in Path(matplotlib.get_configdir()).parents, own in Path(IPython.paths.get_ipython_dir()).parents)
"""


@pytest.mark.parametrize("home", ["/nonexistent", "forbidden"])
def test_a_home_that_cannot_be_written_shows_in_nothing(toy, places, tmp_path, monkeypatch, home):
    (tmp_path / "forbidden").write_text("a file")
    home = home if home.startswith("/") else str(tmp_path / home)
    toy("01-a", HOME)
    monkeypatch.setenv("HOME", home)
    for name in ("MPLCONFIGDIR", "IPYTHONDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    with kernels_for(tasks := plan(), forked=False) as kernels:
        (outcome,) = run(tasks, kernels=kernels)
    assert outcome.failure == ""
    (output,) = nbformat.read(outcome.files[-1], as_version=4).cells[5].outputs
    assert (output.name, output.text) == ("stdout", f"{home} True True\n")
    assert list(places.iterdir()) == []
    assert MARK not in os.environ
