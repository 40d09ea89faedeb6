import base64
import hashlib
import re
import shutil

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from tests.site.made import ALT, CHART, FINDINGS, Page, chart, code, figure, save, shown, table
from tr_analysis.errors import ChapterError
from tr_analysis.site import write_site, write_variant


def finding(value, **rest):
    bare = dict.fromkeys(("low", "high", "n", "places", "text"))
    words = {
        "of": "",
        "span": "sampling",
        "label": "Rise",
        "unit": "count",
        "rung": "C",
        "sources": ["S001"],
        "method": "",
        "shown": [],
    }
    return {**bare, **words, "value": value, **rest}


@pytest.fixture(scope="module")
def chapter(tmp_path_factory):
    found = {"rise": finding(12.9), "word": finding(None, text="up", sources=["S002"])}
    return save(
        tmp_path_factory.mktemp("reports"),
        code("import pandas as pd", name="imports"),
        code("reform = '2015-02'", name="parameters"),
        new_markdown_cell("## Answer", id="answer"),
        code("say()", shown({"text/markdown": "It rose by **12.9** points.", "text/plain": "x"}), name="say"),
        new_markdown_cell("## Evidence\n### Where & when", id="evidence"),
        code("plot()", chart(), name="placebo"),
        code("frame", table("London"), name="areas"),
        code("1", name="one"),
        code(
            "findings",
            shown(
                {
                    FINDINGS: {"findings": found, "data": {"events": "ab" * 32}},
                    "text/html": "<table><tr><td>Level 12.9</td></tr></table>",
                    "text/csv": "name,value\nrise,12.9\n",
                }
            ),
            name="findings",
        ),
        parameters={"end": "2019-12", "lags": 6, "provider": "007", "area": "East Midlands", "control": True},
    )


@pytest.fixture(scope="module")
def site(chapter):
    write_site([chapter], chapter.parent / "site")
    return chapter.parent / "site"


@pytest.fixture
def page(site):
    return Page(site / "03-recall.html")


def test_page_is_well_formed_and_says_its_language_and_title(page):
    assert page.open == []
    assert page.all("html") == [{"lang": "en-GB"}]
    assert "Recall to prison – Transforming Rehabilitation" in page.text
    assert len(page.all("h1")) == len(page.all("main")) == 1


def test_every_page_is_well_formed(site):
    pages = sorted(site.glob("*.html"))
    assert len(pages) == 6
    for path in pages:
        assert Page(path).open == [], path.name


def test_chart_has_its_words_as_text_and_a_drawing_for_each_width(page):
    (picture,) = page.all("img")
    assert picture["alt"] == ALT
    assert "Recall rose" in page.text
    assert "People, S001" in page.text
    wide = base64.b64decode(picture["src"].partition("base64,")[2]).decode()
    assert 'viewBox="0 60 460 240"' in wide  # the heading is cut off
    assert (picture["width"], picture["height"]) == ("613", "320")
    (phone,) = page.all("source")
    assert 'viewBox="0 0 460 300"' in base64.b64decode(phone["srcset"].partition("base64,")[2]).decode()


def test_charts_and_tables_can_be_downloaded(site, page):
    links = [link["href"] for link in page.all("a") if "download" in link]
    chart_files = [f"figures/03-recall/placebo.{kind}" for kind in ("csv", "svg", "png")]
    tables = ["tables/03-recall/areas.csv", "tables/03-recall/findings.csv"]
    assert links == ["results/03-recall.json", "notebooks/03-recall.ipynb", *chart_files, *tables]
    assert (site / "tables/03-recall/areas.csv").read_bytes() == b"Area\nLondon\n"
    assert (site / chart_files[0]).read_bytes() == b"month,people\n2015-02,5000\n"


def test_sources_in_tables_lead_to_their_page(page):
    (link,) = [link for link in page.all("a") if link["href"] == "sources.html#S001"]
    assert link["data-address"] == "https://example.org"  # printed on paper


def test_the_answer_stands_in_a_box_and_headings_in_the_contents(page):
    boxed = [path for tag, given, path in page.elements if given.get("id") in ("cell-say", "cell-areas")]
    assert ["section" in path for path in boxed] == [True, False]
    places = [given["href"] for tag, given, path in page.elements if tag == "a" and "nav" in path]
    inside = [
        "#answer",
        "#evidence",
        "#where-amp-when",
        "#key-numbers",
        "#run-it-yourself",
        "#how-this-page-was-made",
    ]
    assert [place for place in places if place.startswith("#")] == inside


def test_the_code_of_a_section_is_folded_at_its_end_and_that_before_the_answer_with_it(page):
    names = re.findall(r"Code: ([\w ,]+)", page.text.partition("Licences")[0])
    assert names == ["imports, parameters, say", "placebo, areas, one, findings"]
    assert all("open" not in details for details in page.all("details"))
    assert all(
        "details" in path for tag, given, path in page.elements if "highlight" in given.get("class", "")
    )
    assert [button["id"] for button in page.all("button")] == ["unfold"]


def test_page_runs_one_script_only_and_loads_nothing(site):
    for path in site.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
        hashed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{hashed}'"
        assert policy in text
        for tag, given, _ in Page(path).elements:
            loaded = given.get("src", "data:") if tag != "link" else given["href"]
            assert loaded.startswith("data:")


