"""The command, as a process of its own: what it says, and what it leaves behind however it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import LIMIT, descendants, is_gone, wait_for
from tr_analysis.cli import main


@pytest.fixture
def in_process(monkeypatch, threads):
    """Let the command run in this process what it would run in others."""
    monkeypatch.setattr("tr_analysis.sweep.run.processes", lambda jobs: threads)


def start(path: Path, out: Path, passing: Path) -> subprocess.Popen:
    passing.mkdir()
    script = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # as in a terminal: in the background it is ignored
from tr_analysis.cli import main
sys.exit(main())
"""
    call = [sys.executable, "-c", script, "sweep", str(path), "--out", str(out), "--jobs", "2"]
    environment = os.environ | {"TMPDIR": str(passing)}
    return subprocess.Popen(call, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


def done(out: Path) -> int:
    return len(list(out.glob("runs/*/result.json")))


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, 130),
        (signal.SIGKILL, -9),
        pytest.param(signal.SIGTERM, -15, marks=pytest.mark.full),  # ends it as the one before
    ],
)
def test_ended_from_outside_it_leaves_nothing_and_goes_on(spec, in_process, tmp_path, capsys, number, code):
    out, passing, gate = (tmp_path / name for name in ("out", "passing", "gate"))
    path = spec("held", f"[fixed]\ngate = '{gate}'\n[grid]\nx = [0, 1, 2, 3, 4]")
    process = start(path, out, passing)
    wait_for(lambda: done(out) == 2 or process.poll() is not None)
    started = descendants(process.pid)
    process.send_signal(number)
    _, said = process.communicate(timeout=LIMIT)
    assert process.returncode == code
    assert "Traceback" not in said
    assert number != signal.SIGINT or "what is done is kept; run again to go on" in said
    wait_for(lambda: all(map(is_gone, started)) and not list(passing.iterdir()))
    assert done(out) == 2
    gate.touch()
    assert main(["sweep", str(path), "--out", str(out)]) == 0
    assert capsys.readouterr().out.startswith("5 specifications: 3 run, 2 there already, 0 failed")
    assert done(out) == 5


def test_failures_are_said_after_the_table(spec, in_process, tmp_path, capsys):
    path = spec("add", "[fixed]\ny = 0\n[grid]\nx = [1]")
    assert main(["sweep", str(path), "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr()
    assert told.out.startswith("1 specifications: 1 run, 0 there already, 1 failed")
    assert "1 of 1 failed, and will be tried again the next time; the first: ZeroDivisionError" in told.err


def test_a_broken_file_is_refused_with_64(spec, tmp_path, capsys):
    assert main(["sweep", str(spec("add", "[grid]\nz = [1]")), "--out", str(tmp_path / "out")]) == 64
    assert "unexpected keyword argument 'z'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def elsewhere(spec, out: Path) -> list[str]:
    """The words of a sweep on a scheduler that is not there."""
    path = spec("add", "[grid]\nx = [1]")
    return ["sweep", str(path), "--out", str(out), "--scheduler", "tcp://127.0.0.1:1"]


@pytest.mark.full
def test_a_scheduler_that_does_not_answer_is_said(spec, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("tr_analysis.sweep.run._PATIENCE", 0.5)
    assert main(elsewhere(spec, tmp_path)) == 3
    assert "no scheduler answers at tcp://127.0.0.1:1" in capsys.readouterr().err


def test_without_distributed_the_remedy_is_said(spec, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(elsewhere(spec, tmp_path)) == 3
    assert "pip install 'tr-analysis[cluster]'" in capsys.readouterr().err
