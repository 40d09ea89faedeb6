"""Where sweeps run: on processes of this machine, or on the workers of a Dask scheduler."""

import importlib
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tr_analysis.errors import StudyError
from tr_analysis.study.workspace import environment, workspace
from tr_analysis.sweep.specify import close_kernels

_PACKAGE = "tr-analysis"
_PATIENCE = 10  # seconds in which a scheduler has to answer, and a worker to end


class EngineError(StudyError):
    """Nothing can run there: no scheduler, no workers, or no library to reach them."""

    exit_code = 3


@dataclass(frozen=True)
class Engine:
    """How many specifications run at a time, and what opens the executor."""

    workers: int
    executor: Callable[[], AbstractContextManager[Executor]]


def processes(jobs: int | None = None) -> Engine:
    """Return an engine of processes on this machine, each started afresh; by default one per processor."""
    jobs = jobs or os.cpu_count() or 1
    return Engine(jobs, lambda: _pool(jobs))


def engine_of(jobs: int | None, scheduler: str | None) -> AbstractContextManager[Engine]:
    """Return the engine that a command was asked for, to be opened: of a scheduler if one is named, else of processes."""
    return dask(scheduler) if scheduler else nullcontext(processes(jobs))


@contextmanager
def _pool(jobs: int) -> Iterator[Executor]:
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")  # a forked process would share locks and sockets with this
    with workspace() as place:
        executor = ProcessPoolExecutor(jobs, context, initializer=_start_worker, initargs=(str(place),))
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


def _start_worker(place: str) -> None:
    """Prepare a process of a local pool: quiet at Ctrl-C, and nothing is left of it however it ends."""
    os.environ.update(environment(Path(place)))
    tempfile.tempdir = place
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the sweep ends its workers itself
    threading.Thread(target=_follow_parent, args=(place,), daemon=True).start()


def _follow_parent(place: str) -> None:
    """End when the sweep was killed, and take its folder along."""
    if parent := multiprocessing.parent_process():
        parent.join()
        close_kernels()
        shutil.rmtree(place, ignore_errors=True)
        os._exit(1)


@contextmanager
def dask(scheduler: str) -> Iterator[Engine]:
    """Yield an engine of the workers of a Dask scheduler, given its address, ``tcp://host:port``.

    An `EngineError` says that distributed is not installed, or that the scheduler does not answer, has no workers, or one
    without this package: it would end as soon as it was asked, and the sweep wait for ever.
    """
    with _client(scheduler) as client:
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

        yield Engine(workers, executor)


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
