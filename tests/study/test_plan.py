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


@pytest.mark.parametrize("folder", ["notebooks", "data/raw", "src", "tests/x", "."])
def test_results_are_not_written_over_the_sources(toy, tmp_path, folder):
    toy("01-a", "pass")
    with pytest.raises(UsageError, match="the project's own files"):
        plan(out=tmp_path / folder)


def test_a_variant_is_not_written_over_the_study(toy, tmp_path):
    toy("01-a", "pass")
    with pytest.raises(UsageError, match="holds the study"):
        plan(["01-a"], {"n": "3"}, tmp_path / "reports")


def test_a_folder_that_cannot_be_is_refused_at_once(toy, tmp_path):
    toy("01-a", "pass")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        plan(out=tmp_path / "file" / "below")


@pytest.mark.parametrize("given", [{}, {"n": "3"}])
def test_a_reports_folder_that_cannot_be_is_refused_at_once(toy, tmp_path, given):
    toy("01-a", "pass")
    (tmp_path / "reports").write_text("")
    with pytest.raises(UsageError, match=r"reports.* cannot be written: Not a directory; name another"):
        plan(given=given)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="a folder in which nothing can be made")
def test_where_nothing_can_be_made_is_refused_whoever_asks(toy):
    toy("01-a", "pass")
    with pytest.raises(UsageError, match="/proc/x cannot be written"):
        plan(out=Path("/proc/x"))


@pytest.fixture
def about_one(toy, providers):
    toy("01-a", "n")
    toy("provider", "provider", parameters=providers)


@pytest.mark.parametrize(
    ("names", "given", "every", "planned"),
    [
        (
            [],
            {},
            False,
            ["01-a", "provider-northumbria", "provider-kent-surrey-and-sussex", "provider-nps-wales"],
        ),
        (["provider"], {}, False, ["provider-northumbria"]),
        (["provider"], {"provider": "NPS Wales"}, False, ["provider-nps-wales"]),
        ([], {"provider": "Kent, Surrey and Sussex"}, False, ["provider-kent-surrey-and-sussex"]),
        (
            ["provider"],
            {},
            True,
            ["provider-northumbria", "provider-kent-surrey-and-sussex", "provider-nps-wales"],
        ),
        (["01", "provider"], {}, False, ["01-a", "provider-northumbria"]),
        ([], {"n": "3"}, False, ["01-a", "provider-northumbria"]),
    ],
)
def test_a_chapter_about_one_provider_runs_for_all_with_the_study_or_when_asked(
    about_one, tmp_path, names, given, every, planned
):
    tasks = plan(names, given, all_providers=every)
    assert [task.name for task in tasks] == planned
    assert [task.turned for task in tasks] == ["n" in given] * len(tasks)


def test_a_provider_named_beside_a_turned_parameter_is_a_variant(about_one, tmp_path):
    (task,) = plan(["provider"], {"provider": "NPS Wales", "n": "3"})
    assert task.out == tmp_path / "reports" / "variants" / "provider" / "n=3"
    assert task.name == "provider-nps-wales"
    assert task.title == "Toy provider: NPS Wales"
    assert {task.out for task in plan(["provider"], {"n": "3"}, all_providers=True)} == {task.out}


@pytest.mark.parametrize(
    ("names", "given", "message"),
    [
        (["01"], {}, "01-a is not about one provider: leave --all away"),
        (["01", "provider"], {}, "01-a is not about one provider"),
        (["provider"], {"provider": "NPS Wales"}, "--all and provider=NPS Wales contradict each other"),
        ([], {"name": "y"}, "no chapter is about one provider"),
    ],
)
def test_all_providers_are_refused_where_it_means_nothing(about_one, names, given, message):
    with pytest.raises(UsageError, match=message):
        plan(names, given, all_providers=True)


def test_all_providers_of_a_study_without_such_a_chapter_is_refused(toy):
    toy("01-a", "n")
    with pytest.raises(UsageError, match="no chapter is about one provider"):
        plan(all_providers=True)


def test_a_misspelt_provider_is_refused_with_the_nearest_and_without_all_the_others(about_one):
    with pytest.raises(UsageError) as refusal:
        plan(given={"provider": "Kent, Surey and Sussex"})
    assert str(refusal.value) == (
        "provider: provider=Kent, Surey and Sussex is not allowed; provider takes a CRC or NPS division, "
        "one of 3; did you mean Kent, Surrey and Sussex?"
    )


@pytest.mark.parametrize("typed", ["nps wales", "nps-wales", "provider-nps-wales"])
def test_a_provider_in_small_letters_or_by_its_page_is_understood(about_one, typed):
    with pytest.raises(UsageError, match=r"one of 3; did you mean NPS Wales\?"):
        plan(given={"provider": typed})
    with pytest.raises(UsageError, match="one of 3; `tr-analysis params provider` lists them"):
        plan(given={"provider": "zzz"})


@pytest.mark.parametrize("name", ["provider-nps-wales", "reports/provider-nps-wales.ipynb"])
def test_a_page_about_one_provider_says_how_it_is_run(about_one, name):
    command = 'run `tr-analysis run provider -p provider="NPS Wales"`'
    with pytest.raises(UsageError, match=f"{name} is a page, not a chapter: {command}"):
        plan([name])
    with pytest.raises(UsageError, match=r"no chapter provider-nps; did you mean provider\?"):
        plan(["provider-nps"])


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


def test_a_circle_is_told_whichever_of_its_chapters_runs(toy):
    toy("01-a", "load_results('02-b')")
    toy("02-b", "load_results('01-a')")
    toy("03-c", "load_results('01-a')")
    toy("04-d", "n")
    for name in ("01", "02", "03"):
        with pytest.raises(StudyError, match=r"wait for each other's results: 0[12]-., 0[12]-.; break"):
            plan([name])
    assert [task.name for task in plan(["04"])] == ["04-d"]


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
