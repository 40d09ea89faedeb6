"""The panel in which a reader changes a chapter's choices: what was computed beforehand, packed into the page."""

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tr_analysis.errors import ChapterError
from tr_analysis.report import ANSWER
from tr_analysis.site.cells import cut, to_html
from tr_analysis.site.chapter import Chapter, answer_text
from tr_analysis.site.links import link_numbers, linker
from tr_analysis.study import CHOICES_PAGE


@dataclass(frozen=True)
class Panel:
    """What the panel of a chapter shows.

    ``controls`` are parameter, label, and values with their words; ``below`` the charts, as the study draws them, that
    do not stand under the answer and so stand in the panel; ``compared`` how far one number of the answer moves. ``packed`` holds, deflated and as base64, what each
    combination shows, in order: that of the last control changes fastest. ``table`` is a CSV of them all.
    """

    controls: list[Mapping[str, Any]]
    compared: Mapping[str, Any]
    default: dict[str, str]
    below: list[Mapping[str, Any]]
    packed: str
    table: bytes


def read_panel(chapter: Chapter, folder: Path) -> Panel | None:
    """Read the choices of a chapter from the folder in which they are kept; None if there are none.

    What they show of the study's own choices is what the chapter shows, else it is a `ChapterError`: they were computed
    from something else.
    """
    place = folder / chapter.run
    if not (place / CHOICES_PAGE).exists():
        return None
    kept = json.loads((place / CHOICES_PAGE).read_bytes())
    own = next(one for one in kept["choices"] if one["values"] == kept["default"])
    charts = {chart["name"]: chart for chart in chapter.charts}
    if own.get("answer") != answer_text(chapter.notebook).removeprefix("\n") or any(
        charts.get(one["name"]) != one for one in own["charts"]
    ):
        raise ChapterError(
            f"{chapter.run}: its choices show another answer or chart than the chapter: run `tr-analysis run`, and "
            "if that does not help, a statement that the chart needs is not in what tr_analysis.study.excerpt finds"
        )
    under = chapter.under_answer
    return Panel(
        kept["controls"],
        {**kept["compared"], "label": chapter.findings[kept["compared"]["name"]]["label"]},
        {name: _text(value) for name, value in kept["default"].items()},
        [chart for chart in own["charts"] if chart["name"] not in under],
        base64.b64encode(zlib.compress(_columns(chapter, kept["choices"]).encode(), 9)).decode(),
        (place / "table.csv").read_bytes(),
    )


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool | float | int) else str(value)


def _changed(chapter: Chapter, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are not the chapter's own, which need not be given."""
    return {name: value for name, value in values.items() if value != chapter.parameters.get(name)}


def _columns(chapter: Chapter, choices: list[dict[str, Any]]) -> str:
    """Write what the combinations show as JSON, like beside like, which packs best."""
    runs = [replace(chapter, parameters=_changed(chapter, one["values"])) for one in choices]
    charts: dict[str, list[Any]] = {}
    for one in choices:
        for chart in one.get("charts", []):
            wide, narrow = cut(chart, "svg"), cut(chart, "narrow")
            words = [chart["title"], chart["subtitle"], chart["alt"]]
            charts.setdefault(chart["name"], []).append([words, wide, narrow])
    answer = next(cell for cell in chapter.notebook.cells if cell.source.startswith(ANSWER))

    def html(words: str) -> str:
        """Write an answer as the page does its own; the glossary is linked from the first use in each."""
        return linker()(to_html(link_numbers(answer, f"{ANSWER}\n{words}", chapter.findings, linked=True)))

    shown = {
        "refused": [one.get("refused", "") for one in choices],
        "answers": [html(one["answer"]) if "answer" in one else "" for one in choices],
        "numbers": [_number(one["number"]) if "number" in one else "" for one in choices],
        "commands": [run.papermill for run in runs],
        "charts": {name: list(zip(*drawn, strict=True)) for name, drawn in charts.items()},
    }
    return json.dumps(shown, ensure_ascii=False)


def _number(number: Mapping[str, Any]) -> str:
    """Write the number by which choices are compared, with its interval where it has one."""
    return f"{number['shown']} ({number['span']})" if number["span"] else str(number["shown"])
