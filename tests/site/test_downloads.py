import io
import json
import shutil
import zipfile

import pytest
from nbformat.v4 import new_output

from tests.site.made import SVG, chart, code, figure, save, table
from tr_analysis.errors import ChapterError, DataError
from tr_analysis.site.chapter import read_chapter
from tr_analysis.site.downloads import ARCHIVE, archive, chapter_downloads, study_downloads

PLAIN = new_output("stream", name="stdout", text="done")


def downloads(folder, *cells):
    """Files of a chapter of which each cell, by name, has these outputs."""
    path = save(folder, *(code("show()", *outputs, name=name) for name, outputs in cells))
    files = chapter_downloads(read_chapter(path))
    assert files.pop("notebooks/03-recall.ipynb") == path.read_bytes()
    return files


def test_a_chart_is_offered_as_picture_drawing_and_data_and_a_picture_as_what_it_has(tmp_path):
    bare = figure(name="bare")
    del bare.data["text/csv"]
    files = downloads(tmp_path, ("silent", []), ("says", [PLAIN]), ("chart", [chart("course"), bare]))
    names = ("course.png", "course.svg", "course.csv", "bare.png")
    assert set(files) == {f"figures/03-recall/{name}" for name in names}
    assert files["figures/03-recall/course.png"].startswith(b"\x89PNG")
    assert files["figures/03-recall/course.svg"] == SVG.encode()
    assert files["figures/03-recall/course.csv"] == b"month,people\n2015-02,5000\n"


def test_the_tables_of_a_cell_are_numbered_from_the_second_on(tmp_path):
    files = downloads(tmp_path, ("areas", [table("a"), PLAIN, chart(), table("b"), table("c")]))
    for number, text in {"": "a", "-2": "b", "-3": "c"}.items():
        assert files.pop(f"tables/03-recall/areas{number}.csv") == f"Area\n{text}\n".encode()
    assert not [name for name in files if name.startswith("tables")]


@pytest.mark.parametrize("name", ["", "../outside", "two words"])
def test_a_figure_that_cannot_be_named_is_refused(tmp_path, name):
    with pytest.raises(ChapterError, match=r"03-recall: cell 'course' .* give it a name of letters"):
        downloads(tmp_path, ("course", [figure(name=name)]))


def test_a_second_file_of_one_name_is_refused(tmp_path):
    with pytest.raises(ChapterError, match=r"cell 'second' has a second figures/03-recall/placebo\.png"):
        downloads(tmp_path, ("first", [chart()]), ("second", [chart()]))
    with pytest.raises(ChapterError, match=r"cell 'areas-2' has a second tables/03-recall/areas-2\.csv"):
        downloads(tmp_path, ("areas", [table("a"), table("b")]), ("areas-2", [table("c")]))


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A small study: two raw files, one analysis table, one chapter with its results."""
    for name in ("data/raw/counts.csv", "data/DICTIONARY.md", "data/processed/counts.csv"):
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"content of {name}\n")
    (tmp_path / "data/raw/.hidden").write_text("not ours")
    (tmp_path / "LICENCE-DATA.md").write_text("Open Government Licence v3.0\n")
    (tmp_path / "reports/results").mkdir(parents=True)
    (tmp_path / "reports/results/03-recall.json").write_text(json.dumps({"findings": {}}))
    (tmp_path / "reports/results/99-gone.json").write_text("{}")  # of a chapter that is not shown
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    return tmp_path


def test_the_study_offers_data_and_results_singly_and_in_one_archive_with_the_licence(study):
    files = study_downloads([study / "reports" / "03-recall.ipynb"])
    data = {"data/raw/counts.csv", "data/DICTIONARY.md", "data/processed/counts.csv"}
    single = data | {"results/03-recall.json"}
    assert set(files) == single | {ARCHIVE}
    with zipfile.ZipFile(io.BytesIO(files[ARCHIVE])) as packed:
        assert packed.testzip() is None
        content = {name.removeprefix("tr-analysis-data/"): packed.read(name) for name in packed.namelist()}
    licence = {"LICENCE-DATA.md": b"Open Government Licence v3.0\n"}
    assert content == {name: files[name] for name in single} | licence


def test_the_archive_is_the_same_whatever_the_order_and_the_time(monkeypatch):
    files = {"b.csv": b"2\n" * 1000, "a.csv": b"1\n"}
    first = archive(files)
    monkeypatch.setattr("time.time", lambda: 4e9)
    assert archive(dict(reversed(files.items()))) == first
    with zipfile.ZipFile(io.BytesIO(first)) as packed:
        assert packed.namelist() == ["tr-analysis-data/a.csv", "tr-analysis-data/b.csv"]
        assert {entry.date_time for entry in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in packed.infolist()} == {0o644}


@pytest.mark.parametrize(
    ("lost", "error", "message"),
    [
        ("reports/results", ChapterError, "no results of 03-recall: run `tr-analysis run 03-recall` again"),
        ("LICENCE-DATA.md", DataError, r"LICENCE-DATA\.md: missing"),
        ("data/processed", DataError, "data/processed: is empty: run `make study`"),
    ],
)
def test_a_study_that_lacks_a_part_is_refused(study, lost, error, message):
    place = study / lost
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    with pytest.raises(error, match=message):
        study_downloads([study / "reports" / "03-recall.ipynb"])
