import re

import pytest

from tests.site.made_up import save
from tr_analysis.errors import ChapterError
from tr_analysis.site.pdf import one_document


@pytest.fixture
def document(tmp_path):
    return one_document(save(tmp_path))


def test_every_page_but_the_one_for_what_is_missing_is_a_part_in_order(document):
    places = re.findall(r'<section class="part" id="([^"]+)"', document)
    assert places == ["03-recall", "04-inspection", "provider-wales", "sources", "licences"]
    assert re.findall(r"<h2>([^<]+)</h2>", document) == [
        "Chapters", "Annex: one provider at a time", "Reference"
    ]  # fmt: skip
    assert '<li><a href="#03-recall">Recall &amp; prison</a></li>' in document


def test_the_cover_asks_the_question_and_says_version_and_data(document):
    cover = document[document.index('class="cover"') : document.index('class="part contents"')]
    for words in ("<h1>The study</h1>", "What became of <b>it</b>?", "0.1.0", "sources published up to 20"):
        assert words in cover


def test_no_two_places_are_called_alike_and_links_lead_to_them(document):
    places = re.findall(r'<[^>]+\sid="([^"]+)"', document)
    links = re.findall(r'<a [^>]*href="#([^"]+)"', document)
    assert len(places) == len(set(places))
    assert {"03-recall--answer", "sources--S002", "04-inspection", "index"} <= set(links)
    assert set(links) <= set(places)
    assert 'aria-labelledby="03-recall--recall 03-recall--answer"' in document


def test_a_link_to_a_file_is_text_and_one_to_elsewhere_stays(document):
    assert "<a download>Data</a>" in document
    assert '<a href="https://example.org/?a=1&amp;b=2#c">out</a>' in document
    assert "figures/03-recall" not in document


def test_the_licences_in_the_foot_of_every_page_are_given_once(document):
    assert document.count("<p>Open <b>licence</b></p>") == 1
    assert '<a href="#licences">licences</a>' in document


def test_text_and_pictures_stay_as_they_are(document):
    assert '<pre>id="answer" &lt; &#8722;1</pre>' in document
    assert '<img alt="A line" src="data:image/svg+xml;base64,AAAA">' in document


def test_a_page_without_text_or_title_is_refused(tmp_path):
    for text in ("", "<p>No title</p>"):
        with pytest.raises(ChapterError, match=r"sources\.html is not a page of the study"):
            one_document(save(tmp_path, sources=text))


def test_pages_without_a_home_page_are_refused(tmp_path):
    with pytest.raises(ChapterError, match=r"no index\.html; make them again with `tr-analysis site`"):
        one_document(save(tmp_path)[1:])
