"""Two gates on numbers: results against a reference, and prose against results."""

import json
import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbformat import NotebookNode

# Not numbers of the study: code, where a link leads, markup.
_NOT_PROSE = re.compile(
    r"(?P<fence>```|~~~).*?(?P=fence)|(?P<tick>`+).+?(?P=tick)"  # code
    r"|(?<=\])\([^)\s]*(?:\s+\"[^\"]*\")?\)|https?://[^\s)>]+"  # link targets
    r"|</?[a-zA-Z][^>]*>",  # markup
    flags=re.DOTALL,
)
# A word may end in digits (OGRS4, S066); a sign counts only where nothing stands before it (2014-2021).
_WORD_OR_NUMBER = re.compile(r"[^\W\d_]\w*|(?P<number>(?:(?<!\w)[-−+])?\d+(?:,\d{3}(?!\d))*(?:\.\d+)?)")


def compare(
    reference: dict[str, Any], fresh: dict[str, Any], *, relative: float = 1e-6, absolute: float = 1e-9
) -> list[str]:
    r"""Return how a chapter's results differ from its reference, one line for each difference.

    Two numbers :math:`a, b` agree when :math:`|a-b| \le \max(\text{relative} \cdot \max(|a|, |b|),
    \text{absolute})`; whole numbers such as counts, and everything that is not a number, must be the same.
    The version of the package that computed them is not compared.

    Parameters
    ----------
    reference, fresh
        Results documents of the same chapter, as in ``reports/results``.
    relative
        Allowed difference as a share of the larger number.
    absolute
        Allowed difference near zero, in the number's own unit.

    Returns
    -------
    list of str
        Empty when the results agree.
    """
    chapter = reference.get("chapter", "results")
    limits = f" (allowed relative difference {relative:g})"
    found = _differences("", reference, fresh, relative, absolute)
    return [f"{chapter}: {line}{limits * numeric}" for line, numeric in found]


def _differences(
    place: str, old: Any, new: Any, relative: float, absolute: float
) -> Iterator[tuple[str, bool]]:
    """Yield each difference below a place, and whether a tolerance was applied to it."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            inner = "" if key == "findings" and not place else f"{place}.{key}".lstrip(".")
            if key not in new:
                yield f"{inner or key} is missing", False
            elif key not in old:
                yield f"{inner or key} is new", False
            elif inner != "version":
                yield from _differences(inner, old[key], new[key], relative, absolute)
    elif {type(old), type(new)} in ({float}, {float, int}):
        if not math.isclose(old, new, rel_tol=relative, abs_tol=absolute):
            yield f"{place} {old} became {new}", True
    elif type(old) is not type(new) or old != new:
        yield f"{place} {_text(old)} became {_text(new)}", False


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
    for match in _WORD_OR_NUMBER.finditer(_NOT_PROSE.sub(" ", text)):
        if match["number"]:
            yield match["number"].replace(",", "").replace("−", "-").removeprefix("+")