def test_command_to_run_again_survives_the_shell_and_papermill(page):
    command = "papermill notebooks/03-recall.ipynb out.ipynb "
    options = "-p area 'East Midlands' -p control True -p end 2019-12 -p lags 6 -r provider 007"
    assert command + options in page.text
    assert "tr-analysis run 03-recall -p 'area=East Midlands' -p control=True" in page.text


def test_page_says_what_it_was_made_from(page):
    for words in ("tr-analysis 0.1.0", "SHA-256", "events", "1 key numbers", "from 2 sources"):
        assert words in page.text
    assert any(link["href"] == "dictionary.html#events" for link in page.all("a"))
    assert any(link["href"] == "index.html#rung-C" for link in page.all("a"))


def test_parameters_are_explained_where_the_chapter_declares_them(page):
    assert "last month of the window" in page.text


def test_a_variant_stands_alone_and_says_what_was_turned(chapter, tmp_path):
    page = Page(write_variant(chapter))
    assert "A variant, and no part of the study" in page.text
    assert "end = 2019-12" in page.text
    assert not [link for link in page.all("a") if "download" in link or ".html" in link["href"]]
    assert any(link["href"] == "https://example.org" for link in page.all("a"))


FAULTS = [
    (figure(name="placebo"), "without alternative text"),
    (figure(alt="  ", name="placebo"), "without alternative text"),
    (chart(alt=" "), "without alternative text"),
    (shown({"text/html": "<img src='data:,'>", "text/plain": ""}), "without alternative text"),
    (shown({"text/markdown": "![chart](https://example.org/a.png)", "text/plain": ""}), "loads https:"),
    (shown({"text/html": "<script>1</script>", "text/plain": ""}), "runs a script"),
    (shown({"text/html": "<p onclick='go()'>x</p>", "text/plain": ""}), "runs a script"),
    (shown({"text/html": "<a href='02-other.html'>x</a>", "text/plain": ""}), "links to 02-other.html"),
    (shown({"text/markdown": "[x](#nowhere)", "text/plain": ""}), "no such place"),
    (shown({"text/html": "<p id='main'>x</p>", "text/plain": ""}), "has the id 'main' twice"),
]


def test_every_fault_is_told_with_its_page_and_nothing_is_written(tmp_path):
    pages = {f"{place}-fault": output for place, (output, _) in enumerate(FAULTS)}
    executed = [save(tmp_path, code("plot()", one, name="placebo"), name=name) for name, one in pages.items()]
    with pytest.raises(ChapterError) as refused:
        write_site(executed, tmp_path / "site")
    for name, (_, fault) in zip(pages, FAULTS, strict=True):
        assert re.search(f"^{name}: .*{fault}", str(refused.value), re.MULTILINE), (name, fault)
    assert not (tmp_path / "site").exists()


def test_a_chart_drawn_otherwise_is_refused(tmp_path):
    broken = chart()
    broken.data[CHART]["svg"] = "<p>no drawing</p>"
    with pytest.raises(ChapterError, match=r"the chart placebo is no drawing of charts\.show"):
        write_site([save(tmp_path, code("plot()", broken, name="placebo"))], tmp_path / "site")


def test_notebook_without_record_of_its_run_is_refused(tmp_path):
    path = tmp_path / "03-recall.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Recall")]), path)
    with pytest.raises(ChapterError, match="no record of its run; make it with `tr-analysis run 03-recall`"):
        write_site([path], tmp_path / "site")


def test_notebook_without_title_is_refused(tmp_path):
    with pytest.raises(ChapterError, match=r"03-recall\.ipynb has no title"):
        write_site([save(tmp_path, title="")], tmp_path / "site")


def test_chapters_stand_in_order_on_the_home_page_and_follow_one_another(tmp_path):
    names = ["01-evidence", "02-reoffending", "03-recall"]
    executed = [save(tmp_path, name=name, title=f"About {name} & so on") for name in names]
    written = write_site(executed, tmp_path / "site")
    reference = ["sources.html", "figures.html", "dictionary.html", "404.html"]
    assert [path.name for path in written] == ["index.html", *(f"{name}.html" for name in names), *reference]
    index = Page(written[0])
    cards = [given["href"] for tag, given, path in index.elements if tag == "a" and path[-2:] == ("li", "h3")]
    assert cards == [f"{name}.html" for name in names]
    assert "About 02-reoffending & so on" in index.text
    assert "Did the number rise?" in index.text
    middle = {link["rel"]: link["href"] for link in Page(written[2]).all("a") if "rel" in link}
    assert middle == {"prev": "01-evidence.html", "next": "03-recall.html"}


def test_same_notebooks_give_the_same_bytes(chapter, site, tmp_path):
    for path in write_site([chapter], tmp_path):
        assert path.read_bytes() == (site / path.name).read_bytes()


def test_what_was_written_once_and_is_no_more_is_removed_and_nothing_else(site, tmp_path):
    now = tmp_path / "site"
    shutil.copytree(site, now)
    (now / "mine.html").write_text("<p>not made here</p>")
    write_site([save(tmp_path, name="01-new")], now)
    assert (now / "01-new.html").exists()
    assert not (now / "03-recall.html").exists()
    assert not (now / "figures/03-recall/placebo.csv").exists()
    assert (now / "mine.html").exists()
