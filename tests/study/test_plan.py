import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tr_analysis import paths
from tr_analysis.errors import StudyError, UsageError
from tr_analysis.study import plan as planning
from tr_analysis.study.plan import (
    RECORDS,
    Records,
    changes,
    chapter_parts,
    keep,
    page_parts,
    plan,
    refuse_stale,
    table_parts,
    to_run,
)

DATA = paths.raw().parent


@pytest.fixture
def two(toy):
    toy("01-a", "n")
    path = toy("02-b", "n")
    path.write_text(path.read_text().replace("n: int = 2", "lags: int = 2"))


@pytest.mark.parametrize(
    ("names", "given", "planned"),
    [
        ([], {}, ["01-a", "02-b"]),
        (["b"], {}, ["02-b"]),
        ([], {"n": "3"}, ["01-a"]),
        ([], {"name": "y"}, ["01-a", "02-b"]),
        ([], {"n": "3", "lags": "1"}, ["01-a", "02-b"]),
        (["a"], {"n": 3}, ["01-a"]),
    ],
)
def test_a_parameter_chooses_the_chapters_that_know_it(two, tmp_path, names, given, planned):
    tasks = plan(names, given)
    assert [task.chapter.name for task in tasks] == planned
    reports = tmp_path / "reports"
    for task in tasks:
        assert (task.out == reports) == (not given)
    assert {task.out for task in plan(names, given, tmp_path / "mine")} == {tmp_path / "mine"}


@pytest.mark.parametrize(
    ("names", "given", "message"),
    [
        (["a"], {"nam": "y"}, r"01-a has no parameter nam; did you mean name\?"),
        (["a", "b"], {"n": "3"}, "02-b has no parameter n; it has lags, name"),
        ([], {"lag": "3"}, r"the study has no parameter lag; did you mean lags\?"),
        ([], {"n": "9"}, "01-a: n=9 is not allowed; n takes a whole number from 0 to 5"),
        (["c"], {}, "there is no chapter c"),
    ],
)
def test_mistakes_are_refused_before_a_kernel_starts(two, names, given, message):
    with pytest.raises(UsageError, match=message):
        plan(names, given)


def test_a_variant_s_folder_is_safe_to_write(toy, tmp_path):
    toy("01-a", "n")
    (task,) = plan(given={"name": "../2014/15 é"})
    assert task.out == tmp_path / "reports" / "variants" / "01-a" / "name=..-2014-15-é"


OWN, CANNOT = "the project's own files", "cannot be written"


@pytest.mark.parametrize(
    ("out", "given", "message"),
    [
        *((folder, {}, OWN) for folder in ("notebooks", "data/raw", "src", "tests/x", ".")),
        ("reports", {"n": "3"}, "holds the study"),
        ("file/below", {}, CANNOT),
        (None, {}, r"reports.* cannot be written: Not a directory; name another"),
        (None, {"n": "3"}, r"reports.* cannot be written: Not a directory; name another"),
        pytest.param(
            "/proc/x", {}, CANNOT, marks=pytest.mark.skipif(not Path("/proc").is_dir(), reason="no /proc")
        ),
    ],
)
def test_a_folder_that_is_not_for_results_is_refused_at_once(toy, tmp_path, out, given, message):
    toy("01-a", "pass")
    (tmp_path / "file").write_text("")
    if out is None:
        (tmp_path / "reports").write_text("")
    with pytest.raises(UsageError, match=message):
        plan(["01-a"], given, out and tmp_path / out)


@pytest.fixture
def about_one(toy, providers):
    toy("01-a", "n")
    toy("provider", "provider", parameters=providers)


ALL = ["provider-northumbria", "provider-kent-surrey-and-sussex", "provider-nps-wales"]


@pytest.mark.parametrize(
    ("names", "given", "planned"),
    [
        ([], {}, ["01-a", *ALL]),
        (["provider"], {}, ALL),
        (["provider"], {"provider": "NPS Wales"}, ["provider-nps-wales"]),
        ([], {"provider": "Kent, Surrey and Sussex"}, ["provider-kent-surrey-and-sussex"]),
        (["01", "provider"], {}, ["01-a", *ALL]),
        ([], {"n": "3"}, ["01-a", *ALL]),
    ],
)
def test_a_chapter_about_one_provider_runs_for_all_unless_one_is_named(about_one, names, given, planned):
    tasks = plan(names, given)
    assert [task.name for task in tasks] == planned
    assert [task.is_variant for task in tasks] == ["n" in given] * len(tasks)


