"""The command, as a process of its own: what it says, and what it leaves behind however it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import LIMIT, descendants, is_gone, wait_for
from tr_analysis.cli import main


def start(path: Path, out: Path, passing: Path) -> subprocess.Popen:
    passing.mkdir(exist_ok=True)
    script = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # as in a terminal: in the background it is ignored
from tests.sweep.toys import sweep
from tr_analysis.cli import main
from tr_analysis.study import plan
from tr_analysis.sweep import specify
plan.build_tables = list
specify.read_sweep = lambda path: sweep("held", range(5), gate=path.read_text())
sys.exit(main())
"""
    call = [sys.executable, "-c", script, "sweep", str(path), "--out", str(out), "--jobs", "2"]
    environment = os.environ | {"TMPDIR": str(passing)}
    return subprocess.Popen(call, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


def done(out: Path) -> int:
    return len(list(out.glob("runs/*/result.json")))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_ended_from_outside_it_leaves_nothing_and_goes_on(tmp_path, number, code):
    out, passing, gate = (tmp_path / name for name in ("out", "passing", "gate"))
    path = tmp_path / "held.toml"
    path.write_text(str(gate))
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
    told, _ = start(path, out, passing).communicate(timeout=LIMIT)
    assert told.startswith("5 specifications: 3 run, 2 there already, 0 failed")
    assert done(out) == 5


@pytest.fixture
def failing(spec, chapter, threads, monkeypatch):
    """A sweep of one specification, which fails; it runs in this process what would run in others."""
    monkeypatch.setattr("tr_analysis.sweep.run.processes", lambda jobs: threads)
    monkeypatch.setattr("tr_analysis.study.plan.build_tables", list)
    return spec('chapter = "toy"\n[grid]\nn = [13]')


def test_failures_are_said_after_the_table(failing, tmp_path, capsys):
    assert main(["sweep", str(failing), "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr()
    assert told.out.startswith("1 specifications: 1 run, 0 there already, 1 failed")
    assert (
        "1 of 1 failed, and will be tried again the next time; the first: 03-toy, under “Evidence”: ValueError"
        in told.err
    )


@pytest.mark.parametrize(
    ("text", "more", "said"),
    [
        ('chapter = "toy"\n[grid]\nz = [1]', [], "z: 03-toy has no such parameter"),
        ('chapter = "toy"\n[grid]\nn = [1]', ["--jobs", "2", "--scheduler", "x"], "give one of them"),
    ],
)
def test_a_wrong_call_is_refused_with_64(spec, chapter, tmp_path, capsys, text, more, said):
    assert main(["sweep", str(spec(text)), "--out", str(tmp_path / "out"), *more]) == 64
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_without_distributed_the_remedy_is_said(failing, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert (
        main(["sweep", str(failing), "--out", str(tmp_path / "out"), "--scheduler", "tcp://127.0.0.1:1"]) == 3
    )
    assert "pip install 'tr-analysis[cluster]'" in capsys.readouterr().err
