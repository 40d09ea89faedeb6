"""An executed chapter, parsed once: what its page shows, and the panel in which a reader changes its choices."""

import base64
import contextlib
import json
import re
import shlex
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbformat import NotebookNode

from tr_analysis import paths
from tr_analysis.errors import ChapterError
from tr_analysis.files import sha256
from tr_analysis.report import ANSWER, CHART_MIME, FINDINGS_MIME
from tr_analysis.report.finding import Finding
from tr_analysis.site.cells import cut, to_html
from tr_analysis.site.links import Numbers, link_numbers, linker
from tr_analysis.study import CHOICES_PAGE
from tr_analysis.study.parameters import Parameter, read_parameters
from tr_analysis.study.publish import last_findings
from tr_analysis.text import title_and_question

_KINDS = {"chart": CHART_MIME, "picture": "image/png", "findings": FINDINGS_MIME, "table": "text/csv"}


class Shown(NamedTuple):
    """An output that is more than text: chart, picture, findings or table; its cell, the name of its files, its data."""

    kind: str
    cell: str
    name: str
    data: Mapping[str, Any]

    @property
    def is_figure(self) -> bool:
        """Whether it is drawn, and no table."""
        return self.kind in ("chart", "picture")

    def place(self, run: str) -> str:
        """Return the place of its files on the site, without the ending that tells them apart."""
        return f"{'figures' if self.is_figure else 'tables'}/{run}/{self.name}"


@dataclass(frozen=True)
class Chapter:
    """An executed chapter: what its page shows of it.

    ``run`` names its files, and differs from ``name`` where a chapter runs once for each provider. ``lead`` is its
    first cell, ``question`` and ``answer`` are the question in it and the first sentence of the answer, as HTML.
    ``parameters`` are the values of this run, ``declared`` what the chapter says of them; ``libraries`` the versions
    that computed it. ``findings`` are the numbers that it left last, ``inputs`` the SHA-256 of each table that it
    read; ``origin`` is "simulated" where no figure was observed. ``notebook`` lacks the first cell, and each output is
    marked with its ``kind`` and ``name`` as in `Shown`; ``stored`` is the file as it was read.
    """

    run: str
    name: str
    title: str
    lead: str
    question: str
    answer: str
    parameters: Mapping[str, Any]
    declared: Mapping[str, Parameter]
    version: str
    libraries: Mapping[str, str]
    shown: tuple[Shown, ...]
    findings: Numbers
    inputs: Mapping[str, str]
    origin: str
    notebook: NotebookNode
    stored: bytes

    @property
    def page(self) -> str:
        """Its address on the site."""
        return f"{self.run}.html"

    @property
    def is_numbered(self) -> bool:
        """Whether it runs once, and not for each provider."""
        return self.run == self.name

    @property
    def charts(self) -> list[Mapping[str, Any]]:
        """Its charts, as `charts.show` left them."""
        return [one.data[CHART_MIME] for one in self.shown if one.kind == "chart"]

    @property
    def data_hash(self) -> str:
        """SHA-256 over the names and hashes of the tables it read."""
        return sha256("".join(f"{name} {value}\n" for name, value in sorted(self.inputs.items())).encode())

    @property
    def changed(self) -> dict[str, Any]:
        """The parameters that differ from the study's; whom a page is about is no difference."""
        return {
            name: self.parameters[name]
            for name, parameter in self.declared.items()
            if parameter.kind != "Provider"
            and self.parameters.get(name, parameter.default) != parameter.default
        }

    @property
    def numbers(self) -> list[Finding]:
        """Its key numbers."""
        key = {n: about for n, about in self.findings.items() if about["key"] and about["value"] is not None}
        return [Finding(name, **about) for name, about in key.items()]

    @property
    def sources(self) -> set[str]:
        """Ids of the sources it cites."""
        return {source for finding in self.findings.values() for source in finding["sources"]}

    @property
    def papermill(self) -> str:
        """The shell command that runs the chapter again with the same parameters, with papermill itself."""
        words = ["papermill", f"notebooks/{self.name}.ipynb", "out.ipynb"]
        options = [[_flag(value), name, str(value)] for name, value in self.parameters.items()]
        return " ".join([shlex.join(words), *(shlex.join(option) for option in options)])

    @property
    def command(self) -> str:
        """The same with this project's own command, which checks them first and makes the page too."""
        words = [f"tr-analysis run {self.name}"]
        return " ".join([*words, *(f"-p {shlex.quote(f'{n}={v}')}" for n, v in self.parameters.items())])


