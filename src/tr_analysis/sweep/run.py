"""A sweep from its specifications to its table: what is there is kept, the rest is run, each published as it ends."""

from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from tr_analysis.errors import StudyError
from tr_analysis.sweep.engines import Ending, Engine, EngineError, work
from tr_analysis.sweep.specify import Call, Sweep
from tr_analysis.sweep.store import Store
from tr_analysis.sweep.targets import Target

_AHEAD = 2  # chunks in flight for each worker, so that none waits for the next
_SECONDS = 0.25  # what a chunk should take
_LARGEST = 200
_LOSSES = 3  # of a specification that ran alone, after which it is to blame itself
_HOPELESS = 12  # losses in a row, after which it is the workers


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
    store = Store(out)
    failures: dict[str, str] = {}
    with store.opened():
        todo = [call for call in calls if not store.kept(call)]
        with (
            tqdm(total=len(calls), initial=len(calls) - len(todo), unit=" runs", disable=None) as bar,
            closing(collect(sweep.target, version, todo, engine)) as endings,
        ):
            try:
                for ending in endings:
                    store.publish(ending)
                    if ending.failure:
                        failures[ending.call.id] = ending.failure
                    bar.update()
            except KeyboardInterrupt:
                raise SweepInterruptedError("interrupted: what is done is kept; run again to go on") from None
        first = next((failures[call.id] for call in calls if call.id in failures), "")
        return Tally(len(calls), len(todo), len(failures), first, store.write_table(calls, sweep.findings))


class Backlog:
    """What is still to be run: few at a time, cheap ones together.

    When a worker is lost, what was in flight is suspect, and runs again alone, one after the other: so the one
    that ends its worker is found, and the others are not blamed.
    """

    def __init__(self, calls: Iterable[Call], workers: int) -> None:
        self._calls = deque(calls)
        self._suspects: deque[Call] = deque()
        self._losses: Counter[str] = Counter()
        self._in_a_row = 0
        self._alone = False
        self._most = _AHEAD * workers
        self._size = 1

    def __bool__(self) -> bool:
        return bool(self._calls or self._suspects)

    def chunk(self, running: int) -> list[Call]:
        """Return what to hand over next, given how many chunks are in flight; nothing when that is enough."""
        if self._alone or (self._suspects and running) or running >= self._most:
            return []
        if self._suspects:
            self._alone = True
            return [self._suspects.popleft()]
        fair = -(-len(self._calls) // self._most)
        return [self._calls.popleft() for _ in range(min(self._size, fair))]

    def done(self, endings: list[Ending], seconds: float) -> list[Ending]:
        """Take note of a finished chunk, and of how many of its kind make a good one."""
        self._alone = False
        self._in_a_row = 0
        self._size = max(1, min(_LARGEST, int(_SECONDS * len(endings) / max(seconds, 1e-9))))
        return endings

    def lost(self, chunk: list[Call]) -> list[Ending]:
        """Take a chunk back whose worker was lost; return as failed what was lost too often alone."""
        self._in_a_row += 1
        if self._in_a_row >= _HOPELESS + self._most:
            raise EngineError("every worker is lost before it gives a result; see that they have memory")
        if self._alone:
            self._alone = False
            (call,) = chunk
            self._losses[call.id] += 1
            if self._losses[call.id] >= _LOSSES:
                words = f"lost: its worker was killed {_LOSSES} times; memory is one reason"
                return [Ending(call, failure=words)]
        self._suspects.extend(chunk)
        return []


def collect(target: Target, version: str, calls: Iterable[Call], engine: Engine) -> Generator[Ending]:
    """Run specifications on an engine and yield how each ended, as they end.

    Raises
    ------
    EngineError
        If the engine itself goes away, or it lacks what this machine has.
    OtherVersionError
        If a worker has another version than this one.
    """
    backlog = Backlog(calls, engine.workers)
    while backlog:
        with engine.executor() as executor:
            yield from _session(executor, target, version, backlog, engine)


def _session(
    executor: Executor, target: Target, version: str, backlog: Backlog, engine: Engine
) -> Iterator[Ending]:
    """Run until all is done, or the executor is broken."""
    running: dict[Future[tuple[list[Ending], float]], list[Call]] = {}
    broken = False
    while True:
        while not broken and (chunk := backlog.chunk(len(running))):
            try:
                running[executor.submit(work, target, version, chunk)] = chunk
            except engine.losses:
                broken = True
                yield from backlog.lost(chunk)
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            chunk = running.pop(future)
            try:
                yield from backlog.done(*future.result())
            except engine.losses as error:
                broken = broken or isinstance(error, BrokenExecutor)
                yield from backlog.lost(chunk)
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
