"""Two gates on numbers: results against a reference, and prose against results."""

import json
import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tr_analysis.lint.prose import plain_words

if TYPE_CHECKING:
    from nbformat import NotebookNode

RELATIVE, ABSOLUTE = 1e-6, 1e-9
"""Differences allowed: as a share of the larger number, and near zero in the number's own unit."""

# A word may end in digits (OGRS4, S066); a sign counts only where nothing stands before it (2014-2021).
_WORD_OR_NUMBER = re.compile(r"[^\W\d_]\w*|(?P<number>(?:(?<!\w)[-−+])?\d+(?:,\d{3}(?!\d))*(?:\.\d+)?)")


def compare(reference: dict[str, Any], fresh: dict[str, Any]) -> list[str]:
    """Return how a chapter's results differ from its reference, one line for each difference.

    Two numbers ``a`` and ``b`` agree when ``|a - b| <= max(RELATIVE * max(|a|, |b|), ABSOLUTE)``; whole
    numbers such as counts, and everything that is not a number, must be the same. The version of the package
    that computed them is not compared.

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
    return [f"{chapter}: {line}" for line in _differences("", reference, fresh)]


def _differences(place: str, old: Any, new: Any) -> Iterator[str]:
    """Yield each difference below a place."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            inner = "" if key == "findings" and not place else f"{place}.{key}".lstrip(".")
            if key not in new:
                yield f"{inner or key} is missing"
            elif key not in old:
                yield f"{inner or key} is new"
            elif inner != "version":
                yield from _differences(inner, old[key], new[key])
    elif {type(old), type(new)} in ({float}, {float, int}):
        if not math.isclose(old, new, rel_tol=RELATIVE, abs_tol=ABSOLUTE):
            yield f"{place} {old} became {new} (allowed relative difference {RELATIVE:g})"
    elif type(old) is not type(new) or old != new:
        yield f"{place} {_text(old)} became {_text(new)}"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


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
