"""An executed chapter, parsed once: what its page shows, the files of its charts and tables, and those of the whole study."""

import base64
import contextlib
import io
import re
import shlex
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbformat import NotebookNode

from tr_analysis import paths
from tr_analysis.errors import ChapterError, DataError, Problem
from tr_analysis.files import sha256
from tr_analysis.report import ANSWER, CHART_MIME, FINDINGS_MIME
from tr_analysis.site.cells import to_html
from tr_analysis.study.parameters import Parameter, read_parameters
from tr_analysis.text import title_and_question

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
    def under_answer(self) -> set[str]:
        """The names of the charts that stand under the answer, before the first heading after it."""
        ids = set()
        for cell in self.notebook.cells:
            if cell.cell_type == "markdown" and not cell.source.startswith(ANSWER):
                break
            ids.add(cell.id)
        return {one.name for one in self.shown if one.kind == "chart" and one.cell in ids}

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


ARCHIVE = "tr-analysis-data.zip"
_LICENCE = "LICENCE-DATA.md"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest time an archive can give a file
_NAME = re.compile(r"[\w-]+", re.ASCII)


def chapter_downloads(chapter: Chapter) -> dict[str, bytes]:
    """Return the files that an executed chapter offers, by their place on the site.

    They are ``notebooks/<run>.ipynb``; ``figures/<run>/<name>.png``, ``.csv`` and, where the chart was drawn as such,
    ``.svg``; ``tables/<run>/<cell id>.csv``, a second one of the same cell with ``-2``. One that cannot be named, or shares
    its name, is a `ChapterError`.
    """
    run = chapter.run
    files = {f"notebooks/{run}.ipynb": chapter.stored}
    for shown in chapter.shown:
        if not _NAME.fullmatch(shown.name):
            raise ChapterError(
                f"{run}: cell {shown.cell!r} shows a figure or table called {shown.name!r}; give it a name of "
                "letters, digits and dashes"
            )
        for name, file in _files(run, shown):
            if name in files:
                raise ChapterError(
                    f"{run}: cell {shown.cell!r} has a second {name}; rename a figure or the cell"
                )
            files[name] = file
    return files


def _files(run: str, shown: Shown) -> Iterator[tuple[str, bytes]]:
    """Yield place and content of the files of a figure or table."""
    data, is_figure = shown.data, shown.kind in ("chart", "picture")
    place = f"{'figures' if is_figure else 'tables'}/{run}/{shown.name}"
    if is_figure:
        yield f"{place}.png", base64.b64decode(data["image/png"])
    if "text/csv" in data:
        yield f"{place}.csv", data["text/csv"].encode()
    if CHART_MIME in data:
        yield f"{place}.svg", data[CHART_MIME]["svg"].encode()


def study_downloads(executed: Sequence[Path]) -> dict[str, bytes]:
    """Return the files of the whole study, by their place on the site; ``results`` stand beside the notebooks.

    They are ``data/raw/*``, ``data/processed/*``, ``results/<run>.json``, and all of it in one archive.
    """
    files = {**_data(), **_results(executed)}
    licence = paths.root() / _LICENCE
    if not licence.is_file():
        raise DataError([Problem(_LICENCE, "missing: the figures may only be passed on with it; restore it")])
    return {**files, ARCHIVE: archive({**files, _LICENCE: licence.read_bytes()})}


def _data() -> dict[str, bytes]:
    """Read the published figures, their description, and the analysis tables."""
    data = paths.raw().parent
    files = {
        f"data/{path.relative_to(data).as_posix()}": path.read_bytes()
        for folder in (data, paths.raw(), paths.processed())
        for path in sorted(folder.glob("[!.]*"))
        if path.is_file()
    }
    if missing := {"raw", "processed"} - {name.split("/")[1] for name in files}:
        raise DataError([Problem(f"data/{name}", "is empty: run `make study`") for name in sorted(missing)])
    return files


def _results(executed: Sequence[Path]) -> dict[str, bytes]:
    places = {path.stem: path.parent / "results" / f"{path.stem}.json" for path in executed}
    if missing := [run for run, place in places.items() if not place.is_file()]:
        raise ChapterError(
            "\n".join(f"no results of {run}: run `tr-analysis run {run}` again" for run in missing)
        )
    return {f"results/{run}.json": place.read_bytes() for run, place in places.items()}


def archive(files: Mapping[str, bytes], folder: str = f"{ARCHIVE.removesuffix('.zip')}/") -> bytes:
    """Pack files, by path, into a folder of a ZIP archive: the same files give the same bytes, always."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{folder}{name}", _LONG_AGO)
            entry.create_system = 3  # Unix, also where it is packed on Windows
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(entry, files[name])
    return packed.getvalue()
