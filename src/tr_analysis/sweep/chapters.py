"""One chapter through the project's own runner, in a worker: the only place that knows of kernels."""

import atexit
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import gettempdir

from tr_analysis.paths import notebooks
from tr_analysis.study.chapters import Chapter
from tr_analysis.study.execute import ExecutionError, KernelError, execute
from tr_analysis.study.kernels import Kernels, running_kernels
from tr_analysis.study.needs import imported_modules
from tr_analysis.study.normalise import normalise
from tr_analysis.study.plan import plan
from tr_analysis.study.publish import chapter_files
from tr_analysis.study.values import Value


class _Worker:
    """The kernels of this process, opened when the first chapter needs them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = ExitStack()
        self._kernels: Kernels | None = None

    def kernels(self, chapter: Chapter) -> Kernels:
        with self._lock:
            if self._kernels is None:
                names = imported_modules(chapter.path)
                self._kernels = self._open.enter_context(running_kernels(notebooks(), names=names))
            return self._kernels

    def close(self) -> None:
        self._kernels = None
        self._open.close()


_worker = _Worker()
atexit.register(_worker.close)


def close_kernels() -> None:
    """End the kernels of this process; those of the next chapter are new."""
    _worker.close()


def run_chapter(name: str, given: Mapping[str, Value], identity: str) -> dict[str, bytes]:
    """Run a chapter in a kernel of its own, and return its files by their place; nothing is written.

    Parameters
    ----------
    name, given
        The chapter and the values of its parameters.
    identity
        The id of the specification, which tells the runs of a process apart.

    Raises
    ------
    ChapterError
        When a cell fails, the kernel dies or does not start, or what the chapter yields is not complete.
    """
    # No file goes to the folder; the planner only sees that one could.
    (task,) = plan([name], given, Path(gettempdir()))
    alias = f"{task.name} {identity}"
    try:
        executed = execute(replace(task, name=alias), _worker.kernels(task.chapter), lambda: None)
    except ExecutionError as error:
        if isinstance(error, KernelError):  # what it was started from may be gone as well
            close_kernels()
        raise type(error)(str(error).replace(alias, task.name, 1), error.notebook) from None
    return chapter_files(task, normalise(executed, task))
