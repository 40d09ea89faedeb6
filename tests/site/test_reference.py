import doctest
import json
import re
from collections import Counter
from functools import partial

import pandas as pd
import pytest
from jinja2 import ChainableUndefined

from tests.site.made import chart, code, finding, findings, save, shown, table
from tr_analysis import paths
from tr_analysis.data import load
from tr_analysis.data.dictionary import ABOUT, entries
from tr_analysis.data.fields import Table, column
from tr_analysis.data.schemas import TABLES
from tr_analysis.errors import ChapterError, StudyError
from tr_analysis.estimators import index
from tr_analysis.report.finding import Finding
from tr_analysis.site import reference
from tr_analysis.site.cells import templates
from tr_analysis.site.chapter import read_chapter
from tr_analysis.site.home import providers
from tr_analysis.site.metadata import bibtex, cite
from tr_analysis.site.search import search_page
from tr_analysis.study.chapters import find_chapters
from tr_analysis.study.parameters import read_parameters

SCHEMAS = {
    "counts": Table(
        "counts",
        "Counts",
        "Of `people`.",
        {"month": column("month", "month counted"), "source_ids": column("sources", "where", required=False)},
        key=["month"],
    ),
    "published_figures": TABLES["published_figures"],
}


def frame(names, *rows):
    return pd.DataFrame(rows, columns=names.split())


UNKNOWN = dict.fromkeys(["population", "period", "period_type", "qualifier", "as_printed"])
UNKNOWN |= dict.fromkeys(["sample_size", "reliability", "revision", "note"])


def figure(name, value=None, **rest):
    given = {"topic": "recall", "measure": "licence recalls", "unit": "recalls", "source_id": "S001"}
    return {"figure_id": name, "value": value, "value_in_words": False, **given, **UNKNOWN, **rest}


def made(*figures, checks=()):
    return {
        "sources": frame(
            "source_id title url published published_note tier kind publisher producer",
            [
                "S001",
                "Ministry <A>",
                "https://a.uk",
                "2018",
                None,
                "primary",
                "bulletin",
                "Ministry <A>",
                None,
            ],
            [
                "S002",
                "Gazette: B",
                "https://b.uk",
                None,
                None,
                "secondary",
                "press report",
                "Gazette",
                "A body",
            ],
        ),
        "counts": frame(
            "month source_ids", ["2018-01", "S001 S002"], ["2018-02", "S001 S001"], ["2018-03", None]
        ),
        "published_figures": pd.DataFrame(figures or (figure("F0001", 1.0),)),
        "figure_checks": frame("check_id left right expected nature why", *checks),
    }


def result(chapter, *cited, title="Recall"):
    findings = {f"number-{i}": {"sources": sources.split()} for i, sources in enumerate(cited)}
    return {"chapter": chapter, "title": title, "findings": findings}


def sources(results=None, *figures):
    page = reference.sources_page(made(*figures), SCHEMAS, results or {})
    return {source["source_id"]: source for source in page["sources"]}


def figures(*given, checks=()):
    page = reference.figures_page(made(*given, checks=checks))
    return {found["figure_id"]: found for topic in page["topics"] for found in topic["figures"]}


def rendered(name, context):
    environment = templates()
    environment.undefined = ChainableUndefined
    shared = {"linked": True, "title_parts": ["", ""], "cite": partial(cite, ""), "bibtex": bibtex}
    return environment.get_template(f"{name}.html.j2").render(**context, **shared)


def test_a_source_leads_back_to_the_chapters_whose_key_numbers_stand_on_it():
    found = sources({"03-recall": result("03-recall", "S001", "S001 S002", "")})
    assert found["S001"]["numbers"] == [{"page": "03-recall.html", "title": "Recall", "count": 2}]
    assert found["S002"]["numbers"] == [{"page": "03-recall.html", "title": "Recall", "count": 1}]
    assert found["S002"]["published"] == found["S001"]["producer"] == ""


def test_the_pages_of_one_chapter_are_one_entry_unless_there_is_only_one():
    cited = {"Essex": ("S001", "S001"), "Kent": ("S001", "S002")}
    found = sources({f"provider-{n.lower()}": result("provider", *c, title=n) for n, c in cited.items()})
    many = {"page": reference.PROVIDERS, "title": "2 provider pages", "count": 3}
    assert found["S001"]["numbers"] == [many]
    assert found["S002"]["numbers"] == [{"page": "provider-kent.html", "title": "Kent", "count": 1}]


