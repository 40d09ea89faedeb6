import json
import os
import re
import signal
import subprocess
import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import write_chapter
from tests.processes import LIMIT, descendants, is_gone, wait_for
from tr_analysis import __version__
from tr_analysis.cli import main
from tr_analysis.errors import ChapterError, DataError, Problem
from tr_analysis.files import using_data, write_files
from tr_analysis.study import plan

PROJECT = Path(__file__).parents[2]
FINDINGS = """\
from IPython.display import display
display({"application/vnd.tr-analysis.findings+json": {"findings": {}}, "text/plain": ""}, raw=True)
"""
PARAMETERS = 'n: int = 2  # how many [0, 5]\nscale: Literal["log", "level"] = "log"  # scale of counts'

chapter = partial(write_chapter, end=FINDINGS, parameters=PARAMETERS)


# They keep the rules: an answer where a reader sees it first, and findings last.
sound_chapter = partial(chapter, end="findings", imports='findings.answer("It did.")')


@pytest.fixture
def root(tmp_path, monkeypatch, one_server):
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plan, "build_tables", lambda: [Path("a.csv"), Path("b.csv"), Path("manifest.json")])
    chapter(tmp_path, "02-other")
    chapter(tmp_path, "03-recall")
    for part in ("data", "LICENCE-DATA.md"):
        (tmp_path / part).symlink_to(PROJECT / part)
    return tmp_path


@pytest.fixture
def plain_pages(monkeypatch):
    """Pages with nothing on them, for where it only matters that, and when, they are made."""

    def write(executed, site):
        names = ["index", *(path.stem for path in executed)]
        return write_files(site, {f"{name}.html": b"" for name in names})

    monkeypatch.setattr("tr_analysis.site.write_site", write)


def test_list_shows_chapters_and_questions(root, capsys):
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2:] == ["03-recall  Toy recall", "           Does it run?"]


def test_params_shows_what_can_be_changed_and_how(root, capsys):
    assert main(["params", "recall"]) == 0
    assert capsys.readouterr().out == (
        "03-recall: Toy recall\n"
        "Does it run?\n"
        "\n"
        "n = 2\n"
        "    how many; a whole number from 0 to 5\n"
        "\n"
        "scale = log\n"
        "    scale of counts; one of log, level\n"
        "\n"
        "  tr-analysis run 03-recall -p n=2\n"
        "  papermill notebooks/03-recall.ipynb out.ipynb -p n 2\n"
    )


def test_run_publishes_renders_and_says_where(root, capsys):
    assert main(["run", "03", "--jobs", "1"]) == 0
    out, err = capsys.readouterr()
    why, first, last = out.splitlines()
    assert why == "not made yet, or it failed: 03-recall"
    assert first.startswith("03-recall  ")
    assert first.endswith(" s  reports: notebook, results, 0 figures")
    assert last == "13 pages: reports/site/index.html"
    assert err == ""
    assert (root / "reports" / "site" / "index.html").exists()
    assert json.loads((root / "reports" / "results" / "03-recall.json").read_text())["chapter"] == "03-recall"


def test_a_variant_goes_to_a_folder_of_its_own_with_its_page_and_leaves_the_site_alone(root, capsys):
    assert main(["run", "03", "-p", "n=3", "-p", "scale=level"]) == 0
    folder, out = "reports/variants/03-recall/n=3,scale=level", capsys.readouterr().out
    assert f"{folder}: notebook" in out
    assert f"page: {folder}/03-recall.html" in out
    assert "n = 3" in (root / folder / "03-recall.html").read_text()
    assert [path.name for path in (root / "reports").iterdir()] == ["variants"]
    assert main(["run", "03", "-p", "n=3", "-p", "scale=level"]) == 0
    assert capsys.readouterr().out == "unchanged: 03-recall\nunchanged: page of 03-recall\n"


def test_site_makes_the_pages_again_without_running_anything(root, plain_pages, capsys):
    assert main(["site"]) == 1
    assert "no chapter has been run yet: run `tr-analysis run` first" in capsys.readouterr().err
    assert main(["run", "03"]) == 0
    page = root / "reports" / "site" / "03-recall.html"
    page.unlink()
    capsys.readouterr()
    assert main(["site"]) == 0
    assert capsys.readouterr().out == "2 pages: reports/site/index.html\n"
    assert page.exists()


def test_a_fault_of_a_page_does_not_hide_a_chapter_that_failed(root, monkeypatch, capsys):
    def refuse(executed, site):
        raise ChapterError("03-recall: runs a script")

    monkeypatch.setattr("tr_analysis.site.write_site", refuse)
    chapter(root, "02-other", "1 / 0")
    assert main(["run"]) == 2
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said
    assert "runs a script" in said


