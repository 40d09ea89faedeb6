import json
import shutil
from pathlib import Path

import pytest

from tr_analysis import paths
from tr_analysis.errors import StudyError, UsageError
from tr_analysis.study.plan import plan, refuse_stale

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
        ({"01-a": "03-c", "02-b": "01-a", "03-c": "02-b"}, "wait for each other's results: .*; break the"),
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
