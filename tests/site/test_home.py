import pandas as pd
import pytest

from tests.site.made import FINDINGS, Page, chart, code, save, shown
from tests.site.test_site import finding
from tr_analysis.errors import ChapterError
from tr_analysis.site import write_site
from tr_analysis.site.home import events, providers


def found(**findings):
    rows = "".join(f"<tr id='number-{name}'><th>{name}</th></tr>" for name in findings)
    bundle = {FINDINGS: {"findings": findings}, "text/html": f"<table>{rows}</table>"}
    return code("findings", shown(bundle), name="findings")


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("home")
    gap = {"label": "Gap <1>", "low": 5.0, "high": 109.0, "n": 117, "of": "months", "unit": "percent"}
    elsewhere = ("printed_alike_elsewhere", "printed_otherwise_elsewhere")
    counts = (
        "published_back", "published_numbers", "all_back", "contradicted", *elsewhere, "input_not_held",
    )  # fmt: skip
    score = {name: finding(float(place)) for place, name in enumerate(counts, 20)}
    executed = [
        save(tmp_path, code("p", chart(), name="p"), found(recall_gap=finding(48.0, **gap))),
        save(tmp_path, found(**score), name="09-scorecard", title="The scorecard"),
        *(
            save(
                tmp_path,
                name=f"provider-{slug}",
                title=f"One provider: {name}",
                chapter="provider",
                parameters={"provider": name},
            )
            for slug, name in {"kent": "Kent, Surrey and Sussex", "nps-wales": "NPS Wales"}.items()
        ),
    ]
    return Page(write_site(executed, tmp_path / "site")[0])


def test_a_key_finding_shows_number_interval_n_and_rung(index):
    words = " ".join(index.text.split())
    assert "+48.0% Gap <1> 95% interval 5.0% to 109.0% · 117 months · comparison: suggestive" in words
    assert any(link["href"] == "03-recall.html#number-recall_gap" for link in index.all("a"))


def test_a_question_without_its_chapter_is_left_out(index):
    assert "What happened to recall?" in index.text
    assert "Did proven reoffending fall?" not in index.text
    assert "Did reoffending fall?" not in index.text


def test_the_scorecards_counts_are_those_of_its_page(index):
    words = " ".join(index.text.split())
    assert "Of 21 numbers that others printed" in words
    for count in ("20 reproduced", "23 contradicted", "24 printed alike", "25 printed otherwise", "26 not"):
        assert count in words


def test_a_card_shows_the_chapters_first_chart(index):
    (card,) = index.all("img")
    assert card["alt"] == "Chart: Recall rose"


def test_every_provider_has_a_row_with_ratings_and_areas_and_its_page(index):
    words = " ".join(index.text.split())
    assert "Derbyshire, Leicestershire, Nottinghamshire and Rutland CRC" in words
    assert "Requires improvement (by tally)" in words
    linked = [given["href"] for tag, given, path in index.elements if tag == "a" and "table" in path]
    assert linked == ["provider-kent.html", "provider-nps-wales.html"]
    rows = [given for tag, given, path in index.elements if tag == "th" and given.get("scope") == "row"]
    assert len(rows) == 28


def test_providers_stand_by_name_with_both_rounds_of_ratings():
    rated = {row["provider"]: row["ratings"] for row in providers([])}
    assert list(rated) == sorted(rated)
    assert rated["Durham Tees Valley"] == ["Requires improvement", "Good"]


def test_events_stand_by_year_with_days_in_words_and_undated_ones_do_not():
    table = pd.DataFrame(
        {
            "event_id": ["split", "failure", "unknown", "cohort"],
            "date": ["2015-02-01", "2019-02", None, "2015-10-01"],
            "event": ["split", "failure", "unknown", "cohort"],
        }
    )
    years = events(table)
    assert [year["year"] for year in years] == ["2015", "2019"]
    assert [event["day"] for event in years[0]["events"]] == ["1 February 2015", "1 October 2015"]
    assert years[1]["events"][0]["day"] == "February 2019"


def test_the_home_page_says_how_to_cite_and_under_which_licences(index):
    assert "version 0.1.0" in index.text
    assert any(heading.get("id") == "licences" for heading in index.all("h2"))
    assert any(link["href"] == "tr-analysis-data.zip" for link in index.all("a"))


def simulated(tmp_path, **findings):
    page = found(**findings)
    page.outputs[0].data[FINDINGS]["origin"] = "simulated"
    return save(tmp_path, code("p", chart(), name="p"), page, title="SIMULATED: Recall")


def test_a_simulated_key_number_stops_the_home_page(tmp_path):
    with pytest.raises(ChapterError, match=r"recall_gap' is simulated"):
        write_site([simulated(tmp_path, recall_gap=finding(48.0))], tmp_path / "site")


def test_a_simulated_chapter_is_listed_as_such_without_its_chart(tmp_path):
    page = Page(write_site([simulated(tmp_path, other=finding(48.0))], tmp_path / "site")[0])
    assert "SIMULATED: Recall" in page.text
    assert "48.0" not in page.text  # 48 may stand in a commit
    assert not page.all("img")
