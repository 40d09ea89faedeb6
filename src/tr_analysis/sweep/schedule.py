"""Handing specifications to workers: few at a time, cheap ones together, and again when a worker is lost."""

from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait

from tr_analysis.errors import StudyError
from tr_analysis.sweep.engines import Engine, EngineError
from tr_analysis.sweep.targets import Target
from tr_analysis.sweep.worker import Call, Ending, work

_AHEAD = 2  # chunks in flight for each worker, so that none waits for the next
_SECONDS = 0.25  # what a chunk should take
_LARGEST = 200
_LOSSES = 3  # of a specification that ran alone, after which it is to blame itself
_HOPELESS = 12  # losses in a row, after which it is the workers


class Backlog:
    """What is still to be run.

    When a worker is lost, what was in flight is suspect, and runs again alone, one after the other: so the one
    that ends its worker is found, and the others are not blamed.

    Parameters
    ----------
    calls
        What is to be run.
    workers
        How many run at a time.
    """

    def __init__(self, calls: Iterable[Call], workers: int) -> None:
        self._calls = deque(calls)
        self._suspects: deque[Call] = deque()
        self._losses: Counter[str] = Counter()
        self._in_a_row = 0
        self._alone = False
        self._workers = workers
        self._size = 1

    def __bool__(self) -> bool:
        return bool(self._calls or self._suspects)

    def chunk(self, running: int) -> list[Call]:
        """Return what to hand over next, given how many chunks are in flight; nothing when that is enough."""
        if self._alone or (self._suspects and running) or running >= _AHEAD * self._workers:
            return []
        if self._suspects:
            self._alone = True
            return [self._suspects.popleft()]
        fair = -(-len(self._calls) // (_AHEAD * self._workers))
        return [self._calls.popleft() for _ in range(min(self._size, fair))]

    def done(self, endings: list[Ending], seconds: float) -> list[Ending]:
        """Take note of a finished chunk, and of how many of its kind make a good one."""
        self._alone = False
        self._in_a_row = 0
        self._size = max(1, min(_LARGEST, int(_SECONDS * len(endings) / max(seconds, 1e-9))))
        return endings

    def lost(self, chunk: list[Call]) -> list[Ending]:
        """Take a chunk back whose worker was lost; return as failed what was lost too often alone.

        Raises
        ------
        EngineError
            When no worker stays.
        """
        self._in_a_row += 1
        if self._in_a_row >= _HOPELESS + _AHEAD * self._workers:
            raise EngineError("every worker is lost before it gives a result; see that they have memory")
        if self._alone:
            self._alone = False
            (call,) = chunk
            self._losses[call.id] += 1
            if self._losses[call.id] >= _LOSSES:
                return [
                    Ending(call, failure=f"lost: its worker was killed {_LOSSES} times; memory is one reason")
                ]
        self._suspects.extend(chunk)
        return []


def collect(target: Target, version: str, calls: Iterable[Call], engine: Engine) -> Generator[Ending]:
    """Run specifications on an engine and yield how each ended, as they end.

    Parameters
    ----------
    target, version
        What is run, and the version that every worker must have.
    calls
        The specifications.
    engine
        Where.

    Raises
    ------
    EngineError
        If the engine itself goes away, or it lacks what this machine has.
    OtherVersionError
        If a worker has another version.
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
