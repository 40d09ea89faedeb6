"""The whole study: `tr-analysis run` beside papermill and nbconvert, one chapter after the other."""

import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Measure, commands
from tr_analysis.paths import notebooks
from tr_analysis.study import SETTINGS
from tr_analysis.study.plan import Task, plan

_BIN = Path(sys.executable).parent
_OURS = "tr-analysis run"
_CHAPTERS = ("03-recall", "06-system")


def measures(*, quick: bool) -> Iterator[Measure]:
    """Yield both ways; quick takes two chapters in the place of all with their 28 providers."""
    chapters = _CHAPTERS if quick else ()
    tasks = plan(chapters)
    ways = {_OURS: _ours(chapters), "papermill, nbconvert": _theirs(tasks)}
    taken: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for _ in range(1 if quick else 3):
        for way, calls in ways.items():  # in turn, so that both meet the machine as it is
            with TemporaryDirectory() as folder:
                placed = [[word.replace("OUT", folder) for word in call] for call in calls]
                # papermill keeps no results, so that the scorecard reads those of the checkout
                places = {"TR_ANALYSIS_REPORTS": folder} if way == _OURS else {}
                taken[way].append(commands(placed, SETTINGS | places))
    for way, runs in taken.items():
        seconds, megabytes = (statistics.median(column) for column in zip(*runs, strict=True))
        size = f"{len(tasks)} notebooks with pages"
        yield Measure("study", way, size, len(tasks), seconds, megabytes, way == _OURS)


def _ours(chapters: tuple[str, ...]) -> list[list[str]]:
    return [[sys.executable, "-m", "tr_analysis", "run", *chapters]]


def _theirs(tasks: list[Task]) -> list[list[str]]:
    calls = []
    for task in tasks:
        notebook, executed = notebooks() / f"{task.chapter.name}.ipynb", f"OUT/{task.name}.ipynb"
        given = [word for name, value in task.given.items() for word in ("-p", name, str(value))]
        calls.append([str(_BIN / "papermill"), "--no-progress-bar", str(notebook), executed, *given])
        calls.append([str(_BIN / "jupyter-nbconvert"), "--log-level=ERROR", "--to", "html", executed])
    return calls