def test_a_source_leads_back_to_figures_and_tables_and_counts_each_row_once():
    given = [figure("F0001"), figure("F0002"), figure("F0004"), figure("F0005", source_id="S002")]
    found = sources({}, *given)
    assert found["S001"]["figures"] == [("F0001", "F0002"), ("F0004", "F0004")]
    assert found["S001"]["tables"] == [("counts", 2)]
    assert found["S001"]["uses"] == 5
    assert found["S002"]["tables"] == [("counts", 1)]


def test_a_key_number_of_an_unknown_source_is_refused():
    fault = r"03-recall: the finding 'number-1' names S998, S999, .*add the source"
    with pytest.raises(ChapterError, match=fault):
        sources({"03-recall": result("03-recall", "S001", "S999 S001 S998")})


@pytest.mark.parametrize(
    ("given", "words", "unit"),
    [
        ({"value": 4240.0}, "4,240", "recalls"),
        ({"value": 0.05}, "0.05", "recalls"),
        ({"value": 120.0, "qualifier": "about"}, "about 120", "recalls"),
        ({"value": 0.25, "as_printed": "one in four", "value_in_words": True, "unit": "proportion"}, "one in four", "proportion"),
        ({"as_printed": "bleak", "unit": "none"}, "bleak", ""),
        ({}, "", "recalls"),
    ],
)  # fmt: skip
def test_a_figure_is_shown_as_it_was_printed(given, words, unit):
    found = figures(figure("F0001", **given))["F0001"]
    assert (found["shown"], found["unit"]) == (words, unit)


def test_the_notes_of_a_figure_say_what_else_is_known():
    rest = {"as_printed": "61.0%", "sample_size": "112", "revision": "revised", "note": "rounded"}
    notes = ["printed “61.0%”", "sample size: 112", "revised", "rounded"]
    assert figures(figure("F0001", 61.0, **rest))["F0001"]["notes"] == notes
    assert figures(figure("F0001", 61.0))["F0001"]["notes"] == []
    twice = figure("F0001", 61.0, revision="first published", note="first-published figure")
    assert figures(twice)["F0001"]["notes"] == ["first-published figure"]


def test_figures_stand_under_their_topics_in_the_order_of_the_register():
    topics = {"F0001": "through the gate", "F0002": "recall", "F0003": "through the gate"}
    page = reference.figures_page(made(*(figure(name, topic=topic) for name, topic in topics.items())))
    assert [(topic["name"], topic["anchor"], len(topic["figures"])) for topic in page["topics"]] == [
        ("through the gate", "through-the-gate", 2),
        ("recall", "recall", 1),
    ]


def test_the_pages_escape_what_the_tables_hold():
    page = rendered("sources", reference.sources_page(made(), SCHEMAS, {}))
    assert "Ministry &lt;A&gt;" in page
    assert "<A>" not in page


def test_a_figure_tells_in_words_what_it_was_checked_against():
    checks = [
        ["K01", "F0001", "F0002", "differ", "revision", "two returns were missing"],
        ["K02", "F0001", "F0002 + counts[month=2018-01].people", "agree", "two sources", None],
        ["K03", "F0001", "7", "agree", "arithmetic", None],
        ["K04", "F0001 + F0002", "F0003", "agree", "arithmetic", None],
        ["K05", "F0003", "counts[month=2018-01].people", "differ", "unexplained", None],
    ]
    given = [figure(f"F000{i}", 1.0) for i in range(1, 5)]
    page = rendered("figures", reference.figures_page(made(*given, checks=checks)))
    rows = {
        name: re.sub("<[^>]+>", "", row).partition("S001 ")[2]
        for name, row in re.findall(r'<tr id="(F\d+)">(.*?)</tr>', page, re.DOTALL)
    }
    assert rows == {
        "F0001": "differs from F0002 (revision: two returns were missing); agrees with F0002, counts (two sources); "
        "agrees by arithmetic; agrees by arithmetic with F0002, F0003",
        "F0002": "differs from F0001 (revision: two returns were missing); agrees with F0001, counts (two sources); "
        "agrees by arithmetic with F0001, F0003",
        "F0003": "agrees by arithmetic with F0001, F0002; differs from counts (unexplained)",
        "F0004": "",
    }


