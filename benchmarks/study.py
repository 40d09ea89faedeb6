"""The whole study: `tr-analysis run` beside the other ways to execute notebooks, and beside the least it could take."""

import multiprocessing
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from string import ascii_lowercase
from tempfile import TemporaryDirectory

import nbformat
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from benchmarks.measure import Measure, commands
from tr_analysis.paths import ROOT, notebooks, root
from tr_analysis.site import write_site
from tr_analysis.study import SETTINGS
from tr_analysis.study.chapters import new_chapter
from tr_analysis.study.forking import import_all
from tr_analysis.study.notebook import imported_modules
from tr_analysis.study.plan import Task, build_tables, plan

_BIN = Path(sys.executable).parent
_OURS = "tr-analysis run"
_OTHER = "papermill, nbconvert"
_CHAPTERS = ("03-recall", "06-system")
_GROWTH = (2, 20, 200)  # chapters
OPTIONAL = ("nbmake", "jupyter_cache")  # measured where they are installed; Quarto's engine is no package
PARTS, UNCHANGED = "part of the study", "nothing changed"
Calls = list[list[str]]


def measures(*, quick: bool) -> Iterator[Measure]:
    """Yield each way of the whole study, of its chapters alone, and of a run in which nothing changed.

    Then two chapters, quiet and beside as many busy processes as there are processors; chapters by tens; and the parts
    of the study's time. Quick takes two chapters in the place of all. What a reader can change on the pages is a sweep,
    and not among this.
    """
    tasks = plan(_CHAPTERS if quick else ())
    chapters = [task for task in tasks if not task.given]
    size = f"{len(tasks)} notebooks with pages"
    with TemporaryDirectory() as folder:
        whole = _measure("study", _OURS, size, len(tasks), _ours(tasks if quick else []), folder)
        yield whole
        yield _measure(UNCHANGED, _OURS, size, len(tasks), _ours(tasks if quick else []), folder)
        yield from _parts(tasks, whole, Path(folder))
    yield _measure("study", _OTHER, size, len(tasks), _papermill(tasks))
    many = f"{len(chapters)} notebooks"
    for way, calls in {_OURS: _ours(chapters), **_others(chapters)}.items():
        yield _measure("chapters", way, many, len(chapters), calls)
    yield from _beside_others()
    yield from _growth(_GROWTH[:2] if quick else _GROWTH)


def _measure(task: str, way: str, size: str, work: float, calls: Calls, folder: str | None = None) -> Measure:
    """Run commands that write into a folder, and time them once: they take minutes.

    Watching the memory of many processes slows them, so what runs several at a time is timed unwatched, and repeated
    to be watched. What papermill runs is one process at a time, and is watched as it is timed.
    """
    with TemporaryDirectory() as own:

        def run(into: str, *, watched: bool) -> tuple[float, float]:
            return commands(
                [[w.replace("OUT", into) for w in call] for call in calls], SETTINGS, watched=watched
            )

        seconds, megabytes = run(folder or own, watched=way == _OTHER)
        if way != _OTHER:
            _, megabytes = run(folder if folder and task == UNCHANGED else f"{own}/again", watched=True)
    return Measure(task, way, size, work, seconds, megabytes, way == _OURS)


def _ours(tasks: list[Task]) -> Calls:
    return [
        [sys.executable, "-m", "tr_analysis", "run", "--out", "OUT", *(task.chapter.name for task in tasks)]
    ]


def _papermill(tasks: list[Task]) -> Calls:
    calls = []
    for task in tasks:
        notebook, executed = notebooks() / f"{task.chapter.name}.ipynb", f"OUT/{task.name}.ipynb"
        given = [word for name, value in task.given.items() for word in ("-p", name, str(value))]
        calls.append([str(_BIN / "papermill"), "--no-progress-bar", str(notebook), executed, *given])
        calls.append([str(_BIN / "jupyter-nbconvert"), "--log-level=ERROR", "--to", "html", executed])
    return calls


