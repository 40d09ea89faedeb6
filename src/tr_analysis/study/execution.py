"""Running chapters side by side: checked before a kernel starts, published whole, ended together."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from types import FrameType

from nbformat import NotebookNode

from tr_analysis.errors import ChapterError, StudyError
from tr_analysis.paths import notebooks
from tr_analysis.study import CAN_FORK
from tr_analysis.study.execute import ExecutionError, execute
from tr_analysis.study.kernels import Kernels, running_kernels
from tr_analysis.study.needs import imported_modules
from tr_analysis.study.normalise import normalise
from tr_analysis.study.notebook import read_cells
from tr_analysis.study.plan import Task
from tr_analysis.study.progress import Progress
from tr_analysis.study.publish import chapter_files, keep_failed, publish


class InterruptionError(StudyError):
    """The run was ended from outside, with Ctrl-C or a signal."""

    def __init__(self, exit_code: int, finished: Sequence[str]) -> None:
        self.exit_code = exit_code
        done = f"; finished and written: {', '.join(finished)}" if finished else ""
        super().__init__(f"interrupted: nothing of the unfinished chapters was written{done}")


class _Terminated(KeyboardInterrupt):
    """SIGTERM, raised where Ctrl-C would be."""


@dataclass(frozen=True)
class Outcome:
    """How a task ended: the files written, or the failure (then `files` holds the notebook kept, if any)."""

    task: Task
    seconds: float = 0.0
    files: tuple[Path, ...] = ()
    failure: str = ""


def kernels_for(tasks: Sequence[Task], *, forked: bool = CAN_FORK) -> AbstractContextManager[Kernels]:
    """Return the kernels of a run, to be opened; forked ones come from a process that imports what the tasks need."""
    names = dict.fromkeys(name for task in tasks for name in imported_modules(task.chapter.path))
    return running_kernels(notebooks(), forked=forked, names=names)


def run(
    tasks: Sequence[Task],
    jobs: int | None = None,
    *,
    kernels: Kernels | None = None,
    done: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Run chapters, publish what each yields, and tell how each ended, in the order given.

    A chapter that loads results of others starts when they are done, before any that comes later in the study.

    Parameters
    ----------
    tasks
        What to run, from `plan`.
    jobs
        Chapters at a time; by default two more than there are processors, since each waits for its kernel at times.
    kernels
        Open ones from `kernels_for`, none of which is left either; by default it opens them itself.
    done
        Called with each outcome as soon as it is there, in the thread that ran it.

    Raises
    ------
    InterruptionError
        After Ctrl-C or SIGTERM; no kernel is left. It names the chapters that were written before.
    """
    finished: list[str] = []

    def ended(outcome: Outcome) -> None:
        if not outcome.failure:
            finished.append(outcome.task.name)
        done(outcome)

    cells = sum(cell["cell_type"] == "code" for task in tasks for cell in read_cells(task.chapter.path))
    jobs = min(jobs or 2 + (os.cpu_count() or 1), len(tasks))
    try:
        with (
            _termination(),
            nullcontext(kernels) if kernels else kernels_for(tasks) as opened,
            closing(Progress(cells)) as progress,
        ):
            pool = ThreadPoolExecutor(jobs)
            try:
                return _in_order(
                    tasks, jobs, lambda task: pool.submit(_run_task, task, opened, progress, ended)
                )
            finally:
                opened.stop()
                pool.shutdown(cancel_futures=True)
    except _Terminated:
        raise InterruptionError(143, finished) from None
    except KeyboardInterrupt:
        raise InterruptionError(130, finished) from None


def _in_order(tasks: Sequence[Task], jobs: int, submit: Callable[[Task], "Future[Outcome]"]) -> list[Outcome]:
    """Start each task when those before it are done; one whose results are missing takes the rest along."""
    sorter = TopologicalSorter({task.name: task.after for task in tasks})
    sorter.prepare()
    ready: set[str] = set()
    running: dict[Future[Outcome], str] = {}
    outcomes: dict[str, Outcome] = {}
    while sorter.is_active():
        ready.update(sorter.get_ready())
        for task in [task for task in tasks if task.name in ready]:
            if lost := [name for name in task.after if outcomes[name].failure]:
                reason = f"{task.name}: not run, because it needs the results of {', '.join(lost)}"
                outcomes[task.name] = Outcome(task, failure=reason)
                sorter.done(task.name)
            elif len(running) < jobs:
                running[submit(task)] = task.name
            else:
                continue
            ready.remove(task.name)
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            name = running.pop(future)
            outcomes[name] = future.result()
            sorter.done(name)
    return [outcomes[task.name] for task in tasks]


@contextmanager
def _termination() -> Iterator[None]:
    """Let SIGTERM end a run as Ctrl-C does; only the main thread receives signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def terminate(signum: int, frame: FrameType | None) -> None:
        raise _Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run_task(task: Task, kernels: Kernels, progress: Progress, ended: Callable[[Outcome], None]) -> Outcome:
    """Execute and publish one chapter; a failure keeps what was executed and touches nothing else."""
    start = time.monotonic()
    executed: NotebookNode | None = None
    files: tuple[Path, ...] = ()
    failure = ""
    with progress.running(task.name):
        try:
            executed = normalise(execute(task, kernels, progress.advance), task)
            files = publish(task.name, chapter_files(task, executed), task.out)
        except ExecutionError as error:
            executed, failure = error.notebook, str(error)
        except ChapterError as error:
            failure = str(error)
        except OSError as error:
            executed, failure = None, f"{task.name}: {error.strerror}: {error.filename}"
    if failure and executed is not None and not kernels.stopped:
        files = (keep_failed(task.name, executed, task.out),)
    outcome = Outcome(task, time.monotonic() - start, files, failure)
    ended(outcome)
    return outcome
