"""Which published figures the study uses; each of the others has a reason in the table `unused_figures`.

A figure is used if its id stands in the code or the file of a chapter, in another raw table (but not in a note), or in
the data of a chart or table that was published. So a chapter that selects figures by what they measure shows that it
uses them by the column ``figure_id`` of its charts, or ``Figure`` of its tables. A chapter that lists the whole
register uses none of it by that.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from tr_analysis.data.fields import Frames
from tr_analysis.errors import Problem

FIGURES, REASONS = "published_figures", "unused_figures"
LISTS = ("01-evidence",)  # chapters that list the register
_ID = re.compile(r"\bF\d{4}\b", re.ASCII)


def problems(frames: Frames, notebooks: Path, reports: Path) -> list[Problem]:
    """Find figures that nothing uses and that have no reason, and reasons for figures that are used.

    Without a folder of chapters, as where there are data only, nothing can be said, and nothing is found.
    """
    if not notebooks.is_dir():
        return []
    idle = unused(frames, published(notebooks, reports))
    lines = (zip(frames[name]["figure_id"], frames[name].index, strict=True) for name in (FIGURES, REASONS))
    figures, reasons = map(dict, lines)
    without = "no chapter, claim or check uses it, or no run was published since: use it, or say why not in"
    found = [
        Problem(f"{FIGURES}.csv", f"{without} {REASONS}.csv", figures[f], "figure_id", f)
        for f in sorted(idle - reasons.keys())
    ]
    stale = "the study uses this figure: take its reason out"
    return found + [
        Problem(f"{REASONS}.csv", stale, line, "figure_id", f) for f, line in reasons.items() if f not in idle
    ]


def unused(frames: Frames, texts: Iterable[str]) -> set[str]:
    """Return the figures that stand in none of the texts and in no other raw table."""
    used = {name for text in texts for name in _ID.findall(text)}
    for name in frames.keys() - {FIGURES, REASONS}:
        words: pd.DataFrame = frames[name].drop(columns="note", errors="ignore").select_dtypes("str")
        used |= {
            figure for column in words for cell in words[column].dropna() for figure in _ID.findall(cell)
        }
    return set(frames[FIGURES]["figure_id"]) - used


def published(notebooks: Path, reports: Path) -> Iterator[str]:
    """Yield the chapters as they are written, and the data of the charts and tables that they published."""
    for path in sorted(notebooks.glob("*.toml")):
        if path.stem not in LISTS:
            yield path.read_text("utf-8")
    for path in sorted([*notebooks.glob("*.ipynb"), *reports.glob("*.ipynb")]):
        if path.stem not in LISTS:
            yield from _written(json.loads(path.read_bytes()))


def _written(notebook: Mapping[str, Any]) -> Iterator[str]:
    """Yield the cells of a notebook and the data of the charts and tables that it shows."""
    for cell in notebook["cells"]:
        yield "".join(cell["source"])
        for output in cell.get("outputs", []):
            yield "".join(output.get("data", {}).get("text/csv", ""))