def test_a_provider_named_beside_a_changed_parameter_is_a_variant(about_one, tmp_path):
    (task,) = plan(["provider"], {"provider": "NPS Wales", "n": "3"})
    assert task.out == tmp_path / "reports" / "variants" / "provider" / "n=3"
    assert (task.name, task.title) == ("provider-nps-wales", "Toy provider: NPS Wales")


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("Kent, Surey and Sussex", "; did you mean Kent, Surrey and Sussex?"),
        ("nps wales", "; did you mean NPS Wales?"),
        ("provider-nps-wales", "; did you mean NPS Wales?"),
        ("zzz", "; `tr-analysis params provider` lists them"),
    ],
)
def test_a_misspelt_provider_is_refused_with_the_nearest_and_without_all_the_others(about_one, typed, hint):
    with pytest.raises(UsageError) as refusal:
        plan(given={"provider": typed})
    assert str(refusal.value) == (
        f"provider: provider={typed} is not allowed; provider takes a CRC or NPS division, one of 3{hint}"
    )


@pytest.mark.parametrize(
    ("loads", "message"),
    [
        (
            {"01-a": "03-c", "02-b": "01-a", "03-c": "02-b"},
            "wait for each other's results: .*; break the circle",
        ),
        ({"01-a": "01-a"}, "wait for each other's results: 01-a; break"),
        ({"01-a": "02-bb"}, r"01-a loads the results of 02-bb, which is no chapter; did you mean 02-b\?"),
        ({"01-a": "zzz"}, "which is no chapter; there are 01-a, 02-b, 03-c"),
    ],
)
def test_results_that_cannot_be_loaded_are_refused(toy, loads, message):
    for name in ("01-a", "02-b", "03-c"):
        toy(name, f"load_results({loads[name]!r})" if name in loads else "n")
    with pytest.raises(StudyError, match=message):
        plan()


def test_results_of_other_tables_are_refused_unless_this_run_renews_them(toy, tmp_path):
    toy("01-a", "n")
    toy("02-b", "load_results('01-a')")
    results = tmp_path / "reports" / "results" / "01-a.json"
    results.parent.mkdir(parents=True)
    results.write_text(json.dumps({"data": {"events": "0" * 64}, "findings": {}}))
    shutil.copytree(DATA, tmp_path / "data")
    refuse_stale(plan())
    with pytest.raises(StudyError, match="another state of the table events: run `tr-analysis run 01-a`"):
        refuse_stale(plan(["02"]))


def test_results_come_from_this_run_or_else_from_the_project(toy, tmp_path):
    toy("01-a", "load_results('02-b', '03-c')")
    toy("02-b", "n")
    toy("03-c", "n")
    reports, out = tmp_path / "reports", tmp_path / "out"

    def reading(names, out=None):
        task = plan(names, out=out)[0]
        return task.reads, task.after

    assert reading([], out) == (out, ("02-b", "03-c"))
    assert reading([]) == (reports, ("02-b", "03-c"))
    with pytest.raises(StudyError, match="03-c, which has not been run: run `tr-analysis run 03-c` first"):
        plan(["01", "02"])
    for name in ("02-b", "03-c"):
        (reports / "results").mkdir(parents=True, exist_ok=True)
        (reports / "results" / f"{name}.json").write_text("{}")
    assert reading(["01", "02"], out) == (reports, ("02-b",))
    assert reading(["01"], out) == (reports, ())


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


def test_another_value_of_a_parameter_is_a_change(task):
    (variant,) = plan(["01"], {"n": 3})
    assert chapter_parts(task)["parameters"] != chapter_parts(variant)["parameters"]


@pytest.mark.parametrize(
    ("place", "reaches"), [("models/a.py", True), ("site/b.py", False), ("cli/c.py", False)]
)
def test_only_what_can_reach_a_result_counts_for_a_chapter(task, tmp_path, monkeypatch, place, reaches):
    monkeypatch.setattr(planning, "_PACKAGE", tmp_path / "package")
    planning.package_hash.cache_clear()
    before, pages = chapter_parts(task), page_parts(task.out)
    (tmp_path / "package" / place).parent.mkdir(parents=True)
    (tmp_path / "package" / place).write_text(place)
    planning.package_hash.cache_clear()
    assert (changed(before, chapter_parts(task)) == ["the package"]) is reaches
    assert changed(pages, page_parts(task.out)) == ["the package"]
    planning.package_hash.cache_clear()


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
    records = Records(kept)
    records.drop("03")
    records.drop("04")
    for found in (records, Records(kept)):
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
    records = {tmp_path / "reports": Records(tmp_path / "reports")}
    for task in plan():
        (results / f"{task.name}.json").write_text("{}")
    for change in changes(plan(), records, force=False):
        keep(change, [results / f"{change.task.name}.json"], records, seconds=90)
    return records


def why(records, *, force=False):
    return {change.task.name: list(change.why) for change in changes(plan(), records, force=force)}


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