def test_the_example_of_each_estimator_runs_as_it_stands():
    modules = reference.estimators_page()["modules"]
    found = {f"{m['name']}.{e['name']}": e for m in modules for e in m["estimators"]}
    assert list(found) == list(index()["name"])
    runner = doctest.DocTestRunner(verbose=False)
    for name, estimator in found.items():
        if name != "autocorrelation.arma":  # slow; its imports are those of its neighbours
            runner.run(doctest.DocTestParser().get_doctest(estimator["example"], {}, name, None, 0))
    assert runner.summarize(verbose=False).failed == 0


def test_the_page_of_tests_names_every_estimator_and_what_falls_short():
    found = reference.tested_page(reference.estimators_page()["modules"])
    rows = [row for module in found["modules"] for row in module["estimators"]]
    assert len(rows) == found["count"] == len(index())
    assert all(row["against"] and row["tests"] for row in rows)
    short = {(row["estimator"], row["data"]) for row in found["short"]}
    assert ("autocorrelation.newey_west", "random walk (Newey-West, step and slope)") in short
    assert ("clusters.cluster_jackknife", "2 of 21 clusters labelled") in short
    kept = {(row["estimator"], row["data"]) for row in found["kept"]}
    within_three_errors = ("clusters.cluster_jackknife", "3 of 8 clusters labelled")
    never_rejects = ("clusters.wild_cluster_bootstrap", "2 of 21 clusters labelled")
    assert {within_three_errors, never_rejects} <= kept


def test_the_pages_of_the_committed_study_are_complete_and_light():
    tables = {name: load(name) for name in TABLES}
    places = (paths.root() / "reports" / "results").glob("*.json")
    results = {place.stem: json.loads(place.read_bytes()) for place in sorted(places)}
    found = reference.sources_page(tables, TABLES, results)
    pages = {
        "sources": rendered("sources", found),
        "figures": rendered("figures", reference.figures_page(tables)),
        "dictionary": rendered("dictionary", {"about": ABOUT, "entries": entries(tables, TABLES)}),
        "estimators": rendered("estimators", reference.estimators_page()),
        "tested": rendered("tested", reference.tested_page(reference.estimators_page()["modules"])),
        "search": rendered("search", search_page([], tables, providers([]))),
    }
    cited = [s for left in results.values() for f in left["findings"].values() for s in f["sources"]]
    ids = {name: re.findall(r' id="([^"]+)"', page) for name, page in pages.items()}
    assert set(cited) <= set(ids["sources"])
    assert len(cited) == sum(number["count"] for source in found["sources"] for number in source["numbers"])
    figures = [name for name in ids["figures"] if re.fullmatch(r"F\d{4}", name)]
    assert sorted(figures) == sorted(tables["published_figures"]["figure_id"])
    for name, schema in TABLES.items():
        section = pages["dictionary"].split(f'<h2 id="{name}">')[1].split("<h2 ")[0]
        for column_name in schema.columns:
            assert f'<th scope="row"><code>{column_name}</code></th>' in section
        for kind in ("raw", "processed"):
            assert f'href="data/{kind}/{name}.csv"' in section
    assert max(len(page.encode()) for page in pages.values()) < 400_000


def test_every_exhibit_is_listed_with_its_notebook_once_for_all_pages_of_a_chapter(tmp_path):
    captioned = {"text/html": "<table><caption>Areas &amp; rates</caption></table>"}
    both = [code("x", chart(), name="one"), code("y", shown(table("").data | captioned), name="two")]
    runs = [("03-recall", None, both), ("provider-a", "provider", both[:1]), ("provider-b", "provider", both)]
    saved = [save(tmp_path, *cells, name=run, chapter=of) for run, of, cells in runs]
    chapters = list(map(read_chapter, saved))
    context = reference.exhibits_page(chapters)
    assert (context["charts"], context["tables"]) == (2, 2)
    recall, provider = context["chapters"]
    places = [f"03-recall.html#{place}" for place in ("figure-placebo", "cell-two")]
    assert [one["place"] for one in recall["exhibits"]] == places
    files = {"figures/provider-a/placebo.csv": 2, "tables/provider-b/two.csv": 1}
    assert {one["data"]: one["pages"] for one in provider["exhibits"]} == files
    page = rendered("exhibits", context)
    assert '<a href="03-recall.html#cell-two">Areas &amp; rates</a>' in page
    assert 'href="notebooks/provider-a.ipynb"' in page
    assert "once for each of 2 providers" in page


