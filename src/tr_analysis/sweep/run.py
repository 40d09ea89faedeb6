"""A sweep from its specifications to its table, on processes of this machine or on the workers of a Dask scheduler."""

import csv
import io
import json
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module, metadata
from itertools import islice
from pathlib import Path, PurePath
from typing import Any

from tqdm import tqdm

from tr_analysis.errors import ChapterError, InterruptionError, StudyError, UsageError
from tr_analysis.files import write_files
from tr_analysis.study.workspace import environment, workspace
from tr_analysis.sweep.specify import Call, ChapterTarget, Found, Sweep, close_kernels

_PACKAGE = "tr-analysis"
_PATIENCE = 10  # seconds in which a scheduler has to answer, and a worker to end
_AHEAD = 4  # specifications in flight for each worker, so that none waits for the next
_RECORD = "result.json"


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
        installed = client.run(metadata.version, _PACKAGE, on_error="return")
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
        distributed = import_module("distributed")
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


class OtherVersionError(StudyError):
    """A worker has other code, tables or libraries than the sweep was planned with."""


@dataclass(frozen=True)
class Ending:
    """How a specification ended: what it found and its files, or a failure in one line."""

    call: Call
    found: Found = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    failure: str = ""


def work(target: ChapterTarget, version: str, call: Call) -> Ending:
    """Run a specification in a worker and tell how it ended; a failure is a result too, and stops no other.

    A worker that would compute something else than the others is an `OtherVersionError`.
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
    except (Exception, SystemExit) as error:  # of the chapter's own code, where only a part of it is run
        last = traceback.extract_tb(error.__traceback__)[-1]
        words = " ".join(f"{type(error).__name__}: {error}".split())
        return Ending(call, failure=f"{words} | {PurePath(last.filename).name}:{last.lineno} in {last.name}")


_version = cache(lambda target: target.version())


@dataclass(frozen=True)
class Tally:
    """What a sweep came to: how many specifications there are, ran now and failed, the first failure, the table."""

    specifications: int
    ran: int
    failed: int
    first_failure: str
    table: Path


def run_sweep(sweep: Sweep, engine: Engine, out: Path) -> Tally:
    """Run the specifications that are not done yet, publish each as it ends, and write the table.

    The sweep comes from `specify.read_sweep`, the engine from `processes` or `dask`, or is any other with an executor;
    ``out`` is the folder of the results. After Ctrl-C, an `InterruptionError`, what is done is kept, and no worker
    is left.
    """
    version = sweep.target.version()
    calls = sweep.calls(version)
    runs = out / "runs"
    try:
        runs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}; name another with --out") from None
    todo = [call for call in calls if (_record(runs, call) or {"failure": True})["failure"]]
    failures: dict[str, str] = {}
    with (
        tqdm(total=len(calls), initial=len(calls) - len(todo), unit=" runs", disable=None) as bar,
        closing(collect(sweep.target, version, todo, engine)) as endings,
    ):
        try:
            for ending in endings:
                _publish(ending, runs)
                if ending.failure:
                    failures[ending.call.id] = ending.failure
                bar.update()
        except KeyboardInterrupt:
            raise InterruptionError("interrupted: what is done is kept; run again to go on") from None
    first = next((failures[call.id] for call in calls if call.id in failures), "")
    return Tally(len(calls), len(todo), len(failures), first, _write_table(calls, runs))


def collect(target: ChapterTarget, version: str, calls: Iterable[Call], engine: Engine) -> Generator[Ending]:
    """Run specifications on an engine and yield how each ended, as they end.

    An `EngineError` says that the engine or a worker went away or lacks what this machine has, an `OtherVersionError`
    that a worker has another version.
    """
    waiting = iter(calls)
    running: set[Future[Ending]] = set()
    try:
        with engine.executor() as executor:
            while True:
                few = islice(waiting, _AHEAD * engine.workers - len(running))
                running |= {executor.submit(work, target, version, call) for call in few}
                if not running:
                    return
                ended, running = wait(running, return_when=FIRST_COMPLETED)
                for future in ended:
                    yield _ending(future)
    except BrokenExecutor:
        raise EngineError(
            "a worker was killed, perhaps because memory ran out; what is done is kept: run again to go on, with fewer --jobs"
        ) from None


def _ending(future: Future[Ending]) -> Ending:
    try:
        return future.result()
    except (StudyError, BrokenExecutor):
        raise
    except CancelledError:
        raise EngineError("the scheduler went away; what is done is kept: run again to go on") from None
    except Exception as error:  # what is run never raises: a failure of its own is one of its endings
        words = " ".join(str(error).partition("\n")[0].split())
        raise EngineError(
            f"the scheduler or a worker cannot run this ({type(error).__name__}: {words}): install on every machine "
            "what this one has, start scheduler and workers again, and run again"
        ) from error


def _record(runs: Path, call: Call) -> dict[str, Any] | None:
    try:
        record: dict[str, Any] = json.loads((runs / call.id / _RECORD).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return record


def _publish(ending: Ending, runs: Path) -> None:
    """Put what a specification gave in place, all or nothing; its record comes last, and says that all is there."""
    call = ending.call
    record = {
        "id": call.id,
        "arguments": call.arguments,
        "outcome": ending.found,
        "failure": ending.failure,
    }
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
    shutil.rmtree(runs / call.id, ignore_errors=True)  # of a run that failed
    write_files(runs / call.id, ending.files | {_RECORD: f"{text}\n".encode()})


def _write_table(calls: Sequence[Call], runs: Path) -> Path:
    """Write a row for each specification that ended, in the order given: id, parameters, what was found, failure.

    What was found under the name of a parameter is called ``<name>_found``.
    """
    rows = []
    for call in calls:
        if record := _record(runs, call):
            taken = {"id", "failure", *call.arguments}
            found = {f"{name}_found" if name in taken else name: v for name, v in record["outcome"].items()}
            written = {name: _written(value) for name, value in (call.arguments | found).items()}
            rows.append({"id": call.id} | written | {"failure": record["failure"]})
    columns = dict.fromkeys(name for row in rows for name in row if name != "failure")
    text = io.StringIO()
    table = csv.DictWriter(text, [*columns, "failure"], restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    (path,) = write_files(runs.parent, {"table.csv": text.getvalue().encode()})
    return path


def _written(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
