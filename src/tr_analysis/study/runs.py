"""Running chapters side by side, in an order in which each finds the results it loads; what they give is published."""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

from nbformat import NotebookNode

from tr_analysis.errors import ChapterError, InterruptionError
from tr_analysis.paths import notebooks
from tr_analysis.study import CAN_FORK
from tr_analysis.study.execution import ExecutionError, Progress, execute, progress
from tr_analysis.study.kernels import Kernels, running_kernels
from tr_analysis.study.notebook import imported_modules
from tr_analysis.study.plan import Task
from tr_analysis.study.publish import chapter_files, keep_failed, normalise, publish


@dataclass(frozen=True)
class RunOutcome:
    """How a task ended: the files written, or the failure (then `files` holds the notebook kept, if any)."""

    task: Task
    seconds: float = 0.0
    files: tuple[Path, ...] = ()
    failure: str = ""


def kernels_for(tasks: Sequence[Task], *, forked: bool = CAN_FORK) -> AbstractContextManager[Kernels]:
    """Return the kernels of a run, to be opened; forked ones come from a process that imports what the tasks need."""
    chapters = dict.fromkeys(task.chapter.path for task in tasks)
    names = dict.fromkeys(name for path in chapters for name in imported_modules(path))
    return running_kernels(notebooks(), forked=forked, names=names)


def run(
    tasks: Sequence[Task],
    jobs: int | None = None,
    *,
    kernels: Kernels | None = None,
    timeout: float | None = None,
    done: Callable[[RunOutcome], None] = lambda _: None,
) -> list[RunOutcome]:
    """Run chapters, publish what each yields, and tell how each ended, in the order given; no kernel is left.

    A chapter that loads results of others starts when they are done, before any that comes later in the study. By
    default two more run at a time than there are processors, since each waits for its kernel at times. One that takes
    more seconds than ``timeout`` fails. ``done`` is called with each outcome as soon as it is there, in the thread that
    ran it. After Ctrl-C an `InterruptionError` names the chapters that were written before.
    """
    finished: list[str] = []

    def work(task: Task, kernels: Kernels, shown: Progress) -> RunOutcome:
        outcome = _run_task(task, kernels, timeout, shown)
        if not outcome.failure:
            finished.append(task.name)
        done(outcome)
        return outcome

    jobs = min(jobs or 2 + (os.cpu_count() or 1), len(tasks) or 1)
    try:
        with nullcontext(kernels) if kernels else kernels_for(tasks) as opened, progress(tasks) as shown:
            pool = ThreadPoolExecutor(jobs)
            try:
                return _in_order(tasks, jobs, lambda task: pool.submit(work, task, opened, shown))
            finally:
                opened.stop()
                pool.shutdown(cancel_futures=True)
    except KeyboardInterrupt:
        written = f"; finished and written: {', '.join(finished)}" if finished else ""
        nothing = "interrupted: nothing of the unfinished chapters was written"
        raise InterruptionError(f"{nothing}{written}") from None


def _in_order(
    tasks: Sequence[Task], jobs: int, submit: Callable[[Task], Future[RunOutcome]]
) -> list[RunOutcome]:
    """Start each task when those before it are done; one whose results are missing takes the rest along."""
    sorter = TopologicalSorter({task.name: task.after for task in tasks})
    sorter.prepare()
    ready: set[str] = set()
    running: dict[Future[RunOutcome], str] = {}
    outcomes: dict[str, RunOutcome] = {}
    while sorter.is_active():
        ready.update(sorter.get_ready())
        for task in [task for task in tasks if task.name in ready]:
            if lost := [name for name in task.after if outcomes[name].failure]:
                reason = f"{task.name}: not run, because it needs the results of {', '.join(lost)}"
                outcomes[task.name] = RunOutcome(task, failure=reason)
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


def _run_task(task: Task, kernels: Kernels, timeout: float | None, shown: Progress) -> RunOutcome:
    """Execute and publish one chapter; a failure keeps what was executed and touches nothing else."""
    start = time.monotonic()
    executed: NotebookNode | None = None
    files: tuple[Path, ...] = ()
    failure = ""
    try:
        executed = normalise(execute(task, kernels, timeout=timeout, progress=shown), task)
        files = publish(task.name, chapter_files(task, executed), task.out)
    except ExecutionError as error:
        executed, failure = error.notebook, str(error)
    except ChapterError as error:
        failure = str(error)
    except OSError as error:
        executed, failure = None, f"{task.name}: {error.strerror}: {error.filename}"
    if failure and executed is not None and not kernels.stopped:
        files = (keep_failed(task.name, executed, task.out),)
    return RunOutcome(task, time.monotonic() - start, files, failure)