@pytest.fixture
def provider(root, plain_pages, monkeypatch):
    """A chapter about one provider, of three."""
    names = ("Northumbria", "Kent, Surrey and Sussex", "NPS Wales")
    monkeypatch.setattr("tr_analysis.study.parameters._provider_names", lambda: names)
    chapter(root, "provider", parameters='n: int = 2  # how many\nwho: Provider = "Northumbria"  # whom')


def test_the_parameters_of_a_chapter_about_one_provider_list_them(provider, capsys):
    assert main(["params", "provider"]) == 0
    shown = capsys.readouterr().out
    assert (
        "whom; a CRC or NPS division, one of 3\n        Northumbria\n        Kent, Surrey and Sussex\n"
        in shown
    )


@pytest.mark.parametrize("name", ["provider-nps-wales", "reports/provider-nps-wales.ipynb"])
def test_a_page_about_one_provider_says_how_it_is_run(provider, capsys, name):
    assert main(["run", name]) == 64
    said = 'it is a page of provider: run `tr-analysis run provider -p who="NPS Wales"`'
    assert capsys.readouterr().err == f"tr-analysis: there is no chapter {name}; {said}\n"


@pytest.mark.full
def test_a_provider_is_named_with_spaces_and_commas_and_published_with_the_study(provider, root, capsys):
    assert main(["run", "provider", "-p", "who=Kent, Surrey and Sussex"]) == 0
    _, first, last = capsys.readouterr().out.splitlines()
    assert first.startswith("provider-kent-surrey-and-sussex  ")
    assert last == "2 pages: reports/site/index.html"
    assert (root / "reports" / "site" / "provider-kent-surrey-and-sussex.html").exists()
    assert main(["run", "provider"]) == 0
    why, same, lines = capsys.readouterr().out.split("\n", 2)
    assert why == "not made yet, or it failed: provider for 2 providers"
    assert same == "unchanged: provider-kent-surrey-and-sussex"
    assert re.fullmatch(
        r"provider for 2 providers  \d+\.\d s each  reports: notebooks, results, 0 figures\n4 pages: .*\n",
        lines,
    )


def test_a_failing_chapter_ends_with_code_2_and_is_told_apart_from_one_that_needs_it(
    root, plain_pages, capsys
):
    chapter(root, "01-good")
    chapter(root, "02-other", "raise ValueError('no such month\\nmore')")
    chapter(root, "03-recall", "load_results('02-other')")
    assert main(["run"]) == 2
    out, err = capsys.readouterr()
    _, good, failed, missed, _ = out.splitlines()
    assert good.endswith("reports: notebook, results, 0 figures")
    assert failed.endswith(" s  failed; partly executed: reports/failed/02-other.ipynb")
    assert missed == "03-recall  not run"
    assert err.splitlines() == [
        "tr-analysis: 02-other, under “Evidence”: ValueError: no such month",
        "03-recall: not run, because it needs the results of 02-other",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "03-recal"], "tr-analysis: there is no chapter 03-recal; did you mean 03-recall?"),
        (["run", "-p", "n"], "'n' is not of the form name=value"),
        (["run", "-p", "n=1", "-p", "n=2"], "n is given twice"),
        (["run", "--jobs", "0"], "Usage: tr-analysis run [OPTIONS] [CHAPTER]..."),
        (["params"], "Usage: tr-analysis params [OPTIONS] CHAPTER"),
        (["params", "x"], "there is no chapter x"),
        (["new", "recall"], "03-recall is there already"),
        (["rnu"], "No such command 'rnu'"),
        ([], "Usage: tr-analysis [OPTIONS] COMMAND"),
    ],
)
def test_wrong_calls_end_with_code_64_and_touch_nothing(root, capsys, monkeypatch, arguments, message):
    monkeypatch.setattr(plan, "build_tables", lambda: pytest.fail("data built before the call was checked"))
    assert main(arguments) == 64
    assert message in capsys.readouterr().err
    assert not (root / "reports").exists()


def test_new_says_what_to_do_next(root, capsys):
    assert main(["new", "04-housing"]) == 0
    assert capsys.readouterr().out == (
        "notebooks/04-housing.ipynb: Housing\n"
        "notebooks/04-housing.toml: what each of its numbers is\n"
        "  tr-analysis run 04-housing  # run it\n"
        "  tr-analysis params 04-housing  # what can be changed\n"
        "  tr-analysis lint 04-housing  # check it\n"
    )
    assert main(["lint", "04"]) == 0


def test_lint_lists_the_faults_and_ends_with_code_1(root, capsys):
    assert main(["lint", "03"]) == 1
    err = capsys.readouterr().err
    assert "03-recall.ipynb: cell parameters: use the parameter scale or remove it" in err
    sound_chapter(root, "03-recall", "used = n, scale")
    assert main(["lint", "03"]) == 0
    assert capsys.readouterr().out == "1 chapter keeps the rules\n"


