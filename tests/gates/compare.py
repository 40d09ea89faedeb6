"""Gates on numbers: results and pages against a reference by value, and prose against results."""

import base64
import io
import json
import math
import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from tr_analysis.lint import plain_words
from tr_analysis.report import CHART_MIME, FINDINGS_MIME

if TYPE_CHECKING:
    from nbformat import NotebookNode

RELATIVE, ABSOLUTE = 2e-5, 1e-9
"""Differences allowed, elsewhere than on the processors that promise the same bytes: as a share of the larger number,
which is two units of the sixth digit kept, and near zero in the number's own unit."""

LEVELS = 4
"""Of 255, by which a pixel's colour may differ: less than anyone sees."""

POINTS = 0.02
"""By which a place in a drawing may differ: two of the hundredths that are written."""

# A word may end in digits (OGRS4, S066); a sign counts only where nothing stands before it (2014-2021).
_WORD_OR_NUMBER = re.compile(r"[^\W\d_]\w*|(?P<number>(?:(?<!\w)[-−+])?\d+(?:,\d{3}(?!\d))*(?:\.\d+)?)")
_DECIMAL = re.compile(r"[-−]?\d+\.\d+(?:e-?\d+)?|[-−]?\d+e-?\d+|(?<=[a-z ])[-−]?\.\d+")


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
        if not _close(old, new):
            yield f"{place} {old} became {new} (allowed relative difference {RELATIVE:g})"
    elif type(old) is not type(new) or old != new:
        yield f"{place} {_text(old)} became {_text(new)}"


def _close(old: float, new: float, absolute: float = ABSOLUTE) -> bool:
    """Tell whether two numbers agree; whole ones must be the same."""
    if float(old).is_integer() and float(new).is_integer():
        return old == new
    return math.isclose(old, new, rel_tol=RELATIVE, abs_tol=absolute)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def same_text(old: str, new: str, absolute: float = ABSOLUTE) -> bool:
    """Tell whether two texts are the same but for decimals that agree, and the spaces that line them up."""
    words, others = (" ".join(_DECIMAL.sub("#", text).split()) for text in (old, new))
    numbers = (map(_decimal, _DECIMAL.findall(text)) for text in (old, new))
    return words == others and all(_close(a, b, absolute) for a, b in zip(*numbers, strict=True))


def _decimal(text: str) -> float:
    return float(text.replace("−", "-"))


def same_pixels(old: str, new: str) -> bool:
    """Tell whether two pictures, as base64 text, show the same; what is no picture is the same as nothing else."""
    if old == new:
        return True
    try:
        first, second = (
            np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGBA"), dtype=int)
            for text in (old, new)
        )
    except (OSError, ValueError, SyntaxError):  # not base64, not a picture, or a damaged one
        return False
    return first.shape == second.shape and int(np.abs(first - second).max()) <= LEVELS


def same_output(kind: str, old: Any, new: Any) -> bool:
    """Tell whether two outputs of a kind show a reader the same."""
    if kind == "image/png":
        return same_pixels(old, new)
    if kind == FINDINGS_MIME:
        return not compare(old, new)
    if kind == CHART_MIME:
        return same_text(_text(old), _text(new), POINTS)
    return same_text(str(old), str(new))


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
