"""What an executed chapter yields, as files: the same bytes at every run, prepared in memory, put in place whole."""

import base64
import copy
import json
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from tr_analysis import __version__
from tr_analysis.errors import ChapterError
from tr_analysis.files import write_files
from tr_analysis.report import CHART_MIME, FINDINGS_MIME
from tr_analysis.simulated import MARK, marked
from tr_analysis.study.notebook import INJECTED, is_prose
from tr_analysis.study.plan import Task
from tr_analysis.study.records import versions

PNG, CSV = "image/png", "text/csv"


def normalise(notebook: NotebookNode, task: Task) -> NotebookNode:
    """Return a copy without times, paths and what else differs from run to run, marked with what made it.

    A page about one provider gets its name into the title, one of simulated figures that word.
    """
    notebook = copy.deepcopy(notebook)
    notebook.metadata.pop("papermill", None)
    notebook.metadata.get("language_info", {}).pop("version", None)
    notebook.metadata["tr_analysis"] = {
        "chapter": task.chapter.name,
        "parameters": dict(task.values),
        "version": __version__,
        "libraries": versions(),
    }
    title = marked(task.title, last_findings(notebook).get("origin", ""))
    if title != task.chapter.title:
        first = notebook.cells[0]
        first.source = first.source.replace(task.chapter.title, title, 1)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if INJECTED in cell.metadata.get("tags", []):
            cell.id = INJECTED
        if not cell.metadata.get("tags"):
            cell.metadata.pop("tags", None)
    for output in outputs_of(notebook):
        if FINDINGS_MIME in output.data:
            output.data[FINDINGS_MIME] = _finite(output.data[FINDINGS_MIME])
    notebook.cells = [_as_prose(cell) for cell in notebook.cells]
    return notebook


def _as_prose(cell: NotebookNode) -> NotebookNode:
    """Turn a cell whose code is one sentence, ``findings.markdown(...)`` or the answer, into the text that it showed.

    So a reader meets each paragraph once, and not as template and text; the code stays in the cell's metadata.
    """
    if cell.cell_type != "code" or not is_prose(cell.source):
        return cell
    text = "".join(output.data["text/markdown"] for output in cell.outputs)
    prose: NotebookNode = new_markdown_cell(text, id=cell.id, metadata=cell.metadata)  # type: ignore[no-untyped-call]
    prose.metadata["tr_analysis"] = {"code": cell.source}
    return prose


def as_code(cell: NotebookNode) -> NotebookNode:
    """Return a published cell as it was executed: the text of `findings.markdown(...)` as the output of its code."""
    code = cell.metadata.get("tr_analysis", {}).get("code")
    if code is None:
        return cell
    text = {"text/markdown": cell.source, "text/plain": "<IPython.core.display.Markdown object>"}
    output = new_output("display_data", data=text)  # type: ignore[no-untyped-call]
    restored: NotebookNode = new_code_cell(code, id=cell.id, outputs=[output], execution_count=1)  # type: ignore[no-untyped-call]
    return restored


def _finite(value: Any) -> Any:
    """Copy nested dicts and lists, with ``None`` for numbers that are not finite: kernels spell them out as text."""
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    spelt = isinstance(value, str) and value in ("nan", "inf", "-inf")
    return None if spelt or (isinstance(value, float) and not math.isfinite(value)) else value


