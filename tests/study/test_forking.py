import json
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

from tr_analysis import paths
from tr_analysis.study import forking
from tr_analysis.study.forking import ForkedKernel, refuse_threads, serve
from tr_analysis.study.plan import plan
from tr_analysis.study.runs import run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")


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


def test_a_kernel_that_is_gone_is_not_mistaken_for_another():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        kernel = ForkedKernel(process.pid)
        assert kernel.poll() is None
    assert kernel.poll() == kernel.wait() == 1
    kernel.send_signal(signal.SIGKILL)
    assert ForkedKernel(process.pid).poll() == 1


def test_imports_start_no_thread_no_socket_and_no_drawing_and_take_themselves_for_a_notebook():
    code = """
import builtins, json, psutil, sys
from tr_analysis.study.forking import import_all, refuse_threads
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


@pytest.mark.parametrize(("folder", "ahead"), [("notebooks", True), ("no such folder", False)])
def test_tables_are_read_once_for_all_kernels_and_a_lack_of_them_is_left_to_the_chapter(folder, ahead):
    code = f"""
from tr_analysis.data import store
from tr_analysis.study.forking import read_tables
read_tables({str(paths.root() / folder)!r})
before = store._read.cache_info()
store.load("providers").loc[0, "provider"] = "changed"
assert store.load("providers").loc[0, "provider"] != "changed"
print(before.misses > 0, store._read.cache_info().misses == before.misses)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == f"{ahead} {ahead}\n"


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


def test_tables_are_read_before_the_first_kernel_and_then_no_more(monkeypatch):
    read = []
    monkeypatch.setattr(forking, "read_tables", read.append)
    monkeypatch.setattr(os, "fork", lambda: 7)
    ours, theirs = socket.socketpair()
    ours.sendall(b'{"folder": "a"}\n{"folder": "b"}\n')
    ours.shutdown(socket.SHUT_WR)
    assert serve(theirs) is None
    assert (read, ours.recv(10)) == (["a"], b"7\n7\n")
    ours.close()


def test_what_the_package_offers_at_its_door_is_imported_ahead():
    code = "import sys; from tr_analysis.study.forking import import_all; import_all(['tr_analysis.table', 'no.such'])"
    code += "; print('tr_analysis.report.tables' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "True\n"
