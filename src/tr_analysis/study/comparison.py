"""How two files of the study differ, by value: numbers within the tolerance of another processor, or byte for byte."""

import base64
import csv
import io
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import PurePosixPath
from typing import Any

import nbformat
import numpy as np
from PIL import Image

from tr_analysis.report import CHART_MIME, FINDINGS_MIME

RELATIVE, ABSOLUTE = 2e-5, 1e-9
"""Differences allowed, elsewhere than on the processors that promise the same bytes: as a share of the larger number,
which is two units of the sixth digit kept, and near zero in the number's own unit."""

LEVELS = 4
"""Of 255, by which a pixel's colour may differ: less than anyone sees."""

POINTS = 0.02
"""By which a place in a drawing may differ: two of the hundredths that are written."""

NOTHING = object()
"""What stands in a `Difference` on the side that has no such entry."""

_PICTURES = "a picture", "another"  # to a reader their bytes say nothing
_DECIMAL = re.compile(r"[-−]?\d+\.\d+(?:e-?\d+)?|[-−]?\d+e-?\d+|(?<=[a-z ])[-−]?\.\d+")
_AROUND = 24  # characters shown before the first that differs in a long text


@dataclass(frozen=True)
class Difference:
    """A place in two documents at which they differ, and what stands there in each."""

    place: str
    old: Any
    new: Any

    def sides(self) -> tuple[str, str]:
        """Return what stands there in each, in short: of long texts the part where they begin to differ."""
        old, new = (
            "nothing" if side is NOTHING else side if isinstance(side, str) else as_text(side)
            for side in (self.old, self.new)
        )
        same = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
        start = max(0, same - _AROUND) if max(len(old), len(new)) > 3 * _AROUND else 0
        return _part(old, start), _part(new, start)


def _part(text: str, start: int) -> str:
    shown = " ".join(text[start : start + 3 * _AROUND].split())
    return f"{'…' * bool(start)}{shown}{'…' * (len(text) > start + 3 * _AROUND)}"


def differences(old: Any, new: Any, *, exact: bool = False, place: str = "") -> Iterator[Difference]:
    """Yield each difference of two documents as JSON has them, with its place as names joined by dots.

    Two numbers ``a`` and ``b`` agree when ``|a - b| <= max(RELATIVE * max(|a|, |b|), ABSOLUTE)``; whole numbers
    such as counts, and everything that is not a number, must be the same. Outputs of cells agree by `same_output`.
    ``exact`` allows no difference.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            sides = old.get(key, NOTHING), new.get(key, NOTHING)
            inner = f"{place}.{key}".lstrip(".")
            if "/" in key and key != FINDINGS_MIME and NOTHING not in sides:
                if not (sides[0] == sides[1] if exact else same_output(key, *sides)):
                    yield Difference(inner, *(_PICTURES if key.startswith("image/") else sides))
            else:
                yield from differences(*sides, exact=exact, place=inner)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, sides in enumerate(zip(old, new, strict=True)):
            yield from differences(*sides, exact=exact, place=f"{place}.{number}")
    elif not exact and {type(old), type(new)} in ({float}, {float, int}):
        if not close(old, new):
            yield Difference(place, old, new)
    elif type(old) is not type(new) or old != new:
        yield Difference(place, old, new)


def close(old: float, new: float, absolute: float = ABSOLUTE) -> bool:
    """Tell whether two numbers agree; whole ones must be the same."""
    if float(old).is_integer() and float(new).is_integer():
        return old == new
    return math.isclose(old, new, rel_tol=RELATIVE, abs_tol=absolute)


def as_text(value: Any) -> str:
    """Write a value as JSON in one line, the same however its entries are ordered."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def same_text(old: str, new: str, absolute: float = ABSOLUTE) -> bool:
    """Tell whether two texts are the same but for decimals that agree, and the spaces that line them up."""
    words, others = (" ".join(_DECIMAL.sub("#", text).split()) for text in (old, new))
    numbers = (map(_decimal, _DECIMAL.findall(text)) for text in (old, new))
    return words == others and all(close(a, b, absolute) for a, b in zip(*numbers, strict=True))


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
        return not any(differences(old, new))
    if kind == CHART_MIME:
        return same_text(as_text(old), as_text(new), POINTS)
    return same_text(str(old), str(new))


def file_differences(name: str, old: bytes, new: bytes, *, exact: bool) -> Iterator[Difference]:
    """Yield how two versions of a file differ: entry by entry, cell by cell, row by row, or line by line.

    ``exact`` allows no difference, and one that none of these ways shows is one of how the file is written. A file
    that cannot be read as what its name says is one difference.
    """
    if old == new:
        return
    kind = PurePosixPath(name).suffix
    if kind == ".png":
        if exact or not same_pixels(*(base64.b64encode(side).decode() for side in (old, new))):
            yield Difference("the picture", *(f"{len(side)} bytes" for side in (old, new)))
        return
    try:
        found = list(_by_kind(kind, old.decode(), new.decode(), exact=exact))
    except (ValueError, KeyError, TypeError, AttributeError, nbformat.ValidationError):
        found = [Difference("the file", "cannot be read", f"a readable {kind.lstrip('.')} file")]
    if exact and not found:
        found = [Difference("the file", "written otherwise: spaces, order or line ends", "other bytes")]
    yield from found


def _by_kind(kind: str, old: str, new: str, *, exact: bool) -> Iterator[Difference]:
    if kind in (".json", ".ipynb"):
        read = _by_cell if kind == ".ipynb" else json.loads
        yield from differences(read(old), read(new), exact=exact)
        return
    if kind == ".csv":
        yield from _by_row(*(list(csv.reader(io.StringIO(text))) for text in (old, new)), exact=exact)
        return
    for number, sides in enumerate(zip_longest(old.split("\n"), new.split("\n"), fillvalue=NOTHING), start=1):
        if sides[0] != sides[1]:
            yield Difference(f"line {number}", *sides)


def _by_row(old: list[list[str]], new: list[list[str]], *, exact: bool) -> Iterator[Difference]:
    if [len(row) for row in old] != [len(row) for row in new]:
        yield Difference("number of rows, or of columns in one", len(old), len(new))
        return
    for number, rows in enumerate(zip(old, new, strict=True), start=1):
        for column, one, other in zip(new[0], *rows, strict=False):
            if not (one == other if exact else same_text(one, other)):
                yield Difference(f"row {number}, column {column}", one, other)


def _by_cell(text: str) -> dict[str, Any]:
    """Read a notebook, its cells by their ids, and the order of these, so that a cell more is one difference."""
    notebook = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    cells = {f"cell {cell['id']}": {k: v for k, v in cell.items() if k != "id"} for cell in notebook["cells"]}
    order = [cell["id"] for cell in notebook["cells"]]
    return {"order of cells": order, **{k: v for k, v in notebook.items() if k != "cells"}, **cells}
