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
    match _last(parsed(cells[-1])) if cells else None:
        case ast.Name("findings"):
            return
    yield cells[-1]["id"] if cells else "", "end the chapter with a code cell whose last line is `findings`"


def _cell_faults(cell: Cell) -> Iterator[str]:
    source, tree = cell["source"], parsed(cell)
    lines = source.rstrip().splitlines()
    only_imports = tree and all(isinstance(node, ast.Import | ast.ImportFrom) for node in tree.body)
    if len(lines) > LONGEST_CELL and not only_imports:
        yield f"has {len(lines)} lines; move what is longer than {LONGEST_CELL} into the library"
    if source.rstrip().endswith(";"):
        yield "drop the semicolon at the end; nbval does not compare a cell that hides its output"
    if tree is None:
        magics = [line.strip() for line in lines if line.lstrip().startswith(("%", "!"))]
        yield f"write plain Python in place of {magics[0]}" if magics else "is not valid Python"
        return
    for name in sorted(_writers(tree)):
        yield f"writes or opens a file ({name}); the runner writes every file from the outputs"
    yield from order_faults(tree)
    if _is_bare(_last(tree)):
        yield "ends in a bare value, which nobody can read; give it a name, or show it with charts or table"


def order_faults(tree: ast.Module) -> Iterator[str]:
    """Yield what puts rows in an order that ties leave to chance, and the way that does not."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Attribute(_, name)) if name in _UNSURE:
                stable = any(ast.unparse(keyword.value) == "'stable'" for keyword in node.keywords)
                if not (name == "argsort" and stable):
                    yield f"{name} leaves ties to chance; take {_UNSURE[name]} from tr_analysis.order"
            case ast.Subscript(ast.Attribute(_, "iloc"), place) if ast.unparse(place) in ("0", "-1"):
                yield "iloc takes whatever row stands there; take only(...), or a row by its name with loc"


def _last(tree: ast.Module | None) -> ast.expr | None:
    """Return the value that a cell ends in, which Jupyter shows."""
    last = tree.body[-1] if tree and tree.body else None
    return last.value if isinstance(last, ast.Expr) else None


def _is_bare(value: ast.expr | None) -> bool:
    """Tell whether Jupyter would print a value as the object that it is.

    What functions, `findings` and `charts` return is made to be shown; a method of anything else gives an object.
    """
    match value:
        case None | ast.Name("findings") | ast.Call(ast.Attribute(ast.Name("findings" | "charts"))):
            return False
        case ast.IfExp():
            return _is_bare(value.body) or _is_bare(value.orelse)
        case ast.Call(function):
            return isinstance(function, ast.Attribute) and function.attr not in _NOTHING
    return True


def _writers(tree: ast.Module) -> set[str]:
    functions = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    called = {f.id for f in functions if isinstance(f, ast.Name)}
    called |= {f.attr for f in functions if isinstance(f, ast.Attribute)}
    return called & _WRITERS
