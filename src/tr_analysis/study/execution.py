"""Running chapters side by side through papermill: each ends as published files, or as where and why it stopped."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, NoReturn

import nbformat
import papermill
from jupyter_client.kernelspec import NoSuchKernel
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError
from tqdm import tqdm

from tr_analysis.errors import ChapterError, StudyError
from tr_analysis.paths import notebooks
from tr_analysis.study import CAN_FORK
from tr_analysis.study.kernels import Kernels, running_kernels
from tr_analysis.study.notebook import imported_modules, read_cells
from tr_analysis.study.plan import Task
from tr_analysis.study.publish import chapter_files, keep_failed, normalise, publish
from tr_analysis.text import headings

_PATIENCE = 600  # seconds that a kernel may take to start: a loaded machine needs many; one that fails says so at once

# What papermill and nbclient log of a failure, the failure's own message says better.
logging.getLogger("papermill").addHandler(logging.NullHandler())


class ExecutionError(ChapterError):
    """A chapter that stopped, where and why; ``notebook`` is what was executed until then, if anything was."""

    def __init__(self, message: str, notebook: NotebookNode | None) -> None:
        super().__init__(message)
        self.notebook = notebook


class KernelError(ExecutionError):
    """A chapter whose kernel died or did not start, whatever its cells say."""


class InterruptionError(StudyError):
    """The run was ended from outside, with Ctrl-C or a signal."""

    def __init__(self, exit_code: int, finished: Sequence[str]) -> None:
        self.exit_code = exit_code
        done = f"; finished and written: {', '.join(finished)}" if finished else ""
        super().__init__(f"interrupted: nothing of the unfinished chapters was written{done}")


class _Terminated(KeyboardInterrupt):
    """SIGTERM, raised where Ctrl-C would be."""


@dataclass(frozen=True)
class RunOutcome:
    """How a task ended: the files written, or the failure (then `files` holds the notebook kept, if any)."""

    task: Task
    seconds: float = 0.0
    files: tuple[Path, ...] = ()
    failure: str = ""


def execute(task: Task, kernels: Kernels, advance: Callable[[], None] = lambda: None) -> NotebookNode:
    """Execute a chapter in a kernel of its own, and call ``advance`` after each cell; nothing is written to disk.

    An `ExecutionError` says which cell failed, a `KernelError` that the kernel died or did not start.
    """
    passed: dict[str, Any] = {}

    def begin(notebook: NotebookNode) -> None:
        passed["notebook"] = notebook

    def enter(cell: NotebookNode, cell_index: int) -> None:
        for heading in headings(cell.source) if cell.cell_type == "markdown" else ():
            passed["heading"] = heading.lstrip("# ")

    def fail(reason: str, kind: type[ExecutionError] = KernelError) -> NoReturn:
        place = f", under “{passed['heading']}”" if "heading" in passed else ""
        raise kind(f"{task.name}{place}: {reason}", passed.get("notebook")) from None

    try:
        executed: NotebookNode = papermill.execute_notebook(
            nbformat.read(task.chapter.path, as_version=4),  # type: ignore[no-untyped-call]
            None,
            parameters=dict(task.given),
            language="python",
            progress_bar=False,
            record_timing=False,
            start_timeout=_PATIENCE,
            on_notebook_start=begin,
            on_cell_start=enter,
            on_cell_executed=lambda **_: advance(),
            **kernels.options(task.name, task.reads),
        )
    except PapermillExecutionError as error:
        first = next(iter(error.evalue.splitlines()), "")
        fail(f"{error.ename}: {first}".removesuffix(": "), ExecutionError)
    except NoSuchKernel as error:
        fail(f"the kernel {error.name} is not installed; set the notebook's kernel to python3")
    except DeadKernelError:
        fail(f"the kernel died while this cell ran{kernels.last_words(task.name)}")
    except RuntimeError as error:
        fail(f"the kernel did not start ({error}){kernels.last_words(task.name)}")
    return executed


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
    done: Callable[[RunOutcome], None] = lambda _: None,
) -> list[RunOutcome]:
    """Run chapters, publish what each yields, and tell how each ended, in the order given; no kernel is left.

    A chapter that loads results of others starts when they are done, before any that comes later in the study. By
    default two more run at a time than there are processors, since each waits for its kernel at times. ``done`` is
    called with each outcome as soon as it is there, in the thread that ran it. After Ctrl-C or SIGTERM an
    `InterruptionError` names the chapters that were written before.
    """
    finished: list[str] = []

    def ended(outcome: RunOutcome) -> None:
        if not outcome.failure:
            finished.append(outcome.task.name)
        done(outcome)

    jobs = min(jobs or 2 + (os.cpu_count() or 1), len(tasks))
    try:
        with (
            _termination(),
            nullcontext(kernels) if kernels else kernels_for(tasks) as opened,
            progress(tasks) as advance,
        ):
            pool = ThreadPoolExecutor(jobs)

            def submit(task: Task) -> Future[RunOutcome]:
                return pool.submit(_run_task, task, opened, lambda: advance(task), ended)

            try:
                return _in_order(tasks, jobs, submit)
            finally:
                opened.stop()
                pool.shutdown(cancel_futures=True)
    except _Terminated:
        raise InterruptionError(143, finished) from None
    except KeyboardInterrupt:
        raise InterruptionError(130, finished) from None


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


@contextmanager
def _termination() -> Iterator[None]:
    """Let SIGTERM end a run as Ctrl-C does; only the main thread receives signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def terminate(*_: object) -> None:
        raise _Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run_task(
    task: Task, kernels: Kernels, advance: Callable[[], None], ended: Callable[[RunOutcome], None]
) -> RunOutcome:
    """Execute and publish one chapter; a failure keeps what was executed and touches nothing else."""
    start = time.monotonic()
    executed: NotebookNode | None = None
    files: tuple[Path, ...] = ()
    failure = ""
    try:
        executed = normalise(execute(task, kernels, advance), task)
        files = publish(task.name, chapter_files(task, executed), task.out)
    except ExecutionError as error:
        executed, failure = error.notebook, str(error)
    except ChapterError as error:
        failure = str(error)
    except OSError as error:
        executed, failure = None, f"{task.name}: {error.strerror}: {error.filename}"
    if failure and executed is not None and not kernels.stopped:
        files = (keep_failed(task.name, executed, task.out),)
    outcome = RunOutcome(task, time.monotonic() - start, files, failure)
    ended(outcome)
    return outcome


@contextmanager
def progress(tasks: Sequence[Task]) -> Iterator[Callable[[Task], None]]:
    """Show a bar over the code cells of all tasks where standard error is a terminal; yield what counts a cell."""
    cells = [cell for task in tasks for cell in read_cells(task.chapter.path)]
    total = sum(cell["cell_type"] == "code" for cell in cells)
    lock = threading.Lock()
    # The name comes last: a narrow screen cuts it.
    layout = "|{bar:24}| {n_fmt}/{total_fmt} cells {elapsed} {desc}"
    with tqdm(total=total, disable=None, leave=False, bar_format=layout, dynamic_ncols=True) as bar:

        def advance(task: Task) -> None:
            with lock:
                bar.set_description_str(task.name, refresh=False)
                bar.update()

        yield advance