def outputs_of(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """Yield the outputs of a notebook that show something."""
    for cell in notebook.cells:
        yield from (output for output in cell.get("outputs", []) if "data" in output)


def last_findings(notebook: NotebookNode) -> Mapping[str, Any]:
    """Return the findings that a chapter left last, with their origin; empty where there are none."""
    found = [output.data[FINDINGS_MIME] for output in outputs_of(notebook) if FINDINGS_MIME in output.data]
    return found[-1] if found else {}


def chapter_files(task: Task, notebook: NotebookNode) -> dict[str, bytes]:
    """Return the files of a run, executed and normalised, by their place in the reports folder.

    ``<run>.ipynb``, ``results/<run>.json`` and, for each figure, its picture and plotted data
    ``figures/<run>/<name>.png`` and ``.csv``; of a chart in house style also its drawing, ``.svg``. A `ChapterError`
    says what of these is missing, or not marked as simulated.
    """
    _refuse_unmarked(task.name, notebook)
    files: dict[str, bytes] = {}
    for output in outputs_of(notebook):
        if PNG in output.data:
            figure = figure_files(task.name, output)
            if figure.keys() & files.keys():
                name = output.metadata[PNG].name
                raise ChapterError(f"{task.name}: two figures are called {name}; rename one")
            files |= figure
    stored = {f"results/{task.name}.json": _results(task, notebook), f"{task.name}.ipynb": _stored(notebook)}
    return files | stored


def _refuse_unmarked(run: str, notebook: NotebookNode) -> None:
    """Refuse a chapter of which a part is marked as simulated and another part is not."""
    wanted = bool(last_findings(notebook).get("origin"))
    for output in outputs_of(notebook):
        if CSV in output.data:
            chart, page = output.data.get(CHART_MIME, {}), output.data.get("text/html", "")
            heading = chart.get("title") or output.data.get("text/plain", "").removeprefix("Chart: ")
            said = heading.startswith(MARK) and page.count("<caption>") == page.count(f"<caption>{MARK}")
            if said != wanted:
                what = "shows simulated figures, and its findings do not say so: give their frame to Findings"
                lost = "does not say that its figures are simulated: give it origin=findings.origin"
                raise ChapterError(f"{run}: {heading.splitlines()[0]!r} {lost if wanted else what}")


def figure_files(run: str, output: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the files of an output that is a figure, by their place: picture, plotted data, and drawing if any."""
    name, data = output["metadata"].get(PNG, {}).get("name", ""), output["data"]
    if not re.fullmatch(r"[\w-]+", name):
        raise ChapterError(
            f"{run}: a figure is called {name!r}; give it a name of letters, digits and dashes"
        )
    if CSV not in data:
        raise ChapterError(f"{run}: the figure {name} comes without its data as {CSV}")
    path = f"figures/{run}/{name}"
    files = {f"{path}.png": base64.b64decode(data[PNG]), f"{path}.csv": data[CSV].encode()}
    if CHART_MIME in data:
        files[f"{path}.svg"] = data[CHART_MIME]["svg"].encode()
    return files


def _results(task: Task, notebook: NotebookNode) -> bytes:
    bundle = last_findings(notebook)
    if not bundle:
        raise ChapterError(f"{task.name}: yields no findings; its last cell must end in `findings`")
    origin = bundle.get("origin", "")
    results: dict[str, Any] = {
        **notebook.metadata["tr_analysis"],
        "title": marked(task.title, origin),
        "data": bundle.get("data", {}),
        "findings": bundle["findings"],
    } | ({"origin": origin} if origin else {})
    text = json.dumps(results, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def _stored(notebook: NotebookNode) -> bytes:
    text = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    return f"{text.rstrip()}\n".encode()


def publish(run: str, files: Mapping[str, bytes], out: Path) -> tuple[Path, ...]:
    """Put a run's files, from `chapter_files`, in place, all or none, and remove what an earlier one left over."""
    written = write_files(out, files)
    figures = out / "figures" / run
    for stale in set(figures.glob("*")) - set(written):
        stale.unlink()
    (out / "failed" / f"{run}.ipynb").unlink(missing_ok=True)
    for folder in (figures, out / "failed"):
        with suppress(OSError):  # not empty, or not there
            folder.rmdir()
    return tuple(written)


def keep_failed(run: str, notebook: NotebookNode, out: Path) -> Path:
    """Keep a partly executed notebook as ``failed/<run>.ipynb``; earlier good files stay untouched."""
    (path,) = write_files(out / "failed", {f"{run}.ipynb": _stored(notebook)})
    return path
