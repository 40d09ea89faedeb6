"""What an executed chapter yields, as files: prepared in memory, then put in place whole."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat

from tr_analysis.errors import ChapterError
from tr_analysis.files import write_files
from tr_analysis.origin import MARK, marked
from tr_analysis.report import CHART_MIME, FINDINGS_MIME
from tr_analysis.study.normalise import simulated
from tr_analysis.study.plan import Task

PNG, CSV = "image/png", "text/csv"


def chapter_files(task: Task, notebook: nbformat.NotebookNode) -> dict[str, bytes]:
    """Return the files of a run by their place in the reports folder.

    ``<run>.ipynb``, ``results/<run>.json`` and, for each figure, its picture and plotted data
    ``figures/<run>/<name>.png`` and ``.csv``; of a chart in house style also its drawing, ``.svg``.

    Parameters
    ----------
    task
        What was run.
    notebook
        Executed and normalised.

    Raises
    ------
    ChapterError
        When the notebook yields no findings, a figure lacks its name or data, or shares its name, or the findings
        are simulated and a figure or table does not say so, or the other way round.
    """
    _refuse_unmarked(task.name, notebook)
    files: dict[str, bytes] = {}
    for output in _outputs(notebook):
        if PNG in output.data:
            figure = _figure(task.name, output)
            if figure.keys() & files.keys():
                name = output.metadata[PNG].name
                raise ChapterError(f"{task.name}: two figures are called {name}; rename one")
            files |= figure
    files[f"results/{task.name}.json"] = _results(task, notebook)
    files[f"{task.name}.ipynb"] = _stored(notebook)
    return files


def _stored(notebook: nbformat.NotebookNode) -> bytes:
    text = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    return f"{text.rstrip()}\n".encode()


def _outputs(notebook: nbformat.NotebookNode) -> Iterator[nbformat.NotebookNode]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "data" in output:
                yield output


def _refuse_unmarked(run: str, notebook: nbformat.NotebookNode) -> None:
    """Refuse a chapter of which a part is marked as simulated and another part is not."""
    wanted = bool(simulated(notebook))
    for output in _outputs(notebook):
        if CSV in output.data:
            chart, page = output.data.get(CHART_MIME, {}), output.data.get("text/html", "")
            heading = chart.get("title") or output.data.get("text/plain", "").removeprefix("Chart: ")
            said = heading.startswith(MARK) and page.count("<caption>") == page.count(f"<caption>{MARK}")
            if said != wanted:
                what = "shows simulated figures, and its findings do not say so: give their frame to Findings"
                lost = "does not say that its figures are simulated: give it origin=findings.origin"
                raise ChapterError(f"{run}: {heading.splitlines()[0]!r} {lost if wanted else what}")


def _figure(run: str, output: nbformat.NotebookNode) -> dict[str, bytes]:
    name = output.metadata.get(PNG, {}).get("name", "")
    if not re.fullmatch(r"[\w-]+", name):
        raise ChapterError(
            f"{run}: a figure is called {name!r}; give it a name of letters, digits and dashes"
        )
    if CSV not in output.data:
        raise ChapterError(f"{run}: the figure {name} comes without its data as {CSV}")
    path = f"figures/{run}/{name}"
    files = {
        f"{path}.png": base64.b64decode(output.data[PNG]),
        f"{path}.csv": output.data[CSV].encode(),
    }
    if CHART_MIME in output.data:
        files[f"{path}.svg"] = output.data[CHART_MIME]["svg"].encode()
    return files


def _results(task: Task, notebook: nbformat.NotebookNode) -> bytes:
    bundles = [output.data[FINDINGS_MIME] for output in _outputs(notebook) if FINDINGS_MIME in output.data]
    if not bundles:
        raise ChapterError(f"{task.name}: yields no findings; its last cell must end in `findings`")
    results: dict[str, Any] = {
        **notebook.metadata["tr_analysis"],
        "title": marked(task.title, bundles[-1].get("origin", "")),
        "data": bundles[-1].get("data", {}),
        "findings": bundles[-1]["findings"],
    }
    if origin := bundles[-1].get("origin"):
        results["origin"] = origin
    text = json.dumps(results, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def publish(run: str, files: Mapping[str, bytes], out: Path) -> tuple[Path, ...]:
    """Put a run's files in place, all or none, and remove what an earlier one left over.

    Parameters
    ----------
    run
        The run's name.
    files
        Its files, from `chapter_files`.
    out
        The reports folder.
    """
    written = write_files(out, files)
    figures = out / "figures" / run
    for stale in set(figures.glob("*")) - set(written):
        stale.unlink()
    (out / "failed" / f"{run}.ipynb").unlink(missing_ok=True)
    for folder in (figures, out / "failed"):
        with suppress(OSError):  # not empty, or not there
            folder.rmdir()
    return tuple(written)


def keep_failed(run: str, notebook: nbformat.NotebookNode, out: Path) -> Path:
    """Keep a partly executed notebook as ``failed/<run>.ipynb``; earlier good files stay untouched."""
    (path,) = write_files(out / "failed", {f"{run}.ipynb": _stored(notebook)})
    return path
