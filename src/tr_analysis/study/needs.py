"""What a chapter loads of other chapters, read from its code so that they can run before it."""

import ast
from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tr_analysis.errors import StudyError
from tr_analysis.study.chapters import Chapter
from tr_analysis.study.notebook import code_nodes, read_cells


def needed_results(notebook: Path) -> tuple[str, ...]:
    """Return the chapters whose results a chapter loads with ``load_results("02-reoffending", ...)``.

    Raises
    ------
    StudyError
        If they are not written out as text in the call.
    """
    names: dict[str, None] = {}
    for call in code_nodes(read_cells(notebook)):
        if isinstance(call, ast.Call) and _is_load_results(call.func):
            for argument in call.args:
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


def refuse_circles(chosen: Sequence[Chapter], chapters: Sequence[Chapter]) -> None:
    """Refuse chapters that wait for each other's results, be it by way of others.

    Parameters
    ----------
    chosen
        Those that count, with what they need.
    chapters
        All there are.

    Raises
    ------
    StudyError
        Which names the circle.
    """
    before: dict[str, list[str]] = {}
    waiting = list(chosen)
    while waiting:
        chapter = waiting.pop()
        if chapter.name not in before:
            needed = [c for name in needed_results(chapter.path) for c in chapters if _gives(c, name)]
            before[chapter.name] = [c.name for c in needed]
            waiting += needed
    try:
        TopologicalSorter(before).prepare()
    except CycleError as error:
        circle = ", ".join(dict.fromkeys(error.args[1]))
        raise StudyError(
            f"these chapters wait for each other's results: {circle}; break the circle"
        ) from None


def _gives(chapter: Chapter, results: str) -> bool:
    """Whether results are a chapter's, or those of one of its pages about a provider."""
    return f"{results}-".startswith(f"{chapter.name}-")


def _is_load_results(function: ast.expr) -> bool:
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    return name == "load_results"
