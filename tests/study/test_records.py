import json
from datetime import UTC, datetime, timedelta

import pytest

from tr_analysis import paths
from tr_analysis.study import records
from tr_analysis.study.plan import plan
from tr_analysis.study.records import (
    RECORDS,
    Records,
    changes,
    chapter_parts,
    keep,
    page_parts,
    table_parts,
    to_run,
)

LOADS = "def load_results(*names): ...\nload_results({!r})"


def changed(before, now):
    return sorted(name for name in {**before, **now} if before.get(name) != now.get(name))


@pytest.fixture
def task(toy, tmp_path):
    """A chapter that names a table, records another, and loads the results of a third one."""
    for table in ("recall", "claims", "sources", "unused"):
        path = tmp_path / "data" / "processed" / f"{table}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(table)
    results = tmp_path / "reports" / "results"
    results.mkdir(parents=True)
    (results / "01-a.json").write_text(json.dumps({"data": {"claims": "ab12"}}))
    (results / "02-b.json").write_text("{}")
    toy("01-a", f"tables = ['recall']\n{LOADS.format('02-b')}")
    toy("02-b", "n")
    return plan(["01"])[0]


def test_a_chapter_is_made_from_its_notebook_its_tables_the_results_it_loads_and_the_package(task):
    tables = {"the table recall", "the table claims", "the table sources"}
    others = {"the notebook", "parameters", "the results of 02-b", "the package", "the libraries"}
    assert set(chapter_parts(task)) == tables | others


@pytest.mark.parametrize(
    ("file", "chapter", "pages"),
    [
        ("notebooks/01-a.ipynb", ["the notebook"], ["the notebooks"]),
        ("data/processed/recall.csv", ["the table recall"], ["the data"]),
        ("data/processed/unused.csv", [], ["the data"]),
        ("reports/results/02-b.json", ["the results of 02-b"], ["the chapters"]),
        ("reports/01-a.ipynb", [], ["the chapters"]),
        ("CITATION.cff", [], ["the data"]),
        ("requirements.lock", ["the libraries"], ["the libraries"]),
    ],
)
def test_a_change_of_a_file_changes_its_part_alone(task, tmp_path, file, chapter, pages):
    before = chapter_parts(task), page_parts(task.out)
    with (tmp_path / file).open("a") as stream:
        stream.write(" ")
    assert changed(before[0], chapter_parts(task)) == chapter
    assert changed(before[1], page_parts(task.out)) == pages


@pytest.mark.parametrize(
    ("place", "reaches"), [("models/a.py", True), ("site/b.py", False), ("cli/c.py", False)]
)
def test_only_what_can_reach_a_result_counts_for_a_chapter(task, tmp_path, monkeypatch, place, reaches):
    monkeypatch.setattr(records, "_PACKAGE", tmp_path / "package")
    records.package_hash.cache_clear()
    before, pages = chapter_parts(task), page_parts(task.out)
    (tmp_path / "package" / place).parent.mkdir(parents=True)
    (tmp_path / "package" / place).write_text(place)
    records.package_hash.cache_clear()
    assert (changed(before, chapter_parts(task)) == ["the package"]) is reaches
    assert changed(pages, page_parts(task.out)) == ["the package"]
    records.package_hash.cache_clear()


@pytest.fixture
def official(toy, tmp_path):
    """A chapter that names an official table, one that asks what there is, one whose results say so, and another."""
    (tmp_path / "data" / "raw").mkdir(parents=True)
    results = tmp_path / "reports" / "results"
    results.mkdir(parents=True)
    (results / "03-c.json").write_text(json.dumps({"data": {"official/crc_results": "ab12"}}))
    toy("01-a", "tables = ['crc_results']")
    toy("02-b", "from tr_analysis.official.store import held_panel")
    toy("03-c", "n")
    toy("04-d", "n")
    return lambda: {task.name: chapter_parts(task) for task in plan()}


def test_without_official_files_nothing_is_different(official):
    tables, chapters = table_parts(), official()
    assert not any("official" in part for parts in (tables, *chapters.values()) for part in parts)
    paths.official().mkdir()  # an empty folder, or one with a download that broke off, holds no file
    (paths.official() / ".parts").mkdir()
    (paths.official() / ".parts" / "a.xlsx").write_text("x")
    paths.official_tables().mkdir(parents=True)
    assert (table_parts(), official()) == (tables, chapters)
    (paths.official() / "a.csv").write_text("a")
    assert changed(tables, table_parts()) == ["the official files"]


