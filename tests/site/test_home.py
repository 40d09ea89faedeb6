import pandas as pd
import pytest

from tests.site.made import Page, chart, code, finding, findings, save
from tr_analysis.errors import ChapterError
from tr_analysis.site import write_site
from tr_analysis.site.home import events, providers

COUNTS = (
    "published_back", "published_numbers", "all_back", "contradicted", "printed_alike_elsewhere",
    "printed_otherwise_elsewhere", "input_not_held",
)  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    gap = {"label": "Gap <1>", "low": 5.0, "high": 109.0, "n": 117, "of": "months", "unit": "percent"}
    score = {name: finding(float(place)) for place, name in enumerate(COUNTS, 20)}
    about = {"kent": "Kent, Surrey and Sussex", "nps-wales": "NPS Wales"}
    executed = [
        save(folder, code("p", chart(), name="p"), findings({"recall_gap": finding(48.0, **gap)})),
        save(folder, findings(score), name="14-scorecard", title="The scorecard"),
        *(
            save(folder, name=f"provider-{slug}", chapter="provider", parameters={"provider": name})
            for slug, name in about.items()
        ),
    ]
    return Page(write_site(executed, folder / "site")[0])


def test_the_home_page_shows_key_findings_counts_and_how_to_cite(index):
    words = " ".join(index.text.split())
    assert "+48.0% Gap <1> 95% interval 5.0% to 109.0% · 117 months · comparison: suggestive" in words
    assert "What happened to recall?" in words
    for absent in ("Did proven reoffending fall?", "Did reoffending fall?"):  # no chapter of theirs is there
        assert absent not in words
    assert "Of 21 published numbers" in words
    for count in ("20 reproduced", "23 contradicted", "24 matched", "25 different", "26 not recalculated"):
        assert count in words
    assert "version 0.1.0" in words
    links = {link["href"] for link in index.all("a")}
    assert {"03-recall.html#number-recall_gap", "#level-C", "tr-analysis-data.zip"} <= links
    (card,) = index.all("img")
    assert card["alt"] == "Chart: Recall rose"


def test_every_provider_has_a_row_with_ratings_and_areas_and_its_page(index):
    words = " ".join(index.text.split())
    assert "Derbyshire, Leicestershire, Nottinghamshire and Rutland CRC" in words
    assert "Requires improvement (inferred)" in words
    linked = [given["href"] for tag, given, path in index.elements if tag == "a" and "table" in path]
    assert linked == ["provider-kent.html", "provider-nps-wales.html"]
    rated = {row["provider"]: row["ratings"] for row in providers([])}
    assert list(rated) == sorted(rated)
    assert len(rated) == 28
    assert rated["Durham Tees Valley"] == ["Requires improvement", "Good"]


def test_events_stand_by_year_with_days_in_words_and_undated_ones_do_not():
    dates = {"split": "2015-02-01", "failure": "2019-02", "unknown": None, "cohort": "2015-10-01"}
    years = events(pd.DataFrame({"event_id": list(dates), "date": dates.values(), "event": list(dates)}))
    assert [(year["year"], [event["day"] for event in year["events"]]) for year in years] == [
        ("2015", ["1 February 2015", "1 October 2015"]),
        ("2019", ["February 2019"]),
    ]


def simulated(folder, **found):
    cells = code("p", chart(), name="p"), findings(found, origin="simulated")
    return write_site([save(folder, *cells, title="SIMULATED: Recall")], folder / "site")


def test_a_simulated_key_number_stops_the_home_page_and_a_simulated_chart_is_left_out(tmp_path):
    with pytest.raises(ChapterError, match=r"recall_gap' is simulated"):
        simulated(tmp_path, recall_gap=finding(48.0))
    page = Page(simulated(tmp_path, other=finding(48.0))[0])
    assert "SIMULATED: Recall" in page.text
    assert "48.0" not in page.text  # 48 may stand in a commit
    assert not page.all("img")
