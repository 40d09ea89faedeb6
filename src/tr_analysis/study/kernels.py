"""The kernels of one run: how each starts, where it listens, and how all of them end at once."""

import math
import os
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty
from typing import Any

import psutil
import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from traitlets.config import Config

from tr_analysis.paths import REPORTS
from tr_analysis.study import CAN_FORK, SETTINGS
from tr_analysis.study.forked import ForkedProvisioner, ForkServer

# A Unix socket's path may have about 100 characters; a kernel adds a dozen to its folder's.
LONGEST_FOLDER = 80


class _Client(AsyncKernelClient):
    """Asks a kernel whether it is ready; Jupyter's own client then waits a fifth of a second for silence."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until a question is answered and seen as answered where outputs arrive, so that none is missed.

        Raises
        ------
        RuntimeError
            If the kernel died, or did not answer in ``timeout`` seconds.
        """
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
    """Starts the kernels of a run and remembers them, so that none outlives it.

    Parameters
    ----------
    runtime
        A private folder for sockets, logs and IPython's own files.
    folder
        The working directory of the kernels: the chapters' folder, as in Jupyter.
    forked
        Whether they are forked from one process, or each starts on its own.
    names
        What that process imports.
    """

    def __init__(self, runtime: Path, folder: Path, *, forked: bool, names: Iterable[str]) -> None:
        self._runtime = runtime
        self._folder = folder
        self._lock = threading.Lock()
        self._started: list[psutil.Process] = []
        self._logs: dict[str, Path] = {}
        self.stopped = False
        self._server = ForkServer(runtime, self._environment(), names) if forked else None

    def options(self, name: str, reports: Path) -> dict[str, Any]:
        """Return what papermill passes on to nbclient so that a run's kernel is one of these.

        Parameters
        ----------
        name
            Name of the run.
        reports
            Folder in which the chapter finds the results of others.
        """
        with self._lock:
            stem = self._runtime / f"k{len(self._logs)}"
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
        """Return the last line that the kernel of a run wrote to its own streams, or nothing."""
        log = self._logs[name]
        lines = log.read_text(errors="replace").split("\n") if log.exists() else []
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


@contextmanager
def running_kernels(folder: Path, *, forked: bool = CAN_FORK, names: Iterable[str] = ()) -> Iterator[Kernels]:
    """Yield the kernels of a run; afterwards none is left, nor any file of theirs.

    Parameters
    ----------
    folder
        The working directory of the kernels.
    forked
        Whether they are forked from one process, or each starts on its own.
    names
        Modules, or what they hold, in full, that this process imports ahead for all; what it does not, each does.
    """
    before = os.environ.get("JUPYTER_PREFER_ENV_PATH")
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # this installation's kernel, not one in the home folder
    try:
        with tempfile.TemporaryDirectory(prefix="tr-", ignore_cleanup_errors=True) as runtime:
            kernels = Kernels(Path(runtime), folder, forked=forked, names=names)
            try:
                yield kernels
            finally:
                kernels.stop()
    finally:
        if before is None:
            del os.environ["JUPYTER_PREFER_ENV_PATH"]
        else:
            os.environ["JUPYTER_PREFER_ENV_PATH"] = before