def read_chapter(path: Path) -> Chapter:
    """Read an executed notebook; one that the runner did not write, or without a title, is a `ChapterError`."""
    stored = path.read_bytes()
    notebook = nbformat.v4.reads(stored.decode())  # type: ignore[no-untyped-call]
    run = notebook.metadata.get("tr_analysis")
    if run is None:
        raise ChapterError(
            f"{path.name} has no record of its run; make it with `tr-analysis run {path.stem}`"
        )
    first = notebook.cells[0].source if notebook.cells else ""
    title, question = title_and_question(first)
    if not title:
        raise ChapterError(f"{path.name} has no title; start its first cell with '# ' and the title")
    del notebook.cells[0]
    source = paths.notebooks() / f"{run['chapter']}.ipynb"
    declared = read_parameters(source) if source.exists() else ()
    left = last_findings(notebook)
    return Chapter(
        run=path.stem,
        name=run["chapter"],
        title=title,
        lead=to_html(first),
        question=to_html(question),
        answer=to_html(_answer(notebook)),
        parameters=dict(run["parameters"]),
        declared={parameter.name: parameter for parameter in declared},
        version=run["version"],
        libraries=run.get("libraries", {}),
        shown=tuple(_mark(notebook)),
        findings=left.get("findings", {}),
        inputs=left.get("data", {}),
        origin=left.get("origin", ""),
        notebook=notebook,
        stored=stored,
    )


def _mark(notebook: NotebookNode) -> Iterator[Shown]:
    """Tell the outputs of a notebook apart, mark each with its kind and the name of its files, and yield them.

    A chart or picture has a name of its own; a table that of its cell, a second one in the cell with ``-2``.
    """
    for cell in notebook.cells:
        tables = 0
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            kind = next((kind for kind, mime in _KINDS.items() if mime in data), "")
            if not kind:
                continue
            if kind in ("chart", "picture"):
                name = str(output.metadata.get("image/png", {}).get("name", ""))
            else:
                tables += 1
                name = cell.id if tables == 1 else f"{cell.id}-{tables}"
            output.metadata |= {"kind": kind, "name": name, "chart": data.get(CHART_MIME)}
            yield Shown(kind, cell.id, name, data)


def answer_text(notebook: NotebookNode) -> str:
    """Return the chapter's answer below its heading, or nothing."""
    answers = (cell.source.removeprefix(ANSWER) for cell in notebook.cells if cell.source.startswith(ANSWER))
    return next(answers, "")


def _answer(notebook: NotebookNode) -> str:
    """Return the first sentence of the chapter's answer, or nothing."""
    answer = answer_text(notebook)
    sentence = re.match(r"\s*(.+?[.?!])(?=\**\s+[A-Z]|\**\s*$)(\**)", answer, flags=re.DOTALL)
    return f"{sentence[1]}{sentence[2]}" if sentence else ""


def _flag(value: object) -> str:
    """Return papermill's option for a value: ``-r`` for a text that ``-p`` would take for a number."""
    if isinstance(value, str):
        if value in {"True", "False", "None"}:
            return "-r"
        with contextlib.suppress(ValueError):
            float(value)
            return "-r"
    return "-p"


@dataclass(frozen=True)
class Panel:
    """What the panel of a chapter shows.

    ``controls`` are parameter, label, and values with their words; ``below`` the charts, as the study draws them, that
    do not stand under the answer and so stand in the panel; ``compared`` how far one number of the answer moves.
    ``packed`` holds, deflated and as base64, what each combination shows, in order: that of the last control changes
    fastest. ``table`` is a CSV of them all.
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
    cells = chapter.notebook.cells
    box = takewhile(lambda cell: cell.cell_type != "markdown" or cell.source.startswith(ANSWER), cells)
    ids = {cell.id for cell in box}
    under = {one.name for one in chapter.shown if one.kind == "chart" and one.cell in ids}
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


def _columns(chapter: Chapter, choices: list[dict[str, Any]]) -> str:
    """Write what the combinations show as JSON, like beside like, which packs best."""
    own = chapter.parameters  # which need not be given
    changed = [{n: value for n, value in one["values"].items() if value != own.get(n)} for one in choices]
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
        "commands": [replace(chapter, parameters=values).papermill for values in changed],
        "charts": {name: list(zip(*drawn, strict=True)) for name, drawn in charts.items()},
    }
    return json.dumps(shown, ensure_ascii=False)


def _number(number: Mapping[str, Any]) -> str:
    """Write the number by which choices are compared, with its interval where it has one."""
    return f"{number['shown']} ({number['span']})" if number["span"] else str(number["shown"])