def _others(tasks: list[Task]) -> dict[str, Calls]:
    """Return the commands of the other ways that are installed: they take no parameters, and make no pages."""
    files = [str(task.chapter.path) for task in tasks]
    workers = ["-n", str(os.cpu_count() or 1)]
    ways = {
        "nbmake": [[sys.executable, "-m", "pytest", "-q", "-c", os.devnull, *workers, "--nbmake", *files]],
        "jupyter_cache": [
            ["sh", "-c", f"yes | {_BIN}/jcache notebook -p OUT/cache add {' '.join(files)}"],
            [f"{_BIN}/jcache", "project", "-p", "OUT/cache", "execute", "-t", "600", "-e", "local-parallel"],
        ],
    }
    return {way: calls for way, calls in ways.items() if find_spec(way)}


def _beside_others() -> Iterator[Measure]:
    """Yield two chapters on a quiet machine and on one where every processor has other work."""
    tasks = plan(_CHAPTERS)
    for task, burning in (("two chapters", 0), ("two chapters, busy machine", os.cpu_count() or 1)):
        with _busy(burning):
            for way, calls in {_OURS: _ours(tasks), _OTHER: _papermill(tasks)}.items():
                yield _measure(task, way, "2 notebooks with pages", 2, calls)


@contextmanager
def _busy(processes: int) -> Iterator[None]:
    burning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()


def _growth(sizes: tuple[int, ...]) -> Iterator[Measure]:
    """Yield new chapters as `tr-analysis new` writes them, run with their pages, in numbers that grow tenfold."""
    letters = map("".join, product(ascii_lowercase, repeat=3))
    with TemporaryDirectory() as folder:
        shutil.copytree(root() / "data", Path(folder, "data"))
        shutil.copy(root() / "LICENCE-DATA.md", folder)
        Path(folder, "notebooks").mkdir()
        before, os.environ[ROOT] = os.environ.get(ROOT), folder
        try:
            for size in sizes:
                while len(list(notebooks().glob("*.ipynb"))) < size:
                    new_chapter(f"new{next(letters)}")
                yield _measure("new chapters", _OURS, f"{size} notebooks with pages", size, _ours([]))
        finally:
            os.environ.pop(ROOT)
            os.environ |= {ROOT: before} if before else {}


def _parts(tasks: list[Task], whole: Measure, executed: Path) -> Iterator[Measure]:
    """Yield the processor's seconds of the study's parts, each alone and over all processors, and what is left."""
    names = list(dict.fromkeys(name for task in tasks for name in imported_modules(task.chapter.path)))
    pages = sorted(executed.glob("*.ipynb"))
    imports = names, ["tr_analysis.site", "tr_analysis.study.runs"]  # of the kernels, and of the run
    parts = {
        "imports": sum(map(_of_imports, imports)),
        "tables": _of_call(build_tables, ["tr_analysis.data.pipeline.check"]),
        "cells": sum(_of_call(_cells(task), names) for task in tasks),
        "pages": _of_call(lambda: write_site(pages, executed / "again"), []),
    }
    spread = {part: seconds / (os.cpu_count() or 1) for part, seconds in parts.items()}
    spread["kernels, messages, waiting"] = whole.seconds - sum(spread.values())
    for part, seconds in spread.items():
        yield Measure(PARTS, part, whole.size, 0, seconds, ours=False)


def _of_imports(names: list[str]) -> float:
    code = "import sys, time; from tr_analysis.study.forking import import_all; import_all(sys.argv[1:])"
    command = [sys.executable, "-c", f"{code}; print(time.process_time())", *names]
    return float(subprocess.check_output(command, env=os.environ | SETTINGS))


def _of_call(call: Callable[[], object], names: list[str]) -> float:
    """Return the processor's seconds of a call in a process of its own, which has imported what the call needs."""
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)

    def work() -> None:
        import_all(names)
        begun = time.process_time()
        call()
        send.send(time.process_time() - begun)

    process = context.Process(target=work)
    process.start()
    send.close()
    seconds = float(receive.recv())  # an EOFError where the call failed
    process.join()
    return seconds


def _cells(task: Task) -> Callable[[], None]:
    """Return what runs the cells of a notebook, and nothing else."""
    cells = nbformat.read(task.chapter.path, as_version=4).cells

    def run() -> None:
        shell = InteractiveShell.instance()
        with capture_output():
            for cell in cells:
                if cell.cell_type == "code":
                    shell.run_cell(cell.source, store_history=False).raise_error()
                if "parameters" in cell.metadata.get("tags", ()):
                    shell.push(dict(task.given))

    return run
