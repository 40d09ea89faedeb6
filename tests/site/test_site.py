import base64
import struct
import zlib
from html.parser import HTMLParser

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tr_analysis.errors import ChapterError
from tr_analysis.site import write_site

ALT = 'Line of recalls, "rising" & falling <1>'
FINDINGS = "application/vnd.tr-analysis.findings+json"


def png() -> str:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    return base64.b64encode(data).decode()


def figure(**description):
    return shown(
        {"image/png": png(), "text/csv": "month,people\n2015-02,5000\n", "text/plain": "<Figure>"},
        metadata={"image/png": description},
    )


def shown(data, **rest):
    return new_output("display_data", data, **rest)


def table(text):
    return shown({"text/html": f"<table><tr><th>Area</th><td>{text}</td></tr></table>", "text/plain": text})


def code(source, *outputs, name):
    return new_code_cell(source, id=name, execution_count=1, outputs=list(outputs))


def save(folder, *cells, name="03-recall", title="Recall to prison", parameters=None, chapter=None):
    run = {"chapter": chapter or name, "parameters": parameters or {}, "version": "0.1.0"}
    opening = new_markdown_cell(f"# {title}\n\nDid the *number* rise?\n\nMore.", id="title")
    notebook = new_notebook(cells=[opening, *cells], metadata={"tr_analysis": run})
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path


class Page(HTMLParser):
    """Elements with their attributes, and the text, of a page."""

    def __init__(self, path):
        super().__init__()
        self.elements, self.open, self.text = [], [], ""
        self.feed(path.read_text(encoding="utf-8"))
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), tuple(self.open)))
        if tag not in {"meta", "link", "img", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes, _ in self.elements if name == tag]


@pytest.fixture
def chapter(tmp_path):
    return save(
        tmp_path,
        code("import pandas as pd", name="imports"),
        new_markdown_cell("## Answer", id="answer"),
        code("say()", shown({"text/markdown": "It rose by **12.9** points.", "text/plain": "x"}), name="say"),
        code("plot()", figure(alt=ALT, name="placebo", width=800, height=450), name="placebo"),
        code("frame", table("London"), name="areas"),
        code("print('a < b')", new_output("stream", name="stdout", text="a < b\n"), name="print"),
        code(
            "findings",
            shown({FINDINGS: {"findings": {}}, "text/html": "<table><tr><td>Level 12.9</td></tr></table>"}),
            name="findings",
        ),
        parameters={"end": "2019-12", "lags": 6, "provider": "007", "area": "East Midlands", "control": True},
    )


@pytest.fixture
def page(chapter, tmp_path):
    return Page(write_site([chapter], tmp_path / "site")[1])


def test_page_is_well_formed_and_says_its_language_and_title(page):
    assert page.open == []
    assert page.all("html") == [{"lang": "en-GB"}]
    assert "Recall to prison – Transforming Rehabilitation" in page.text
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("nav")) == 1


def test_figure_keeps_its_alternative_text_size_and_data(page):
    (picture,) = page.all("img")
    assert picture["alt"] == ALT
    assert (picture["width"], picture["height"]) == ("800", "450")
    assert picture["src"] == f"data:image/png;base64,{png()}"
    (data,) = [link for link in page.all("a") if "download" in link]
    assert data["download"] == "placebo.csv"
    assert base64.b64decode(data["href"].partition("base64,")[2]) == b"month,people\n2015-02,5000\n"


def test_prose_tables_streams_and_findings_are_shown(page):
    for words in ("12.9", "London", "a < b", "Level 12.9"):
        assert words in page.text


def test_every_table_can_scroll_by_itself(page):
    inside = [path for tag, _, path in page.elements if tag == "table"]
    assert len(inside) == 3
    assert all(path[-1] == "div" for path in inside)


def test_code_is_folded(page):
    assert len(page.all("details")) == 6
    assert all("open" not in details for details in page.all("details"))
    assert all(
        "details" in path for tag, given, path in page.elements if "highlight" in given.get("class", "")
    )


def test_page_neither_runs_nor_loads_anything(page):
    assert not page.all("script")
    for tag, given, _ in page.elements:
        loaded = given.get("src", "data:") if tag != "link" else given["href"]
        assert loaded.startswith("data:")
    policies = [meta["content"] for meta in page.all("meta") if "http-equiv" in meta]
    assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]


def test_command_to_run_again_survives_the_shell_and_papermill(page):
    command = "papermill notebooks/03-recall.ipynb out.ipynb "
    options = "-p area 'East Midlands' -p control True -p end 2019-12 -p lags 6 -r provider 007"
    assert command + options in page.text


