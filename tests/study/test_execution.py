import io
import json
import os
import shutil
import sys
import threading
import time
from pathlib import Path

import nbformat
import pytest

from tests.processors import tree
from tr_analysis.study import kernels
from tr_analysis.study.execution import progress
from tr_analysis.study.plan import plan
from tr_analysis.study.runs import run

FIGURE = """\
import os
from IPython.display import display
names = ["OMP_NUM_THREADS", "PYTHONHASHSEED"]
print(*[os.environ.get(name) for name in names], os.path.basename(os.getcwd()), os.environ.get("MPLBACKEND"))
figure = {"image/png": "cG5n", "text/csv": "x\\n1\\n", "text/plain": "figure"}
display(figure, metadata={"image/png": {"name": "placebo", "alt": "a"}}, raw=True)
"""


def test_a_rerun_gives_the_same_bytes_and_leaves_the_process_as_it_was(toy, tmp_path, monkeypatch, capfd):
    toy("01-a", FIGURE)
    monkeypatch.setenv("MPLBACKEND", "nonsense")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
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
    told = "1 0 notebooks module://matplotlib_inline.backend_inline\n"
    assert executed.cells[5].outputs[0].text == told
    results = json.loads(first["results/01-a.json"])
    assert results["parameters"] == {"n": 2, "name": "x"}
    assert results["findings"] == {"n": {"value": 2, "low": None}}
    assert results["data"] == {"recall": "ab12"}
    run(plan())
    assert tree(tmp_path / "reports") == first
    assert (dict(os.environ), Path.cwd()) == (environment, folder)
    assert capfd.readouterr().err == ""


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


RESULTS = """\
import json, os, pathlib
folder = pathlib.Path(os.environ["TR_ANALYSIS_REPORTS"])
def load_results(*chapters):
    return [json.loads((folder / "results" / f"{name}.json").read_text())["parameters"]["n"] for name in chapters]
"""
LATE = """\
import pathlib, time
for _ in range(10_000):
    if pathlib.Path({!r}).exists():
        break
    time.sleep(0.01)
"""


@pytest.mark.full
def test_a_chapter_runs_after_those_whose_results_it_loads(toy, tmp_path):
    toy("01-last", f"{RESULTS}print(load_results('03-first', '02-middle'))")
    toy("02-middle", f"{RESULTS}load_results('03-first')")
    out = tmp_path / "out"
    toy("03-first", LATE.format(str(out / "04-other.ipynb")))  # who does not wait for it finds nothing
    toy("04-other", "n")
    outcomes = run(plan(out=out), jobs=2)
    assert [outcome.failure for outcome in outcomes] == [""] * 4
    assert [outcome.task.name for outcome in outcomes] == ["01-last", "02-middle", "03-first", "04-other"]
    assert "[2, 2]" in (out / "01-last.ipynb").read_text()
    reports = tmp_path / "reports" / "results"
    shutil.copytree(out / "results", reports)
    path = reports / "03-first.json"
    path.write_text(path.read_text().replace('"n": 2', '"n": 4'))
    # Not all that it needs is in this run: it reads the project's.
    (outcome,) = run(plan(["01"], out=out))
    assert "[4, 2]" in outcome.files[-1].read_text()


def test_a_chapter_without_the_results_it_needs_is_not_run(toy, tmp_path):
    toy("01-bad", "1 / 0")
    toy("02-needs", f"{RESULTS}load_results('01-bad')")
    toy("03-needs-that", f"{RESULTS}load_results('02-needs')")
    toy("04-good", "n")
    failures = [outcome.failure for outcome in run(plan())]
    assert failures == [
        "01-bad, under “Evidence”: ZeroDivisionError: division by zero",
        "02-needs: not run, because it needs the results of 01-bad",
        "03-needs-that: not run, because it needs the results of 02-needs",
        "",
    ]
    assert {path.name for path in (tmp_path / "reports" / "failed").iterdir()} == {"01-bad.ipynb"}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "seen"), [(Terminal(), True), (io.StringIO(), False)])
def test_the_bar_names_chapter_and_slow_cell_and_is_quiet_without_a_terminal(toy, monkeypatch, stream, seen):
    toy("02-reoffending", "n")
    monkeypatch.setattr(sys, "stderr", stream)
    with progress(plan()) as shown:
        time.sleep(0.15)  # the bar is drawn ten times a second
        shown.advance("02-reoffending")
        shown.enter("02-reoffending", "cell 6, `n`")
        shown.name_slow()
        assert "`n`" not in stream.getvalue()
        monkeypatch.setattr("tr_analysis.study.execution._SLOW", 0)
        shown.name_slow()
    assert ("02-reoffending" in stream.getvalue()) == seen
    assert ("02-reoffending: 0 s in cell 6, `n`" in stream.getvalue()) == seen
    assert bool(stream.getvalue()) == seen


ENDINGS = {
    "sys.exit": ("import sys\nsys.exit()", "cell 6, `import sys`, calls exit"),
    "an exit code": ("raise SystemExit(3)", "cell 6, `raise SystemExit(3)`, calls exit"),
    "exit": ("exit()", "cell 6, `exit()`, calls exit"),
    "output": (
        "print('x' * 90)\nprint('y' * 90)",
        "after cell 6, `print('x' * 90)`, it has 0 MB of output, more than 0 MB",
    ),
}


@pytest.mark.parametrize(("body", "said"), ENDINGS.values(), ids=ENDINGS)
def test_a_cell_that_ends_its_chapter_or_prints_too_much_is_named(toy, monkeypatch, body, said):
    toy("01-a", body)
    monkeypatch.setattr("tr_analysis.study.execution.MOST", 150)
    (outcome,) = run(plan(given={"n": 3}))  # so that papermill puts a cell in
    assert outcome.failure.startswith(f"01-a, under “Evidence”: {said.replace('`, calls', '` calls')}")
    assert bool(outcome.files) == ("output" not in said)
