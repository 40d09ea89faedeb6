"""An executed notebook without what differs from run to run, so that a rerun gives the same bytes."""

import copy
import math
from collections.abc import Mapping
from typing import Any

from nbformat import NotebookNode

from tr_analysis import __version__
from tr_analysis.origin import marked
from tr_analysis.report import FINDINGS_MIME
from tr_analysis.study.fingerprint import versions
from tr_analysis.study.notebook import INJECTED
from tr_analysis.study.plan import Task


def normalise(notebook: NotebookNode, task: Task) -> NotebookNode:
    """Return a copy without times, paths and what else differs from run to run, marked with what made it.

    A page about one provider gets its name into the title, one of simulated figures that word.

    Parameters
    ----------
    notebook
        As papermill returns it.
    task
        What was run.
    """
    notebook = copy.deepcopy(notebook)
    notebook.metadata.pop("papermill", None)
    notebook.metadata.get("language_info", {}).pop("version", None)
    notebook.metadata["tr_analysis"] = {
        "chapter": task.chapter.name,
        "parameters": dict(task.values),
        "version": __version__,
        "libraries": versions(),
    }
    title = marked(task.title, simulated(notebook))
    if title != task.chapter.title:
        first = notebook.cells[0]
        first.source = first.source.replace(task.chapter.title, title, 1)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if INJECTED in cell.metadata.get("tags", []):
            cell.id = INJECTED
        if not cell.metadata.get("tags"):
            cell.metadata.pop("tags", None)
        for output in cell.get("outputs", []):
            if FINDINGS_MIME in output.get("data", {}):
                output.data[FINDINGS_MIME] = _finite(output.data[FINDINGS_MIME])
    return notebook


def simulated(notebook: NotebookNode) -> str:
    """Return the origin of the findings that a chapter left: "simulated", or nothing."""
    outputs = (output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", []))
    found = [data[FINDINGS_MIME].get("origin", "") for data in outputs if FINDINGS_MIME in data]
    return str(found[-1]) if found else ""


def _finite(value: Any) -> Any:
    """Copy nested dicts and lists, with ``None`` for numbers that are not finite.

    JSON cannot hold them: kernels spell them out as text.
    """
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    spelt = isinstance(value, str) and value in ("nan", "inf", "-inf")
    return None if spelt or (isinstance(value, float) and not math.isfinite(value)) else value
