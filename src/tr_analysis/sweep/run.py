"""A sweep from its specifications to its table, on an engine of whatever kind."""

import csv
import io
import json
import shutil
import traceback
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Future,
    wait,
)
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path, PurePath
from typing import Any

from tqdm import tqdm

from tr_analysis.errors import ChapterError, InterruptionError, StudyError, UsageError
from tr_analysis.files import write_files
from tr_analysis.sweep.engines import Engine, EngineError
from tr_analysis.sweep.specify import Call, ChapterTarget, Found, Sweep

_AHEAD = 4  # specifications in flight for each worker, so that none waits for the next
_RECORD = "result.json"


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

    The sweep comes from `specify.read_sweep`, the engine from `engines.processes` or `engines.dask`, or is any other with an executor;
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
