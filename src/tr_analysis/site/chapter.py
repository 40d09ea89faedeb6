"""An executed chapter as its page needs it."""

import contextlib
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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


@dataclass(frozen=True)
class Chapter:
    """An executed chapter.

    Attributes
    ----------
    run
        Name of its files; it differs from ``name`` where the chapter runs once for each provider.
    name, title
        The chapter, and the title of the page.
    lead, question, answer
        The first cell, the question in it, and the first sentence of the answer, as HTML.
    parameters
        Value of each parameter in this run.
    declared
        What the chapter says of its parameters.
    version, libraries
        Version of this package and of the libraries that computed it.
    inputs
        SHA-256 of each table that it read.
    findings
        Its key numbers, by name.
    charts
        Its charts, as `charts.show` left them.
    notebook
        The notebook, without the first cell.
    origin
        "simulated" where no figure in it was observed; else empty.
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
    inputs: Mapping[str, str]
    findings: Mapping[str, Mapping[str, Any]]
    charts: tuple[Mapping[str, Any], ...]
    notebook: "NotebookNode"
    origin: str = ""

    @property
    def page(self) -> str:
        """Its address on the site."""
        return f"{self.run}.html"

    @property
    def data_hash(self) -> str:
        """SHA-256 over the names and hashes of the tables it read."""
        return sha256("".join(f"{name} {value}\n" for name, value in sorted(self.inputs.items())).encode())

    @property
    def turned(self) -> dict[str, Any]:
        """The parameters that differ from the study's."""
        defaults = {name: parameter.default for name, parameter in self.declared.items()}
        by_provider = {name for name, parameter in self.declared.items() if parameter.kind == "Provider"}
        return {
            name: value
            for name, value in self.parameters.items()
            if name not in by_provider and name in defaults and value != defaults[name]
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

    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    run = notebook.metadata.get("tr_analysis")
    if run is None:
        raise ChapterError(
            f"{path.name} has no record of its run; make it with `tr-analysis run {path.stem}`"
        )
    first = notebook.cells[0].source if notebook.cells else ""
    title, question = title_and_question(first)
    if not title:
        raise ChapterError(f"{path.name} has no title; start its first cell with '# ' and the title")
    bundle = _bundle(notebook)
    del notebook.cells[0]
    return Chapter(
        run=path.stem,
        name=run["chapter"],
        title=title,
        lead=to_html(first),
        question=to_html(question),
        answer=to_html(_answer(notebook)),
        parameters=dict(run["parameters"]),
        declared=_declared(run["chapter"]),
        version=run["version"],
        libraries=run.get("libraries", {}),
        inputs=bundle.get("data", {}),
        findings=bundle.get("findings", {}),
        charts=tuple(data[CHART_MIME] for data in _outputs(notebook) if CHART_MIME in data),
        notebook=notebook,
        origin=bundle.get("origin", ""),
    )


def _declared(name: str) -> dict[str, Parameter]:
    """Return what the chapter says of its parameters; nothing when it is no longer there."""
    source = paths.notebooks() / f"{name}.ipynb"
    return {parameter.name: parameter for parameter in read_parameters(source)} if source.exists() else {}


def _outputs(notebook: "NotebookNode") -> Iterator[Mapping[str, Any]]:
    for cell in notebook.cells:
        yield from (output.data for output in cell.get("outputs", []) if "data" in output)


def _bundle(notebook: "NotebookNode") -> Mapping[str, Any]:
    """Return the last findings that the chapter left."""
    found = [data[FINDINGS_MIME] for data in _outputs(notebook) if FINDINGS_MIME in data]
    return found[-1] if found else {}


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
