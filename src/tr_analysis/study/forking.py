"""Kernels forked from one process, and that process.

Run as a program, this is that process: it imports once what chapters need, and forks a kernel from itself whenever one
is asked for over a pair of sockets that no other process holds. Where its other end is closed, be it that the run was
killed, the kernels and the run's private folder go, and the process with them.
"""

import asyncio
import builtins
import gc
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from pkgutil import resolve_name
from types import SimpleNamespace
from typing import Any

import psutil
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from tr_analysis.study.workspace import end_processes, environment

_LAUNCHER = [sys.executable, "-m", "ipykernel_launcher"]
# Libraries that are imported before there is a kernel ask this what to draw on.
_BACKEND = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}


class ForkServer:
    """Our side of the process that kernels are forked from; it imports ``names`` while we go on.

    ``folder`` is the run's private folder; each kernel brings an environment of its own.
    """

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        self._lock = threading.Lock()
        self._log = folder / "server.log"
        self._channel, theirs = socket.socketpair()
        self._answers = self._channel.makefile("r", encoding="utf-8")
        command = [sys.executable, "-m", __name__, str(theirs.fileno()), str(folder), *names]
        with theirs, self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env={**os.environ, **environment(folder), **_BACKEND},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def fork(self, arguments: list[str], folder: Path, environment: Mapping[str, str], log: Path) -> int:
        """Return the process id of a new kernel, whose own streams go to a log, or raise a `RuntimeError`."""
        request = {"arguments": arguments, "environment": dict(environment)}
        request |= {"folder": str(folder.resolve()), "log": str(log)}
        with self._lock:
            try:
                self._channel.sendall(f"{json.dumps(request)}\n".encode())
                answer = self._answers.readline()
            except (OSError, ValueError):  # broken, or closed by the end of the run
                answer = ""
        if not answer:
            log.write_bytes(self._log.read_bytes() if self._log.exists() else b"")
            raise RuntimeError("the process that kernels are forked from ended; try --kernels standard")
        return int(answer)

    def close(self) -> None:
        """End the server, after the kernels that are left, or at once where it still imports."""
        with suppress(OSError):  # it ended before
            self._channel.shutdown(socket.SHUT_RDWR)  # wakes whoever waits for an answer as well
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()
        self._channel.close()


class ForkedKernel:
    """A process that is no child of ours, with what `LocalProvisioner` asks of a `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        try:
            self._process: psutil.Process | None = psutil.Process(pid)
        except psutil.NoSuchProcess:
            self._process = None

    def poll(self) -> int | None:
        """Return nothing while it runs, then a code; which it was, only its parent knows."""
        return None if self._process and self._process.is_running() else 1

    wait = poll

    def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel and what it started."""
        if self._process and self._process.is_running():
            for send in (os.killpg, os.kill):  # the group is not there until the kernel made it
                with suppress(ProcessLookupError):
                    send(self._process.pid, signum)
                    return


class ForkedProvisioner(LocalProvisioner):
    """Lets Jupyter's kernel manager have its kernel from a `ForkServer`; kernels of another kind start as ever."""

    server: ForkServer

    async def launch_kernel(self, cmd: list[str], **options: Any) -> KernelConnectionInfo:
        """Fork a kernel; options as `subprocess.Popen` takes them."""
        if cmd[:3] != _LAUNCHER:
            return await super().launch_kernel(cmd, **options)
        pid = self.server.fork(cmd[3:], Path(options["cwd"]), options["env"], Path(options["stdout"].name))
        self.process = ForkedKernel(pid)  # type: ignore[assignment]
        self.pid = pid
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        """Kill the kernel; the manager would look only every tenth of a second whether it is gone."""
        await super().kill(restart)
        for _ in range(20):
            if await self.poll() is not None:
                break
            await asyncio.sleep(0.005)


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


def refuse_threads() -> None:
    """Refuse to go on with more than one thread: a fork takes along only one, and the locks of all.

    A thread that a library started as it was imported has some seconds to end by itself.
    """
    for thread in threading.enumerate():  # such as the one that says that fonts are being read
        if thread is not threading.main_thread():
            thread.join(5)
    if psutil.Process().num_threads() > 1:
        raise RuntimeError("a library started a thread when it was imported; run with --kernels standard")


def read_tables(folder: str) -> None:
    """Read the analysis tables as kernels will that work in a folder; where one cannot be read, a chapter says why."""
    from tr_analysis.data.store import load, read_table

    with suppress(Exception):
        os.chdir(folder)
        for name in load().index:
            read_table(name)
    gc.freeze()  # what is shared stays shared: a collection in a kernel would copy it
    # A chapter makes many objects and few reference cycles: collecting these took a twelfth of its time.
    gc.set_threshold(100_000)


def serve(channel: socket.socket) -> dict[str, Any] | None:
    """Fork a kernel for each request, a line of JSON, and answer with its process id.

    Return in a kernel its request; in the server nothing, when the other end of the channel is closed.
    """
    with channel, channel.makefile("r", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            request: dict[str, Any] = json.loads(line)
            if number == 0:  # by now the tables are built
                read_tables(request["folder"])
            pid = os.fork()
            if pid == 0:
                return request
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


def main(channel: int, folder: Path, names: Sequence[str]) -> None:
    """Import names, then serve on a file descriptor until its other end is closed; the run's folder goes then."""
    sys.path[:] = [place for place in sys.path if place != str(Path.cwd())]  # as ipykernel's launcher does
    server = os.getpid()
    try:
        import_all(names)
        refuse_threads()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system takes away the kernels that ended
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # from here on it ends by itself, and its kernels first
        request = serve(socket.socket(fileno=channel))
    finally:
        if os.getpid() == server:
            end_processes(folder)
            shutil.rmtree(folder, ignore_errors=True)
    if request is not None:
        become_kernel(request, server)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
