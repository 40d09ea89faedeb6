import stat

import pytest
from pypdf import PdfReader

from tests.browser import tools
from tests.processes import is_gone, wait_for
from tests.site.made_up import save
from tr_analysis.site import pdf


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


def test_the_pdf_has_every_part_with_bookmarks_and_tags(printed):
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


def test_pages_are_numbered_but_for_the_cover(printed):
    numbered = [f"{i} of 7" in page.extract_text() for i, page in enumerate(printed.pages, 1)]
    assert numbered == [False] + [True] * 6


def test_links_between_pages_work_and_name_no_file(printed):
    links = [note.get_object() for page in printed.pages for note in page.get("/Annots", [])]
    outside = [link["/A"]["/URI"] for link in links if "/A" in link]
    inside = {str(link["/Dest"]) for link in links if "/Dest" in link}
    assert outside == ["https://example.org/?a=1&b=2#c"]
    assert {"/03-recall", "/sources--S002", "/index"} <= inside
    assert inside <= set(printed.named_destinations)


def test_nothing_but_the_pdf_is_left(path):
    assert list(path.parent.iterdir()) == [path]


def test_without_chromium_it_says_how_to_install_it_and_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.delenv(pdf.CHROMIUM, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        pdf.PdfError, match=r"Debian: sudo apt install chromium, .* Fedora: .* macOS: "
    ) as error:
        pdf.write_pdf([], tmp_path / "out" / "study.pdf")
    assert error.value.exit_code == 3
    assert "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()


def test_a_chromium_named_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv(pdf.CHROMIUM, "no-such-program")
    with pytest.raises(pdf.PdfError, match="TR_ANALYSIS_CHROMIUM is no-such-program, which is no program"):
        pdf.find_chromium()


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (
            ["echo starting >&2", "echo out of memory >&2", "exit 7"],
            "printed nothing: out of memory; try again",
        ),
        (["exit 7"], "printed nothing: it ended with code 7"),
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
