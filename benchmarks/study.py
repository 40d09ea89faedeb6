"""The whole study: `tr-analysis run` beside the other ways to execute notebooks, and beside the least it could take."""

import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat

from benchmarks.measure import Measure, commands
from tr_analysis.paths import notebooks
from tr_analysis.study import SETTINGS
from tr_analysis.study.plan import Task, plan

_BIN = Path(sys.executable).parent
_OURS = "tr-analysis run"
_CHAPTERS = ("03-recall", "06-system")
OPTIONAL = ("nbmake", "jupyter_cache")  # measured where they are installed; Quarto's engine is no package
Calls = list[list[str]]


def measures(*, quick: bool) -> Iterator[Measure]:
    """Yield each way of the whole study, of its chapters alone, and of a run in which nothing changed.

    Quick takes two chapters in the place of all. What a reader can change on the pages is a sweep, and not among this.
    """
    tasks = plan(_CHAPTERS if quick else ())
    chapters = [task for task in tasks if not task.given]
    ours = {"study": _ours(tasks if quick else []), "chapters": _ours(chapters)}
    ways = {
        ("study", _OURS): ours["study"],
        ("study", "papermill, nbconvert"): _papermill(tasks),
        ("chapters", _OURS): ours["chapters"],
        **{("chapters", way): calls for way, calls in _others(chapters).items()},
    }
    taken: dict[tuple[str, str], tuple[float, float]] = {}
    again = 0.0, 0.0
    for way, calls in ways.items():  # once each: minutes, not milliseconds
        with TemporaryDirectory() as folder:
            taken[way] = _timed(calls, folder)
            if way == ("study", _OURS):
                again = _timed(calls, folder)
    many = {"study": f"{len(tasks)} notebooks with pages", "chapters": f"{len(chapters)} notebooks"}
    for (what, way), (seconds, megabytes) in taken.items():
        yield Measure(what, way, many[what], len(tasks), seconds, megabytes, way == _OURS)
    yield Measure("nothing changed", _OURS, many["study"], len(tasks), *again)
    least = sum(map(_cells, tasks)) / (os.cpu_count() or 1)
    yield Measure("study", "the cells alone, over all processors", many["study"], 0, least, ours=False)


def _timed(calls: Calls, folder: str) -> tuple[float, float]:
    return commands([[word.replace("OUT", folder) for word in call] for call in calls], SETTINGS)


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


def _cells(task: Task) -> float:
    """Return the processor's seconds of a notebook's cells alone, in a process that has imported what they need."""
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=_run_cells, args=(task, send))
    process.start()
    seconds = float(receive.recv())
    process.join()
    return seconds


def _run_cells(task: Task, send: "multiprocessing.connection.Connection") -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    import tr_analysis.report.findings  # noqa: F401 brings what chapters import

    shell = InteractiveShell.instance()
    with capture_output():
        begun = time.process_time()
        for cell in nbformat.read(task.chapter.path, as_version=4).cells:
            if cell.cell_type == "code":
                shell.run_cell(cell.source, store_history=False).raise_error()
            if "parameters" in cell.metadata.get("tags", ()):
                shell.push(dict(task.given))
        seconds = time.process_time() - begun
    send.send(seconds)
