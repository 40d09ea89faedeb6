import json
import os
import threading
from pathlib import Path

import nbformat
import pytest

from tr_analysis.errors import UsageError
from tr_analysis.study import kernels
from tr_analysis.study.run import plan, run

FIGURE = """\
import os
from IPython.display import display
names = ["OMP_NUM_THREADS", "PYTHONHASHSEED", "JUPYTER_PREFER_ENV_PATH"]
print(*[os.environ.get(name) for name in names], os.path.basename(os.getcwd()), os.environ.get("MPLBACKEND"))
figure = {"image/png": "cG5n", "text/csv": "x\\n1\\n", "text/plain": "figure"}
display(figure, metadata={"image/png": {"name": "placebo", "alt": "a"}}, raw=True)
"""


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_rerun_gives_the_same_bytes_and_leaves_the_process_as_it_was(toy, tmp_path, monkeypatch, capfd):
    toy("01-a", FIGURE)
    monkeypatch.setenv("MPLBACKEND", "nonsense")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("JUPYTER_PREFER_ENV_PATH", raising=False)
    environment, folder = dict(os.environ), Path.cwd()
    (outcome,) = run(plan())
    first = tree(tmp_path / "reports")
    assert outcome.failure == ""
    assert set(first) == {
        "01-a.ipynb",
        "results/01-a.json",
        "figures/01-a/placebo.png",
        "figures/01-a/placebo.csv",
    }
    executed = nbformat.reads(first["01-a.ipynb"].decode(), as_version=4)
    told = "1 0 1 notebooks module://matplotlib_inline.backend_inline\n"
    assert executed.cells[4].outputs[0].text == told
    results = json.loads(first["results/01-a.json"])
    assert results["parameters"] == {"n": 2, "name": "x"}
    assert results["findings"] == {"n": {"value": 2, "low": None}}
    assert results["data"] == {"recall": "ab12"}
    run(plan())
    assert tree(tmp_path / "reports") == first
    assert (dict(os.environ), Path.cwd()) == (environment, folder)
    assert capfd.readouterr().err == ""


def test_a_turned_parameter_gets_a_folder_of_its_own(toy, tmp_path):
    toy("01-a", "assert (n, name) == (3, '007')")
    (outcome,) = run(plan(given={"n": "3", "name": "007"}))
    assert outcome.failure == ""
    assert set(tree(tmp_path / "reports")) == {
        "variants/01-a/n=3,name=007/01-a.ipynb",
        "variants/01-a/n=3,name=007/results/01-a.json",
    }
    executed = nbformat.read(outcome.out / "01-a.ipynb", as_version=4)
    assert executed.cells[2].id == "injected-parameters"
    assert executed.metadata.tr_analysis.parameters == {"n": 3, "name": "007"}


def test_failures_say_where_and_why_and_touch_nothing_else(toy, tmp_path):
    toy("01-good", "n")
    toy("02-bad", "print('before')\nraise ValueError('no such month\\nsecond line')")
    toy("03-dead", "import os\nos._exit(3)")
    toy("04-kernel", "n", kernel="no-such-kernel")
    toy("05-silent", "n", end="n")
    reports = tmp_path / "reports"
    earlier = reports / "02-bad.ipynb"
    earlier.parent.mkdir()
    earlier.write_text("earlier")
    outcomes = run(plan(), jobs=2)
    assert [outcome.failure for outcome in outcomes] == [
        "",
        "02-bad, under “Evidence”: ValueError: no such month",
        "03-dead, under “Evidence”: the kernel died while this cell ran",
        "04-kernel: the kernel no-such-kernel is not installed; set the notebook's kernel to python3",
        "05-silent: yields no findings; its last cell must end in `findings`",
    ]
    assert earlier.read_text() == "earlier"
    assert set(tree(reports)) == {
        "01-good.ipynb",
        "results/01-good.json",
        "02-bad.ipynb",
        "failed/02-bad.ipynb",
        "failed/03-dead.ipynb",
        "failed/05-silent.ipynb",
    }
    assert "before" in (reports / "failed" / "02-bad.ipynb").read_text()


def test_a_success_removes_the_failed_notebook_and_works_without_unix_sockets(toy, tmp_path, monkeypatch):
    toy("01-a", "n")
    stale = tmp_path / "reports" / "failed" / "01-a.ipynb"
    stale.parent.mkdir(parents=True)
    stale.write_text("stale")
    monkeypatch.setattr(kernels, "LONGEST_FOLDER", 0)
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.extend(run(plan(["01"]))))  # no signals here
    thread.start()
    thread.join()
    assert [outcome.failure for outcome in outcomes] == [""]
    assert not stale.parent.exists()


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


def test_notebooks_without_a_name_of_their_own_are_no_chapters(toy, tmp_path):
    toy("01-a", "pass")
    (tmp_path / "notebooks" / "Untitled1.ipynb").write_text("{}")
    assert [task.chapter.name for task in plan()] == ["01-a"]
