import base64
import io
import json
import shutil
import zipfile

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tr_analysis import paths
from tr_analysis.errors import ChapterError, DataError
from tr_analysis.report import CHART_MIME
from tr_analysis.site.downloads import ARCHIVE, archive, chapter_downloads, study_downloads, table_name

PNG = b"\x89PNG\r\n\x1a\n"


def figure(name="course", *, chart=True, data="month,people\n2015-02,5000\n"):
    bundle = {"image/png": base64.b64encode(PNG).decode(), "text/plain": "<Figure>"}
    bundle |= {CHART_MIME: {"name": name, "svg": "<svg>é</svg>"}} if chart else {}
    bundle |= {"text/csv": data} if data else {}
    return new_output("display_data", bundle, metadata={"image/png": {"name": name}} if name else {})


def table(data="area,people\nKent,5\n"):
    return new_output("execute_result", {"text/html": "<table></table>", "text/csv": data}, execution_count=1)


def plain():
    return new_output("stream", name="stdout", text="done")


def save(folder, *cells):
    code = [new_code_cell("show()", id=name, outputs=list(outputs)) for name, outputs in cells]
    path = folder / "03-recall.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Recall", id="title"), *code]), path)
    return path


def downloads(folder, *cells):
    return chapter_downloads("03-recall", save(folder, *cells))


def test_a_chapter_offers_its_notebook_byte_for_byte(tmp_path):
    path = save(tmp_path, ("silent", []), ("says", [plain()]))
    assert chapter_downloads("03-recall", path) == {"notebooks/03-recall.ipynb": path.read_bytes()}


def test_a_chart_is_offered_as_picture_drawing_and_data(tmp_path):
    files = downloads(tmp_path, ("course-chart", [figure()]))
    assert files["figures/03-recall/course.png"] == PNG
    assert files["figures/03-recall/course.svg"] == "<svg>é</svg>".encode()
    assert files["figures/03-recall/course.csv"] == b"month,people\n2015-02,5000\n"
    assert len(files) == 4


def test_a_picture_that_is_no_chart_has_no_drawing_and_may_have_no_data(tmp_path):
    files = downloads(tmp_path, ("course-chart", [figure(chart=False, data="")]))
    assert set(files) == {"notebooks/03-recall.ipynb", "figures/03-recall/course.png"}


def test_the_tables_of_a_cell_are_numbered_from_the_second_on(tmp_path):
    files = downloads(tmp_path, ("areas", [table("a\n1\n"), plain(), figure(), table("b\n2\n")]))
    assert files["tables/03-recall/areas.csv"] == b"a\n1\n"
    assert files["tables/03-recall/areas-2.csv"] == b"b\n2\n"
    assert [table_name("areas", number) for number in (1, 2, 3)] == ["areas", "areas-2", "areas-3"]


@pytest.mark.parametrize("name", ["", "../outside", "two words"])
def test_a_figure_that_cannot_be_named_is_refused(tmp_path, name):
    with pytest.raises(ChapterError, match=r"03-recall: cell 'course-chart' .* give it a name of letters"):
        downloads(tmp_path, ("course-chart", [figure(name)]))


def test_a_second_file_of_one_name_is_refused(tmp_path):
    with pytest.raises(ChapterError, match=r"cell 'second' has a second figures/03-recall/course\.png"):
        downloads(tmp_path, ("first", [figure()]), ("second", [figure()]))
    with pytest.raises(ChapterError, match=r"cell 'areas-2' has a second tables/03-recall/areas-2\.csv"):
        downloads(tmp_path, ("areas", [table(), table()]), ("areas-2", [table()]))


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
    save(tmp_path / "reports")
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    return tmp_path


def chapters(study):
    return [study / "reports" / "03-recall.ipynb"]


def test_the_study_offers_data_and_results_singly_and_in_one_archive_with_the_licence(study):
    files = study_downloads(chapters(study))
    single = {
        "data/raw/counts.csv",
        "data/DICTIONARY.md",
        "data/processed/counts.csv",
        "results/03-recall.json",
    }
    assert set(files) == single | {ARCHIVE}
    with zipfile.ZipFile(io.BytesIO(files[ARCHIVE])) as packed:
        assert packed.testzip() is None
        content = {name.removeprefix("tr-analysis-data/"): packed.read(name) for name in packed.namelist()}
    assert content == {name: files[name] for name in single} | {
        "LICENCE-DATA.md": b"Open Government Licence v3.0\n"
    }


def test_results_of_chapters_that_are_not_shown_stay_behind(study):
    (study / "reports/results/99-gone.json").write_text("{}")
    assert "results/99-gone.json" not in study_downloads(chapters(study))


def test_the_archive_is_the_same_whatever_the_order_and_the_time(monkeypatch):
    files = {"b.csv": b"2\n" * 1000, "a.csv": b"1\n"}
    first = archive(files)
    monkeypatch.setattr("time.time", lambda: 4e9)
    assert archive(dict(reversed(files.items()))) == first
    with zipfile.ZipFile(io.BytesIO(first)) as packed:
        assert packed.namelist() == ["tr-analysis-data/a.csv", "tr-analysis-data/b.csv"]
        assert {entry.date_time for entry in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in packed.infolist()} == {0o644}


def test_a_chapter_without_results_is_refused(study):
    (study / "reports/results/03-recall.json").unlink()
    with pytest.raises(ChapterError, match="no results of 03-recall: run `tr-analysis run 03-recall` again"):
        study_downloads(chapters(study))


def test_data_without_licence_is_refused(study):
    (study / "LICENCE-DATA.md").unlink()
    with pytest.raises(DataError, match=r"LICENCE-DATA\.md: missing"):
        study_downloads(chapters(study))


def test_a_study_without_tables_is_refused(study):
    shutil.rmtree(study / "data/processed")
    with pytest.raises(DataError, match="data/processed: is empty: run `make study`"):
        study_downloads(chapters(study))


def test_the_committed_study_offers_every_table_and_every_chapter():
    executed = sorted((paths.root() / "reports").glob("*.ipynb"))
    files = study_downloads(executed)
    assert {f"results/{path.stem}.json" for path in executed} <= set(files)
    assert {"data/raw/datapackage.json", "data/processed/reconciliation.csv"} <= set(files)
    assert study_downloads(executed)[ARCHIVE] == files[ARCHIVE]
