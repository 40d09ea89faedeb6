"""The rules chapters are written by."""

import ast
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nbformat.validator import iter_validate

from tr_analysis.errors import StudyError
from tr_analysis.study.chapters import Chapter, refuse_circles
from tr_analysis.study.notebook import (
    INJECTED,
    Cell,
    code_nodes,
    is_prose,
    needed_results,
    parsed,
    read_cells,
)
from tr_analysis.study.parameters import Parameter, read_parameters
from tr_analysis.text import headings, markdown_lines

Fault = tuple[str, str]  # the cell's id (empty for the whole notebook), and what to do

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
_SENTENCES = ("findings.text", "findings.markdown", "findings.answer", "findings.chart")
_WORDS = ("title", "subtitle", "alt")
_FORMULA = re.compile(r"\${1,2}[^$]*[A-Za-z\\][^$]*\${1,2}")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_NUMBER = re.compile(r"(?<![A-Za-z\d])\d[\d.,/:-]*")  # OGRS4 is a name: its digit follows a letter


def plain_words(source: str) -> str:
    """Return a markdown text without code, addresses and markup; formulas stay."""
    return _MARKUP.sub(" ", "\n".join(markdown_lines(source)))


PHRASES: Mapping[str, str] = {
    "what became of": "what happened to",
    "told from": "distinguished from",
    "tell from": "distinguish from",
    "to be had": "could not be obtained",
    "held here": "that we have",
    "taken out": "without",
    "comes? out (?:as|at|of)": "is",
    "printed alike": "matched by a second source",
    "by tally": "inferred from published totals",
    "turned? (?:round|around)": "reverses",
    "wholly": "clearly, or leave it out",
    "is no random": "is selective",
    "hangs? on": "depends on",
    "as many as": "the number",
}
"""Turns of phrase that no editor prints, as patterns, and what to write."""
_PHRASE = re.compile(rf"\b(?:{'|'.join(PHRASES)})\b", re.IGNORECASE)
_SLASHED = re.compile(r"\b20\d\d/\d\d\b")


def prose_faults(cells: list[Cell]) -> Iterator[Fault]:
    """Yield typed numbers, phrases that no editor prints and financial years with a slash in what a chapter says."""
    for cell in cells:
        texts = [cell["source"]] if cell["cell_type"] == "markdown" else list(_templates(cell))
        for text in texts:
            words = text if cell["cell_type"] == "markdown" else _PLACEHOLDER.sub("", text)
            for number in _NUMBER.findall(_FORMULA.sub(" ", plain_words(words))):
                yield cell["id"], f"the number {number} is typed into prose; let a finding say it"
            for found in _PHRASE.findall(text):
                better = next(
                    good for bad, good in PHRASES.items() if re.fullmatch(bad, found, re.IGNORECASE)
                )
                yield cell["id"], f"{found!r} is no plain English; write {better}"
            for year in _SLASHED.findall(text):
                yield cell["id"], f"write the year {year} as {year.replace('/', '-')}"


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
        if isinstance(call, ast.Call) and ast.unparse(call.func) in _SENTENCES:
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


LONGEST_CELL = 25
# What writes or removes files, by the name it is called by.
_WRITERS = frozenset({
    "open", "to_csv", "to_excel", "to_feather", "to_hdf", "to_orc", "to_parquet", "to_pickle",
    "to_sql", "to_stata", "savefig", "write", "write_text", "write_bytes", "write_image", "dump",
    "save", "savez", "savez_compressed", "savetxt", "tofile", "mkdir", "makedirs", "touch",
    "unlink", "rmdir", "rmtree", "system", "Popen", "check_call", "check_output",
})  # fmt: skip
# What orders rows, or takes one of several, so that ties fall by chance or as the file has them.
_UNSURE = {
    **dict.fromkeys(("sort_values", "nlargest", "nsmallest", "value_counts"), "in_order with a complete key"),
    **dict.fromkeys(("idxmax", "argmax"), "largest"),
    **dict.fromkeys(("idxmin", "argmin"), "smallest or place_of_smallest"),
    **dict.fromkeys(("first", "last", "nth", "drop_duplicates"), "in_order with a complete key, or only"),
    "argsort": "in_order with a complete key, or argsort of settled numbers with kind='stable'",
}
# Methods of matplotlib that return nothing, so that a cell may end in them.
_NOTHING = frozenset({
    "grid", "invert_xaxis", "invert_yaxis", "margins", "set_major_formatter", "set_major_locator",
    "set_xscale", "set_yscale", "tick_params",
})  # fmt: skip


def code_faults(cells: list[Cell]) -> Iterator[Fault]:
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
        yield "is not plain Python: mend it, and put calls in place of % and !"
        return
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = {getattr(function, "attr", getattr(function, "id", "")) for function in called}
    for name in sorted(names & _WRITERS):
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