@pytest.mark.parametrize(
    ("output", "fault"),
    [
        (figure(name="placebo"), "without alternative text"),
        (figure(alt="  "), "without alternative text"),
        (shown({"text/html": "<img src='data:,'>", "text/plain": ""}), "without alternative text"),
        (shown({"text/markdown": "![chart](https://example.org/a.png)", "text/plain": ""}), "loads https:"),
        (shown({"text/html": "<script>1</script>", "text/plain": ""}), "runs a script"),
        (shown({"text/html": "<p onclick='go()'>x</p>", "text/plain": ""}), "runs a script"),
    ],
)
def test_a_fault_names_chapter_and_cell_and_writes_nothing(tmp_path, output, fault):
    path = save(tmp_path, code("plot()", output, name="placebo"))
    with pytest.raises(ChapterError, match=f"03-recall: cell 'placebo' .*{fault}"):
        write_site([path], tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_notebook_without_record_of_its_run_is_refused(tmp_path):
    path = tmp_path / "03-recall.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Recall")]), path)
    with pytest.raises(ChapterError, match="no record of its run; make it with `tr-analysis run 03-recall`"):
        write_site([path], tmp_path / "site")


def test_notebook_without_title_is_refused(tmp_path):
    with pytest.raises(ChapterError, match=r"03-recall\.ipynb has no title"):
        write_site([save(tmp_path, title="")], tmp_path / "site")


def test_index_lists_chapters_in_order_and_every_link_resolves(tmp_path):
    names = ["01-evidence", "02-reoffending", "03-recall"]
    executed = [save(tmp_path, name=name, title=f"About {name} <b>") for name in names]
    written = write_site(executed, tmp_path / "site")
    assert [path.name for path in written] == ["index.html", *(f"{name}.html" for name in names)]
    for path in written:
        links = [link["href"] for link in Page(path).all("a")]
        local = [link for link in links if not link.startswith(("https:", "#", "data:"))]
        assert all((path.parent / link).is_file() for link in local)
    index = Page(written[0])
    assert [link["href"] for link in index.all("a") if "-" in link["href"][:3]] == [
        f"{n}.html" for n in names
    ]
    assert "About 02-reoffending <b>" in index.text
    assert "Did the number rise?" in index.text
    middle = {link["rel"]: link["href"] for link in Page(written[2]).all("a") if "rel" in link}
    assert middle == {"prev": "01-evidence.html", "next": "03-recall.html"}


def test_same_notebooks_give_the_same_bytes(chapter, tmp_path):
    once, again = (write_site([chapter], tmp_path / name) for name in ("once", "again"))
    assert [path.read_bytes() for path in once] == [path.read_bytes() for path in again]


def test_pages_of_chapters_gone_are_removed_and_nothing_else(tmp_path):
    site = tmp_path / "site"
    write_site([save(tmp_path, name="01-old"), save(tmp_path)], site)
    (site / "mine.html").write_text("<p>not made here</p>")
    write_site([save(tmp_path)], site)
    assert sorted(path.name for path in site.iterdir()) == ["03-recall.html", "index.html", "mine.html"]


def test_index_gives_the_first_sentence_of_each_answer(chapter, tmp_path):
    answer = shown({"text/markdown": "A rise of 1.5 points, *so far*. The rest follows.", "text/plain": "x"})
    early = code("say()", shown({"text/markdown": "No answer yet.", "text/plain": "x"}), name="early")
    heading = new_markdown_cell("## Answer", id="answer")
    other = save(tmp_path, early, heading, code("say()", answer, name="say"), name="04-other")
    silent = save(tmp_path, early, heading, code("1", name="one"), name="05-silent")
    index = Page(write_site([chapter, other, silent], tmp_path / "site")[0])
    for words in ("It rose by 12.9 points.", "A rise of 1.5 points, so far."):
        assert words in index.text
    for words in ("The rest follows", "No answer yet"):
        assert words not in index.text


def test_index_says_how_to_cite_and_under_which_licences(chapter, tmp_path):
    index = Page(write_site([chapter], tmp_path / "site")[0])
    assert "version 0.1.0" in index.text
    assert any(link["href"] == "#licences" for link in index.all("a"))
    assert any(heading.get("id") == "licences" for heading in index.all("h2"))


def test_code_is_named_and_cells_that_show_nothing_share_a_line(page):
    classes = {
        given["id"]: given["class"] for given in page.all("div") if given.get("id", "").startswith("cell-")
    }
    assert classes["cell-imports"] == "silent code"
    assert classes["cell-placebo"] == "code"
    assert "Code: imports" in page.text


def test_index_lists_pages_about_one_provider_as_one_list_of_names(tmp_path):
    names = {"kent-surrey-and-sussex": "Kent, Surrey and Sussex", "nps-wales": "NPS Wales"}
    about = [
        save(tmp_path, name=f"provider-{slug}", title=f"One provider: {name}", chapter="provider")
        for slug, name in names.items()
    ]
    index, _, kent, _ = map(Page, write_site([save(tmp_path), *about], tmp_path / "site"))
    listed = [path for tag, given, path in index.elements if tag == "a" and "provider" in given["href"]]
    assert all(path[-2:] == ("ul", "li") for path in listed)
    assert len(listed) == 2
    assert index.text.count("One provider") == 1
    assert index.text.count("Kent, Surrey and Sussex") == 1
    assert "One provider: Kent, Surrey and Sussex – Transforming Rehabilitation" in kent.text
    assert "papermill notebooks/provider.ipynb out.ipynb" in kent.text
