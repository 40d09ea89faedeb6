"""The kernels of one run, forked or started alone: how they are started, what they are told, and how all of them end."""

import math
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from queue import Empty
from typing import Any

import psutil
import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.paths import jupyter_path
from traitlets import default
from traitlets.config import Config

from tr_analysis.paths import REPORTS
from tr_analysis.study import CAN_FORK
from tr_analysis.study.forking import ForkedProvisioner, ForkServer
from tr_analysis.study.workspace import end_processes, environment, workspace

# A Unix socket's path may have about 100 characters; a kernel adds a dozen to its folder's.
LONGEST_FOLDER = 80


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
    """Starts the kernels of a run, which work in a ``folder``; `running_kernels` makes it, and ends them.

    ``private`` is the run's own folder, for sockets, logs and what libraries keep.
    """

    def __init__(self, private: Path, folder: Path, *, forked: bool, names: Iterable[str]) -> None:
        self._private = private
        self._folder = folder
        self._numbers = count()
        self._logs: dict[str, Path] = {}
        self._processes: dict[str, psutil.Process] = {}
        self.stopped = False
        self._server = ForkServer(private, names) if forked else None

    def options(self, name: str, reports: Path) -> dict[str, Any]:
        """Return what papermill passes on to nbclient; ``reports`` is where the chapter finds the results of others."""
        stem = self._private / f"k{next(self._numbers)}"
        self._logs[name] = stem.with_suffix(".log")
        local = zmq.has("ipc") and os.name == "posix" and len(str(self._private)) <= LONGEST_FOLDER
        connection = {"connection_file": f"{stem}.json", "transport": "ipc" if local else "tcp"}
        return {
            "kernel_manager_class": self._manager(name, reports),
            "config": Config(ConnectionFileMixin=connection),
            "shutdown_kernel": "immediate",
        }

    def _manager(self, name: str, reports: Path) -> type[AsyncKernelManager]:
        kernels = self

        class ChapterKernelManager(AsyncKernelManager):
            @default("kernel_spec_manager")
            def _own_kernels(self) -> KernelSpecManager:
                own = str(Path(sys.prefix, "share", "jupyter", "kernels"))
                # None of the home folder in its place; by default this would also ask for IPython's folder there.
                return KernelSpecManager(kernel_dirs=[own, *jupyter_path("kernels")])

            def client(self, **options: Any) -> AsyncKernelClient:  # type: ignore[override]
                self.client_factory = _Client  # here, since nbclient sets its own when it starts
                return super().client(**options)

            async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
                if kernels._server:
                    self.provisioner = ForkedProvisioner(kernel_spec=self.kernel_spec, parent=self)
                    self.provisioner.server = kernels._server
                told = kernel_environment(kernels._private) | {REPORTS: str(reports.resolve())}
                with kernels._logs[name].open("wb") as output:
                    await super().start_kernel(
                        **options, env=told, cwd=str(kernels._folder), stdout=output, stderr=output
                    )
                with suppress(psutil.NoSuchProcess):
                    kernels._processes[name] = psutil.Process(self.provisioner.pid)  # type: ignore[union-attr]
                if kernels.stopped:  # while this one was starting
                    kernels.stop()

        return ChapterKernelManager

    def kill(self, name: str) -> None:
        """End the kernel of one run, if it is there."""
        if process := self._processes.get(name):
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def stop(self) -> None:
        """End every kernel, and what it started, at once; kernels that start later end too."""
        self.stopped = True
        if self._server:
            self._server.close()
        end_processes(self._private)

    def last_words(self, name: str) -> str:
        """Return the last line that the kernel of a run wrote to its own streams, to be put behind a reason."""
        log = self._logs[name]
        lines = log.read_text(errors="replace").split("\n") if log.exists() else []
        words = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f"; its last words: {words}" if words else ""


def kernel_environment(private: Path) -> dict[str, str]:
    """Return the environment of a kernel: ours, but for the backend of plots, which the kernel chooses."""
    inherited = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    return inherited | environment(private)


@contextmanager
def running_kernels(folder: Path, *, forked: bool = CAN_FORK, names: Iterable[str] = ()) -> Iterator[Kernels]:
    """Yield the kernels of a run, which work in a folder; afterwards none is left, nor any file of theirs.

    They are forked from one process, which imports ``names`` ahead for all, or each starts on its own.
    """
    with workspace() as private:
        if not forked:
            _find_fonts(private)
        kernels = Kernels(private, folder, forked=forked, names=names)
        try:
            yield kernels
        finally:
            kernels.stop()


def _find_fonts(private: Path) -> None:
    """Let matplotlib list this machine's fonts once for all kernels: where that takes long, it says so in a notebook."""
    command = [sys.executable, "-c", "import matplotlib.font_manager"]
    subprocess.run(command, env=kernel_environment(private), capture_output=True)
