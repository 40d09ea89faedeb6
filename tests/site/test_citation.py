import json

from markupsafe import Markup

from tr_analysis.site import SITE_TITLE
from tr_analysis.site.citation import bibtex, citation, cite, metadata


def test_a_page_is_cited_by_its_own_title_in_the_study():
    title = Markup("Cost &amp; recall – {}").format(SITE_TITLE)
    parts = cite(SITE_TITLE, title, "0.1.0", "abc")
    assert parts["title"] == "Cost & recall"
    assert parts["note"] == f"{SITE_TITLE}, tr-analysis 0.1.0, commit abc"
    assert len(parts["year"]) == 4
    assert bibtex("06-system", parts).splitlines()[:3] == [
        "@misc{tr-analysis-06-system,",
        "  author = {{tr-analysis contributors}},",
        "  title = {{Cost & recall}},",
    ]


def test_the_home_page_is_cited_as_the_study():
    parts = cite(SITE_TITLE, Markup(SITE_TITLE), "0.1.0", "")
    assert (parts["title"], parts["note"]) == (SITE_TITLE, "tr-analysis 0.1.0")


def test_pages_and_citation_file_cite_the_study_by_one_title():
    assert citation("title") == SITE_TITLE


def test_the_description_cannot_end_its_own_block():
    assert "<" not in metadata("</script><script>", "1")
    assert json.loads(metadata("</script>", "1"))["@graph"][0]["name"] == "</script>"
