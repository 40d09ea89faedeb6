"""A made-up study, its pages as the site's templates frame them, as one document and in print."""

import re
import stat

import pytest
from pypdf import PdfReader

from tests.browser import tools
from tests.processes import is_gone, wait_for
from tr_analysis.errors import ChapterError
from tr_analysis.site import pdf

PAGES = {
    "index": "<h1>The study</h1><p>What <b>happened</b>?</p>",
    "03-recall": '<h1 id="recall">Recall &amp; prison</h1><h2 id="answer">Answer</h2>'
    '<p aria-labelledby="recall answer">See <a href="#answer">here</a>, <a href="sources.html#S002">S002</a>, '
    '<a href="04-inspection.html">next</a>, <a href="index.html#levels">levels</a>, '
    '<a href="#licences">licences</a>.</p>'
    '<a download href="figures/03-recall/flow.csv">Data</a><a href="https://example.org/?a=1&amp;b=2#c">out</a>'
    '<pre>id="answer" &lt; &#8722;1</pre>',
    "04-inspection": '<h1>Inspection</h1><h2 id="answer">Answer</h2>',
    "provider-wales": '<h1>One provider: Wales</h1><img alt="A line" src="data:image/svg+xml;base64,AAAA">',
    "sources": '<h1>Sources</h1><table><tr id="S002"><td>2</td></tr></table>',
    "404": "<h1>There is no such page</h1>",
}


FOOT = '<footer><section><h2 id="licences">Licences</h2><p>Open <b>licence</b></p></section></footer>'


def save(folder, **changed):
    """Write the pages; those given are changed, and one without text has no main part."""
    pages = []
    for name, text in (PAGES | changed).items():
        main = f'<main id="main">{text}</main>' if text else ""
        page = folder / f"{name}.html"
        page.write_text(f'<html><body><a href="#main">Skip</a>{main}{FOOT}</body></html>', "utf-8")
        pages.append(page)
    return pages


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    return pdf.one_document(save(tmp_path_factory.mktemp("document")))


def test_every_page_but_the_one_for_what_is_missing_is_a_part_in_order_behind_a_cover(document):
    places = re.findall(r'<section class="part" id="([^"]+)"', document)
    assert places == ["03-recall", "04-inspection", "provider-wales", "sources", "licences"]
    parts = ["Chapters", "Annex: one provider at a time", "Reference"]
    assert re.findall(r"<h2>([^<]+)</h2>", document) == parts
    assert '<li><a href="#03-recall">Recall &amp; prison</a></li>' in document
    cover = document[document.index('class="cover"') : document.index('class="part contents"')]
    for words in ("<h1>The study</h1>", "What <b>happened</b>?", "1.0.0", "sources published up to 20"):
        assert words in cover
    assert document.count("<p>Open <b>licence</b></p>") == 1  # it stands in the foot of every page


def test_no_two_places_are_called_alike_and_links_lead_to_them(document):
    places = re.findall(r'<[^>]+\sid="([^"]+)"', document)
    links = re.findall(r'<a [^>]*href="#([^"]+)"', document)
    assert len(places) == len(set(places))
    assert {"03-recall--answer", "sources--S002", "04-inspection", "index", "licences"} <= set(links)
    assert set(links) <= set(places)
    assert 'aria-labelledby="03-recall--recall 03-recall--answer"' in document


def test_a_link_to_a_file_is_text_and_all_else_stays_as_it_is(document):
    assert "figures/03-recall" not in document
    for kept in (
        "<a download>Data</a>",
        '<a href="https://example.org/?a=1&amp;b=2#c">out</a>',
        '<pre>id="answer" &lt; &#8722;1</pre>',
        '<img alt="A line" src="data:image/svg+xml;base64,AAAA">',
    ):
        assert kept in document


