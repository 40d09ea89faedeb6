"""A sweep from its specifications to its table: what is there is kept, the rest is run, each published as it ends."""

import csv
import io
import json
import shutil
from collections import Counter, deque
from collections.abc import Generator, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from tr_analysis.errors import StudyError, UsageError
from tr_analysis.files import write_files
from tr_analysis.sweep.engines import Ending, Engine, EngineError, work
from tr_analysis.sweep.specify import Call, Sweep
from tr_analysis.sweep.targets import Target

_AHEAD = 4  # specifications in flight for each worker, so that none waits for the next
_LOSSES = 3  # of a specification that ran alone, after which it is to blame itself
_HOPELESS = 12  # losses in a row, after which it is the workers
_RECORD = "result.json"


class SweepInterruptedError(StudyError):
    """A sweep that was ended with Ctrl-C."""

    exit_code = 130


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

    The sweep comes from `specify.read_sweep`, the engine from `engines`, or any other with an executor; ``out`` is the
    folder of the results.

    Raises
    ------
    SweepInterruptedError
        After Ctrl-C: what is done is kept, and no worker is left.
    StudyError
        As in `collect`, or when two specifications are the same.
    """
    version = sweep.target.version()
    calls = sweep.calls(version)
    runs = out / "runs"
    try:
        runs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}; name another with --out") from None
    todo = [call for call in calls if not _is_done(_record(runs, call), call)]
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
            raise SweepInterruptedError("interrupted: what is done is kept; run again to go on") from None
    first = next((failures[call.id] for call in calls if call.id in failures), "")
    return Tally(len(calls), len(todo), len(failures), first, _write_table(calls, runs))


def collect(target: Target, version: str, calls: Iterable[Call], engine: Engine) -> Generator[Ending]:
    """Run specifications on an engine and yield how each ended, as they end.

    When a worker is lost, what was in flight is suspect, and runs again alone, one after the other: so the one
    that ends its worker is found, and the others are not blamed.

    Raises
    ------
    EngineError
        If the engine itself goes away, or it lacks what this machine has.
    OtherVersionError
        If a worker has another version than this one.
    """
    waiting, suspects = deque(calls), deque[Call]()
    losses: Counter[str] = Counter()
    in_a_row = 0
    while waiting or suspects:
        alone = bool(suspects)
        todo, most = (suspects, 1) if alone else (waiting, _AHEAD * engine.workers)
        lost: list[Call] = []
        with engine.executor() as executor:
            for ending in _session(executor, target, version, todo, most, engine.losses, lost):
                in_a_row = 0
                yield ending
        in_a_row += bool(lost)
        if in_a_row >= _HOPELESS:
            raise EngineError("every worker is lost before it gives a result; see that they have memory")
        for call in lost:
            losses[call.id] += alone
            if losses[call.id] >= _LOSSES:
                words = f"lost: its worker was killed {_LOSSES} times; memory is one reason"
                yield Ending(call, failure=words)
            else:
                suspects.append(call)


def _session(
    executor: Executor,
    target: Target,
    version: str,
    todo: deque[Call],
    most: int,
    losses: tuple[type[BaseException], ...],
    lost: list[Call],
) -> Generator[Ending]:
    """Take from what is to do until all is done or the executor is broken; note what was lost with a worker."""
    running: dict[Future[Ending], Call] = {}
    broken = False
    while running or (todo and not broken):
        while todo and not broken and len(running) < most:
            call = todo.popleft()
            try:
                running[executor.submit(work, target, version, call)] = call
            except losses:
                broken = True
                lost.append(call)
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            call = running.pop(future)
            try:
                yield future.result()
            except losses as error:
                broken = broken or isinstance(error, BrokenExecutor)
                lost.append(call)
            except CancelledError:
                raise EngineError(
                    "the scheduler went away; what is done is kept: run again to go on"
                ) from None
            except StudyError:
                raise
            except Exception as error:  # what is run never raises: a failure of its own is one of its endings
                words = " ".join(str(error).partition("\n")[0].split())
                raise EngineError(
                    f"the scheduler or a worker cannot run this ({type(error).__name__}: {words}): install on every "
                    "machine what this one has, start scheduler and workers again, and run again"
                ) from error


def _record(runs: Path, call: Call) -> dict[str, Any] | None:
    try:
        record: dict[str, Any] = json.loads((runs / call.id / _RECORD).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return record


def _is_done(record: dict[str, Any] | None, call: Call) -> bool:
    """Tell whether a specification ran with the same seed, and without a failure."""
    return record is not None and not record["failure"] and record["arguments"] == call.arguments


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
    shutil.rmtree(runs / call.id, ignore_errors=True)  # of a run that failed, or had another seed
    write_files(runs / call.id, ending.files | {_RECORD: f"{text}\n".encode()})


def _write_table(calls: Sequence[Call], runs: Path) -> Path:
    """Write a row for each specification that ended, in the order given: id, parameters, what was found, failure.

    What was found under the name of a parameter is called ``<name>_found``.
    """
    rows = [(call, record) for call in calls if (record := _record(runs, call))]
    given = _union(call.arguments for call, _ in rows)
    found = _union(record["outcome"] for _, record in rows)
    taken = {"id", "failure", *given}
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["id", *given, *(f"{n}_found" if n in taken else n for n in found), "failure"])
    for call, record in rows:
        parameters = [_written(call.arguments.get(name)) for name in given]
        outcome = [_written(record["outcome"].get(name)) for name in found]
        table.writerow([call.id, *parameters, *outcome, record["failure"]])
    (path,) = write_files(runs.parent, {"table.csv": text.getvalue().encode()})
    return path


def _union(tables: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names in some tables, in the order in which they first appear."""
    return list(dict.fromkeys(name for table in tables for name in table))


def _written(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