def test_lint_tells_a_circle(root, capsys):
    for one, other in (("02-other", "03-recall"), ("03-recall", "02-other")):
        sound_chapter(root, one, f"used = n, scale, load_results({other!r})")
    assert main(["lint", "03"]) == 1
    assert "wait for each other's results: 0" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "file"), [(["new", "x-y"], "notebooks"), (["readme"], "README.md")])
def test_a_file_that_cannot_be_written_is_named_in_one_line(root, capsys, monkeypatch, arguments, file):
    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    (root / "README.md").write_text("old")
    monkeypatch.setattr("tr_analysis.study.readme.renewed", str.upper)
    monkeypatch.setattr(Path, "write_bytes", forbidden)
    assert main(arguments) == 1
    said = (
        f"{root / file}: Permission denied; make room and see that it can be read and written, then run again"
    )
    assert capsys.readouterr().err == f"tr-analysis: {said}\n"


def test_bad_data_ends_with_code_1_before_any_chapter_runs(root, capsys, monkeypatch):
    def broken():
        raise DataError([Problem("a.csv", "is not a number", row=3, column="rate", value="x")])

    monkeypatch.setattr(plan, "build_tables", broken)
    assert main(["run"]) == 1
    assert capsys.readouterr().err == "tr-analysis: a.csv, row 3, column rate: 'x': is not a number\n"
    assert not (root / "reports").exists()


