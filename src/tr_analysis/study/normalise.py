"""An executed notebook without what differs from run to run, so that a rerun gives the same bytes."""

import math
from collections.abc import Mapping
from typing import Any

import nbformat

from tr_analysis import __version__
from tr_analysis.study.values import Value

INJECTED = "injected-parameters"  # papermill's tag of the cell that holds the values given


def normalise(
    notebook: nbformat.NotebookNode, chapter: str, values: Mapping[str, Value]
) -> nbformat.NotebookNode:
    """Return a copy without times, paths and versions of tools, marked with what made it.

    Parameters
    ----------
    notebook
        As papermill returns it.
    chapter
        The chapter's name.
    values
        The value of every parameter, given or default.
    """
    notebook = nbformat.from_dict(_plain(notebook))  # type: ignore[no-untyped-call]
    notebook.metadata.pop("papermill", None)
    notebook.metadata.get("language_info", {}).pop("version", None)
    notebook.metadata["tr_analysis"] = {
        "chapter": chapter,
        "parameters": dict(values),
        "version": __version__,
    }
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if INJECTED in cell.metadata.get("tags", []):
            cell.id = INJECTED
        if not cell.metadata.get("tags"):
            cell.metadata.pop("tags", None)
    return notebook


def _plain(value: Any) -> Any:
    """Copy nested dicts and lists, with ``None`` for numbers JSON cannot hold (NaN and infinities)."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
