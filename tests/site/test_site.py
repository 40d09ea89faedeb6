import base64
import hashlib
import json
import re
import shutil

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from tests.site.made import ALT, REFERENCE, Page, chart, code, figure, finding, findings, save, shown, table
from tr_analysis.errors import ChapterError
from tr_analysis.report import CHART_MIME
from tr_analysis.site import write_site, write_variant

PAGES = [f"{name}.html" for name in REFERENCE]


@pytest.fixture(scope="module")
def chapter(tmp_path_factory):
    found = {"rise": finding(12.9), "word": finding(None, text="up", sources=["S002"])}
    return save(
        tmp_path_factory.mktemp("reports"),
        code("import pandas as pd", name="imports"),
        new_markdown_cell("## Answer", id="answer"),
        code("say()", shown({"text/markdown": "It rose by **12.9** points.", "text/plain": "x"}), name="say"),
        code("reform = '2015-02'", name="parameters"),
        new_markdown_cell("## Evidence\n### Where & when", id="evidence"),
        code("plot()", chart(), name="placebo"),
        code("frame", table("London"), name="areas"),
        code("1", name="one"),
        findings(found),
        parameters={"end": "2019-12", "lags": 6, "provider": "007", "area": "East Midlands", "control": True},
    )


@pytest.fixture(scope="module")
def site(chapter):
    write_site([chapter], chapter.parent / "site")
    return chapter.parent / "site"


@pytest.fixture
def page(site):
    return Page(site / "03-recall.html")


def test_every_page_is_well_formed_and_says_its_language_and_title(site, page):
    assert {path.name for path in site.glob("*.html")} == {"index.html", "03-recall.html", *PAGES}
    for path in site.glob("*.html"):
        one = Page(path)
        assert one.open == [], path.name
        assert one.all("html") == [{"lang": "en-GB"}]
        assert len(one.all("h1")) == len(one.all("main")) == 1
    assert "Recall to prison – Transforming Rehabilitation" in page.text


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
    links = [link for link in page.all("a") if link["href"] == "sources.html#S001"]
    chart, table = links  # the subtitle of the chart names it as well
    assert "data-address" not in chart
    assert table["data-address"] == "https://example.org"  # printed on paper


def test_the_answer_stands_first_in_its_box_then_what_it_rests_on_then_the_contents(page):
    boxed = [path for _, given, path in page.elements if given.get("id") in ("cell-say", "cell-areas")]
    assert ["section" in path for path in boxed] == [True, False]
    parts = [given.get("class") for _, given, _ in page.elements]
    order = [part for part in parts if part in ("answer", "facts", "toc", "code")]
    assert order == ["answer", "facts", "toc", "code", "code"]
    words = " ".join(page.text.split())
    assert "1 key number from 2 sources. Level of evidence: C, comparison." in words
    inside = "answer evidence where-amp-when key-numbers run-it-yourself how-this-page-was-made"
    places = [given["href"] for tag, given, path in page.elements if tag == "a" and "nav" in path]
    assert [place[1:] for place in places if place.startswith("#")] == inside.split()


def test_the_code_of_a_section_is_folded_at_its_end_and_that_around_the_answer_below_its_box(page):
    names = re.findall(r"Code: ([\w ,]+)", page.text.partition("Licences")[0])
    assert names == ["imports, say, parameters", "placebo, areas, one, findings"]
    assert all("open" not in details for details in page.all("details"))
    code = [path for _, given, path in page.elements if "highlight" in given.get("class", "")]
    assert all("details" in path and "section" not in path for path in code)
    assert [button["id"] for button in page.all("button")] == ["unfold"]


def test_page_runs_one_script_only_and_loads_nothing(site):
    for path in site.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
        hashed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{hashed}'"
        assert policy in text
        data = re.findall(r"<script [^>]*>", text)
        assert data == ['<script type="application/ld+json">'] * (path.name == "index.html")
        for tag, given, _ in Page(path).elements:
            loaded = given.get("src", "data:") if tag != "link" else given["href"]
            assert loaded.startswith("data:")


def test_the_home_page_describes_the_study_to_machines_and_what_it_offers_is_there(site):
    text = (site / "index.html").read_text("utf-8")
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    described = json.loads(block)
    dataset, software = described["@graph"]
    assert described["@context"] == "https://schema.org"
    assert (dataset["@type"], software["@type"]) == ("Dataset", "SoftwareSourceCode")
    assert dataset["version"] == software["version"] == "1.0.0"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", dataset["datePublished"])
    assert software["codeRepository"].startswith("https://")
    offered = [each["contentUrl"] for each in dataset["distribution"]]
    assert len(offered) > 20
    assert [place for place in offered if not (site / place).is_file()] == []


def test_command_to_run_again_survives_the_shell_and_papermill(page):
    command = "papermill notebooks/03-recall.ipynb out.ipynb "
    options = "-p area 'East Midlands' -p control True -p end 2019-12 -p lags 6 -r provider 007"
    assert command + options in page.text
    assert "tr-analysis run 03-recall -p 'area=East Midlands' -p control=True" in page.text


