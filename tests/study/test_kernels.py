import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import nbformat
import psutil
import pytest

from tests.processes import LIMIT, descendants, is_gone, wait_for
from tests.processors import tree
from tr_analysis import paths
from tr_analysis.study.execution import kernels_for, run
from tr_analysis.study.kernels import ForkedKernel, refuse_threads, running_kernels, serve
from tr_analysis.study.plan import build_tables, plan

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


def printed(folder: Path, name: str) -> dict:
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
def test_a_lost_server_is_an_error_with_its_last_words_and_a_remedy(toy, own_server, monkeypatch):
    broken = [sys.executable, "-c", "raise SystemExit('no room to fork in')"]
    start = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda command, **options: start(broken, **options))
    toy("01-a", "n")
    (outcome,) = run(plan())
    reason = "the process that kernels are forked from ended; try --kernels standard"
    assert outcome.failure == (
        f"01-a: the kernel did not start ({reason}); its last words: no room to fork in"
    )


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


@forks
def test_a_kernel_that_is_gone_is_not_mistaken_for_another():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        kernel = ForkedKernel(process.pid)
        assert kernel.poll() is None
    assert kernel.poll() == kernel.wait() == 1
    kernel.send_signal(signal.SIGKILL)
    assert ForkedKernel(process.pid).poll() == 1


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


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")


def test_imports_start_no_thread_no_socket_and_no_drawing_and_take_themselves_for_a_notebook():
    code = """
import builtins, json, psutil, sys
from tr_analysis.study.kernels import import_all, refuse_threads
import_all(["no_such_library", "matplotlib.pyplot", "pathlib.x"])
refuse_threads()
import zmq
print(json.dumps({
    "threads": psutil.Process().num_threads(),
    "loaded": sorted({"ipykernel.zmqshell", "matplotlib.pyplot"} & set(sys.modules)),
    "drawing": "matplotlib_inline.backend_inline" in sys.modules,
    "sockets": len(psutil.Process().net_connections()),
    "left": hasattr(builtins, "get_ipython"),
}))
"""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == {
        "threads": 1,
        "loaded": ["ipykernel.zmqshell", "matplotlib.pyplot"],
        "drawing": False,
        "sockets": 0,
        "left": False,
    }
    assert found.stderr == ""


def test_a_thread_that_does_not_end_is_refused(monkeypatch):
    ends = threading.Event()
    thread = threading.Thread(target=ends.wait)
    thread.start()
    monkeypatch.setattr(threading, "enumerate", list)  # nothing is waited for
    with pytest.raises(RuntimeError, match="--kernels standard"):
        refuse_threads()
    ends.set()
    thread.join()


def test_the_server_ends_when_nobody_asks_any_more():
    ours, theirs = socket.socketpair()
    ours.close()
    assert serve(theirs) is None
    assert theirs.fileno() == -1


def test_what_the_package_offers_at_its_door_is_imported_ahead():
    code = "import sys; from tr_analysis.study.kernels import import_all; import_all(['tr_analysis.table', 'no.such'])"
    code += "; print('tr_analysis.report.tables' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "True\n"
