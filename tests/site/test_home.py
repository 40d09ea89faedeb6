import pandas as pd
import pytest

from tests.site.made import Page, chart, code, finding, findings, save
from tr_analysis.errors import ChapterError
from tr_analysis.site import write_site
from tr_analysis.site.chapter import read_chapter
from tr_analysis.site.home import TILES, events, providers, second_round, sentence, tile_map

COUNTS = (
    "published_back", "published_numbers", "all_back", "contradicted", "matched",
    "differs_in_a_second_source", "input_could_not_be_obtained",
)  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    gap = {"label": "Gap <1>", "low": 5.0, "high": 109.0, "n": 117, "of": "months", "unit": "percent"}
    stocks = {
        "stock_growth": finding(54.1, unit="percent", decimals=0),
        "stock_before": finding(5670.0, unit="people"),
        "before_month": finding(None, text="January 2015", key=False),
        "end_month": finding(None, text="February 2020", key=False),
        "stock_last": finding(8737.0, unit="people"),
        "stock_change": finding(3067.0, unit="people", n=62),
    }
    score = {name: finding(float(place)) for place, name in enumerate(COUNTS, 20)}
    about = {"kent": "Kent, Surrey and Sussex", "nps-wales": "NPS Wales"}
    executed = [
        save(folder, code("p", chart(), name="p"), findings({"recall_gap": finding(48.0, **gap), **stocks})),
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
    assert "in prison on recall rose by 54%, from 5,670 in January 2015 to 8,737 in February 2020." in words
    for absent in ("Did proven reoffending fall?", "Did reoffending fall?"):  # no chapter of theirs is there
        assert absent not in words
    assert "Of 21 published numbers" in words
    for count in ("20 reproduced", "23 contradicted", "24 matched", "25 different", "26 not recalculated"):
        assert count in words
    assert "tr-analysis 1.0.0" in words
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
    tiles = [given["href"] for tag, given, path in index.elements if tag == "a" and path[-2:] == ("ol", "li")]
    assert tiles[:2] == ["provider-kent.html", "provider-nps-wales.html"]
    assert words.count("Requires improvement* (inferred)") == 2  # two tiles, as in the table
    rated = {row["provider"]: row["ratings"] for row in providers([])}
    assert list(rated) == sorted(rated)
    assert len(rated) == 28
    assert rated["Durham Tees Valley"] == ["Requires improvement", "Good"]
    assert rated["Essex"][1] == "not inspected, or not named"
    assert rated["NPS London"][1] == "not inspected"
    assert second_round(providers([])) == {"none": 13, "rated": 2, "as": "Good"}
    assert "11 were not inspected, and 2 were rated Good, but the published" in words


@pytest.mark.parametrize(
    ("sought", "crc", "division"),
    [
        ("Medway Thanet", "Kent, Surrey and Sussex", "NPS South East and Eastern"),
        ("Torbay", "Dorset, Devon and Cornwall", "NPS South West South Central"),
        ("Kirklees Calderdale Leeds", "West Yorkshire", "NPS North East"),
        ("Gwent Gwynedd Anglesey", "Wales", "NPS Wales"),
        ("Hackney", "London", "NPS London"),
    ],
)
def test_an_area_is_found_by_its_councils_in_both_services(sought, crc, division):
    words = {row["provider"]: f" {row['words']} " for row in providers([])}
    found = {name for name, text in words.items() if all(f" {word} " in text for word in sought.split())}
    assert found == {crc, division}


def test_every_owner_finds_its_companies():
    about = {row["provider"]: f"{row['owners']} {row['words']}" for row in providers([])}
    for owner in ("Interserve", "Ingeus", "St Giles Trust", "Seetec", "MTC", "Sodexo"):
        assert any(owner in words for words in about.values()), owner


def test_each_provider_has_a_tile_of_its_own_beside_its_division():
    tiles = pd.read_csv(TILES)
    kinds = tile_map(providers([]))["kinds"]
    assert {kind: len(found) for kind, found in kinds.items()} == {"CRC": 21, "NPS": 7}
    for found in kinds.values():
        assert len({(tile["row"], tile["column"]) for tile in found}) == len(found)
    assert set(tiles["division"]) == {tile["provider"] for tile in kinds["NPS"]}
    assert {tile["owner"] for tile in kinds["CRC"]} == set(range(1, 9))
    assert {tile["owner"] for tile in kinds["NPS"]} == {9}


def test_a_sentence_is_filled_with_linked_numbers_or_is_not_there(tmp_path):
    found = {"fall": finding(-2.14, unit="percentage points"), "few": finding(1.0, n=21)}
    found["text"] = finding(None, text="<b>")
    chapters = {"03-recall": read_chapter(save(tmp_path, findings(found)))}
    template = "{03-recall/few} of {03-recall/few.n} & {03-recall/fall.change} {03-recall/text}"
    few, n, fall, text = (
        f'<a href="03-recall.html#number-{name}">{words}</a>'
        for name, words in (
            ("few", "One"),
            ("few", "21"),
            ("fall", "fell by 2.1 points"),
            ("text", "&lt;b&gt;"),
        )
    )
    assert sentence(template, chapters) == f"{few} of {n} &amp; {fall} {text}"
    for missing in ("{03-recall/none}", "{04-other/few}", ""):
        assert not sentence(missing, chapters)


def test_events_stand_by_year_with_days_in_words_and_undated_ones_do_not():
    dates = {"split": "2015-02-01", "failure": "2019-02", "unknown": None, "cohort": "2015-10-01"}
    found = events(pd.DataFrame({"event_id": list(dates), "date": dates.values(), "event": list(dates)}))
    assert [(event["year"], event["day"]) for event in found] == [
        ("2015", "1 February 2015"),
        ("2015", "1 October 2015"),
        ("2019", "February 2019"),
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