def test_page_says_what_it_was_made_from_and_what_its_parameters_mean(page):
    for words in ("tr-analysis 1.0.0", "SHA-256", "events", "last month of the window"):
        assert words in page.text
    links = [link["href"] for link in page.all("a")]
    assert {"dictionary.html#events", "index.html#level-C", "estimators.html"} <= set(links)


def test_a_variant_stands_alone_and_says_what_was_changed(chapter):
    page = Page(write_variant(chapter))
    assert "A variant, not part of the study" in page.text
    assert "end = 2019-12" in page.text
    assert not [link for link in page.all("a") if "download" in link or ".html" in link["href"]]
    assert any(link["href"] == "https://example.org" for link in page.all("a"))


HTML = {
    "<img src='data:,'>": "without alternative text",
    '<img class="x">': "without alternative text",
    "<img alt='x' src='https://example.org/a.png'>": "loads https:",
    "<script>1</script>": "runs a script",
    "<script type='application/ld+json'>{}</script>": "runs a script",
    "<script type='module'>1</script>": "runs a script",
    '<p class="x" onclick="go()">x</p>': "runs a script",
    "<textarea id='a'></textarea><script>1</script>": "runs a script",
    "<iframe src='data:,'></iframe><img alt='x' src='https://example.org/b.png'>": "loads https:",
    "<a href='02-other.html'>x</a>": "links to 02-other.html",
    "<p id='main'>x</p>": "has the id 'main' twice",
}
FAULTS = [
    (figure(name="placebo"), "without alternative text"),
    (chart(alt=" "), "without alternative text"),
    (shown({"text/markdown": "![chart](https://example.org/a.png)", "text/plain": ""}), "loads https:"),
    (shown({"text/markdown": "[x](#nowhere)", "text/plain": ""}), "no such place"),
    *((shown({"text/html": html, "text/plain": ""}), fault) for html, fault in HTML.items()),
]


def test_every_fault_is_told_with_its_page_and_nothing_is_written(tmp_path):
    pages = {f"{place}-fault": output for place, (output, _) in enumerate(FAULTS)}
    executed = [save(tmp_path, code("plot()", one, name="placebo"), name=name) for name, one in pages.items()]
    with pytest.raises(ChapterError) as refused:
        write_site(executed, tmp_path / "site")
    for name, (_, fault) in zip(pages, FAULTS, strict=True):
        assert re.search(f"^{name}: .*{fault}", str(refused.value), re.MULTILINE), (name, fault)
    assert not (tmp_path / "site").exists()


def test_a_notebook_that_the_runner_did_not_write_is_refused(tmp_path):
    broken = chart()
    broken.data[CHART_MIME]["svg"] = "<p>no drawing</p>"
    other = tmp_path / "05-other.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Recall")]), other)
    for path, message in {
        save(tmp_path, code("p", broken, name="p")): r"the chart placebo is no drawing of charts\.show",
        other: "no record of its run; make it with `tr-analysis run 05-other`",
        save(tmp_path, title="", name="04-none"): r"04-none\.ipynb has no title",
    }.items():
        with pytest.raises(ChapterError, match=message):
            write_site([path], tmp_path / "site")


def test_chapters_stand_in_order_on_the_home_page_and_follow_one_another(tmp_path):
    names = ["01-evidence", "02-reoffending", "03-recall"]
    executed = [save(tmp_path, name=name, title=f"About {name} & so on") for name in names]
    written = write_site(executed, tmp_path / "site")
    pages = [path.name for path in written]
    assert pages[: len(names) + 1] == ["index.html", *(f"{name}.html" for name in names)]
    assert sorted(pages[len(names) + 1 :]) == PAGES
    index = Page(written[0])
    cards = [given["href"] for tag, given, path in index.elements if tag == "a" and path[-2:] == ("li", "h3")]
    assert cards == [f"{name}.html" for name in names]
    assert "About 02-reoffending & so on" in index.text
    assert "Did the number rise?" in index.text
    middle = {link["rel"]: link["href"] for link in Page(written[2]).all("a") if "rel" in link}
    assert middle == {"prev": "01-evidence.html", "next": "03-recall.html"}


def test_same_notebooks_give_the_same_bytes_and_what_is_no_more_is_removed(chapter, site, tmp_path):
    now = tmp_path / "site"
    shutil.copytree(site, now)
    for path in write_site([chapter], now):
        assert path.read_bytes() == (site / path.name).read_bytes()
    (now / "mine.html").write_text("<p>not made here</p>")
    write_site([save(tmp_path, name="01-new")], now)
    assert (now / "01-new.html").exists()
    assert not (now / "03-recall.html").exists()
    assert not (now / "figures/03-recall/placebo.csv").exists()
    assert (now / "mine.html").exists()
