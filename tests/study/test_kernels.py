import json
import os
import sys
from pathlib import Path

import nbformat
import pytest

from tests.processes import descendants, is_gone
from tests.processors import tree
from tr_analysis import paths
from tr_analysis.study.execution import KernelError, execute
from tr_analysis.study.kernels import running_kernels
from tr_analysis.study.plan import build_tables, plan
from tr_analysis.study.runs import kernels_for, run

forks = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")

STATE = """\
import json, os, random, signal, sys
loaded = "pandas" in sys.modules
import numpy, pandas, psutil
own = [numpy.random.random(), random.random(), os.getpid()]
fixed = [os.getcwd(), sys.argv[:2], sys.argv[3:], sys.path, sorted(set(os.environ) - {"JPY_PARENT_PID", "PYDEVD_USE_FRAME_EVAL"})]
open_files = {int(name) for name in os.listdir("/proc/self/fd")}
open_files -= {c.fd for c in psutil.Process().net_connections("all") if c.laddr}  # clients may still be connecting
fixed += [os.environ["TR_ANALYSIS_REPORTS"], hash("a"), os.getpgid(0) == os.getpid(), len(open_files)]
fixed += [pandas.get_option("display.max_columns"), signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL]
print(json.dumps({"loaded": loaded, "own": own, "fixed": fixed, "parent": os.getppid()}))
"""


def run_with(tasks, *, forked):
    with kernels_for(tasks, forked=forked) as kernels:
        return run(tasks, jobs=2, kernels=kernels)


def printed(folder: Path, name: str):
    return json.loads(nbformat.read(folder / f"{name}.ipynb", as_version=4).cells[5].outputs[0].text)


@forks
@pytest.mark.full
def test_a_forked_kernel_shares_what_is_imported_and_nothing_else(toy, own_server, tmp_path):
    toy("01-a", STATE)
    toy("02-b", STATE)
    states = []
    for names, forked in ((["01", "02"], True), (["01"], False)):
        tasks = plan(names, out=tmp_path / "out")
        assert {outcome.failure for outcome in run_with(tasks, forked=forked)} == {""}
        states += [printed(tmp_path / "out", task.name) for task in tasks]
    first, second, standard = states
    assert (first["loaded"], standard["loaded"]) == (True, False)
    assert first["parent"] == second["parent"] != os.getpid() == standard["parent"]
    assert all(one != other for one, other in zip(first["own"], second["own"], strict=True))
    assert first["fixed"] == second["fixed"] == standard["fixed"]


@forks
@pytest.mark.full
def test_forked_and_standard_kernels_give_the_same_study(tmp_path):
    build_tables()
    given = {}
    for forked in (True, False):
        outcomes = run_with(plan(out=tmp_path / str(forked)), forked=forked)
        assert {outcome.failure for outcome in outcomes} == {""}
        given[forked] = tree(tmp_path / str(forked))
    assert {f"{task.name}.ipynb" for task in plan()} <= set(given[True])
    assert [name for name in given[True] if given[True][name] != given[False].get(name)] == []
    assert set(given[True]) == set(given[False])


@forks
def test_nothing_is_left_of_a_run_whatever_its_server_was_doing(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = descendants()  # such as the browser of other tests
    with running_kernels(paths.notebooks()):  # it still imports
        importing = descendants() - before
        assert importing
    with running_kernels(paths.notebooks()) as kernels:
        (runtime,) = tmp_path.iterdir()
        pid = kernels._server.fork(["-f", "k.json"], tmp_path, {}, runtime / "k.log")
        serving = descendants() - before
        assert pid in serving
    assert all(map(is_gone, importing | serving))
    assert list(tmp_path.iterdir()) == []


DETACHED = """\
import pathlib, subprocess, sys
process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print({"pid": process.pid}["pid"])
"""


@pytest.mark.parametrize("forked", [pytest.param(True, marks=forks), False])
def test_what_a_chapter_detaches_ends_with_the_run(toy, own_server, tmp_path, forked):
    toy("01-a", DETACHED)
    tasks = plan()
    with kernels_for(tasks, forked=forked) as kernels:
        (outcome,) = run(tasks, kernels=kernels)
    assert outcome.failure == ""
    assert is_gone(printed(tmp_path / "reports", "01-a"))


def test_a_kernel_that_starts_after_the_end_ends_too(toy, tmp_path):
    toy("01-a", "n")
    with running_kernels(tmp_path, forked=False) as kernels:
        kernels.stop()
        with pytest.raises(KernelError, match="01-a: the kernel did not start"):
            execute(plan()[0], kernels)


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


@forks
def test_forked_kernels_do_not_share_their_chance(toy, tmp_path):
    for name in ("01-a", "02-b"):
        toy(name, "import numpy, random\nprint([numpy.random.random(), random.random()])")
    assert [outcome.failure for outcome in run(plan())] == ["", ""]
    first, second = (printed(tmp_path / "reports", name) for name in ("01-a", "02-b"))
    assert first[0] != second[0]
    assert first[1] != second[1]