def test_pages_that_are_not_of_the_study_are_refused(tmp_path):
    for text in ("", "<p>No title</p>"):
        with pytest.raises(ChapterError, match=r"sources\.html is not a page of the study"):
            pdf.one_document(save(tmp_path, sources=text))
    with pytest.raises(ChapterError, match=r"no index\.html; make them again with `tr-analysis site`"):
        pdf.one_document(save(tmp_path)[1:])


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A made-up study, printed by the installed Chromium."""
    if tools.find(tools.CHROMIUM) is None:
        refuse = pytest.fail if tools.required() else pytest.skip
        refuse("not installed: chromium (sudo apt-get install chromium)")
    folder = tmp_path_factory.mktemp("printed")
    return pdf.write_pdf(save(folder), folder / "out" / "study.pdf")


@pytest.fixture(scope="module")
def printed(path):
    return PdfReader(path)


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Put a program in Chromium's place; it is given as the lines of a shell script."""

    def program(*lines):
        path = tmp_path / "fake-chromium"
        path.write_text("\n".join(["#!/bin/sh", *lines]))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv(pdf.CHROMIUM, str(path))

    return program


def test_the_pdf_has_every_part_with_bookmarks_tags_and_numbers_of_pages(printed):
    texts = [page.extract_text() for page in printed.pages]
    assert len(texts) == 7  # cover, contents, two chapters, a provider, the sources, the licences
    marks = [mark["/Title"] for mark in printed.outline if not isinstance(mark, list)]
    chapters = ["Recall & prison", "Inspection", "One provider: Wales"]
    titles = ["The study", "Contents", *chapters, "Sources", "Licences"]
    assert marks == titles
    assert all(title in text for title, text in zip(titles, texts, strict=True))
    assert "There is no such page" not in "".join(texts)
    assert printed.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert printed.metadata.title == "The study"
    numbered = [f"{i} of 7" in page.extract_text() for i, page in enumerate(printed.pages, 1)]
    assert numbered == [False] + [True] * 6


def test_links_between_pages_work_and_nothing_but_the_pdf_is_left(path, printed):
    links = [note.get_object() for page in printed.pages for note in page.get("/Annots", [])]
    outside = [link["/A"]["/URI"] for link in links if "/A" in link]
    inside = {str(link["/Dest"]) for link in links if "/Dest" in link}
    assert outside == ["https://example.org/?a=1&b=2#c"]
    assert {"/03-recall", "/sources--S002", "/index"} <= inside
    assert inside <= set(printed.named_destinations)
    assert list(path.parent.iterdir()) == [path]


def test_without_chromium_it_says_how_to_install_it_and_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.delenv(pdf.CHROMIUM, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        pdf.PdfError, match=r"no Chromium to print .*Debian: .* or name one in TR_ANALYSIS_CHROMIUM"
    ) as error:
        pdf.write_pdf([], tmp_path / "out" / "study.pdf")
    assert error.value.exit_code == 3
    assert "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()
    monkeypatch.setenv(pdf.CHROMIUM, "no-such-program")
    with pytest.raises(pdf.PdfError, match="TR_ANALYSIS_CHROMIUM is no-such-program, which is no program"):
        pdf.find_chromium()


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (["echo starting >&2", "echo out of memory >&2", "exit 7"], "nothing: out of memory; try again"),
        (["exit 0"], "printed nothing: it ended with code 0"),
        (
            ['for word; do case $word in --print-to-pdf=*) echo no > "${word#*=}"; esac; done'],
            "printed nothing",
        ),
    ],
)
def test_a_chromium_that_fails_leaves_the_old_pdf_as_it_was(tmp_path, program, lines, fault):
    program(*lines)
    target = tmp_path / "out" / "study.pdf"
    target.parent.mkdir()
    target.write_bytes(b"the old one")
    with pytest.raises(pdf.PdfError, match=fault):
        pdf.write_pdf(save(tmp_path), target)
    assert target.read_bytes() == b"the old one"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.full
def test_a_chromium_that_hangs_is_ended_with_all_it_started(tmp_path, program, monkeypatch):
    pids = tmp_path / "pids"
    program(f"sleep 600 & echo $$ $! > {pids}", "wait")
    monkeypatch.setattr(pdf, "_LIMIT", 0.5)
    with pytest.raises(pdf.PdfError, match=r"had printed nothing after 0\.5 s; try again"):
        pdf.write_pdf(save(tmp_path), tmp_path / "out" / "study.pdf")
    shell, child = map(int, pids.read_text().split())
    wait_for(lambda: is_gone(child))
    assert is_gone(shell)
    assert list((tmp_path / "out").iterdir()) == []