HEADINGS = ("## Evidence", "## Limits")
FIRST = 4  # cells among which the answer stands
_READABLE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_RANDOM = re.compile(r"(?=.*\d)[0-9a-f]{8}(-[0-9a-f-]+)?")


def lint(notebook: Path) -> list[str]:
    """Return the faults of a stored chapter, each naming notebook, cell and remedy; none when it keeps the rules."""
    try:
        cells = read_cells(notebook)
    except StudyError as error:
        return [str(error)]
    faults = [*_format(json.loads(notebook.read_bytes())), *_read_ahead(notebook, cells)]
    for rule in _RULES:
        faults += rule(cells)
    return [f"{notebook.name}: {f'cell {cell}: ' if cell else ''}{remedy}" for cell, remedy in faults]


def refuse_faults(chosen: Sequence[Chapter], chapters: Sequence[Chapter]) -> None:
    """Refuse chosen ones of all chapters that break the rules, a line each fault, or that wait for each other."""
    if faults := [fault for chapter in chosen for fault in lint(chapter.path)]:
        raise StudyError("\n".join(["these chapters break the rules they are written by:", *faults]))
    refuse_circles({chapter.name: needed_results(chapter.path) for chapter in chapters})


def _format(stored: dict[str, Any]) -> Iterator[Fault]:
    if (stored.get("nbformat"), stored.get("nbformat_minor")) != (4, 5):
        yield "", "save it in notebook format 4.5, whose cells have ids"
        return
    for error in iter_validate(stored):  # type: ignore[no-untyped-call]
        yield "", f"is not a valid notebook: {str(error).splitlines()[0]}"
    kernel = stored.get("metadata", {}).get("kernelspec", {})
    if (kernel.get("name"), kernel.get("language")) != ("python3", "python"):
        yield "", "set the kernelspec to name python3, language python"


def _read_ahead(notebook: Path, cells: list[Cell]) -> Iterator[Fault]:
    """Look at what is read of a chapter before it runs: its parameters, and the results that it loads."""
    parameters: tuple[Parameter, ...] = ()
    try:
        parameters = read_parameters(notebook)
        needed_results(notebook)
    except StudyError as error:
        yield "", str(error).removeprefix(f"{notebook.name}: ")
    nodes = code_nodes(cell for cell in cells if "parameters" not in cell["tags"])
    used = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    tagged = next((cell["id"] for cell in cells if "parameters" in cell["tags"]), "")
    for parameter in parameters:
        if parameter.name not in used:
            yield tagged, f"use the parameter {parameter.name} or remove it"
        if "=" in parameter.help:
            yield tagged, f"leave = out of the comment of {parameter.name}; papermill's help page drops it"


def _stored_clean(cells: list[Cell]) -> Iterator[Fault]:
    for cell in cells:
        if cell.get("outputs") or cell.get("execution_count") is not None:
            yield cell["id"], "clear outputs and execution counts before saving"


def _ids(cells: list[Cell]) -> Iterator[Fault]:
    for name, times in Counter(cell["id"] for cell in cells).items():
        if times > 1:
            yield name, f"{times} cells have this id; give each its own"
        if not _READABLE.fullmatch(name) or _RANDOM.fullmatch(name) or name == INJECTED:
            yield name, "give it an id people can read, such as placebo-dates"


def _headings(cells: list[Cell]) -> Iterator[Fault]:
    if not (cells and cells[0]["cell_type"] == "markdown" and cells[0]["source"].startswith("# ")):
        yield "", "begin with a markdown cell `# Title` and the question"
    found = [h for cell in cells if cell["cell_type"] == "markdown" for h in headings(cell["source"])]
    if sum(heading.startswith("# ") for heading in found) > 1:
        yield "", "have one heading of the first level, the title"
    if tuple(heading for heading in found if heading in HEADINGS) != HEADINGS:
        yield "", f"have the headings {', '.join(HEADINGS)}, once each and in this order"


def _answer(cells: list[Cell]) -> Iterator[Fault]:
    """Ask for the answer where a reader sees it first."""
    sources = [cell["source"] if is_prose(cell["source"]) else "" for cell in cells]
    answers = [place for place, source in enumerate(sources) if source.startswith("findings.answer")]
    if len(answers) != 1 or answers[0] >= FIRST:
        where = f"among the first {FIRST} cells, with findings.answer(...) in a cell of its own"
        yield "", f"answer the question {where}"


_RULES: tuple[Callable[[list[Cell]], Iterator[Fault]], ...] = (
    _stored_clean,
    _ids,
    _headings,
    _answer,
    prose_faults,
    code_faults,
)
