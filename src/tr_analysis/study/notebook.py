"""Chapters as they are stored: plain JSON, read without loading Jupyter."""

import ast
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tr_analysis.errors import StudyError

Cell = dict[str, Any]
PROSE = ("markdown", "answer")  # methods of findings that write it
INJECTED = "injected-parameters"  # papermill's tag of the cell that holds the values given


def read_cells(notebook: Path) -> list[Cell]:
    """Return the cells of a stored notebook, each with its ``id``, ``source`` as one string, and ``tags``.

    Raises
    ------
    StudyError
        When the file cannot be read or is no notebook.
    """
    try:
        content = json.loads(notebook.read_text(encoding="utf-8"))
        return [_completed(cell, number) for number, cell in enumerate(content["cells"], start=1)]
    except OSError as error:
        raise StudyError(f"{notebook}: cannot be read: {error.strerror}; mend or remove it") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise StudyError(
            f"{notebook}: is no Jupyter notebook; restore the file or save it again in Jupyter"
        ) from None


def _completed(cell: Cell, number: int) -> Cell:
    return cell | {
        "id": cell.get("id", f"number {number}"),
        "source": "".join(cell["source"]),
        "tags": cell.get("metadata", {}).get("tags", []),
    }


def parsed(cell: Cell) -> ast.Module | None:
    """Return a cell's syntax tree, or nothing when it is no code or not plain Python."""
    try:
        return ast.parse(cell["source"]) if cell["cell_type"] == "code" else None
    except SyntaxError:
        return None


def code_nodes(cells: Iterable[Cell]) -> Iterator[ast.AST]:
    """Yield the syntax nodes of the code in some cells; what is not plain Python has none."""
    for cell in cells:
        if tree := parsed(cell):
            yield from ast.walk(tree)


def is_prose(source: str) -> bool:
    """Tell whether code is one call that writes prose: ``findings.markdown(...)`` or ``findings.answer(...)``."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return False
    called = body[0].value.func if _is_call(body) else None  # type: ignore[attr-defined]
    return (
        isinstance(called, ast.Attribute) and called.attr in PROSE and ast.unparse(called.value) == "findings"
    )


def _is_call(body: list[ast.stmt]) -> bool:
    return len(body) == 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Call)
