"""The kernels of one run: forked from one process or started alone, and how all of them end at once.

Run as a program, this is that process: it imports once what chapters need, and forks a kernel from itself whenever one
is asked for over a pair of sockets that no other process holds. Where its other end is closed, be it that the run was
killed, the kernels and the run's private folder go, and the process with them.
"""

import asyncio
import builtins
import gc
import json
import math
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from pkgutil import resolve_name
from queue import Empty
from types import SimpleNamespace
from typing import Any

import psutil
import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import default
from traitlets.config import Config

from tr_analysis.paths import REPORTS
from tr_analysis.study import CAN_FORK, SETTINGS

# A Unix socket's path may have about 100 characters; a kernel adds a dozen to its folder's.
LONGEST_FOLDER = 80
_LAUNCHER = [sys.executable, "-m", "ipykernel_launcher"]
# Libraries that are imported before there is a kernel ask this what to draw on.
_BACKEND = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}


class ForkServer:
    """Our side of the process that kernels are forked from; it imports ``names`` while we go on.

    ``folder`` is the run's private folder; each kernel brings an environment of its own.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], names: Iterable[str]) -> None:
        self._lock = threading.Lock()
        self._log = folder / "server.log"
        self._channel, theirs = socket.socketpair()
        self._answers = self._channel.makefile("r", encoding="utf-8")
        module = "tr_analysis.study.kernels"
        command = [sys.executable, "-m", module, str(theirs.fileno()), str(folder), *names]
        with theirs, self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env={**environment, **_BACKEND},
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


class _Client(AsyncKernelClient):
    """Asks a kernel whether it is ready; Jupyter's own client then waits a fifth of a second for silence."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until a question is answered and seen as answered where outputs arrive, so that none is missed."""
        until = time.monotonic() + (timeout or math.inf)
        while time.monotonic() < until:
            asked = self.kernel_info()
            with suppress(Empty):
                await self.get_shell_msg(timeout=1)
                while (await self.get_iopub_msg(timeout=0.05))["parent_header"].get("msg_id") != asked:
                    pass
                return
            if not await self.is_alive():
                raise RuntimeError("it died before it was ready")
        raise RuntimeError(f"it did not answer in {timeout:.0f} seconds")


class Kernels:
    """Starts the kernels of a run and remembers them, so that none outlives it; `running_kernels` makes it.

    ``runtime`` is a private folder for sockets, logs and IPython's own files.
    """

    def __init__(self, runtime: Path, folder: Path, *, forked: bool, names: Iterable[str]) -> None:
        self._runtime = runtime
        self._folder = folder
        self._lock = threading.Lock()
        self._started: list[psutil.Process] = []
        self._numbers = count()
        self._logs: dict[str, Path] = {}
        self.stopped = False
        self._server = ForkServer(runtime, self._environment(), names) if forked else None

    def options(self, name: str, reports: Path) -> dict[str, Any]:
        """Return what papermill passes on to nbclient; ``reports`` is where the chapter finds the results of others."""
        stem = self._runtime / f"k{next(self._numbers)}"
        self._logs[name] = stem.with_suffix(".log")
        local = zmq.has("ipc") and os.name == "posix" and len(str(self._runtime)) <= LONGEST_FOLDER
        connection = {"connection_file": f"{stem}.json", "transport": "ipc" if local else "tcp"}
        return {
            "kernel_manager_class": self._manager(self._logs[name], reports),
            "config": Config(ConnectionFileMixin=connection),
            "shutdown_kernel": "immediate",
        }

    def _manager(self, log: Path, reports: Path) -> type[AsyncKernelManager]:
        kernels = self

        class ChapterKernelManager(AsyncKernelManager):
            @default("kernel_spec_manager")
            def _own_kernels(self) -> KernelSpecManager:
                known = KernelSpecManager()
                own = str(Path(sys.prefix, "share", "jupyter", "kernels"))
                known.kernel_dirs = [own, *known.kernel_dirs]  # none of the home folder in its place
                return known

            def client(self, **options: Any) -> AsyncKernelClient:  # type: ignore[override]
                self.client_factory = _Client  # here, since nbclient sets its own when it starts
                return super().client(**options)

            async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
                if kernels._server:
                    self.provisioner = ForkedProvisioner(kernel_spec=self.kernel_spec, parent=self)
                    self.provisioner.server = kernels._server
                with log.open("wb") as output:
                    await super().start_kernel(
                        **options,
                        env=kernels._environment() | {REPORTS: str(reports.resolve())},
                        cwd=str(kernels._folder),
                        stdout=output,
                        stderr=output,
                    )
                kernels._remember(self.provisioner.pid)  # type: ignore[union-attr]

        return ChapterKernelManager

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
        return inherited | SETTINGS | {"IPYTHONDIR": str(self._runtime / "ipython")}

    def _remember(self, pid: int) -> None:
        with self._lock, suppress(psutil.NoSuchProcess):
            self._started.append(psutil.Process(pid))
        if self.stopped:
            self.stop()

    def stop(self) -> None:
        """End every kernel, and what it started, at once; kernels that start later end too."""
        self.stopped = True
        if self._server:
            self._server.close()
        with self._lock:
            for process in self._started:
                with suppress(psutil.NoSuchProcess):
                    process.suspend()  # so that it starts nothing while its children are counted
                    for member in [*process.children(recursive=True), process]:
                        with suppress(psutil.NoSuchProcess):
                            member.kill()

    def last_words(self, name: str) -> str:
        """Return the last line that the kernel of a run wrote to its own streams, to be put behind a reason."""
        log = self._logs[name]
        lines = log.read_text(errors="replace").split("\n") if log.exists() else []
        words = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f"; its last words: {words}" if words else ""


@contextmanager
def running_kernels(folder: Path, *, forked: bool = CAN_FORK, names: Iterable[str] = ()) -> Iterator[Kernels]:
    """Yield the kernels of a run, which work in a folder; afterwards none is left, nor any file of theirs.

    They are forked from one process, which imports ``names`` ahead for all, or each starts on its own.
    """
    with tempfile.TemporaryDirectory(prefix="tr-", ignore_cleanup_errors=True) as runtime:
        kernels = Kernels(Path(runtime), folder, forked=forked, names=names)
        try:
            yield kernels
        finally:
            kernels.stop()


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