def test_chapters_that_use_an_official_table_run_when_it_appears_changes_or_goes(official):
    before = official()
    paths.official_tables().mkdir(parents=True)
    table = paths.official_tables() / "crc_results.csv"
    table.write_text("a")
    appeared = official()
    assert changed(before, appeared) == ["01-a", "02-b", "03-c"]
    assert changed(before["01-a"], appeared["01-a"]) == ["the official table crc_results"]
    table.write_text("bb")
    assert changed(appeared, official()) == ["01-a", "02-b", "03-c"]
    table.rename(table.with_name("other.csv"))
    assert changed(before, official()) == ["02-b"]


PARTS = {"the notebook": "a1", "the table recall": "b2"}


@pytest.fixture
def kept(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "03.json").write_text("{}")
    Records(tmp_path).keep("03", PARTS, [tmp_path / "results" / "03.json"])
    return tmp_path


def test_changes_are_told_in_words(kept):
    assert Records(kept).changes("03", PARTS) == []
    now = {"the notebook": "a2", "the table claims": "c3"}
    assert Records(kept).changes("03", now) == [
        "the notebook changed",
        "the table claims changed",
        "the table recall changed",
    ]
    (kept / "results" / "03.json").write_text("{1}")
    assert Records(kept).changes("03", PARTS) == ["results/03.json changed"]
    (kept / "results" / "03.json").unlink()
    assert Records(kept).changes("03", PARTS) == ["results/03.json is gone"]


def test_what_failed_is_forgotten(kept):
    first = Records(kept)
    first.drop("03")
    first.drop("04")
    for found in (first, Records(kept)):
        assert found.changes("03", PARTS) == ["not made yet, or it failed"]


@pytest.mark.parametrize(
    "content", ["", "[1]", "{", '{"03": 1}', '{"03": {"made from": {}, "files": 1}}', "\x00"]
)
def test_a_record_that_cannot_be_read_says_nothing(kept, content):
    (kept / RECORDS).write_text(content)
    assert Records(kept).changes("03", PARTS) == ["not made yet, or it failed"]


@pytest.fixture
def study(toy, tmp_path):
    """Four chapters, of which the second loads results of the first and the third of the second, all run before."""
    for name, body in {
        "01-a": "n",
        "02-b": LOADS.format("01-a"),
        "03-c": LOADS.format("02-b"),
        "04-d": "n",
    }.items():
        toy(name, body)
    results = tmp_path / "reports" / "results"
    results.mkdir(parents=True)
    kept = {tmp_path / "reports": Records(tmp_path / "reports")}
    for task in plan():
        (results / f"{task.name}.json").write_text("{}")
    for change in changes(plan(), kept, force=False):
        keep(change, [results / f"{change.task.name}.json"], kept, seconds=90)
    return kept


def why(kept, *, force=False):
    return {change.task.name: list(change.why) for change in changes(plan(), kept, force=force)}


def test_nothing_runs_when_nothing_changed_and_all_when_forced(study):
    assert why(study) == {"01-a": [], "02-b": [], "03-c": [], "04-d": []}
    assert to_run(changes(plan(), study, force=False)) == []
    assert all(reasons[0] == "--force" for reasons in why(study, force=True).values())
    assert len(to_run(changes(plan(), study, force=True))) == 4


def test_a_run_is_kept_with_its_times_its_machine_and_its_files(study, tmp_path):
    kept = Records(tmp_path / "reports")
    ran = kept.ran("02-b")
    began, ended = (datetime.fromisoformat(ran[name]) for name in ("began", "ended"))
    assert ended - began == timedelta(seconds=90)
    assert abs(datetime.now(UTC) - ended) < timedelta(minutes=5)
    assert "BLAS kernel" in ran["on"]
    assert kept.files("02-b") == ["results/02-b.json"]
    assert (kept.files("05-e"), kept.ran("05-e")) == ([], {})


def test_a_chapter_that_changed_takes_along_those_that_load_its_results(study, toy):
    toy("02-b", LOADS.format("01-a") + "\nn")
    said = {"01-a": [], "02-b": ["the notebook changed"], "03-c": ["02-b runs again"], "04-d": []}
    assert why(study) == said
    tasks = to_run(changes(plan(), study, force=False))
    assert [(task.name, task.after) for task in tasks] == [("02-b", ()), ("03-c", ("02-b",))]


def test_a_notebook_saved_while_it_ran_runs_again(study, toy):
    toy("04-d", "n + 1")
    *_, change = changes(plan(), study, force=False)
    toy("04-d", "n + 11")
    keep(change, [], study)
    assert why(study)["04-d"] == ["the notebook changed"]
