"""Notebooks as they are stored, read without loading Jupyter: cells, and what their code imports and loads."""

import ast
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tr_analysis.errors import StudyError
from tr_analysis.files import file_hash

Cell = dict[str, Any]
PROSE = ("markdown", "answer")  # methods of findings that write it
INJECTED = "injected-parameters"  # papermill's tag of the cell that holds the values given


def read_cells(notebook: Path) -> list[Cell]:
    """Return the cells of a stored notebook, each with its ``id``, ``source`` as one string, and ``tags``.

    A file that cannot be read or is no notebook is a `StudyError`.
    """
    return _cells(notebook, file_hash(notebook))


@cache
def _cells(notebook: Path, _: str | None) -> list[Cell]:
    try:
        stored = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        return [
            cell
            | {
                "id": cell.get("id", f"number {number}"),
                "source": "".join(cell["source"]),
                "tags": cell.get("metadata", {}).get("tags", []),
            }
            for number, cell in enumerate(stored, start=1)
        ]
    except OSError as error:
        raise StudyError(f"{notebook}: cannot be read: {error.strerror}; mend or remove it") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise StudyError(
            f"{notebook}: is no Jupyter notebook; restore the file or save it again in Jupyter"
        ) from None


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
    match body:
        case [ast.Expr(ast.Call(ast.Attribute(ast.Name("findings"), method)))]:
            return method in PROSE
    return False


def needed_results(notebook: Path) -> tuple[str, ...]:
    """Return the chapters whose results a chapter loads with ``load_results("02-reoffending", ...)``.

    Where they are not written out as text in the call, it is a `StudyError`.
    """
    names: dict[str, None] = {}
    for node in code_nodes(read_cells(notebook)):
        if not (isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "load_results"):
            continue
        for argument in node.args:
            if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                raise StudyError(
                    f'{notebook.name}: write the chapters out in the call, as in load_results("02-reoffending"): '
                    "they are read before the notebook runs"
                )
            names[argument.value] = None
    return tuple(names)


def imported_modules(notebook: Path) -> tuple[str, ...]:
    """Return what a chapter imports, each name in full: ``from pathlib import Path`` gives ``pathlib.Path``."""
    names: dict[str, None] = {}
    for node in code_nodes(read_cells(notebook)):
        if isinstance(node, ast.Import):
            names |= dict.fromkeys(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= dict.fromkeys(f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(names)