def test_each_chapter_has_an_assumption_and_what_it_names_is_there():
    log = reference.read_log("assumptions")
    chapters = {chapter.name: chapter for chapter in find_chapters()}
    assert {entry["chapter"] for entry in log} == chapters.keys()
    assert [entry["chapter"] for entry in log] == sorted(entry["chapter"] for entry in log)
    for entry in log:
        known = {parameter.name for parameter in read_parameters(chapters[entry["chapter"]].path)}
        assert entry.get("try", "") in {*known, ""}, entry
        said = [words for name, words in entry.items() if name not in ("chapter", "quality", "impact", "try")]
        for words in said:
            assert re.fullmatch(r"[A-Z][^\d]+\.", words), entry  # a sentence without typed numbers
    assert min(Counter(entry["quality"] for entry in log).values()) >= 1


def test_a_correction_names_a_number_that_is_another_now():
    log = reference.read_log("corrections")
    assert [entry["date"] for entry in log] == sorted(entry["date"] for entry in log)
    for entry in log:
        results = json.loads((paths.reports() / "results" / f"{entry['chapter']}.json").read_bytes())
        number = Finding(entry["finding"], **results["findings"][entry["finding"]])
        assert not entry["was"].startswith(number.show()), entry


def test_the_pages_show_both_logs_and_both_values_of_what_was_revised(tmp_path):
    gap = finding(119.0, low=-14.0, high=479.0, unit="percent", decimals=0)
    chapters = [read_chapter(save(tmp_path, findings({"recall_gap": gap})))]
    context = reference.revisions_page({name: load(name) for name in TABLES}, chapters)
    deaths = next(one for one in context["revised"] if one["period"] == "2016-17")
    assert (deaths["first"]["value"], deaths["last"]["value"]) == ("748 deaths", "819 deaths")
    assert [(one["was"][:3], one["now"]) for one in context["corrected"]] == [
        ("48%", "119% (95% interval \N{MINUS SIGN}14% to 479%)")
    ]
    page = rendered("revisions", context)
    assert '<a href="figures.html#F0205">748 deaths</a>' in page
    assert '<a href="03-recall.html">Recall to prison</a>' in page
    context = reference.assumptions_page(chapters)
    assert {one["chapter"] for one in context["assumptions"]} == {"03-recall"}
    page = rendered("assumptions", context)
    assert "<td>Amber. The years before the reform are few" in page
    assert "change <code>errors</code>" in page


def test_a_chapter_that_runs_for_each_provider_is_named_without_one(tmp_path):
    runs = {f"provider-{x}": f"One: {x}" for x in "ab"}
    saved = [save(tmp_path, name=run, chapter="provider", title=title) for run, title in runs.items()]
    (one,) = reference.assumptions_page(list(map(read_chapter, saved)))["assumptions"]
    assert (one["page"], one["title"]) == ("provider-a.html", "One")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('quality = "amber"', 'quality = "blue"', "quality is none of green, amber, red"),
        ("change = ", "chance = ", "chance, change"),
        ("[[assumptions]]", "[[assumption]]", "'assumptions' is missing"),
        ("= ", "", "; mend the line"),
    ],
)
def test_a_log_out_of_form_is_refused(tmp_path, monkeypatch, old, new, said):
    text = (paths.notebooks() / "assumptions.toml").read_text("utf-8")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    assert reference.read_log("assumptions") == []
    (tmp_path / "notebooks" / "assumptions.toml").write_text(text.replace(old, new), "utf-8")
    with pytest.raises(StudyError, match=r"notebooks/assumptions\.toml") as refused:
        reference.read_log("assumptions")
    assert said in str(refused.value)
