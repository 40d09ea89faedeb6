import pytest

from tr_analysis.study.changes import changes, keep, to_run
from tr_analysis.study.plan import plan
from tr_analysis.study.records import Records

LOADS = "def load_results(*names): ...\nload_results({!r})"


@pytest.fixture
def study(toy, tmp_path):
    """Four chapters, of which the second loads results of the first and the third of the second, all run before."""
    toy("01-a", "n")
    toy("02-b", LOADS.format("01-a"))
    toy("03-c", LOADS.format("02-b"))
    toy("04-d", "n")
    (tmp_path / "reports" / "results").mkdir(parents=True)
    records = {tmp_path / "reports": Records(tmp_path / "reports")}
    for change in changes(tasks := plan(), records, force=False):
        (tmp_path / "reports" / "results" / f"{change.task.name}.json").write_text("{}")
    for change in changes(tasks, records, force=False):
        keep(change, [tmp_path / "reports" / "results" / f"{change.task.name}.json"], records)
    return records


def why(records, **options):
    found = changes(plan(), records, **{"force": False} | options)
    return {change.task.name: list(change.why) for change in found}


def test_nothing_runs_when_nothing_changed(study):
    assert why(study) == {"01-a": [], "02-b": [], "03-c": [], "04-d": []}
    assert to_run(changes(plan(), study, force=False)) == []


def test_a_chapter_that_changed_takes_along_those_that_load_its_results(study, toy):
    toy("02-b", LOADS.format("01-a") + "\nn")
    assert why(study) == {
        "01-a": [],
        "02-b": ["the notebook changed"],
        "03-c": ["02-b runs again"],
        "04-d": [],
    }
    tasks = to_run(changes(plan(), study, force=False))
    assert [(task.name, task.after) for task in tasks] == [("02-b", ()), ("03-c", ("02-b",))]


def test_all_run_when_forced(study):
    assert all(reasons[0] == "--force" for reasons in why(study, force=True).values())
    assert len(to_run(changes(plan(), study, force=True))) == 4


def test_a_notebook_saved_while_it_ran_runs_again(study, toy):
    toy("04-d", "n + 1")
    *_, change = changes(plan(), study, force=False)
    toy("04-d", "n + 2")
    keep(change, [], study)
    assert why(study)["04-d"] == ["the notebook changed"]
