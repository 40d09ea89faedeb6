import base64
import json
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import nbformat.v4 as nbf
import pytest

from tests.processors import tree
from tr_analysis import __version__
from tr_analysis.errors import ChapterError
from tr_analysis.report import CHART_MIME
from tr_analysis.study.chapters import Chapter
from tr_analysis.study.plan import Task
from tr_analysis.study.publish import chapter_files, keep_failed, normalise, publish

CHAPTER = Chapter(Path("03-recall.ipynb"), "Recall", "Did it rise?")
TASK = Task(CHAPTER, {"n": 3}, {"n": 3}, "03-recall", "Recall", Path("reports"), False, (), Path("reports"))
NAMES = "numpy", "pandas", "scipy", "statsmodels", "matplotlib", "seaborn"
LIBRARIES = {name: version(name) for name in NAMES}
FINDINGS = "application/vnd.tr-analysis.findings+json"


def figure(name: str = "placebo", **data: str):
    data = {"image/png": base64.b64encode(b"png").decode(), "text/csv": "month,n\n"} | data
    return nbf.new_output(
        "display_data", data={k: v for k, v in data.items() if v}, metadata={"image/png": {"name": name}}
    )


def executed(*outputs):
    bundle = {"findings": {"fall": {"value": 2.1, "low": float("nan"), "high": "inf"}}}
    cells = [
        nbf.new_markdown_cell("# Recall", id="title", metadata={"papermill": {"duration": 1}, "tags": []}),
        nbf.new_code_cell("n = 3", id="ab12cd34", metadata={"tags": ["injected-parameters"]}),
        nbf.new_code_cell(
            "x", id="x", metadata={"execution": {"iopub.status.busy": "now"}}, outputs=list(outputs)
        ),
        nbf.new_code_cell(
            "findings", id="findings", outputs=[nbf.new_output("display_data", data={FINDINGS: bundle})]
        ),
    ]
    metadata = {
        "papermill": {"input_path": "/somewhere", "version": "2"},
        "language_info": {"name": "python", "version": "3.11.7"},
    }
    return nbf.new_notebook(cells=cells, metadata=metadata)


@pytest.fixture
def normal():
    return normalise(executed(figure()), TASK)


def test_what_differs_between_runs_is_removed(normal):
    assert normal.metadata == {
        "language_info": {"name": "python"},
        "tr_analysis": {
            "chapter": "03-recall",
            "parameters": {"n": 3},
            "version": __version__,
            "libraries": LIBRARIES,
        },
    }
    assert [cell.metadata for cell in normal.cells] == [{}, {"tags": ["injected-parameters"]}, {}, {}]
    assert [cell.id for cell in normal.cells] == ["title", "injected-parameters", "x", "findings"]


def test_the_provider_is_in_the_title(normal):
    about = replace(TASK, title="Recall: Wales", name="03-recall-wales")
    named = normalise(executed(figure()), about)
    assert [cell.source for cell in named.cells] == ["# Recall: Wales", *(c.source for c in normal.cells[1:])]
    files = chapter_files(about, named)
    assert json.loads(files["results/03-recall-wales.json"])["title"] == "Recall: Wales"
    assert "figures/03-recall-wales/placebo.png" in files


def test_the_files_of_a_chapter(normal):
    files = chapter_files(TASK, normal)
    assert set(files) == {
        "03-recall.ipynb",
        "results/03-recall.json",
        "figures/03-recall/placebo.png",
        "figures/03-recall/placebo.csv",
    }
    assert files["figures/03-recall/placebo.png"] == b"png"
    assert files["figures/03-recall/placebo.csv"] == b"month,n\n"
    results = files["results/03-recall.json"].decode()
    assert json.loads(results) == {
        "chapter": "03-recall",
        "data": {},
        "findings": {"fall": {"value": 2.1, "low": None, "high": None}},
        "parameters": {"n": 3},
        "title": "Recall",
        "version": __version__,
        "libraries": LIBRARIES,
    }
    assert results.startswith('{\n "chapter"')
    assert results.endswith("}\n")
    assert "NaN" not in files["03-recall.ipynb"].decode()


def test_a_chart_in_house_style_is_published_as_drawing_too():
    chart = {"svg": "<svg/>−", "narrow": "<svg />"}
    files = chapter_files(TASK, normalise(executed(figure(**{CHART_MIME: chart})), TASK))
    assert files["figures/03-recall/placebo.svg"].decode() == "<svg/>−"


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ([figure("a/b")], "a figure is called 'a/b'; give it a name"),
        ([figure("")], "a figure is called ''"),
        ([figure(**{"text/csv": ""})], "the figure placebo comes without its data"),
        ([figure(), figure()], "two figures are called placebo"),
    ],
)
def test_a_figure_needs_a_name_of_its_own_and_its_data(outputs, message):
    with pytest.raises(ChapterError, match=f"03-recall: {message}"):
        chapter_files(TASK, normalise(executed(*outputs), TASK))


def test_a_chapter_without_findings_is_refused(normal):
    normal.cells.pop()
    with pytest.raises(ChapterError, match="yields no findings; its last cell must end in `findings`"):
        chapter_files(TASK, normal)


def test_publishing_replaces_what_was_there_and_removes_what_is_stale(normal, tmp_path):
    publish("03-recall", {"figures/03-recall/old.png": b"old"}, tmp_path)
    publish("02-other", {"figures/02-other/kept.png": b"kept"}, tmp_path)
    kept = keep_failed("03-recall", normal, tmp_path)
    assert kept == tmp_path / "failed" / "03-recall.ipynb"
    written = publish("03-recall", chapter_files(TASK, normal), tmp_path)
    assert set(tree(tmp_path)) == {str(path.relative_to(tmp_path)) for path in written} | {
        "figures/02-other/kept.png"
    }
    assert not (tmp_path / "failed").exists()


def simulated(*outputs, origin="simulated"):
    notebook = executed(*outputs)
    findings = notebook.cells[-1].outputs[0].data
    findings[FINDINGS]["origin"] = origin
    title = "SIMULATED: Numbers" if origin else "Numbers"
    findings |= {"text/html": f"<caption>{title}</caption>", "text/csv": "name\n", "text/plain": title}
    return normalise(notebook, TASK)


def shown(title, caption=""):
    return nbf.new_output("display_data", data={"text/csv": "a\n", "text/plain": title, "text/html": caption})


MARKED = shown("SIMULATED: Ranks", "<caption>SIMULATED: Ranks</caption>")


def test_a_simulated_chapter_says_so_in_heading_and_results():
    files = chapter_files(TASK, simulated(MARKED))
    results = json.loads(files["results/03-recall.json"])
    assert (results["title"], results["origin"]) == ("SIMULATED: Recall", "simulated")
    assert json.loads(files["03-recall.ipynb"])["cells"][0]["source"] == ["# SIMULATED: Recall"]


@pytest.mark.parametrize(
    ("output", "origin", "message"),
    [
        (shown("Ranks", "<caption>Ranks</caption>"), "simulated", "does not say that its figures are sim"),
        (figure(**{"text/plain": "Chart: Ranks"}), "simulated", "does not say that its figures are sim"),
        (MARKED, "", "'SIMULATED: Ranks' shows simulated figures"),
    ],
    ids=["table", "figure", "observed"],
)
def test_a_chapter_of_which_a_part_alone_is_marked_as_simulated_is_refused(output, origin, message):
    with pytest.raises(ChapterError, match=message):
        chapter_files(TASK, simulated(output, origin=origin))
