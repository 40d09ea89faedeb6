"""The statements of a chapter that its answer and some of its charts need, found in its code without running it."""

import ast
import symtable
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from string import Formatter

from tr_analysis.errors import StudyError, nearest
from tr_analysis.report.finding import RESERVED
from tr_analysis.study.notebook import parsed, read_cells

_FINDINGS = "findings"
_ANY = "*"
_FIRST = "\0"


@dataclass(frozen=True)
class Statement:
    """A statement of a chapter, with what it gives and takes.

    ``names`` and ``numbers`` are what it sets: names of Python, and names of findings, which may hold ``*``; ``takes``
    and ``quotes`` what it needs of both. ``anew`` are the names that it sets whatever they were before.
    """

    code: str
    names: frozenset[str]
    anew: frozenset[str]
    takes: frozenset[str]
    numbers: frozenset[str]
    quotes: frozenset[str]
    shows: frozenset[str]
    tags: frozenset[str]


def excerpt(notebook: Path, charts: Collection[str]) -> list[Statement]:
    """Return, in order, the statements that the chapter's answer and some charts need, its parameters among them.

    A chapter without an answer, or without one of the charts, is a `StudyError`.
    """
    nodes = [
        (node, frozenset(cell["tags"]))
        for cell in read_cells(notebook)
        if (tree := parsed(cell))
        for node in tree.body
    ]
    imports = (node for node, _ in nodes if isinstance(node, ast.Import | ast.ImportFrom))
    fixed = {(alias.asname or alias.name).partition(".")[0] for node in imports for alias in node.names}
    statements = _calling([_statement(node, tags, fixed | {_FINDINGS}) for node, tags in nodes])
    drawn = {name for one in statements for name in one.shows}
    if lost := set(charts) - drawn:
        raise StudyError(f"{notebook.name} draws no chart {min(lost)!r}{nearest(min(lost), drawn)}")
    roots = [
        place
        for place, one in enumerate(statements)
        if "parameters" in one.tags or one.shows & set(charts) or one.code.startswith(f"{_FINDINGS}.answer(")
    ]
    needed, waiting = set(roots), list(roots)
    while waiting:
        for place in _needs(statements, waiting.pop()):
            if place not in needed:
                needed.add(place)
                waiting.append(place)
    return [statements[place] for place in sorted(needed)]


def _calling(statements: list[Statement]) -> list[Statement]:
    """Let the numbers that a function keeps count as kept where it is called; its first argument may begin their names."""
    keeping: dict[str, frozenset[str]] = {}
    called = []
    for one in statements:
        tree = ast.parse(one.code).body[0]
        first = _first_parameter(tree)
        numbers = set(one.numbers)
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                given = _pattern(call.args[0], first) if call.args else _ANY
                numbers |= {name.replace(_FIRST, given) for name in keeping.get(call.func.id, ())}
        if isinstance(tree, ast.FunctionDef) and numbers:
            keeping[tree.name] = frozenset(numbers)
            numbers = set()
        called.append(replace(one, numbers=frozenset(numbers)))
    return called


def _needs(statements: list[Statement], place: int) -> Iterator[int]:
    """Yield the places of the statements that one of them needs.

    A name comes from where it was last set anew, and from where it was changed since; one that is set only later is
    taken by a function that is called later. A number may come from anywhere: the answer stands above them all.
    """
    one = statements[place]
    for name in one.takes:
        before = [i for i in range(place) if name in statements[i].names]
        if not before:
            yield from (i for i in range(place + 1, len(statements)) if name in statements[i].names)
            continue
        start = next((i for i in reversed(before) if name in statements[i].anew), before[0])
        together = statements[start].anew | {name}  # a figure and its axes are set, and change, together
        yield start
        yield from (
            i
            for i in range(start + 1, place)
            if (statements[i].names - statements[i].anew) & together or name in statements[i].names
        )
    for quoted in one.quotes:
        yield from _givers(statements, quoted)


def _givers(statements: list[Statement], number: str) -> list[int]:
    """Return the places of the statements that may keep a number: by its name, else by a pattern, else by any name."""
    for fits in (str.__eq__, _alike):
        found = [
            place
            for place, one in enumerate(statements)
            if any(kept != _ANY and fits(kept, number) for kept in one.numbers)
        ]
        if found:
            return found
    return [place for place, one in enumerate(statements) if _ANY in one.numbers]


def _alike(one: str, other: str) -> bool:
    return fnmatchcase(one, other) or fnmatchcase(other, one)


