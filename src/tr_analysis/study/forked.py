"""Kernels forked from one process that has imported what chapters need: a start takes no time."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

_LAUNCHER = [sys.executable, "-m", "ipykernel_launcher"]
# Libraries that are imported before there is a kernel ask this what to draw on.
_BACKEND = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}


class ForkServer:
    """Our side of the process that kernels are forked from; it imports while we go on.

    Parameters
    ----------
    folder
        The run's private folder.
    environment
        Its environment, while libraries are imported; each kernel brings its own.
    names
        What it imports, beside what every kernel does.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], names: Iterable[str]) -> None:
        self._lock = threading.Lock()
        self._log = folder / "server.log"
        self._channel, theirs = socket.socketpair()
        self._answers = self._channel.makefile("r", encoding="utf-8")
        module = "tr_analysis.study.fork_server"
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
        """Return the process id of a new kernel.

        Parameters
        ----------
        arguments
            Of ipykernel's launcher.
        folder
            Working directory.
        environment
            All of it.
        log
            Where the kernel's own streams go.

        Raises
        ------
        RuntimeError
            If the server ended.
        """
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


class ForkedKernel:
    """A process that is no child of ours, with what `LocalProvisioner` asks of a `subprocess.Popen`.

    Parameters
    ----------
    pid
        Its id, which is also that of its process group.
    """

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
