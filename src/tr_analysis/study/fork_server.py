"""A process that imports once what chapters need, and forks a kernel from itself whenever one is asked for.

`ForkServer` starts it and talks to it over a pair of sockets that no other process holds. Where its other end is
closed, be it that the run was killed, the kernels and the run's private folder go, and the process with them.
"""

import builtins
import gc
import json
import os
import random
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from pkgutil import resolve_name
from types import SimpleNamespace
from typing import Any

import psutil

# What a kernel itself loads as it starts.
_LIBRARIES = (
    "debugpy.server.api",
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.extensions.storemagic",
    "sqlite3",
    "tornado.platform.asyncio",
)


def import_all(names: Sequence[str]) -> None:
    """Import what chapters need, as if a kernel did: pandas asks whether it is in a notebook.

    Names are modules, or what they hold, in full. What cannot be imported is left: a chapter that needs it says
    better what is wrong.
    """
    vars(builtins)["get_ipython"] = lambda: SimpleNamespace(kernel=None)
    try:
        for name in (*_LIBRARIES, *names):
            with suppress(Exception):
                resolve_name(name)
    finally:
        del vars(builtins)["get_ipython"]


def refuse_threads(patience: float = 5) -> None:
    """Refuse to go on with more than one thread: a fork takes along only one, and the locks of all.

    A thread that a library started as it was imported has some seconds to end by itself.
    """
    for thread in threading.enumerate():  # such as the one that says that fonts are being read
        if thread is not threading.main_thread():
            thread.join(patience)
    if psutil.Process().num_threads() > 1:
        raise RuntimeError("a library started a thread when it was imported; run with --kernels standard")


def serve(channel: socket.socket) -> dict[str, Any] | None:
    """Fork a kernel for each request, a line of JSON, and answer with its process id.

    Return in a kernel its request; in the server nothing, when the other end of the channel is closed.
    """
    with channel, channel.makefile("r", encoding="utf-8") as lines:
        for line in lines:
            pid = os.fork()
            if pid == 0:
                return dict(json.loads(line))
            channel.sendall(f"{pid}\n".encode())
    return None


def become_kernel(request: dict[str, Any], server: int) -> None:
    """Run a kernel in this process, with folder, environment, streams and chance of its own; it ends with the server."""
    import numpy as np
    from ipykernel.kernelapp import IPKernelApp

    for signum in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(signum, signal.SIG_DFL)
    os.setsid()
    with Path(request["log"]).open("ab") as log:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(log.fileno(), stream.fileno())
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    launcher = find_spec("ipykernel_launcher")
    sys.argv = [str(launcher and launcher.origin), *request["arguments"]]
    random.seed()
    np.random.seed()  # noqa: NPY002 the state every kernel would share; like this each has its own
    IPKernelApp.launch_instance(request["arguments"], parent_handle=server)


def end(folder: Path) -> None:
    """End every kernel and what it started, and remove the run's folder."""
    kernels = psutil.Process().children(recursive=True)
    for kernel in kernels:
        with suppress(psutil.NoSuchProcess):
            kernel.kill()
    psutil.wait_procs(kernels, timeout=5)
    shutil.rmtree(folder, ignore_errors=True)


def main(channel: int, folder: Path, names: Sequence[str]) -> None:
    """Import names, then serve on a file descriptor until its other end is closed; the run's folder goes then."""
    sys.path[:] = [place for place in sys.path if place != str(Path.cwd())]  # as ipykernel's launcher does
    server = os.getpid()
    try:
        import_all(names)
        refuse_threads()
        gc.freeze()  # what is shared stays shared: a collection in a kernel would copy it
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system takes away the kernels that ended
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # from here on it ends by itself, and its kernels first
        request = serve(socket.socket(fileno=channel))
    finally:
        if os.getpid() == server:
            end(folder)
    if request is not None:
        become_kernel(request, server)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
