"""What a chapter loads of other chapters, read from its code so that they can run before it."""

import ast
from pathlib import Path

from tr_analysis.errors import StudyError
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


def _is_load_results(function: ast.expr) -> bool:
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    return name == "load_results"
