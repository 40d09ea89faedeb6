import pandas as pd
from nbformat.v4 import new_markdown_cell

from tests.site.made import chart, code, finding, findings, save, table
from tr_analysis.site.chapter import read_chapter
from tr_analysis.site.search import search_page

CLAIM = {"claim_id": "C01", "paraphrase": "It rose", "claimant": "A body", "subject": "recall"}
FIGURE = {
    "figure_id": "F0001", "topic": "recall", "measure": "licence recalls", "population": "CRC", "value": 1500.0,
    "as_printed": None, "value_in_words": False, "unit": "people", "period": "2018/19", "source_id": "S001",
}  # fmt: skip
TABLES = {
    "claims": pd.DataFrame([CLAIM]),
    "published_figures": pd.DataFrame(
        [
            FIGURE,
            FIGURE | {"figure_id": "F0002", "value": None, "as_printed": "few"},
            FIGURE
            | {"figure_id": "F0003", "value": 2 / 3, "as_printed": "two in three", "value_in_words": True},
        ]
    ),
    "sources": pd.DataFrame([{"source_id": "S001", "title": "A bulletin", "published": None}]),
}
PROVIDER = {"provider": "Wales", "provider_type": "CRC", "words": "Gwent"}
PROVIDER |= {"owners": ["A", "B"], "ratings": ["Good", "-"]}


def listed(tmp_path, page="provider-wales.html", claim="C01: It rose"):
    cells = (
        new_markdown_cell("## Answer\n\n**It rose by 5%.** More.", id="answer"),
        code("plot()", chart(), name="placebo"),
        code("frame", table(claim), name="supported"),
        findings({"rise": finding(5.0, label="Rise"), "side": finding(1.0, key=False)}),
    )
    chapter = read_chapter(save(tmp_path, *cells, name="12-claims", title="Claims"))
    return search_page([chapter], TABLES, [PROVIDER | {"page": page}])["kinds"]


def test_everything_is_listed_where_it_stands(tmp_path):
    kinds = listed(tmp_path)
    found = {
        kind: [(entry.page, entry.name, entry.about) for entry in entries] for kind, entries in kinds.items()
    }
    assert found == {
        "Chapters": [("12-claims.html", "Claims", "Did the number rise?")],
        "Key numbers": [("12-claims.html#number-rise", "Rise", "5")],
        "Providers": [("provider-wales.html", "Wales", "CRC run by A, later B. First round: Good")],
        "Claims": [("12-claims.html#cell-supported", "C01: It rose", "A body; supported")],
        "Published figures": [
            ("figures.html#F0001", "licence recalls (CRC)", "1,500 people, 2018-19"),
            ("figures.html#F0002", "licence recalls (CRC)", "few people, 2018-19"),
            ("figures.html#F0003", "licence recalls (CRC)", "two in three, 2018-19"),
        ],
        "Sources": [("sources.html#S001", "A bulletin", "")],
    }
    (chapter,) = kinds["Chapters"]
    for words in ("It rose by 5%.", "Answer", "Recall rose"):
        assert words in chapter.words
    assert kinds["Providers"][0].words == "Gwent ran probation"


def test_a_provider_without_a_page_is_not_listed(tmp_path):
    assert "Providers" not in listed(tmp_path, page=None)


def test_a_claim_leads_to_its_verdict_whatever_is_judged_of_it(tmp_path):
    (claim,) = listed(tmp_path, claim="C01, number: It rose")["Claims"]
    assert claim.page == "12-claims.html#cell-supported"
    (other,) = listed(tmp_path, claim="C011, number: It rose")["Claims"]
    assert other.page == "12-claims.html"
