"""With official tables held, chapter, provider page and scorecard use them; without, the panel says that it is made up."""

import json
import re
import shutil

import nbformat
import numpy as np
import pandas as pd
import pytest

from tests.official.layouts import CRCS, FINAL, save, square
from tr_analysis import paths
from tr_analysis.cli import main
from tr_analysis.data import load
from tr_analysis.data.expressions import can_evaluate
from tr_analysis.official import store
from tr_analysis.official.panel import NUMERIC
from tr_analysis.official.store import recipe_tables
from tr_analysis.official.workbooks import Sheet

FILE = "payment-by-results-statistics-oct17.xlsx"
PANEL = "15-crc-panel"
COHORTS = ("Oct-Dec 2015", "Jan-Mar 2016", "Apr-Jun 2016", "Jul-Sep 2016")


def sheet(number, title):
    """Made-up results: 13 significant reductions and one increase, of cohorts of different size."""
    rows = [[f"Final proven reoffending results, {title} cohort"], [], list(FINAL)]
    for place, name in enumerate(CRCS):
        people, ogrs = 900 + 140 * place, round(45 + 0.1 * place + 0.3 * number, 1)
        gap = -6.0 + 0.1 * place + 0.2 * number if place < 13 else 7.0 if place == 20 else 0.4
        base = 47.5 + 0.1 * (place % 5)
        again = round(people * (base + gap + ogrs - 46.0) / 100)
        rate = round(100 * again / people, 2)
        adjusted = round(100 * again / people + 46.0 - ogrs, 2)
        offences = round(again * (4.0 + 0.05 * place))
        often, more = round(offences / again, 2), round(offences / again - 4.2, 2)
        flag = "Yes" if abs(gap) > 1 else "No"
        cells = [people, again, offences, rate, ogrs, adjusted, 46.0, base, round(adjusted - base, 2), flag]
        rows.append([name, *cells, often, 4.2, more])
    return Sheet(f"Table {number}", square(rows))


def outputs(folder, run):
    notebook = nbformat.read(folder / f"{run}.ipynb", as_version=4)
    return [o.data for cell in notebook.cells for o in cell.get("outputs", []) if "data" in o]


def headings(shown):
    """Return the titles of the figures and the captions of the tables."""
    titles = [o["text/plain"].removeprefix("Chart: ") for o in shown if "image/png" in o]
    return titles + [c for o in shown for c in re.findall("<caption>(.*?)</caption>", o.get("text/html", ""))]


