"""The gate on numbers in prose: each must stand in the results."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tr_analysis.lint import plain_words

if TYPE_CHECKING:
    from nbformat import NotebookNode

# A word may end in digits (OGRS4, S066); a sign counts only where nothing stands before it (2014-2021).
_WORD_OR_NUMBER = re.compile(r"[^\W\d_]\w*|(?P<number>(?:(?<!\w)[-−+])?\d+(?:,\d{3}(?!\d))*(?:\.\d+)?)")


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
