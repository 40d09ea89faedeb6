"""Waiting for what other processes do."""

import time
from collections.abc import Callable

import psutil

LIMIT = 120
"""Seconds after which nothing more is waited for: no measure of speed, only against waiting for ever."""


def is_gone(pid: int) -> bool:
    """Tell whether a process ended; it may still wait for the system to take it away."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def descendants(pid: int | None = None) -> set[int]:
    """Return the processes that one, or this one, started, and those that these started."""
    return {process.pid for process in psutil.Process(pid).children(recursive=True)}


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait for what takes however long."""
    until = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)