def test_a_fault_of_ours_is_one_line_unless_asked(root, capsys, monkeypatch):
    monkeypatch.delenv("TR_ANALYSIS_DEBUG", raising=False)
    monkeypatch.setattr(plan, "build_tables", lambda: 1 / 0)
    assert main(["data", "build"]) == 70
    line = "tr-analysis: ZeroDivisionError: division by zero; run again with TR_ANALYSIS_DEBUG=1"
    err = capsys.readouterr().err
    assert err.startswith(line)
    assert err.count("\n") == 1
    monkeypatch.setenv("TR_ANALYSIS_DEBUG", "1")
    assert main(["data", "build"]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_the_module_runs_as_the_command_does_and_loads_nothing_heavy(root):
    def python(*arguments: str) -> str:
        command = [sys.executable, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert python("-m", "tr_analysis", "--version") == f"tr-analysis, version {__version__}\n"
    heavy = {"papermill", "pandas", "numpy", "nbformat", "tqdm", "zmq", "IPython"}
    code = f"import sys; from tr_analysis.cli import main; main(['params', '03']); print({heavy} & set(sys.modules))"
    assert python("-c", code).splitlines()[-1] == "set()"


ENDLESS = """\
import json, os, pathlib, subprocess, sys, time
root = pathlib.Path({root!r})
process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
assert "02-other" in json.loads((root / "reports" / ".runs.json").read_bytes())  # kept as soon as it ended
(root / "part").write_text(f"{{os.getpid()}} {{process.pid}}")
(root / "part").rename(root / "started")
{then}
time.sleep(600)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_kernel_and_names_what_it_wrote(
    root, own_server, plain_pages, monkeypatch, capsys, sign
):
    (root / "t").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(root / "t"))
    kill = f"os.kill({os.getpid()}, {int(sign)})"
    chapter(root, "03-recall", ENDLESS.format(root=str(root), then=kill))
    # Where tests run in the background, SIGINT is ignored.
    before = signal.signal(sign, signal.default_int_handler)
    try:
        ended = main(["run", "--jobs", "1"])
    finally:
        signal.signal(sign, before)
    words = "interrupted: nothing of the unfinished chapters was written; finished and written: 02-other"
    assert (ended, capsys.readouterr().err) == (130, f"tr-analysis: {words}\n")
    assert list((root / "t").iterdir()) == []
    assert {path.stem for path in (root / "reports").rglob("[!.]*.*")} == {"02-other"}
    kernel, child = map(int, (root / "started").read_text().split())
    wait_for(lambda: is_gone(kernel) and is_gone(child))
    assert "03-recall" not in json.loads((root / "reports" / ".runs.json").read_bytes())


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
def test_a_killed_run_takes_its_kernels_and_files_along(root):
    chapter(root, "03-recall", ENDLESS.format(root=str(root), then=""))
    (root / "t").mkdir()
    script = """
import sys, tr_analysis.study.plan as d
d.build_tables = list
sys.modules["tr_analysis.site"] = d  # a second to import, for pages that are never made
from tr_analysis.cli import main
sys.exit(main())
"""
    command = [sys.executable, "-c", script, "run", "--jobs", "1"]
    environment = os.environ | {"TMPDIR": str(root / "t")}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        wait_for(lambda: (root / "started").exists() or process.poll() is not None)
        running = descendants(process.pid)
        process.kill()
        _, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, err) == (-signal.SIGKILL, "")
    assert len(running) == 3  # the server, a kernel, and what that started
    wait_for(lambda: all(map(is_gone, running)) and not list((root / "t").iterdir()))


def test_nothing_runs_and_nothing_heavy_is_loaded_when_nothing_changed(root, plain_pages, capsys):
    assert main(["run"]) == 0
    capsys.readouterr()
    heavy = {"papermill", "pandas", "numpy", "nbformat", "nbconvert", "tqdm", "zmq", "IPython", "jinja2"}
    code = f"import sys; from tr_analysis.cli import main; print(main(['run'])); print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "unchanged: 02-other, 03-recall\nunchanged: pages\n0\nset()\n"
    assert done.stderr == ""


def test_only_what_changed_runs_and_why_is_said(root, plain_pages, capsys):
    assert main(["run"]) == 0
    chapter(root, "03-recall", "n + 1")
    (root / "reports" / "site" / "index.html").unlink()
    capsys.readouterr()
    assert main(["run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["unchanged: 02-other", "the notebook changed: 03-recall"]
    assert lines[2].startswith("03-recall  ")
    assert lines[3:] == ["3 pages: reports/site/index.html"]
    assert main(["run", "--force", "03"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert (lines[0], len(lines)) == ("--force: 03-recall", 3)


def test_a_chapter_that_takes_too_long_is_a_failure(root, plain_pages, capsys):
    chapter(root, "03-recall", "import time\ntime.sleep(600)")
    assert main(["run", "03", "--timeout", "1.5"]) == 2
    said = "cell 6, `import time` was still running after 1.5 seconds"
    assert said in capsys.readouterr().err


def test_fetch_and_run_wait_for_each_other(root, plain_pages, monkeypatch, capsys):
    monkeypatch.setattr("tr_analysis.official.fetch.fetch", lambda *_, **__: pytest.fail("fetched meanwhile"))
    (root / "data").unlink()  # other tests may be using the project's
    (root / "data" / "raw").mkdir(parents=True)
    with using_data():
        assert main(["fetch"]) == 1
        with using_data():  # runs do not exclude each other
            assert main(["run", "03"]) == 0
    holder = "`tr-analysis run`, or another fetch, is using"
    assert f"{holder} {root / 'data'}; try again when it has ended" in capsys.readouterr().err
    with using_data(to_change=True):
        assert main(["run", "03"]) == 1
    assert f"`tr-analysis fetch` is using {root / 'data'}; try again" in capsys.readouterr().err


def test_the_tables_are_built_again_only_when_they_may_change(root, monkeypatch, capsys):
    (root / "data").unlink()
    table = root / "data" / "processed" / "a.csv"
    for folder in ("raw", "processed"):
        (root / "data" / folder).mkdir(parents=True)
    built = []

    def build():
        table.write_text("1")
        built.append(table)
        return [table]

    monkeypatch.setattr(plan, "build_tables", build)
    monkeypatch.setattr("tr_analysis.study.runs.run", lambda *_, **__: [])
    monkeypatch.setattr("tr_analysis.cli.run._render", lambda *_, **__: None)
    for call, times in [([], 1), ([], 1), (["--force"], 2)]:
        assert main(["run", "02", *call]) == 0
        assert len(built) == times
    table.unlink()
    assert main(["run", "02"]) == 0
    assert len(built) == 3
    (root / "data" / "raw" / "a.csv").write_text("2")
    assert main(["run", "02"]) == 0
    assert len(built) == 4


@pytest.mark.parametrize(("can", "given", "forked"), [(1, "standard", 0), (1, "forked", 1), (0, "", 0)])
def test_kernels_may_be_chosen_and_are_forked_only_where_that_is_safe(root, monkeypatch, can, given, forked):
    asked = []

    def kernels_for(tasks, *, forked):
        asked.append(forked)
        return nullcontext()

    monkeypatch.setattr("tr_analysis.study.runs.kernels_for", kernels_for)
    monkeypatch.setattr("tr_analysis.study.runs.run", lambda tasks, jobs, *, kernels, timeout, done: [])
    monkeypatch.setattr("tr_analysis.study.CAN_FORK", bool(can))
    assert main(["run", "03", *(["--kernels", given] if given else [])]) == 0
    assert asked == [forked]
    assert can or main(["run", "03", "--kernels", "forked"]) == 64


def test_a_scheduler_is_refused_where_nothing_is_computed_for_readers(capsys):
    assert main(["run", "02", "-p", "before=2012-13", "--scheduler", "tcp://127.0.0.1:1"]) == 64
    assert "leave -p and --out away" in capsys.readouterr().err
