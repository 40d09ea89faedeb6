"""The files that the pages offer: those of each chapter's charts and tables, and those of the whole study."""

import base64
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tr_analysis import paths
from tr_analysis.errors import ChapterError, DataError, Problem
from tr_analysis.report import CHART_MIME
from tr_analysis.site.chapter import Chapter, Shown

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
    data, place = shown.data, shown.place(run)
    if shown.is_figure:
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
