"""Running chapters side by side: checked before a kernel starts, published whole, ended together."""

import os
import re
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from nbformat import NotebookNode

from tr_analysis.errors import ChapterError, StudyError, UsageError, nearest
from tr_analysis.paths import notebooks, reports, root, sources
from tr_analysis.study.chapters import Chapter, choose, find_chapters
from tr_analysis.study.execute import ExecutionError, execute
from tr_analysis.study.kernels import Kernels, running_kernels
from tr_analysis.study.normalise import normalise
from tr_analysis.study.notebook import read_cells
from tr_analysis.study.parameters import Parameter, parse, read_parameters
from tr_analysis.study.progress import Progress
from tr_analysis.study.publish import chapter_files, keep_failed, publish
from tr_analysis.study.values import Value


class InterruptionError(StudyError):
    """The run was ended from outside, with Ctrl-C or a signal."""

    def __init__(self, exit_code: int) -> None:
        self.exit_code = exit_code
        super().__init__("interrupted: nothing of the unfinished chapters was written")


class _Terminated(KeyboardInterrupt):
    """SIGTERM, raised where Ctrl-C would be."""


@dataclass(frozen=True)
class Task:
    """A chapter to run: the parameters turned, the values of all, and the folder of its files."""

    chapter: Chapter
    given: Mapping[str, Value]
    values: Mapping[str, Value]
    out: Path


@dataclass(frozen=True)
class Outcome:
    """How a chapter ended: the files written, or the failure (then `files` holds the notebook kept)."""

    chapter: str
    out: Path
    seconds: float
    files: tuple[Path, ...]
    failure: str = ""


def plan(
    names: Sequence[str] = (), given: Mapping[str, Any] | None = None, out: Path | None = None
) -> list[Task]:
    """Check chapters, names and values of parameters, and say what is to be run and where it goes.

    With chapters named, each must know every parameter given; otherwise the chapters that know
    any of them are run, and each parameter must be known to one.

    Parameters
    ----------
    names
        Chapters, as `choose` understands them; all when empty.
    given
        Parameters to turn, as text or values.
    out
        Where the files go; by default the project's reports, or a folder of their own under
        ``reports/variants`` when a parameter is turned.

    Raises
    ------
    UsageError
        For an unknown chapter or parameter, a value not allowed, or a folder that is not for results.
    """
    given = given or {}
    if out is not None:
        _refuse_folder(out, turned=bool(given))
    known = {chapter: read_parameters(chapter.path) for chapter in choose(names, find_chapters())}
    _refuse_unknown(known, given, every=bool(names))
    tasks = []
    for chapter, parameters in known.items():
        turned = {p.name: parse(p, given[p.name]) for p in parameters if p.name in given}
        if turned or not given:
            folder = out or (reports() / "variants" / chapter.name / _label(turned) if turned else reports())
            values = {p.name: p.default for p in parameters} | turned
            tasks.append(Task(chapter, turned, values, folder))
    return tasks


def _refuse_folder(out: Path, *, turned: bool) -> None:
    """Refuse to write results over the project's sources, or a variant over the study."""
    here = out.resolve()
    if here == root() or any(here.is_relative_to(folder) for folder in sources()):
        raise UsageError(f"--out {out} is where the project's own files are; name a folder for results")
    if turned and here == reports():
        raise UsageError(f"--out {out} holds the study; leave --out away and the variant gets its own folder")
    existing = next(folder for folder in (here, *here.parents) if folder.exists())
    if not (existing.is_dir() and os.access(existing, os.W_OK)):
        raise UsageError(f"--out {out} cannot be written: {existing} is no folder you may write in")


def _refuse_unknown(
    known: Mapping[Chapter, Sequence[Parameter]], given: Mapping[str, Any], every: bool
) -> None:
    by_chapter = {chapter.name: {p.name for p in parameters} for chapter, parameters in known.items()}
    if not every:
        by_chapter = {"the study": set().union(*by_chapter.values())}
    for chapter, names in by_chapter.items():
        for name in given:
            if name not in names:
                hint = nearest(name, sorted(names)) or f"; it has {', '.join(sorted(names)) or 'none'}"
                raise UsageError(f"{chapter} has no parameter {name}{hint}")


def _label(turned: Mapping[str, Value]) -> str:
    """Return a folder name for a variant: ``reform=2014-06,harmonics=3``."""
    return re.sub(r"[^\w.+=,-]", "-", ",".join(f"{name}={value}" for name, value in turned.items()))


def run(tasks: Sequence[Task], jobs: int | None = None) -> list[Outcome]:
    """Run chapters, publish what each yields, and tell how each ended.

    Parameters
    ----------
    tasks
        What to run, from `plan`.
    jobs
        Chapters at a time; by default one per processor.

    Raises
    ------
    InterruptionError
        After Ctrl-C or SIGTERM; no kernel is left.
    """
    cells = sum(cell["cell_type"] == "code" for task in tasks for cell in read_cells(task.chapter.path))
    jobs = min(jobs or os.cpu_count() or 1, len(tasks))
    try:
        with _termination(), running_kernels(notebooks()) as kernels, closing(Progress(cells)) as progress:
            pool = ThreadPoolExecutor(jobs)
            try:
                futures = [pool.submit(_run_task, task, kernels, progress) for task in tasks]
                return [future.result() for future in futures]
            finally:
                kernels.stop()
                pool.shutdown(cancel_futures=True)
    except _Terminated:
        raise InterruptionError(143) from None
    except KeyboardInterrupt:
        raise InterruptionError(130) from None


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


def _run_task(task: Task, kernels: Kernels, progress: Progress) -> Outcome:
    """Execute and publish one chapter; a failure keeps what was executed and touches nothing else."""
    start, name = time.monotonic(), task.chapter.name
    executed: NotebookNode | None = None
    files: tuple[Path, ...] = ()
    failure = ""
    with progress.running(name):
        try:
            executed = normalise(
                execute(task.chapter, task.given, kernels, progress.advance), name, task.values
            )
            files = publish(name, chapter_files(task.chapter, executed), task.out)
        except ExecutionError as error:
            executed, failure = error.notebook, str(error)
        except ChapterError as error:
            failure = str(error)
        except OSError as error:
            executed, failure = None, f"{name}: {error.strerror}: {error.filename}"
    if failure and executed is not None and not kernels.stopped:
        files = (keep_failed(name, executed, task.out),)
    return Outcome(name, task.out, time.monotonic() - start, files, failure)
