"""Running one chapter through papermill: how far it is, what it gave, or where and why it stopped."""

import json
import logging
import math
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import nbformat
import papermill
from jupyter_client.kernelspec import NoSuchKernel
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError
from tqdm import tqdm

from tr_analysis.errors import ChapterError
from tr_analysis.study.kernels import Kernels
from tr_analysis.study.notebook import INJECTED, read_cells
from tr_analysis.study.plan import Task
from tr_analysis.text import headings

_PATIENCE = 600  # seconds that a kernel may take to start: a loaded machine needs many; one that fails says so at once
MOST = 5_000_000
"""Characters of output that a chapter may have; the longest of the study has a fifth of that."""

_SLOW = 5  # seconds after which a cell is named

# What papermill and nbclient log of a failure, the failure's own message says better.
for _name in ("papermill", "traitlets"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


class ExecutionError(ChapterError):
    """A chapter that stopped, where and why; ``notebook`` is what was executed until then, if it is to be kept."""

    def __init__(self, message: str, notebook: NotebookNode | None) -> None:
        super().__init__(message)
        self.notebook = notebook


class KernelError(ExecutionError):
    """A chapter whose kernel died or did not start, whatever its cells say."""


class Progress:
    """Counts cells on a bar, and knows in which cell each chapter is."""

    def __init__(self, bar: "tqdm[None]") -> None:
        self._bar = bar
        self._lock = threading.Lock()
        self._at: dict[str, tuple[str, float]] = {}

    def enter(self, chapter: str, cell: str) -> None:
        """Note that a chapter is at a cell, given in words."""
        with self._lock:
            self._at[chapter] = cell, time.monotonic()

    def advance(self, chapter: str) -> None:
        """Count a cell that ended."""
        with self._lock:
            self._at.pop(chapter, None)
            self._bar.set_description_str(chapter, refresh=False)
            self._bar.update()

    def name_slow(self) -> None:
        """Name the cell that has run longest, if it takes long."""
        with self._lock:
            if self._at:
                chapter, (cell, since) = min(self._at.items(), key=lambda item: item[1][1])
                if (seconds := time.monotonic() - since) > _SLOW:
                    self._bar.set_description_str(f"{chapter}: {seconds:.0f} s in {cell}")


@contextmanager
def progress(tasks: Sequence[Task]) -> Iterator[Progress]:
    """Show a bar over the code cells of some tasks; yield what is told where each of them is."""
    cells = [cell for task in tasks for cell in read_cells(task.chapter.path)]
    total = sum(cell["cell_type"] == "code" for cell in cells)
    # The name comes last: a narrow screen cuts it.
    layout = "|{bar:24}| {n_fmt}/{total_fmt} cells {elapsed} {desc}"
    with tqdm(total=total, disable=None, leave=False, bar_format=layout, dynamic_ncols=True) as bar:
        shown, ended = Progress(bar), threading.Event()

        def watch() -> None:
            while not (bar.disable or ended.wait(1)):
                shown.name_slow()

        watching = threading.Thread(target=watch, daemon=True)
        watching.start()
        try:
            yield shown
        finally:
            ended.set()
            watching.join()


class _Course:
    """Follows an execution: where it stands, and what ends it though no cell failed."""

    def __init__(self, name: str, progress: Progress | None) -> None:
        self._name = name
        self._progress = progress
        self._heading = ""
        self._written = 0
        self._cells: list[NotebookNode] = []
        self.cell = ""
        self.notebook: NotebookNode | None = None

    def begin(self, notebook: NotebookNode) -> None:
        self.notebook = notebook
        self._cells = notebook.cells

    def enter(self, cell: NotebookNode, cell_index: int) -> None:
        """Note where the execution is; cells are counted as in the chapter, without the one that papermill puts in."""
        for heading in headings(cell.source) if cell.cell_type == "markdown" else ():
            self._heading = heading.lstrip("# ")
        before = self._cells[:cell_index]
        number = 1 + sum(INJECTED not in other.metadata.get("tags", []) for other in before)
        first_line = cell.source.strip().partition("\n")[0]
        self.cell = f"cell {number}, `{first_line}`"
        if self._progress and cell.cell_type == "code":
            self._progress.enter(self._name, self.cell)

    def leave(self, cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]) -> None:
        """Count a cell that was executed, and end the chapter where that cell ended it or printed too much."""
        if self._progress:
            self._progress.advance(self._name)
        reply = execute_reply["content"]
        asked = any(part.get("source") == "ask_exit" for part in reply.get("payload", []))
        if asked or reply.get("ename") == "SystemExit":
            self.fail(f"{self.cell} calls exit; let the chapter run to its last cell", ExecutionError)
        self._written += sum(len(json.dumps(output)) for output in cell.outputs)
        if self._written > MOST:
            self.notebook = None  # nobody reads that much
            size, most = (f"{length / 1e6:.0f} MB" for length in (self._written, MOST))
            self.fail(
                f"after {self.cell}, it has {size} of output, more than {most}; print less", ExecutionError
            )

    def fail(self, reason: str, kind: "type[ExecutionError]" = KernelError) -> NoReturn:
        place = f", under “{self._heading}”" if self._heading else ""
        raise kind(f"{self._name}{place}: {reason}", self.notebook) from None


def execute(
    task: Task, kernels: Kernels, *, timeout: float | None = None, progress: Progress | None = None
) -> NotebookNode:
    """Execute a chapter in a kernel of its own, within seconds where a ``timeout`` says so; nothing is written to disk.

    An `ExecutionError` says which cell failed, a `KernelError` that the kernel died or did not start.
    """
    course = _Course(task.name, progress)
    late = threading.Timer(timeout or math.inf, kernels.kill, [task.name])
    late.daemon = True
    if timeout:
        late.start()
    try:
        executed: NotebookNode = papermill.execute_notebook(
            nbformat.read(task.chapter.path, as_version=4),  # type: ignore[no-untyped-call]
            None,
            parameters=dict(task.given),
            language="python",
            progress_bar=False,
            record_timing=False,
            start_timeout=_PATIENCE,
            on_notebook_start=course.begin,
            on_cell_start=course.enter,
            on_cell_executed=course.leave,
            **kernels.options(task.name, task.reads),
        )
    except PapermillExecutionError as error:
        first = next(iter(error.evalue.splitlines()), "")
        course.fail(f"{error.ename}: {first}".removesuffix(": "), ExecutionError)
    except NoSuchKernel as error:
        course.fail(f"the kernel {error.name} is not installed; set the notebook's kernel to python3")
    except DeadKernelError:
        if late.finished.is_set():
            remedy = "mend it, or give the chapter more with --timeout"
            course.fail(
                f"{course.cell} was still running after {timeout:g} seconds; {remedy}", ExecutionError
            )
        course.fail(f"the kernel died while this cell ran{kernels.last_words(task.name)}")
    except RuntimeError as error:
        course.fail(f"the kernel did not start ({error}){kernels.last_words(task.name)}")
    finally:
        late.cancel()
    return executed
