"""The glossary: its terms, and where a page links them."""

import re

from tr_analysis.site.glossary import glossary, linker


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
