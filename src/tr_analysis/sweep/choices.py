"""The choices that a reader can change on a page: declared, computed beforehand for every combination, kept for the pages."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from tr_analysis import paths
from tr_analysis.errors import ChapterError, UsageError, nearest
from tr_analysis.files import read_beside_notebooks, write_files
from tr_analysis.order import place_of_smallest
from tr_analysis.report import CHART_MIME
from tr_analysis.study import CHOICES, CHOICES_PAGE
from tr_analysis.study.chapters import find_chapters
from tr_analysis.study.excerpt import Statement, excerpt
from tr_analysis.sweep.run import Engine, Tally, run_sweep
from tr_analysis.sweep.specify import ChapterTarget, Found, Sweep, values_of

FILE = "choices.toml"
_SHOWN = "shown.json"


@dataclass(frozen=True)
class Control:
    """What a reader can set: a parameter, what it is called on the page, and its values with a word for each."""

    parameter: str
    label: str
    values: dict[str, str]


@dataclass(frozen=True)
class ChoiceTarget(ChapterTarget):
    """A chapter of which only the answer and some charts are computed, by the statements that they need.

    ``number`` is the number of the answer by which the choices are compared.
    """

    charts: tuple[str, ...] = ()
    number: str = ""

    def run(self, arguments: Mapping[str, Any]) -> tuple[Found, dict[str, bytes]]:
        """Return the numbers in the answer, and what a page shows; where the chapter refuses a combination, its words."""
        try:
            found, shown = _shown(self, arguments)
        except ValueError as error:  # a combination that the chapter or an estimator refuses
            found, shown = {}, {"refused": " ".join(str(error).split())}
        return found, {_SHOWN: json.dumps(shown, ensure_ascii=False).encode()}


_excerpt = cache(excerpt)


def _shown(target: ChoiceTarget, arguments: Mapping[str, Any]) -> tuple[Found, dict[str, Any]]:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output
    from matplotlib import pyplot

    from tr_analysis.report.charts.output import drawings_only

    InteractiveShell.instance()  # what shows a chart looks for one
    with capture_output() as captured, drawings_only():
        statements = _excerpt(target.path, target.charts)
        findings = _executed(statements, target.path.name, arguments)["findings"]
    pyplot.close("all")
    drawn = [output.data[CHART_MIME] for output in captured.outputs if CHART_MIME in (output.data or {})]
    charts = [chart for name in target.charts for chart in drawn if chart["name"] == name]
    answer, numbers = findings.answered()
    main = findings[target.number]
    compared = {"value": main.value, "low": main.low, "high": main.high, "unit": main.unit}
    is_estimate = main.low is not None  # of a change: what has no interval is computed, and needs no plus
    compared |= {"shown": main.show("signed" if is_estimate else "value")}
    compared |= {"span": main.show("span") if is_estimate else ""}
    return values_of({number.name: vars(number) for number in numbers}), {
        "answer": answer,
        "charts": charts,
        "number": compared,
    }


def _executed(statements: Iterable[Statement], name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Run statements of a chapter among names of their own, with these values of its parameters."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for statement in statements:
        exec(compile(statement.code, name, "exec"), names)  # the chapter's own code
        if "parameters" in statement.tags:
            names |= {parameter: arguments[parameter] for parameter in statement.names}
    return names


@dataclass(frozen=True)
class Choices:
    """What a reader can change in a chapter."""

    target: ChoiceTarget
    controls: tuple[Control, ...]

    def combinations(self) -> list[dict[str, str]]:
        """Return every combination of the controls' values; that of the last control changes fastest."""
        names = [control.parameter for control in self.controls]
        return [
            dict(zip(names, chosen, strict=True)) for chosen in product(*(c.values for c in self.controls))
        ]

    @property
    def folder(self) -> Path:
        """Where they are kept."""
        return paths.reports() / CHOICES / self.target.name


def read_choices() -> list[Choices]:
    """Read ``notebooks/choices.toml``: what a reader can change in the chapters that are named there.

    A `UsageError` names chapter, parameter and value that the file has and the chapter has not, and a default that
    cannot be chosen.
    """
    return read_beside_notebooks(FILE, _all_choices, UsageError)


def _all_choices(content: Mapping[str, Any]) -> list[Choices]:
    return [_choices(name, dict(said)) for name, said in content.items()]


def _choices(chapter: str, said: dict[str, Any]) -> Choices:
    known = [one.name for one in find_chapters()]
    if chapter not in known:
        raise UsageError(f"there is no chapter {chapter}{nearest(chapter, known)}")
    target = ChoiceTarget(chapter, tuple(said.pop("charts", ())), str(said.pop("number", "")))
    if not target.charts:
        raise UsageError(f"[{chapter}] names no charts that are drawn again")
    answer = next(
        one for one in _excerpt(target.path, target.charts) if one.code.startswith("findings.answer(")
    )
    if target.number not in answer.quotes:
        raise UsageError(f"[{chapter}] names no number of the answer by which choices are compared")
    return Choices(target, tuple(_control(target, name, control) for name, control in said.items()))


def _control(target: ChoiceTarget, name: str, said: Any) -> Control:
    match said:
        case {"label": str(label), "values": dict(values), **rest} if values and not rest:
            words = {value: str(word) for value, word in values.items()}
        case _:
            raise UsageError(f"[{target.name}.{name}] needs a label, and values with a word for each")
    chosen = [target.check({name: value})[name] for value in words]
    if (default := target.parameters[name].default) not in chosen:
        raise UsageError(f"[{target.name}.{name}] lacks {default!r}, which is the chapter's own choice")
    return Control(name, label, words)


def compute(choices: Choices, engine: Engine) -> Tally:
    """Compute every combination that is not there yet, and gather what the page shows.

    It goes to ``reports/sweeps/choices/<chapter>/``: a folder a combination, the table of them all, and ``choices.json``.
    """
    target, controls = choices.target, choices.controls
    sweep = Sweep(target, tuple(target.check(one) for one in choices.combinations()))
    tally = run_sweep(sweep, engine, choices.folder)
    if tally.failed:
        raise ChapterError(f"{target.name}: {tally.failed} choices failed; the first: {tally.first_failure}")
    shown = [
        {"values": {c.parameter: call.arguments[c.parameter] for c in controls}}
        | json.loads((choices.folder / "runs" / call.id / _SHOWN).read_bytes())
        for call in sweep.calls(target.version())
    ]
    defaults = {c.parameter: target.parameters[c.parameter].default for c in controls}
    page = {"controls": [asdict(c) for c in controls], "default": defaults, "choices": shown}
    page |= {"compared": {"name": target.number} | _compared(shown, defaults)}
    write_files(choices.folder, {CHOICES_PAGE: json.dumps(page, ensure_ascii=False).encode()})
    return tally


def _compared(shown: list[dict[str, Any]], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the least and the greatest of the numbers in the unit of the study's own, and how many are unclear."""
    own = next(one["number"] for one in shown if one["values"] == defaults)
    alike = [one["number"] for one in shown if one.get("number", {}).get("unit") == own["unit"]]
    least, most = (
        alike[place_of_smallest([sign * one["value"] for one in alike])]["shown"] for sign in (1, -1)
    )
    known = [one for one in alike if one["low"] is not None]
    unclear = sum(one["low"] <= 0 <= one["high"] for one in known)
    return {"least": least, "most": most, "of": len(alike), "known": len(known), "unclear": unclear}
