"""Where the prose of a page has links: from numbers, codes of sources and terms of the glossary."""

import re

import nbformat.v4 as nbf
import pytest

from tr_analysis.site.links import glossary, link_numbers, linker, with_sources

FINDINGS = {
    "rise": {"value": 3.0, "key": True, "sources": ["S001"]},
    "stock": {"value": 9.0, "key": False, "sources": ["S002", "S003"]},
    "bare": {"value": 9.0, "key": False, "sources": []},
    "when": {"value": None, "key": False, "sources": ["S001"]},
}


RISE, STOCK = (
    f'<a class="number" href="{place}">{{}}</a>'.format for place in ("#number-rise", "sources.html#S002")
)


def shown(template, text, *, other=None, linked=True):
    """What a cell that was written by a template says, or would say with other parameters, with its links."""
    code = f"findings.markdown({template!r})"
    cell = nbf.new_markdown_cell(text, metadata={"tr_analysis": {"code": code}})
    return link_numbers(cell, other or text, FINDINGS, linked=linked)


@pytest.mark.parametrize(
    ("template", "text", "linked"),
    [
        ("**Up {rise.size}** in {when}, to {stock} ({bare}).", "**Up 3%** in 2015, to 9 (9).", f"**Up {RISE('3%')}** in 2015, to {STOCK(9)} (9)."),
        ("Up {rise}.", "## Answer\nUp 3.", f"## Answer\nUp {RISE(3)}."),
        ("Up {rise}", "Another text, 3", "Another text, 3"),
        ("It {rise.direction}", "It a rise", "It a rise"),
        ("Up {rise} and {gone}", "Up *3* and 4", "Up *3* and 4"),
    ],
)  # fmt: skip
def test_a_key_number_leads_to_its_row_another_to_its_source_and_what_is_no_plain_number_stays(
    template, text, linked
):
    assert shown(template, text) == linked


def test_a_page_that_stands_alone_links_to_its_rows_only():
    assert shown("{rise} of {stock}", "3 of 9", linked=False) == f"{RISE(3)} of 9"


def test_of_an_altered_text_only_the_numbers_that_are_the_chapters_own_are_links():
    text = shown("Up {rise}, to {stock}.", "## Answer\nUp 3, to 9.", other="## Answer\nUp 4, to 9.")
    assert text == f"## Answer\nUp 4, to {STOCK(9)}."


def test_codes_of_sources_are_links():
    assert with_sources("Sources: S001, XS0012") == 'Sources: <a href="sources.html#S001">S001</a>, XS0012'


def test_every_term_has_a_place_of_its_own_and_a_sentence():
    places = [one["place"] for one in glossary()]
    assert len(set(places)) == len(places) > 20
    assert all(re.fullmatch(r"[A-Z].+[.]", one["means"]) for one in glossary())
    forms = [form.lower() for one in glossary() for form in (one["term"], *one["also"])]
    assert len(set(forms)) == len(forms)


def test_only_the_first_use_on_a_page_is_linked():
    linked = linker()
    first = linked(
        "<p>Binary rates differ: the binary rate of a cohort and the binary rate of another cohort.</p>"
    )
    assert first.count("glossary.html#binary-rate") == 1 == first.count("glossary.html#cohort")
    assert linked("<p>The binary rate.</p>") == "<p>The binary rate.</p>"
    assert "#binary-rate" in linker()("<p>The binary rate.</p>")


def test_the_longest_term_is_linked_whole_and_no_part_of_a_word():
    assert linker()("Licence recalls of people") == (
        '<a class="term" href="glossary.html#licence-recall">Licence recalls</a> of people'
    )
    assert linker()("licenced, sub-cohort, cohort-wise") == "licenced, sub-cohort, cohort-wise"


def test_headings_links_and_code_are_left_alone():
    page = '<h3 id="x">The cohort</h3><p><a href="#y">cohort</a> <code>cohort</code> <img alt="cohort"></p>'
    assert linker()(page) == page
    assert linker()(page + "<p>cohort</p>").endswith('#cohort">cohort</a></p>')
