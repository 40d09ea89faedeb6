"""An executed chapter, parsed once: what its page shows, and the files of its charts and tables."""

import contextlib
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tr_analysis import paths
from tr_analysis.errors import ChapterError
from tr_analysis.files import sha256
from tr_analysis.report import CHART_MIME, FINDINGS_MIME
from tr_analysis.report.findings import ANSWER
from tr_analysis.site.cells import to_html
from tr_analysis.study.parameters import Parameter, read_parameters
from tr_analysis.text import title_and_question

if TYPE_CHECKING:
    from nbformat import NotebookNode

_KINDS = {"chart": CHART_MIME, "picture": "image/png", "findings": FINDINGS_MIME, "table": "text/csv"}


class Shown(NamedTuple):
    """An output that is more than text: chart, picture, findings or table; its cell, the name of its files, its data."""

    kind: str
    cell: str
    name: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Chapter:
    """An executed chapter: what its page shows of it.

    ``run`` names its files, and differs from ``name`` where a chapter runs once for each provider. ``lead`` is its
    first cell, ``question`` and ``answer`` are the question in it and the first sentence of the answer, as HTML.
    ``parameters`` are the values of this run, ``declared`` what the chapter says of them; ``libraries`` the versions
    that computed it. ``notebook`` lacks the first cell, and each output is marked with its ``kind`` and ``name`` as
    in `Shown`; ``stored`` is the file as it was read.
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
    notebook: "NotebookNode"
    stored: bytes

    @property
    def page(self) -> str:
        """Its address on the site."""
        return f"{self.run}.html"

    @property
    def charts(self) -> list[Mapping[str, Any]]:
        """Its charts, as `charts.show` left them."""
        return [one.data[CHART_MIME] for one in self.shown if one.kind == "chart"]

    @property
    def _bundle(self) -> Mapping[str, Any]:
        """The last findings that the chapter left."""
        found = [one.data[FINDINGS_MIME] for one in self.shown if one.kind == "findings"]
        return found[-1] if found else {}

    @property
    def findings(self) -> Mapping[str, Mapping[str, Any]]:
        """Its numbers, by name."""
        return dict(self._bundle.get("findings", {}))

    @property
    def inputs(self) -> Mapping[str, str]:
        """SHA-256 of each table that it read."""
        return dict(self._bundle.get("data", {}))

    @property
    def origin(self) -> str:
        """Return "simulated" where no figure in it was observed; else nothing."""
        return str(self._bundle.get("origin", ""))

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
    def numbers(self) -> list[Mapping[str, Any]]:
        """Its key numbers."""
        return [f for f in self.findings.values() if f["key"] and f["value"] is not None]

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
    """Read an executed notebook.

    Raises
    ------
    ChapterError
        If the runner did not write it, or it has no title.
    """
    import nbformat

    stored = path.read_bytes()
    notebook = nbformat.reads(stored.decode(), as_version=4)  # type: ignore[no-untyped-call]
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
        notebook=notebook,
        stored=stored,
    )


def _mark(notebook: "NotebookNode") -> Iterator[Shown]:
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


def _answer(notebook: "NotebookNode") -> str:
    """Return the first sentence of the chapter's answer, or nothing."""
    answers = (cell.source.removeprefix(ANSWER) for cell in notebook.cells if cell.source.startswith(ANSWER))
    sentence = re.match(r"\s*(.+?[.?!])(?=\**\s+[A-Z]|\**\s*$)(\**)", next(answers, ""), flags=re.DOTALL)
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