def _statement(node: ast.stmt, tags: frozenset[str], fixed: Collection[str]) -> Statement:
    code = ast.unparse(node)
    symbols = symtable.symtable(code, "statement", "exec")
    names = {s.get_name() for s in symbols.get_symbols() if s.is_assigned() or s.is_imported()}
    simple = isinstance(node, ast.Assign | ast.AnnAssign | ast.FunctionDef | ast.Import | ast.ImportFrom)
    taken = _globals(symbols)
    calls = [n for n in ast.walk(node) if isinstance(n, ast.Call) and _is_of_findings(n)]
    return Statement(
        code=code,
        names=frozenset(names | (_changed(node) - set(fixed))),
        anew=frozenset(names if simple else ()),
        takes=frozenset(taken - _set_first(node)),
        numbers=frozenset(name for call in calls for name in _kept(call, _first_parameter(node))),
        quotes=frozenset([*_quoted(node), *_looked_up(node)]),
        shows=frozenset(_drawn(calls)),
        tags=tags,
    )


def _globals(table: symtable.SymbolTable) -> set[str]:
    """Return the names that a statement, and the functions and comprehensions in it, look up among the chapter's."""
    here = {
        s.get_name()
        for s in table.get_symbols()
        if s.is_referenced() and (table.get_type() == "module" or s.is_global())
    }
    return here.union(*(_globals(child) for child in table.get_children()))


def _set_first(node: ast.AST) -> set[str]:
    """Return the names that a loop or block sets before it reads them."""
    if not isinstance(node, ast.For | ast.With):
        return set()
    found = _names(node.target) if isinstance(node, ast.For) else set()
    read: set[str] = set()
    for inner in node.body:
        own = _set_first(inner)
        read |= _names(inner, ast.Load) - own
        found |= (own | (_names(inner, ast.Store) if isinstance(inner, ast.Assign) else set())) - read
    return found


def _changed(node: ast.AST) -> set[str]:
    """Return the names whose object a statement may change.

    It may by an item or attribute, set or deleted, and by a call for its effect: of a method, or of a function that is
    given it. What changes each of several objects changes all of them.
    """
    changed: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Subscript | ast.Attribute) and isinstance(inner.ctx, ast.Store | ast.Del):
            changed |= _root(inner)
        elif isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Call):
            call = inner.value
            method = _root(call.func) if isinstance(call.func, ast.Attribute) else set()
            changed |= method.union(*(_root(given) for given in call.args))
    for inner in ast.walk(node):
        if isinstance(inner, ast.For) and changed & _names(inner.target):
            changed |= _names(inner.iter)
    return changed


def _root(node: ast.AST) -> set[str]:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _names(node: ast.AST, context: type[ast.expr_context] = ast.expr_context) -> set[str]:
    """Return the names in a node: all of them, or those that are read, or those that are set."""
    found = (inner for inner in ast.walk(node) if isinstance(inner, ast.Name))
    return {name.id for name in found if isinstance(name.ctx, context)}


def _is_of_findings(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == _FINDINGS


def _drawn(calls: list[ast.Call]) -> Iterator[str]:
    """Yield the names of the charts that calls of findings draw."""
    for call in calls:
        if _method(call) == "chart":
            yield from (
                part.value
                for part in call.args
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            )


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _kept(call: ast.Call, first: str) -> Iterator[str]:
    """Yield the names of the numbers that a call keeps, with ``*`` for what is known only when it runs."""
    if _method(call) != "keep":
        return
    named = any(keyword.arg and keyword.arg not in RESERVED for keyword in call.keywords)
    for keyword in call.keywords:
        if keyword.arg:
            yield keyword.arg
        elif isinstance(keyword.value, ast.Name) and named:
            continue  # what is said of the numbers that are named
        elif isinstance(keyword.value, ast.Dict):
            yield from (_pattern(key, first) for key in keyword.value.keys if key)
        else:
            yield _pattern(keyword.value.key, first) if isinstance(keyword.value, ast.DictComp) else _ANY


def _first_parameter(node: ast.AST) -> str:
    return node.args.args[0].arg if isinstance(node, ast.FunctionDef) and node.args.args else ""


def _pattern(key: ast.expr, first: str = "") -> str:
    """Return a name as far as its code tells it: ``*`` for what does not, and a mark for a function's first argument."""
    match key:
        case ast.Constant(str(text)):
            return text
        case ast.Name(name) if name == first:
            return _FIRST
        case ast.FormattedValue(value):
            return _pattern(value, first)
        case ast.JoinedStr(parts):
            return "".join(_pattern(part, first) for part in parts)
    return _ANY


def _quoted(node: ast.AST) -> Iterator[str]:
    """Yield the names of the numbers in the words of a statement, as in ``"fell by {fall.size}"``."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            with suppress(ValueError):  # no template
                yield from (
                    name.partition(".")[0] for _, name, _, _ in Formatter().parse(inner.value) if name
                )


def _looked_up(node: ast.AST) -> Iterator[str]:
    """Yield the names of the numbers that a statement looks up, as in ``findings["fall"]``."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Subscript) and ast.unparse(inner.value) == _FINDINGS:
            yield _pattern(inner.slice)
