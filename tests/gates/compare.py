"""Gates on numbers: results and pages against a reference by value, and prose against results."""

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from tr_analysis.lint import plain_words
from tr_analysis.study.comparison import NOTHING, RELATIVE, Difference, as_text, differences, same_output

if TYPE_CHECKING:
    from nbformat import NotebookNode

# A word may end in digits (OGRS4, S066); a sign counts only where nothing stands before it (2014-2021).
_WORD_OR_NUMBER = re.compile(r"[^\W\d_]\w*|(?P<number>(?:(?<!\w)[-−+])?\d+(?:,\d{3}(?!\d))*(?:\.\d+)?)")


def compare(reference: dict[str, Any], fresh: dict[str, Any]) -> list[str]:
    """Return how a chapter's results differ from its reference, one line for each difference.

    Numbers agree by `tr_analysis.study.comparison.differences`. The version of the package that computed them is
    not compared.

    Parameters
    ----------
    reference, fresh
        Results documents of the same chapter, as in ``reports/results``.

    Returns
    -------
    list of str
        Empty when the results agree.
    """
    chapter = reference.get("chapter", "results")
    found = differences(reference, fresh)
    return [f"{chapter}: {_line(each)}" for each in found if each.place != "version"]


def _line(found: Difference) -> str:
    place = found.place.removeprefix("findings.")
    if NOTHING in (found.old, found.new):
        return f"{place} is {'missing' if found.new is NOTHING else 'new'}"
    allowed = f" (allowed relative difference {RELATIVE:g})" if isinstance(found.old, float) else ""
    return f"{place} {as_text(found.old)} became {as_text(found.new)}{allowed}"


def compare_pages(reference: "NotebookNode", fresh: "NotebookNode") -> list[str]:
    """Return how an executed chapter differs from its reference: the cell, and the kind of output or what else."""
    found = []
    for old, new in zip_longest(reference.cells, fresh.cells, fillvalue={}):
        if (old.get("id"), old.get("source")) != (new.get("id"), new.get("source")):
            return [*found, f"cell {old.get('id')} became {new.get('id')}, or its source changed"]
        outputs = zip_longest(old.get("outputs", []), new.get("outputs", []), fillvalue={})
        found += [f"cell {old.id}: {kind}" for before, after in outputs for kind in _changed(before, after)]
    return found


def _changed(old: Any, new: Any) -> list[str]:
    """Name the kinds in which two outputs of a cell differ."""
    before, after = old.get("data", {}), new.get("data", {})
    rest = [
        {key: value for key, value in o.items() if key not in ("data", "execution_count")} for o in (old, new)
    ]
    if before.keys() != after.keys() or rest[0] != rest[1]:
        return ["what it shows"]
    return [kind for kind in before if not same_output(kind, before[kind], after[kind])]


def unsupported_numbers(notebook: "NotebookNode", results: dict[str, Any]) -> list[str]:
    """Return the numbers in a chapter's prose that its results do not hold.

    Prose is the text cells and the outputs of kind ``text/markdown``. A number counts as supported when a
    ``shown`` string of the results has it with the same sign and digits; commas between thousands, the kind
    of minus, and a percent sign make no difference. Identifiers that begin with a letter (OGRS4), code and
    link targets are not looked at.

    Parameters
    ----------
    notebook
        An executed chapter.
    results
        Its results document.

    Returns
    -------
    list of str
        ``"cell: number"`` for each, in reading order; empty when every number is supported.
    """
    shown = (text for finding in results["findings"].values() for text in finding["shown"])
    supported = {number for text in shown for number in _numbers(text)}
    return [
        f"{cell.id}: {number}"
        for cell in notebook.cells
        for text in _prose(cell)
        for number in _numbers(text)
        if number not in supported
    ]


def _prose(cell: "NotebookNode") -> Iterator[str]:
    if cell.cell_type == "markdown":
        yield cell.source
    for output in cell.get("outputs", []):
        yield output.get("data", {}).get("text/markdown", "")


def _numbers(text: str) -> Iterator[str]:
    """Yield the numbers of a text, written plainly: ``−1,234.5%`` as ``-1234.5``."""
    for match in _WORD_OR_NUMBER.finditer(plain_words(text)):
        if match["number"]:
            yield match["number"].replace(",", "").replace("−", "-").removeprefix("+")
