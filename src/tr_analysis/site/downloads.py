"""The files beside the pages: charts and tables of the chapters, notebooks, results, data."""

import base64
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tr_analysis import paths
from tr_analysis.errors import ChapterError, DataError, Problem
from tr_analysis.report import CHART_MIME

if TYPE_CHECKING:
    from nbformat import NotebookNode

ARCHIVE = "tr-analysis-data.zip"
_LICENCE = "LICENCE-DATA.md"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest time an archive can give a file
_NAME = re.compile(r"[\w-]+", re.ASCII)


def table_name(cell_id: str, number: int) -> str:
    """Return the name of a table's file, without ending.

    Parameters
    ----------
    cell_id
        Id of the cell that shows it.
    number
        Its place among the tables of the cell, from 1.
    """
    return cell_id if number == 1 else f"{cell_id}-{number}"


def chapter_downloads(run: str, executed: Path) -> dict[str, bytes]:
    """Return the files that an executed chapter offers, by their place on the site.

    Parameters
    ----------
    run
        Name of the run.
    executed
        Its notebook, as the runner left it.

    Returns
    -------
    dict
        ``notebooks/<run>.ipynb``; ``figures/<run>/<name>.png``, ``.csv`` and, where the chart was drawn as such,
        ``.svg``; ``tables/<run>/<cell id>.csv``, a second one of the same cell with ``-2``.

    Raises
    ------
    ChapterError
        If a figure or table cannot be named, or two share a name.
    """
    import nbformat

    content = executed.read_bytes()
    files = {f"notebooks/{run}.ipynb": content}
    for cell in nbformat.reads(content.decode(), as_version=4).cells:  # type: ignore[no-untyped-call]
        for name, file in _files(run, cell):
            if name in files:
                raise ChapterError(
                    f"{run}: cell {cell.id!r} has a second {name}; rename a figure or the cell"
                )
            files[name] = file
    return files


def cell_tables(cell: "NotebookNode") -> Iterator[tuple[str, "NotebookNode"]]:
    """Yield the tables that a cell shows, outputs with CSV and no picture, each after the name of its file."""
    shown = (o for o in cell.get("outputs", []) if "text/csv" in o.get("data", {}))
    tables = (output for output in shown if "image/png" not in output.data)
    for number, output in enumerate(tables, 1):
        yield table_name(cell.id, number), output


def _files(run: str, cell: "NotebookNode") -> Iterator[tuple[str, bytes]]:
    """Yield place and content of the files of a cell's figures and tables."""
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if "image/png" in data:
            yield from _figure(f"figures/{run}/{_checked(run, cell, _called(output))}", data)
    for name, output in cell_tables(cell):
        yield f"tables/{run}/{_checked(run, cell, name)}.csv", output.data["text/csv"].encode()


def _called(output: "NotebookNode") -> str:
    return str(output.metadata.get("image/png", {}).get("name", ""))


def _checked(run: str, cell: "NotebookNode", name: str) -> str:
    """Refuse a name that is no name of a file."""
    if not _NAME.fullmatch(name):
        raise ChapterError(
            f"{run}: cell {cell.id!r} shows a figure or table called {name!r}; give it a name of letters, digits "
            "and dashes"
        )
    return name


def _figure(place: str, data: "NotebookNode") -> Iterator[tuple[str, bytes]]:
    yield f"{place}.png", base64.b64decode(data["image/png"])
    if "text/csv" in data:
        yield f"{place}.csv", data["text/csv"].encode()
    if CHART_MIME in data:
        yield f"{place}.svg", data[CHART_MIME]["svg"].encode()


def study_downloads(executed: Sequence[Path]) -> dict[str, bytes]:
    """Return the files of the whole study, by their place on the site.

    Parameters
    ----------
    executed
        The executed notebooks, with their results in the folder ``results`` beside them.

    Returns
    -------
    dict
        ``data/raw/*``, ``data/processed/*``, ``results/<run>.json``, and all of it in one archive.

    Raises
    ------
    ChapterError
        If a chapter has no results.
    DataError
        If there are no tables, or no licence to give them away with.
    """
    files = {**_data(), **_results(executed)}
    return {**files, ARCHIVE: archive({**files, _LICENCE: _licence()})}


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


def _licence() -> bytes:
    place = paths.root() / _LICENCE
    if not place.is_file():
        raise DataError([Problem(_LICENCE, "missing: the figures may only be passed on with it; restore it")])
    return place.read_bytes()


def archive(files: Mapping[str, bytes]) -> bytes:
    """Pack files into a ZIP archive; the same files give the same bytes, whenever and wherever.

    Parameters
    ----------
    files
        Content by path; in the archive they stand in a folder of its name.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{ARCHIVE.removesuffix('.zip')}/{name}", _LONG_AGO)
            entry.create_system = 3  # Unix, also where it is packed on Windows
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(entry, files[name])
    return packed.getvalue()
