import json
import os
import socket
import subprocess
import sys
import threading

import pytest

from tr_analysis.study.fork_server import refuse_threads, serve

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")


def test_imports_start_no_thread_no_socket_and_no_drawing_and_take_themselves_for_a_notebook():
    code = """
import builtins, json, psutil, sys
from tr_analysis.study.fork_server import import_all, refuse_threads
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


def test_a_thread_that_does_not_end_is_refused():
    ends = threading.Event()
    thread = threading.Thread(target=ends.wait)
    thread.start()
    with pytest.raises(RuntimeError, match="--kernels standard"):
        refuse_threads(patience=0)
    ends.set()
    thread.join()


def test_the_server_ends_when_nobody_asks_any_more():
    ours, theirs = socket.socketpair()
    ours.close()
    assert serve(theirs) is None
    assert theirs.fileno() == -1


def test_what_the_package_offers_at_its_door_is_imported_ahead():
    code = "import sys; from tr_analysis.study.fork_server import import_all; import_all(['tr_analysis.table', 'no.such'])"
    code += "; print('tr_analysis.report.tables' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "True\n"
