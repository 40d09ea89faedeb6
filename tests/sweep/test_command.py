"""The command, as a process of its own: what it says, and what it leaves behind however it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tr_analysis.cli import main


@pytest.fixture
def slow(spec) -> Path:
    return spec("slow", "[fixed]\nseconds = 0.1\n[grid]\nx = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]")


def start(path: Path, out: Path, passing: Path) -> subprocess.Popen:
    passing.mkdir(exist_ok=True)
    call = [sys.executable, "-m", "tr_analysis", "sweep", str(path), "--out", str(out), "--jobs", "2"]
    environment = os.environ | {"TMPDIR": str(passing)}
    return subprocess.Popen(call, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


def until(condition, seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def done(out: Path) -> int:
    return len(list(out.glob("runs/*/result.json")))


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9), (signal.SIGTERM, -15)]
)
def test_ended_from_outside_it_leaves_nothing_and_goes_on(slow, tmp_path, capsys, number, code):
    out, passing = tmp_path / "out", tmp_path / "passing"
    process = start(slow, out, passing)
    assert until(lambda: done(out) >= 2)
    started = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in said
    assert number != signal.SIGINT or "what is done is kept; run again to go on" in said
    _, alive = psutil.wait_procs(started, timeout=20)
    assert alive == []
    assert until(lambda: not list(passing.iterdir()), 5)
    before = done(out)
    assert 2 <= before < 10
    assert main(["sweep", str(slow), "--out", str(out), "--jobs", "1"]) == 0
    assert capsys.readouterr().out.startswith(
        f"10 specifications: {10 - before} run, {before} there already, 0 failed"
    )
    assert done(out) == 10


def test_failures_are_said_after_the_table(spec, tmp_path, capsys):
    path = spec("add", "[fixed]\ny = 0\n[grid]\nx = [1]")
    assert main(["sweep", str(path), "--out", str(tmp_path / "out"), "--jobs", "1"]) == 2
    told = capsys.readouterr()
    assert told.out.startswith("1 specifications: 1 run, 0 there already, 1 failed")
    assert "1 of 1 failed, and will be tried again the next time; the first: ZeroDivisionError" in told.err


def test_a_broken_file_is_refused_with_64(spec, tmp_path, capsys):
    assert main(["sweep", str(spec("add", "[grid]\nz = [1]")), "--out", str(tmp_path / "out")]) == 64
    assert "z: sweep_toys:add has no such argument" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def elsewhere(spec, out: Path) -> list[str]:
    """The words of a sweep on a scheduler that is not there."""
    path = spec("add", "[grid]\nx = [1]")
    return ["sweep", str(path), "--out", str(out), "--scheduler", "tcp://127.0.0.1:1"]


def test_a_scheduler_that_does_not_answer_is_said(spec, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("tr_analysis.sweep.engines._PATIENCE", 0.5)
    assert main(elsewhere(spec, tmp_path)) == 3
    assert "no scheduler answers at tcp://127.0.0.1:1" in capsys.readouterr().err


def test_without_distributed_the_remedy_is_said(spec, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(elsewhere(spec, tmp_path)) == 3
    assert "pip install 'tr-analysis[cluster]'" in capsys.readouterr().err


def test_engines_exclude_each_other(spec, capsys):
    call = ["sweep", str(spec("add", "[grid]\nx = [1]")), "--jobs", "1", "--scheduler", "tcp://127.0.0.1:1"]
    assert main(call) == 64
    assert "give one of them" in capsys.readouterr().err
