"""Rules for code cells: short, plain Python that writes no file and ends in the findings."""

import ast
from collections.abc import Iterable, Iterator

from tr_analysis.study.notebook import Cell, code_nodes, parsed

LONGEST_CELL = 35
# What writes or removes files, by the name it is called by.
# fmt: off
_WRITERS = frozenset({
    "open", "to_csv", "to_excel", "to_feather", "to_hdf", "to_orc", "to_parquet", "to_pickle",
    "to_sql", "to_stata", "savefig", "write", "write_text", "write_bytes", "write_image", "dump",
    "save", "savez", "savez_compressed", "savetxt", "tofile", "mkdir", "makedirs", "touch",
    "unlink", "rmdir", "rmtree", "system", "Popen", "check_call", "check_output",
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
    if len(lines) > LONGEST_CELL:
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


def _writers(tree: ast.Module) -> set[str]:
    functions = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    called = {f.id for f in functions if isinstance(f, ast.Name)}
    called |= {f.attr for f in functions if isinstance(f, ast.Attribute)}
    return called & _WRITERS


def _ends_in_findings(cell: Cell) -> bool:
    tree = parsed(cell)
    last = tree.body[-1] if tree and tree.body else None
    return isinstance(last, ast.Expr) and isinstance(last.value, ast.Name) and last.value.id == "findings"
