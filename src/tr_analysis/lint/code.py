"""Rules for code cells: short, plain Python that writes no file and ends in the findings."""

import ast
from collections.abc import Iterable, Iterator

from tr_analysis.study.notebook import Cell, code_nodes, parsed

LONGEST_CELL = 25
# What writes or removes files, by the name it is called by.
# fmt: off
_WRITERS = frozenset({
    "open", "to_csv", "to_excel", "to_feather", "to_hdf", "to_orc", "to_parquet", "to_pickle",
    "to_sql", "to_stata", "savefig", "write", "write_text", "write_bytes", "write_image", "dump",
    "save", "savez", "savez_compressed", "savetxt", "tofile", "mkdir", "makedirs", "touch",
    "unlink", "rmdir", "rmtree", "system", "Popen", "check_call", "check_output",
})
# fmt: on
# What orders rows, or takes one of several, so that ties fall by chance or as the file has them.
_UNSURE = {
    **dict.fromkeys(("sort_values", "nlargest", "nsmallest", "value_counts"), "in_order with a complete key"),
    **dict.fromkeys(("idxmax", "argmax"), "largest"),
    **dict.fromkeys(("idxmin", "argmin"), "smallest or place_of_smallest"),
    **dict.fromkeys(("first", "last", "nth", "drop_duplicates"), "in_order with a complete key, or only"),
    "argsort": "in_order with a complete key, or argsort of settled numbers with kind='stable'",
}
# Methods of matplotlib that return nothing, so that a cell may end in them.
# fmt: off
_NOTHING = frozenset({
    "grid", "invert_xaxis", "invert_yaxis", "margins", "set_major_formatter", "set_major_locator",
    "set_xscale", "set_yscale", "tick_params",
})
# fmt: on


def names_used(cells: Iterable[Cell]) -> set[str]:
    """Return the names that code cells read."""
    return {
        node.id for node in code_nodes(cells) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }


def code_faults(cells: list[Cell]) -> Iterator[tuple[str, str]]:
    """Yield what breaks the rules for code cells, and a last cell that does not end in the findings."""
    for cell in cells:
        if cell["cell_type"] == "code":
            for remedy in _cell_faults(cell):
                yield cell["id"], remedy
    if not (cells and _ends_in_findings(cells[-1])):
        yield (
            cells[-1]["id"] if cells else "",
            "end the chapter with a code cell whose last line is `findings`",
        )


def _cell_faults(cell: Cell) -> Iterator[str]:
    source = cell["source"]
    lines = source.rstrip().splitlines()
    if len(lines) > LONGEST_CELL and not _only_imports(source):
        yield f"has {len(lines)} lines; move what is longer than {LONGEST_CELL} into the library"
    if source.rstrip().endswith(";"):
        yield "drop the semicolon at the end; nbval does not compare a cell that hides its output"
    magics = [line.strip() for line in lines if line.lstrip().startswith(("%", "!"))]
    tree = parsed(cell)
    if tree is None and magics:
        yield f"write plain Python in place of {magics[0]}"
    elif tree is None:
        yield "is not valid Python"
    else:
        for name in sorted(_writers(tree)):
            yield f"writes or opens a file ({name}); the runner writes every file from the outputs"
        yield from order_faults(tree)
        if _shows_a_bare_value(tree):
            yield "ends in a bare value, which nobody can read; give it a name, or show it with charts or table"


def _only_imports(source: str) -> bool:
    tree = parsed({"cell_type": "code", "source": source})
    return tree is not None and all(isinstance(node, ast.Import | ast.ImportFrom) for node in tree.body)


def order_faults(tree: ast.Module) -> Iterator[str]:
    """Yield what puts rows in an order that ties leave to chance, and the way that does not."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _UNSURE:
            stable = any(
                isinstance(k.value, ast.Constant) and k.value.value == "stable" for k in node.keywords
            )
            if not (node.func.attr == "argsort" and stable):
                yield f"{node.func.attr} leaves ties to chance; take {_UNSURE[node.func.attr]} from tr_analysis.order"
        elif isinstance(node, ast.Subscript) and _is_one_end(node):
            yield "iloc takes whatever row stands there; take only(...), or a row by its name with loc"


def _is_one_end(node: ast.Subscript) -> bool:
    """Tell whether it is ``.iloc[0]`` or ``.iloc[-1]``."""
    of, at = node.value, node.slice
    return isinstance(of, ast.Attribute) and of.attr == "iloc" and ast.unparse(at) in ("0", "-1")


def _shows_a_bare_value(tree: ast.Module) -> bool:
    """Tell whether a cell ends in a value that Jupyter would print as the object that it is.

    What functions, `findings` and `charts` return is made to be shown; a method of anything else gives an object.
    """
    last = tree.body[-1] if tree.body else None
    return isinstance(last, ast.Expr) and _is_bare(last.value)


def _is_bare(value: ast.expr) -> bool:
    if isinstance(value, ast.IfExp):
        return _is_bare(value.body) or _is_bare(value.orelse)
    if isinstance(value, ast.Name):
        return value.id != "findings"
    if not isinstance(value, ast.Call):
        return True
    function = value.func
    of = function.value if isinstance(function, ast.Attribute) else None
    shown = isinstance(of, ast.Name) and of.id in ("findings", "charts")
    return isinstance(function, ast.Attribute) and not shown and function.attr not in _NOTHING


def _writers(tree: ast.Module) -> set[str]:
    functions = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    called = {f.id for f in functions if isinstance(f, ast.Name)}
    called |= {f.attr for f in functions if isinstance(f, ast.Attribute)}
    return called & _WRITERS


def _ends_in_findings(cell: Cell) -> bool:
    tree = parsed(cell)
    last = tree.body[-1] if tree and tree.body else None
    return isinstance(last, ast.Expr) and isinstance(last.value, ast.Name) and last.value.id == "findings"
