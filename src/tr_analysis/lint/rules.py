"""The rules chapters are written by, checked without running them."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from nbformat.validator import iter_validate

from tr_analysis.errors import StudyError
from tr_analysis.lint.code import code_faults, names_used
from tr_analysis.lint.prose import prose_faults
from tr_analysis.study.chapters import Chapter, refuse_circles
from tr_analysis.study.notebook import INJECTED, Cell, is_prose, needed_results, read_cells
from tr_analysis.study.parameters import Parameter, read_parameters
from tr_analysis.text import headings

HEADINGS = ("## Evidence", "## Limits")
FIRST = 4  # cells among which the answer stands
_READABLE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_RANDOM = re.compile(r"(?=.*\d)[0-9a-f]{8}(-[0-9a-f-]+)?")

Fault = tuple[str, str]  # the cell's id (empty for the whole notebook), and what to do


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
    used = names_used(cell for cell in cells if "parameters" not in cell["tags"])
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
