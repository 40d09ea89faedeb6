"""Where a sweep runs, processes of this machine or a Dask scheduler with workers on many, and what a worker does."""

import importlib
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import PurePath
from typing import Any

from tr_analysis.errors import ChapterError, StudyError
from tr_analysis.study import SETTINGS
from tr_analysis.sweep.specify import Call
from tr_analysis.sweep.targets import Found, Target, close_kernels

_PACKAGE = "tr-analysis"
_PATIENCE = 10  # seconds in which a scheduler has to answer, and a worker to end


class EngineError(StudyError):
    """Nothing can run there: no scheduler, no workers, or no library to reach them."""

    exit_code = 3


class OtherVersionError(StudyError):
    """A worker has other code, tables or libraries than the sweep was planned with."""


@dataclass(frozen=True)
class Engine:
    """How many specifications run at a time, what opens the executor, and what futures raise for a lost worker.

    The executor is opened again when all its workers were lost.
    """

    workers: int
    executor: Callable[[], AbstractContextManager[Executor]]
    losses: tuple[type[BaseException], ...] = (BrokenExecutor,)


@dataclass(frozen=True)
class Ending:
    """How a specification ended: what it found and its files, or a failure in one line."""

    call: Call
    found: Found = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    failure: str = ""


def processes(jobs: int | None = None) -> Engine:
    """Return an engine of processes on this machine, each started afresh; by default one per processor."""
    jobs = jobs or os.cpu_count() or 1
    return Engine(jobs, lambda: _pool(jobs))


@contextmanager
def _pool(jobs: int) -> Iterator[Executor]:
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")  # a forked process would share locks and sockets with this
    with tempfile.TemporaryDirectory(prefix="tr-", ignore_cleanup_errors=True) as place:
        executor = ProcessPoolExecutor(jobs, context, initializer=_start_worker, initargs=(place,))
        try:
            yield executor
            executor.shutdown()
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
            ours = set(multiprocessing.active_children()) - others
            for process in ours:
                process.terminate()
            for process in ours:
                process.join(_PATIENCE)
                process.kill()


@contextmanager
def dask(scheduler: str) -> Iterator[Engine]:
    """Yield an engine of the workers of a Dask scheduler, given its address, ``tcp://host:port``.

    Raises
    ------
    EngineError
        If distributed is not installed, the scheduler does not answer, has no workers, or one of them lacks this
        package: it would end as soon as it was asked, and the sweep wait for ever.
    """
    with _client(scheduler) as client:
        from distributed import KilledWorker

        workers = sum(client.nthreads().values())
        if not workers:
            raise EngineError(
                f"the scheduler {scheduler} has no workers; start some with `dask worker {scheduler}`"
            )
        installed = client.run(version, _PACKAGE, on_error="return")
        if lacking := [place for place, found in installed.items() if isinstance(found, Exception)]:
            raise EngineError(
                f"no {_PACKAGE} is installed for {', '.join(lacking)}; install there what this machine has, "
                "and start the workers again"
            )

        @contextmanager
        def executor() -> Iterator[Executor]:
            opened = client.get_executor(pure=False)
            try:
                yield opened
            finally:
                opened.shutdown(wait=False)

        yield Engine(workers, executor, (KilledWorker,))


@contextmanager
def _client(scheduler: str) -> Iterator[Any]:
    try:
        distributed = importlib.import_module("distributed")
    except ModuleNotFoundError:
        raise EngineError(
            "--scheduler needs the library distributed: install it with `pip install 'tr-analysis[cluster]'`"
        ) from None
    try:
        client = distributed.Client(scheduler, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise EngineError(
            f"no scheduler answers at {scheduler} ({type(error).__name__}); "
            "start one with `dask scheduler`, and give its address as tcp://host:port"
        ) from None
    with client:
        yield client


def work(target: Target, version: str, call: Call) -> Ending:
    """Run a specification in a worker and tell how it ended; a failure is a result too, and stops no other.

    Raises
    ------
    OtherVersionError
        If this worker would compute something else than the others.
    """
    if _version(target) != version:
        raise OtherVersionError(
            f"a worker has other code, tables or libraries for {target.name} than this machine: "
            "install the same everywhere, start the workers again, and run again"
        )
    try:
        return Ending(call, *target.run(call.arguments))
    except ChapterError as error:  # says itself where
        return Ending(call, failure=" ".join(str(error).split()))
    except (Exception, SystemExit) as error:
        words = " ".join(f"{type(error).__name__}: {error}".split())
        below = traceback.extract_tb(error.__traceback__)[2:]  # the first two are ours
        places = [f"{PurePath(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in below]
        return Ending(call, failure=" | ".join([words, *places[-3:]]))


_version = cache(lambda target: target.version())


def _start_worker(place: str) -> None:
    """Prepare a process of a local pool: quiet at Ctrl-C, and nothing is left of it however it ends."""
    os.environ.update(SETTINGS)
    tempfile.tempdir = place
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the sweep ends its workers itself
    signal.signal(signal.SIGTERM, lambda *_: _leave())
    threading.Thread(target=_follow_parent, args=(place,), daemon=True).start()


def _follow_parent(place: str) -> None:
    """End when the sweep was killed, and take its folder along."""
    if parent := multiprocessing.parent_process():
        parent.join()
        close_kernels()
        shutil.rmtree(place, ignore_errors=True)
        os._exit(1)


def _leave() -> None:
    close_kernels()
    os._exit(128 + signal.SIGTERM)
