"""One chapter through papermill: an executed notebook, or where and why it stopped."""

import logging
from collections.abc import Callable
from typing import Any

import nbformat
import papermill
from jupyter_client.kernelspec import NoSuchKernel
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from tr_analysis.errors import ChapterError
from tr_analysis.report.prose import headings
from tr_analysis.study.kernels import Kernels
from tr_analysis.study.plan import Task

PATIENCE = 600
"""Seconds that a kernel may take to start: a loaded machine needs many, and one that fails says so at once."""

# What papermill and nbclient log of a failure, the failure's own message says better.
logging.getLogger("papermill").addHandler(logging.NullHandler())


class ExecutionError(ChapterError):
    """A chapter that stopped: the message says where and why.

    Attributes
    ----------
    notebook
        What was executed until then; ``None`` when the kernel never started.
    """

    def __init__(self, message: str, notebook: nbformat.NotebookNode | None) -> None:
        super().__init__(message)
        self.notebook = notebook


class KernelError(ExecutionError):
    """A chapter whose kernel died or did not start, whatever its cells say."""


class _Watch:
    """Follows a notebook through its execution: its cells, and the heading last passed."""

    def __init__(self, name: str, advance: Callable[[], None]) -> None:
        self.notebook: nbformat.NotebookNode | None = None
        self._name = name
        self._heading = ""
        self._advance = advance

    def hooks(self) -> dict[str, Callable[..., None]]:
        return {
            "on_notebook_start": self._start,
            "on_cell_start": self._pass_cell,
            "on_cell_executed": self._executed,
        }

    def _start(self, notebook: nbformat.NotebookNode) -> None:
        self.notebook = notebook

    def _pass_cell(self, cell: nbformat.NotebookNode, cell_index: int) -> None:
        if cell.cell_type == "markdown":
            for heading in headings(cell.source):
                self._heading = heading.lstrip("# ")

    def _executed(self, **_: Any) -> None:
        self._advance()

    def failure(self, reason: str, kind: type[ExecutionError] = ExecutionError) -> ExecutionError:
        place = f", under “{self._heading}”" if self._heading else ""
        return kind(f"{self._name}{place}: {reason}", self.notebook)


def execute(task: Task, kernels: Kernels, advance: Callable[[], None]) -> nbformat.NotebookNode:
    """Execute a chapter in a kernel of its own; nothing is written to disk.

    Parameters
    ----------
    task
        The chapter, the values given to it, and where it reads the results of others.
    kernels
        The run's kernels.
    advance
        Called after each executed cell.

    Raises
    ------
    ExecutionError
        When a cell fails; a `KernelError` when the kernel dies or does not start.
    """
    watch = _Watch(task.name, advance)
    try:
        executed: nbformat.NotebookNode = papermill.execute_notebook(
            nbformat.read(task.chapter.path, as_version=4),  # type: ignore[no-untyped-call]
            None,
            parameters=dict(task.given),
            language="python",
            progress_bar=False,
            record_timing=False,
            start_timeout=PATIENCE,
            **kernels.options(task.name, task.reads),
            **watch.hooks(),
        )
        return executed
    except PapermillExecutionError as error:
        first = next(iter(error.evalue.splitlines()), "")
        raise watch.failure(f"{error.ename}: {first}".removesuffix(": ")) from None
    except NoSuchKernel as error:
        reason = f"the kernel {error.name} is not installed; set the notebook's kernel to python3"
        raise watch.failure(reason, KernelError) from None
    except DeadKernelError:
        reason = _died("the kernel died while this cell ran", kernels, task.name)
        raise watch.failure(reason, KernelError) from None
    except RuntimeError as error:
        reason = _died(f"the kernel did not start ({error})", kernels, task.name)
        raise watch.failure(reason, KernelError) from None


def _died(what: str, kernels: Kernels, name: str) -> str:
    words = kernels.last_words(name)
    return f"{what}; its last words: {words}" if words else what
