"""What the reference pages show: sources, published figures, tables and columns, estimators, their tests, and two logs.

The logs of assumptions and of corrections are kept by hand beside the notebooks.
"""

import ast
import doctest
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from importlib import import_module
from itertools import groupby
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from tr_analysis import estimators
from tr_analysis.data import load, simulations
from tr_analysis.data.dictionary import ABBREVIATIONS, ABOUT, citations, entries
from tr_analysis.data.fields import Frames, Table
from tr_analysis.data.schemas import TABLES
from tr_analysis.errors import ChapterError
from tr_analysis.files import read_beside_notebooks
from tr_analysis.order import in_order
from tr_analysis.report import CHART_MIME
from tr_analysis.report.finding import Finding
from tr_analysis.site.cells import caption
from tr_analysis.site.chapter import Chapter, Shown
from tr_analysis.site.links import glossary
from tr_analysis.site.search import rows_of, search_page, value_and_unit, with_plain_years
from tr_analysis.text import slugify

Results = Mapping[str, Mapping[str, Any]]
"""What ``results/<run>.json`` holds, by run, in reading order."""
PROVIDERS = "index.html#providers"
"""Where a reader chooses among the pages of one chapter that runs for each provider."""
RATINGS = ("green", "amber", "red")
_KEYS = {
    "assumptions": {"chapter", "assumption", "quality", "quality_why", "impact", "impact_why", "change"},
    "corrections": {"chapter", "finding", "date", "was", "why"},
}
_ALSO = {"try"}


