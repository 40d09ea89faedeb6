"""Rule for prose: a number comes from the computation, never typed."""

import ast
import re
from collections.abc import Iterator

from tr_analysis.report.prose import markdown_lines
from tr_analysis.study.notebook import Cell, code_nodes

# Not prose: code spans, formulas, targets of links and pictures, addresses, tags, character references.
_EXEMPT = re.compile(
    r"(`+).+?\1"
    r"|\${1,2}[^$]*[A-Za-z\\][^$]*\${1,2}"
    r"|(?<=\])\([^)]*\)"
    r"|(?<=\])\[[^\]]*\]"
    r"|^\s*\[[^\]]+\]:.*$"
    r"|</?[a-zA-Z][^>]*>"
    r"|https?://\S+"
    r"|&#?\w+;",
    re.DOTALL | re.MULTILINE,
)
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_NUMBER = re.compile(r"(?<![A-Za-z\d])\d[\d.,/:-]*")  # OGRS4 is a name: its digit follows a letter


def prose_faults(cells: list[Cell]) -> Iterator[tuple[str, str]]:
    """Yield the numbers typed into markdown cells and into the templates of sentences."""
    for cell in cells:
        if cell["cell_type"] == "markdown":
            texts = ["\n".join(markdown_lines(cell["source"]))]
        else:
            texts = [_PLACEHOLDER.sub("", text) for text in _templates(cell)]
        for text in texts:
            for number in _NUMBER.findall(_EXEMPT.sub(" ", text)):
                yield cell["id"], f"the number {number} is typed into prose; let a finding say it"


def _templates(cell: Cell) -> Iterator[str]:
    """Yield the texts given to ``.say(...)`` and ``findings.text(...)``, directly or by a name of the cell."""
    nodes = list(code_nodes([cell]))
    named = {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in nodes:
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and _speaks(call.func):
            for argument in call.args:
                yield from _literals(argument, named)


def _speaks(function: ast.Attribute) -> bool:
    owner = function.value
    return function.attr == "say" or (
        function.attr == "text" and isinstance(owner, ast.Name) and owner.id == "findings"
    )


def _literals(node: ast.expr, named: dict[str, ast.expr]) -> Iterator[str]:
    """Yield the texts an expression is put together from."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Name) and node.id in named:
        rest = {name: value for name, value in named.items() if name != node.id}  # no circles
        yield from _literals(named[node.id], rest)
    elif isinstance(node, ast.JoinedStr):
        for value in node.values:
            yield from _literals(value, named)
    elif isinstance(node, ast.BinOp):
        yield from _literals(node.left, named)
        yield from _literals(node.right, named)
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body, named)
        yield from _literals(node.orelse, named)
