"""How time and memory are measured: medians over repeats, and the most memory held at once."""

import os
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil

_LOOK = 0.5  # seconds between two looks at the memory: each takes time of a processor that is measured


@dataclass(frozen=True)
class Measure:
    """One way of doing one thing at one size.

    Attributes
    ----------
    task, way
        What is done, and how.
    size
        How much of it, in words of the task.
    work
        How much of it, as a number.
    seconds
        Median over the repeats.
    megabytes
        The most memory held at once, by all processes; 0 where it was not measured.
    ours
        Whether this is the project's own way.
    """

    task: str
    way: str
    size: str
    work: float
    seconds: float
    megabytes: float = 0.0
    ours: bool = True


def timed(call: Callable[[], object], repeats: int) -> float:
    """Return the median of the seconds that a call takes."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def watched(call: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Return the median of the seconds that a call takes, and the most megabytes that this and its processes held."""
    most, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK):
            most[0] = max(most[0], _megabytes(os.getpid()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        return timed(call, repeats), most[0]
    finally:
        over.set()
        watcher.join()


def commands(
    calls: Sequence[Sequence[str]], environment: Mapping[str, str], *, watched: bool
) -> tuple[float, float]:
    """Run commands one after the other; return the seconds and, where ``watched``, the megabytes they took.

    Raises
    ------
    RuntimeError
        If one fails, with the end of what it said.
    """
    most, start = 0.0, time.perf_counter()
    for call in calls:
        with subprocess.Popen(
            call, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            # The ends of the commands' words fit into the pipe: they are quiet where nobody watches.
            while watched and process.poll() is None:
                most = max(most, _megabytes(process.pid))
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_LOOK)
            process.wait()
            if process.returncode:
                words = process.stderr.read().decode(errors="replace") if process.stderr else ""
                raise RuntimeError(f"{' '.join(call)} failed: {words[-500:]}")
    return time.perf_counter() - start, most


def _megabytes(pid: int) -> float:
    """Return what a process and its descendants hold; what they share is counted once where the system tells."""
    held = 0
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        for process in [parent, *parent.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                memory = process.memory_full_info()
                held += getattr(memory, "pss", memory.rss)
    return held / 1e6