def results(folder, run):
    return json.loads((folder / "results" / f"{run}.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    """The reports of a project in which one made-up workbook is held."""
    root = tmp_path_factory.mktemp("held")
    for folder in ("data", "notebooks", "reports/results"):
        shutil.copytree(paths.root() / folder, root / folder)
    for file in ("LICENCE-DATA.md", "requirements.lock"):
        shutil.copy(paths.root() / file, root)
    save(root / "data" / "raw" / "official" / FILE, *(sheet(n, title) for n, title in enumerate(COHORTS, 1)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TR_ANALYSIS_ROOT", str(root))
        store.build_official()
        assert main(["run", PANEL, "provider", "14-scorecard"]) == 0
    return root / "reports"


def chapter_shows_the_observed_panel_and_names_its_file(official):
    found, shown = results(official, PANEL), outputs(official, PANEL)
    assert found["title"] == "The panel of CRCs"
    assert "origin" not in found
    assert "official/crc_results" in found["data"]
    assert "SIMULATED" not in json.dumps(found)
    assert not any("SIMULATED" in json.dumps(o).replace("image/png", "") for o in shown)
    assert any(FILE in json.dumps(o) for o in shown)
    numbers = found["findings"]
    expected = {"crcs": 21, "cohorts": 4, "won": 13, "lost": 1, "cells": 84}
    assert {name: numbers[name]["value"] for name in expected} == expected
    assert numbers["adds_up"]["value"] == numbers["agree"]["value"] == 100


def page_of_the_chapter_is_without_the_word(official):
    page = (official / "site" / f"{PANEL}.html").read_text("utf-8")
    assert re.search(r"<h1[^>]*>The panel of CRCs</h1>", page)
    prose = re.sub(r"<(details|style|script)\b.*?</\1>", "", page, flags=re.DOTALL)  # code stands in details
    assert "SIMULATED" not in prose


def provider_page_has_its_results_by_cohort(official):
    run = "provider-cumbria-and-lancashire"
    captions = [c for c in headings(outputs(official, run)) if FILE in c]
    assert captions == [f"Cumbria and Lancashire: official results by cohort, Ministry of Justice ({FILE})"]
    numbers = results(official, run)["findings"]
    assert numbers["held"]["value"] == 4
    assert numbers["official_rate_0"]["n"] == 1040


def scorecard_computes_from_the_official_tables(official):
    rows = [o["text/csv"] for o in outputs(official, "14-scorecard") if "Recipe" in o.get("text/csv", "")]
    of = {
        name: line
        for text in rows
        for line in text.splitlines()
        for name in ("T01", "T02")
        if f"{name}:" in line
    }
    assert of["T01"].startswith("Reproduced to the printed digit")
    assert of["T02"].startswith("Contradicted")
    assert all("official_pbr" in line for line in of.values())
    before = results(paths.reports(), "14-scorecard")["findings"]
    after = results(official, "14-scorecard")["findings"]
    assert after["contradicted"]["value"] > before["contradicted"]["value"]
    assert after["input_could_not_be_obtained"]["value"] < before["input_could_not_be_obtained"]["value"]


@pytest.mark.full
def test_official_tables_reach_chapter_provider_page_and_scorecard(official):
    """One project, run once: all that it must show."""
    chapter_shows_the_observed_panel_and_names_its_file(official)
    page_of_the_chapter_is_without_the_word(official)
    provider_page_has_its_results_by_cohort(official)
    scorecard_computes_from_the_official_tables(official)


def test_the_committed_panel_says_simulated_wherever_it_is_shown():
    found, shown = results(paths.reports(), PANEL), outputs(paths.reports(), PANEL)
    assert (found["title"], found["origin"]) == ("SIMULATED: The panel of CRCs", "simulated")
    assert {f["origin"] for f in found["findings"].values()} == {"simulated"}
    assert all(f["label"].startswith("SIMULATED: ") for f in found["findings"].values())
    assert len(headings(shown)) >= 10
    assert all(words.startswith("SIMULATED: ") for words in headings(shown))
    first = nbformat.read(paths.reports() / f"{PANEL}.ipynb", as_version=4).cells[0].source
    assert first.startswith("# SIMULATED: The panel of CRCs")
    names = set(load("providers")["provider"])
    assert not any(f">{name}<" in o.get("text/html", "") for o in shown for name in names)  # nobody is meant


def test_nothing_else_of_the_study_is_simulated():
    others = [p for p in (paths.reports() / "results").glob("*.json") if p.stem != PANEL]
    assert len(others) > 30
    assert not any(json.loads(p.read_text("utf-8")).get("origin") == "simulated" for p in others)


def made_up(name):
    """Return tidy tables in which every provider is in every cohort that a recipe names."""
    providers = load("providers")
    cohorts = set(re.findall(r"cohort=(20\d\dQ\d)[;\]]", " ".join(load("official_recipes")["recipe"])))
    cohorts |= {"2016Q1", "2016Q3"}
    counts = {"offenders": 100, "reoffenders": 40, "reoffences": 160}
    about = {"release": "2020-10", "file": "made.xlsx", "sheet": "1", "row": 1, "stage": "final"}
    about |= {"cohort_type": "quarter", "suppressed": "", "not_applicable": ""}
    base = dict.fromkeys(NUMERIC, 4.0) | counts | about | {"significance": "significant reduction"}
    rows = [
        base | {"cohort": cohort, "provider": row.provider, "provider_type": row.provider_type}
        for cohort in (*cohorts, "2019Q2 to 2020Q1")
        for row in providers.itertuples()
    ]
    if name == "crc_results":
        return pd.DataFrame(rows)
    own = {"release": "2014-02", "cohort_type": "year", "offenders": 100, "ogrs": np.nan}
    own |= {"binary_rate": 47.0, "frequency_rate": 4.0}
    return pd.DataFrame([own | {"provider": provider} for provider in providers["provider"]])


def test_every_official_recipe_can_be_worked_out_when_all_is_held(monkeypatch):
    monkeypatch.setattr(store, "official", made_up)
    tables = recipe_tables()
    recipes = load("official_recipes")
    assert [r.target_id for r in recipes.itertuples() if not can_evaluate(r.recipe, tables)] == []


def test_without_official_files_there_are_no_official_tables(monkeypatch):
    monkeypatch.setattr(store, "official", lambda name: None)
    assert recipe_tables() == {}


@pytest.mark.full
def test_made_up_figures_can_be_asked_for_beside_the_official_ones(official, monkeypatch):
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(official.parent))
    assert main(["run", PANEL, "-p", "panel=simulated"]) == 0
    (variant,) = (official / "variants" / PANEL).iterdir()
    assert results(variant, PANEL)["origin"] == "simulated"
