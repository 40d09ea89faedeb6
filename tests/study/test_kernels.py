import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.processes import LIMIT, is_gone, wait_for
from tr_analysis.study import kernels
from tr_analysis.study.execution import run
from tr_analysis.study.kernels import running_kernels
from tr_analysis.study.plan import plan


@contextmanager
def sleeper() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start a process that starts another; yield it and the other's id once both sleep."""
    sleeps = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {sleeps!r}])"
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        child = psutil.Process(int(process.stdout.readline()))
        try:
            yield process, child.pid
        finally:  # where they are left over, nobody waits until they wake
            with suppress(psutil.NoSuchProcess):
                child.kill()
            process.kill()


def test_no_kernel_outlives_its_run_nor_any_file_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with sleeper() as (process, child), running_kernels(tmp_path) as running:
        (runtime,) = tmp_path.iterdir()
        assert runtime.stat().st_mode & 0o077 == 0
        running._remember(process.pid)
        running.stop()
        assert process.wait(LIMIT) != 0
        wait_for(lambda: is_gone(child))
    assert list(tmp_path.iterdir()) == []


def test_a_kernel_that_starts_after_the_end_ends_too(tmp_path):
    with running_kernels(tmp_path) as running:
        running.stop()
        with sleeper() as (process, _):
            running._remember(process.pid)
            assert process.wait(LIMIT) != 0


def test_the_environment_is_restored_after_a_fault(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    with pytest.raises(ZeroDivisionError), running_kernels(tmp_path):
        assert os.environ["JUPYTER_PREFER_ENV_PATH"] == "1"
        raise ZeroDivisionError
    assert os.environ["JUPYTER_PREFER_ENV_PATH"] == "0"


@pytest.mark.parametrize(("longest", "transport"), [(200, "ipc"), (3, "tcp")])
def test_sockets_are_used_where_their_path_is_short_enough(tmp_path, monkeypatch, longest, transport):
    if os.name != "posix":
        pytest.skip("no Unix sockets")
    monkeypatch.setattr(kernels, "LONGEST_FOLDER", longest)
    with running_kernels(tmp_path) as running:
        config = running.options("01-a", tmp_path)["config"]
        assert config["ConnectionFileMixin"]["transport"] == transport


def test_a_kernel_that_cannot_start_says_why(toy, tmp_path, monkeypatch):
    spec = tmp_path / "jupyter" / "kernels" / "broken" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [sys.executable, "-c", "raise SystemExit('No module named ipykernel')"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "broken", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    toy("01-a", "n", kernel="broken")
    (outcome,) = run(plan())
    assert outcome.failure.startswith("01-a: the kernel did not start (")
    assert outcome.failure.endswith("its last words: No module named ipykernel")
    assert outcome.files == ()
    assert not Path(tmp_path, "reports").exists()