def reference_pages(
    chapters: Sequence[Chapter], providers: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Return what the pages of reference show, by name of the page and of its template."""
    listed = estimators_page()
    tables = {name: load(name) for name in TABLES}
    results = {
        chapter.run: {"chapter": chapter.name, "title": chapter.title, "findings": chapter.findings}
        for chapter in chapters
    }
    return {
        "sources": sources_page(tables, TABLES, results),
        "figures": figures_page(tables),
        "dictionary": {"about": ABOUT, "entries": entries(tables, TABLES)},
        "estimators": listed,
        "tested": tested_page(listed["modules"]),
        "search": search_page(chapters, tables, providers),
        "glossary": {"terms": glossary(), "abbreviations": ABBREVIATIONS},
        "exhibits": exhibits_page(chapters),
        "assumptions": assumptions_page(chapters),
        "revisions": revisions_page(tables, chapters),
        "404": {},
    }


def sources_page(tables: Frames, schemas: Mapping[str, Table], results: Results) -> dict[str, Any]:
    """Return what the page of sources shows: each source, and what in the study stands on it.

    Each has ``numbers`` (key numbers by chapter), ``figures`` (runs of published figures, first and last), ``tables`` (name
    and rows) and ``uses``, which counts all of these. A key number on an unknown source is a `ChapterError`.
    """
    register = rows_of(tables["sources"])
    numbers = _numbers(results, {row["source_id"] for row in register})
    figures = tables["published_figures"].groupby("source_id")["figure_id"].agg(list)
    cited = {n: citations(table, tables[n]) for n, table in schemas.items() if n != "published_figures"}
    for row in register:
        source = row["source_id"]
        printed = figures.get(source, [])
        row["numbers"] = [_entry(chapter, runs, results) for chapter, runs in numbers.get(source, {}).items()]
        row["figures"] = spans(printed)
        row["tables"] = [(name, count[source]) for name, count in cited.items() if count[source]]
        row["uses"] = len(printed) + sum(entry["count"] for entry in row["numbers"])
        row["uses"] += sum(count for _, count in row["tables"])
    return {"sources": register}


def _numbers(results: Results, known: Collection[str]) -> dict[str, dict[str, Counter[str]]]:
    """Count the numbers on each source, by chapter and run; refuse one whose source nobody could look up."""
    counts: dict[str, dict[str, Counter[str]]] = {}
    for run, left in results.items():
        for name, finding in left["findings"].items():
            if unknown := set(finding["sources"]) - set(known):
                raise ChapterError(
                    f"{run}: the finding {name!r} names {', '.join(sorted(unknown))}, not to be found in "
                    "data/raw/sources.csv; add the source there or correct the finding"
                )
            for source in finding["sources"]:
                counts.setdefault(source, {}).setdefault(left["chapter"], Counter())[run] += 1
    return counts


def _entry(chapter: str, runs: Counter[str], results: Results) -> dict[str, Any]:
    """Name a chapter, or the pages that it made one by one, and say how many numbers it is."""
    run = next(iter(runs))
    if len(runs) == 1:
        return {"page": f"{run}.html", "title": results[run]["title"], "count": runs.total()}
    return {"page": PROVIDERS, "title": f"{len(runs)} {chapter} pages", "count": runs.total()}


def spans(figures: Sequence[str]) -> list[tuple[str, str]]:
    """Join names of figures that follow one another, first and last of each run: F0001, F0002 to (F0001, F0002)."""
    joined: list[tuple[str, str]] = []
    for figure in figures:
        if joined and int(figure[1:]) == int(joined[-1][1][1:]) + 1:
            joined[-1] = (joined[-1][0], figure)
        else:
            joined.append((figure, figure))
    return joined


def figures_page(tables: Frames) -> dict[str, Any]:
    """Return what the page of published figures shows, by topic in the order of the register.

    A topic has its name, ``anchor`` and ``figures``; a figure the words of the register, its ``shown`` value,
    ``notes``, and ``checks`` (``agree``, ``nature``, ``why``, the other ``figures`` and ``tables``).
    """
    checks = _checks(tables["figure_checks"])
    topics: dict[str, list[dict[str, Any]]] = {}
    for row in rows_of(tables["published_figures"]):
        row |= {**_described(row), "checks": checks.get(row["figure_id"], [])}
        topics.setdefault(row["topic"], []).append(row)
    return {
        "count": sum(map(len, topics.values())),
        "topics": [
            {"name": name, "anchor": slugify(name), "figures": figures} for name, figures in topics.items()
        ],
    }


def _described(row: Mapping[str, Any]) -> dict[str, Any]:
    """Write a figure as its source did, in words or with qualifier and unit, and what else a reader should know."""
    number, unit = value_and_unit(row)
    in_words = not number or row["value_in_words"]
    notes = [
        f"printed “{row['as_printed']}”" if row["as_printed"] and not in_words else "",
        f"sample size: {row['sample_size']}" if row["sample_size"] else "",
        row["revision"] if row["revision"] not in row["note"].replace("-", " ") else "",
        row["note"],
    ]
    return {
        "shown": row["as_printed"] if in_words else f"{row['qualifier']} {number}".lstrip(),
        "unit": unit,
        "period": with_plain_years(row["period"]),
        "notes": [note for note in notes if note],
    }


def _checks(checks: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Return, by figure, the comparisons it takes part in and with what."""
    found: dict[str, list[dict[str, Any]]] = {}
    for check in rows_of(checks):
        sides = f"{check['left']} {check['right']}"
        figures = list(dict.fromkeys(re.findall(r"\bF\d{4}\b", sides)))
        about = {
            "agree": check["expected"] == "agree",
            "nature": check["nature"],
            "why": check["why"],
            "tables": list(dict.fromkeys(re.findall(r"(\w+)\[", sides))),
        }
        for figure in figures:
            others = [other for other in figures if other != figure]
            found.setdefault(figure, []).append({**about, "figures": others})
    return found


def estimators_page() -> dict[str, Any]:
    """Return the modules of estimators: name, ``about`` (a line), and ``estimators`` as `index` lists them."""
    modules = []
    rows = estimators.index().to_dict("records")
    for name, found in groupby(rows, lambda row: row["name"].partition(".")[0]):
        module = import_module(f"{estimators.__name__}.{name}")
        listed = [
            row | {"name": row["name"].partition(".")[2], "example": _whole(row["example"], module)}
            for row in found
        ]
        modules.append(
            {"name": name, "about": (module.__doc__ or "").partition("\n")[0], "estimators": listed}
        )
    return {"modules": modules}


def tested_page(modules: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the page of tests shows, ``modules`` being those of the page of estimators.

    Each estimator gets what it is tested ``against`` and its ``tests``. Simulations that fall ``short`` of what the
    estimator says by more than three standard errors stand apart, the worst first, from those that ``kept`` it; each
    has its ``chance``, three of these errors, and shares are in per cent.
    """
    for row in (row for module in modules for row in module["estimators"]):
        row["against"], _, tests = row["tested"].rpartition(" (")
        row["tests"] = re.findall(r"`([\w.]+)`", tests)
    table = simulations()
    table["data"] = table["data"].str.cat(table["method"].map(" ({})".format, na_action="ignore"), na_rep="")
    chance = 3 * (table["nominal"] * (1 - table["nominal"]) / table["runs"]) ** 0.5
    worse = (table["nominal"] - table["found"]) * np.where(table["nominal"] > 0.5, 1, -1)
    table = in_order(
        table.assign(worse=worse, chance=chance),
        "worse",
        "estimator",
        "data",
        "measure",
        descending=["worse"],
    )
    forms = {"chance": "{:.1f}", "found": "{:.1f}", "nominal": "{:.0f}"}
    shown = table.assign(**{n: (100 * table[n]).map(form.format) for n, form in forms.items()})
    falls = table["worse"] > table["chance"]
    short, kept = (shown[rows].to_dict("records") for rows in (falls, ~falls))
    count = sum(len(module["estimators"]) for module in modules)
    return {"modules": modules, "count": count, "short": short, "kept": kept}


def exhibits_page(chapters: Sequence[Chapter]) -> dict[str, Any]:
    """Return every chart and table of the study by the chapter that makes it, in the order of the pages.

    A chapter has its ``first`` page, the number of ``pages`` it makes, and ``exhibits``: kind, title, ``place`` on the
    first page that shows it, ``data`` (its CSV) and the number of ``pages`` that do.
    """
    found: dict[str, dict[str, Any]] = {}
    for chapter in chapters:
        entry = found.setdefault(chapter.name, {"first": chapter, "pages": 0, "exhibits": {}})
        entry["pages"] += 1
        for shown in chapter.shown:
            exhibit = entry["exhibits"].setdefault((shown.kind, shown.name), _exhibit(chapter.run, shown))
            exhibit["pages"] += 1
    listed = [entry | {"exhibits": list(entry["exhibits"].values())} for entry in found.values()]
    kinds = Counter(exhibit["kind"] for entry in listed for exhibit in entry["exhibits"])
    return {"chapters": listed, "charts": kinds["chart"], "tables": kinds["table"]}


def _exhibit(run: str, shown: Shown) -> dict[str, Any]:
    if chart := shown.data.get(CHART_MIME):
        title, place = chart["title"], f"figure-{shown.name}"
    else:
        title, place = Markup(caption(shown.data.get("text/html", ""))), f"cell-{shown.cell}"
    return {
        "kind": "chart" if shown.is_figure else "table",
        "title": title or shown.name,
        "place": f"{run}.html#{place}",
        "data": f"{shown.place(run)}.csv" if "text/csv" in shown.data else "",
        "pages": 0,
    }


def _whole(example: str, module: ModuleType) -> str:
    """Put before an example the imports it lacks: a docstring takes them from its module, a notebook has none."""
    code = "".join(one.source for one in doctest.DocTestParser().get_examples(example))
    names = dict.fromkeys(node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name))
    bound = re.findall(r"(?:import|as) (\w+)|^(\w+) = ", code, re.MULTILINE)
    lacking: dict[str, list[str]] = {}
    for name in sorted(names):
        if hasattr(module, name) and name not in {word for pair in bound for word in pair}:
            found = getattr(module, name)
            is_module = isinstance(found, ModuleType)
            start = f"import {found.__name__} as" if is_module else f"from {found.__module__} import"
            lacking.setdefault(start, []).append(name)
    return "\n".join([*(f">>> {start} {', '.join(found)}" for start, found in lacking.items()), example])


def read_log(name: str) -> list[dict[str, Any]]:
    """Read the ``assumptions`` or the ``corrections`` from the file beside the notebooks; none where there is no file.

    An entry that lacks something, has something else, or a rating of another name is a `StudyError`.
    """

    def entries(content: dict[str, Any]) -> list[dict[str, Any]]:
        for entry in content[name]:
            if wrong := _KEYS[name] ^ (entry.keys() - _ALSO):
                raise ValueError(f"{entry}: lacks, or has beside what it should, {', '.join(sorted(wrong))}")
            for rated in {"quality", "impact"} & entry.keys():
                if entry[rated] not in RATINGS:
                    raise ValueError(f"{entry['assumption']}: {rated} is none of {', '.join(RATINGS)}")
        return list(content[name])

    return read_beside_notebooks(f"{name}.toml", entries)


def assumptions_page(chapters: Sequence[Chapter]) -> dict[str, Any]:
    """Return the assumptions of each chapter that was run, with the page that rests on them, and how many are red."""
    first = {chapter.name: chapter for chapter in reversed(chapters)}
    log = [entry for entry in read_log("assumptions") if entry["chapter"] in first]
    there = [entry | _page(first[entry["chapter"]]) for entry in log]
    worst = sum(entry["quality"] == entry["impact"] == "red" for entry in there)
    return {"assumptions": there, "worst": worst}


def _page(chapter: Chapter) -> dict[str, str]:
    """Name the page of a chapter; of one that has a page for each provider, the first."""
    title = chapter.title if chapter.run == chapter.name else chapter.title.partition(":")[0]
    return {"page": chapter.page, "title": title}


def revisions_page(tables: Frames, chapters: Sequence[Chapter]) -> dict[str, Any]:
    """Return the figures that their publishers revised, both values of each, and the corrections of our own numbers.

    A figure has its words, and a ``first`` and a ``last`` value with unit, ``figure_id``, ``source_id`` and the date of
    the source; a correction what the number ``was`` and what it is ``now``.
    """
    dates = tables["sources"].set_index("source_id")["published"]
    revised: dict[tuple[Any, ...], dict[str, Any]] = {}
    ends = {"first published": "first", "revised": "last"}
    for row in rows_of(tables["published_figures"]):
        if row["revision"] in ends:
            words = {name: row[name] for name in ("topic", "measure", "population", "period")}
            value = " ".join(value_and_unit(row))
            about = {name: row[name] for name in ("figure_id", "source_id")}
            shown = {"value": value, **about, "published": dates[row["source_id"]]}
            revised.setdefault(tuple(words.values()), words)[ends[row["revision"]]] = shown
    by_name = {chapter.name: chapter for chapter in chapters}
    corrected = []
    for entry in read_log("corrections"):
        chapter = by_name.get(entry["chapter"])
        if chapter and entry["finding"] in chapter.findings:
            number = Finding(entry["finding"], **chapter.findings[entry["finding"]])
            interval = "" if number.low is None else f" ({number.show('span')})"
            now = {"label": number.label, "now": f"{number.show()}{interval}"}
            corrected.append(entry | _page(chapter) | now)
    return {"revised": list(revised.values()), "corrected": corrected}
