"""Rule for prose: a number comes from the computation, never typed."""

import ast
import re
from collections.abc import Iterator

from tr_analysis.study.notebook import Cell, code_nodes
from tr_analysis.text import markdown_lines

# Not prose: code spans, targets of links and pictures, addresses, tags, character references.
_MARKUP = re.compile(
    r"(`+).+?\1"
    r"|(?<=\])\([^)\s]*(?:\s+\"[^\"]*\")?\)"
    r"|(?<=\])\[[^\]]*\]"
    r"|^\s*\[[^\]]+\]:[^\n]*$"
    r"|</?[a-zA-Z][^>]*>"
    r"|https?://[^\s)>]+"
    r"|&#?\w+;",
    re.DOTALL | re.MULTILINE,
)
_WRITERS = ("findings.text", "findings.markdown", "findings.answer", "findings.chart")
_WORDS = ("title", "subtitle", "alt")
_FORMULA = re.compile(r"\${1,2}[^$]*[A-Za-z\\][^$]*\${1,2}")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_NUMBER = re.compile(r"(?<![A-Za-z\d])\d[\d.,/:-]*")  # OGRS4 is a name: its digit follows a letter


def plain_words(source: str) -> str:
    """Return a markdown text without code, addresses and markup; formulas stay."""
    return _MARKUP.sub(" ", "\n".join(markdown_lines(source)))


def prose_faults(cells: list[Cell]) -> Iterator[tuple[str, str]]:
    """Yield the numbers typed into markdown cells and into the templates of sentences."""
    for cell in cells:
        if cell["cell_type"] == "markdown":
            texts = [cell["source"]]
        else:
            texts = [_PLACEHOLDER.sub("", text) for text in _templates(cell)]
        for text in texts:
            for number in _NUMBER.findall(_FORMULA.sub(" ", plain_words(text))):
                yield cell["id"], f"the number {number} is typed into prose; let a finding say it"


def _templates(cell: Cell) -> Iterator[str]:
    """Yield the texts given to methods of `findings` that write prose, directly or by a name of the cell."""
    nodes = list(code_nodes([cell]))
    named = {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in nodes:
        if isinstance(call, ast.Call) and ast.unparse(call.func) in _WRITERS:
            words = [keyword.value for keyword in call.keywords if keyword.arg in _WORDS]
            for argument in [*call.args, *words]:
                yield from _literals(argument, named)


def _literals(node: ast.expr, named: dict[str, ast.expr]) -> Iterator[str]:
    """Yield the texts an expression is put together from."""
    match node:
        case ast.Constant(str(text)):
            yield text
        case ast.Name(name) if name in named:
            rest = {other: value for other, value in named.items() if other != name}  # no circles
            yield from _literals(named[name], rest)
        case ast.JoinedStr(parts):
            for part in parts:
                yield from _literals(part, named)
        case ast.BinOp(left=one, right=other) | ast.IfExp(body=one, orelse=other):
            yield from _literals(one, named)
            yield from _literals(other, named)
