"""What official files change for a run: nothing where there are none, the chapters that use them where there are."""

import json

import pytest

from tr_analysis import paths
from tr_analysis.runner import fingerprint
from tr_analysis.runner.records import Records
from tr_analysis.study.plan import plan


@pytest.fixture
def tasks(toy, tmp_path):
    """A chapter that names an official table, one that asks what is held, one whose results say so, and another."""
    (tmp_path / "data" / "raw").mkdir(parents=True)
    results = tmp_path / "reports" / "results"
    results.mkdir(parents=True)
    (results / "03-c.json").write_text(json.dumps({"data": {"official/crc_results": "ab12"}}))
    toy("01-a", "tables = ['crc_results']")
    toy("02-b", "from tr_analysis.official.store import held_panel")
    toy("03-c", "n")
    toy("04-d", "n")
    return plan(["01", "02", "03", "04"])


def parts(tasks):
    return {task.name: fingerprint.chapter(task) for task in tasks}


def changed(before, now):
    names = {name for name in before if before[name] != now[name]}
    return sorted(names)


def test_without_official_files_nothing_is_different(tasks, tmp_path):
    tables, chapters = fingerprint.tables(), parts(tasks)
    assert not any("official" in part for part in tables)
    assert not any("official" in part for made in chapters.values() for part in made)
    assert not paths.official().exists()
    assert not paths.official_tables().exists()
    paths.official().mkdir()  # an empty folder, or one with a download that broke off, holds no file
    (paths.official() / ".parts").mkdir()
    (paths.official() / ".parts" / "a.xlsx").write_text("x")
    paths.official_tables().mkdir(parents=True)
    assert (fingerprint.tables(), parts(tasks)) == (tables, chapters)


def test_chapters_that_use_a_table_run_when_it_appears_changes_or_goes(tasks, tmp_path):
    before = parts(tasks)
    paths.official_tables().mkdir(parents=True)
    table = paths.official_tables() / "crc_results.csv"
    table.write_text("a")
    appeared = parts(tasks)
    assert changed(before, appeared) == ["01-a", "02-b", "03-c"]
    records = Records(tmp_path / "reports")
    for name, made_from in before.items():
        records.keep(name, made_from, [])
    assert records.changes("01-a", appeared["01-a"]) == ["the official table crc_results changed"]
    table.write_text("b")
    assert changed(appeared, parts(tasks)) == ["01-a", "02-b", "03-c"]
    table.unlink()
    assert parts(tasks) == before


def test_another_official_table_concerns_only_who_asks_for_all(tasks):
    before = parts(tasks)
    paths.official_tables().mkdir(parents=True)
    (paths.official_tables() / "crc_baselines.csv").write_text("a")
    assert changed(before, parts(tasks)) == ["02-b"]


def test_tables_are_built_again_when_a_file_comes_changes_or_goes(tasks):
    before = fingerprint.tables()
    paths.official().mkdir()
    file = paths.official() / "a.csv"
    seen = [before]
    for content in ("a", "b"):
        file.write_text(content)
        seen.append(fingerprint.tables())
    assert seen[0] != seen[1] != seen[2]
    file.unlink()
    assert fingerprint.tables() == before
