"""The numbers of a chapter: computed once, shown in prose, kept with interval, n, level of evidence and source."""

import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import pandas as pd
from IPython.display import Markdown, display, update_display
from matplotlib.figure import Figure

from tr_analysis.data.store import load, loaded, read_table
from tr_analysis.digits import to_count
from tr_analysis.errors import nearest
from tr_analysis.report import ANSWER, FINDINGS_MIME, charts
from tr_analysis.report.finding import (
    EVIDENCE_LEVELS,
    RESERVED,
    ROW,
    Declared,
    Finding,
    finite,
    read_declared,
)
from tr_analysis.report.tables import Table, csv_text, table
from tr_analysis.simulated import marked, origin_of

_AWAITED = "*This is filled when the last cell has run.*"


class Findings:
    """The numbers of one chapter, its answer, and what it shows.

    Parameters
    ----------
    chapter
        Name of the chapter, such as ``"03-recall"``: label, unit, level of evidence, sources and decimals of its
        numbers stand in ``notebooks/03-recall.toml``. Without a name they are given to `keep`.

    Raises
    ------
    UsageError
        If that file is missing or an entry of it is wrong.

    Examples
    --------
    >>> findings = Findings()
    >>> findings.keep(fall=-1.9, label="Fall of the binary rate", unit="percentage points", level="C")
    >>> findings.text("The rate fell by {fall.size}.")
    'The rate fell by 1.9 points.'
    """

    def __init__(self, chapter: str = "") -> None:
        self._declared = read_declared(chapter) if chapter else Declared()
        self._begun = len(loaded())
        self.origin = ""
        self._findings: dict[str, Finding] = {}
        self._answer = ""
        self._above: dict[str, bool] = {}  # charts that stand under the answer, and whether they are drawn

    def uses(self, *frames: pd.DataFrame) -> None:
        """Count simulated frames among the inputs, so that every number, caption and chart says it is simulated.

        What `load` returns is counted without being told.

        Raises
        ------
        ValueError
            If a frame is simulated and a number was kept before it was named.
        """
        if origin_of(*frames) and self._findings and not self.origin:
            raise ValueError(
                "call findings.uses(...) before the first findings.keep(...): every number wears the mark"
            )
        self.origin = self.origin or origin_of(*frames)

    def keep(self, **values: Any) -> None:
        """Keep numbers, or facts in words, under their names.

        A value is a number; an estimate with its interval, which is anything that has ``estimate``, ``low`` and
        ``high`` (and ``n``, where it knows it), such as a `Proportion`, an effect or a row of a table, or a tuple
        of these three; or a text, such as a date. The keywords label, unit, level, sources, decimals, of, method,
        interval_basis, scale, key, n, low and high are no names: they say of all the values of this call what the
        chapter's file does not, or what depends on a parameter.

        Raises
        ------
        ValueError
            If a name is taken, or no entry of the chapter's file says what it is; if a number is not finite, an
            interval has one end only or does not hold its estimate, a unit, level or source is unknown, or the
            result is of simulated figures and no such frame was given to `uses`.
        """
        given = {part: values.pop(part) for part in RESERVED & values.keys()}
        for name, value in values.items():
            about = {**self._about(name, value, given), **given}
            if isinstance(value, str):
                sources = tuple(about.get("sources", ()))
                self._keep(Finding(name, about["label"], text=value, sources=sources, key=False))
            else:
                self._keep(self._number(name, value, about))

    def _about(self, name: str, value: Any, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is said of a number: by the chapter's file, or in the call; a text needs nothing said."""
        said = self._declared.of(name)
        if said is not None or "label" in given:
            return said or {}
        if isinstance(value, str):
            return {"label": name.replace("_", " ").capitalize()}
        if self._declared.file:
            hint = nearest(name, self._declared.entries) or f": add [{name}] with its label and unit"
            raise ValueError(f"{self._declared.file} has no entry {name!r}{hint}")
        raise ValueError(f"{name}: say what it is, as in keep({name}=..., label='Fall of the binary rate')")

    def _number(self, name: str, value: Any, about: dict[str, Any]) -> Finding:
        if origin_of(value) and not self.origin:
            raise ValueError(f"{name} comes from simulated figures: tell it with findings.uses(frame)")
        scale, _ = about.pop("scale", 1), about.pop("figure", None)
        given = _parts(value) | {part: about.pop(part) for part in ("low", "high", "n") if part in about}
        numbers = {"value": scale * finite(name, "value", given["estimate"])}
        for end in ("low", "high"):
            if given.get(end) is not None:
                numbers[end] = scale * finite(name, end, given[end])
        n = None if given.get("n") is None else to_count(finite(name, "n", given["n"]))
        sources = tuple(dict.fromkeys(about.pop("sources", ())))
        return Finding(name, about.pop("label"), **numbers, n=n, **about, sources=sources)

    def _keep(self, finding: Finding) -> None:
        name = finding.name
        if name in self._findings:
            raise ValueError(f"{name!r} is there already: give each finding its own name")
        for source in finding.sources:
            if source not in self.sources:
                raise ValueError(
                    f"{name}: no source {source!r}; give ids of the table `sources`, as in ['S001']"
                )
        self._findings[name] = replace(finding, origin=self.origin)

    @cached_property
    def sources(self) -> dict[str, tuple[str, str]]:
        """Address and title of every source, by id, as `table` takes them for its links."""
        sources = read_table("sources")
        return dict(
            zip(sources["source_id"], zip(sources["url"], sources["title"], strict=True), strict=True)
        )

    @cached_property
    def _figures(self) -> pd.DataFrame:
        return load("published_figures").set_index("figure_id")

    def __getitem__(self, name: str) -> Finding:
        figure_id = self._declared.entries.get(name, {}).get("figure")
        if figure_id and name not in self._findings:
            if figure_id not in self._figures.index:
                raise ValueError(f"{self._declared.file}, [{name}]: no published figure {figure_id!r}")
            figure = self._figures.loc[figure_id]
            self.keep(**{name: figure["value"]}, sources=[figure["source_id"]])
        if name not in self._findings:
            raise ValueError(f"no finding {name!r}{nearest(name, self._findings)}")
        return self._findings[name]

    def text(self, template: str) -> str:
        """Fill ``{name}`` and ``{name.part}`` with numbers as prose shows them, and remember what was shown."""
        return self._filled(template.strip(), remember=True)

    def _filled(self, template: str, *, remember: bool) -> str:
        filled = ""
        for words, name, _, _ in string.Formatter().parse(template):
            filled += words
            if name:
                name, _, part = name.partition(".")
                shown = self[name].show(part or "value")
                filled += shown
                if remember:
                    self[name].shown.append(shown)
        return filled

    def markdown(self, template: str) -> Markdown:
        """Return prose for the page; see `text`."""
        return Markdown(self.text(template))  # type: ignore[no-untyped-call]

    def answer(self, template: str) -> None:
        """Show the chapter's answer here, above the code that computes it: it is filled when the last cell has run."""
        self._answer = template
        display(_answer(_AWAITED), display_id="answer")  # type: ignore[no-untyped-call]

    def answered(self) -> tuple[str, list[Finding]]:
        """Return the answer, filled, and the numbers in it in their order."""
        named = (name for _, name, _, _ in string.Formatter().parse(self._answer) if name)
        names = dict.fromkeys(name.partition(".")[0] for name in named)
        return self.text(self._answer), [self[name] for name in names]

    def answer_chart(self, name: str) -> None:
        """Show a chart here, under the answer, as soon as `chart` draws it."""
        self._above[name] = False
        display(Markdown(_AWAITED), display_id=f"chart-{name}")  # type: ignore[no-untyped-call]

    def chart(
        self, figure: Figure, name: str, *, title: str, subtitle: str, alt: str, data: pd.DataFrame
    ) -> None:
        """Show a chart, its words filled as `text` fills them; see `charts.show`.

        One that was announced with `answer_chart` is shown there.
        """
        words = {"title": title, "subtitle": subtitle, "alt": alt}
        words = {part: self.text(said) for part, said in words.items()}
        where = {}
        if name in self._above:
            self._above[name], where = True, {"display_id": f"chart-{name}"}
        about = {"origin": self.origin, "publishers": self._read_in(words["subtitle"])}
        charts.show(figure, name, **words, data=data, **about, **where)

    def _read_in(self, words: str) -> str:
        """Name the publishers of the sources whose ids stand in some words, for who sees a picture without its page."""
        known = read_table("sources").set_index("source_id")["publisher"]
        ids = [source for source in re.findall(r"\bS\d{3}\b", words) if source in known.index]
        return "; ".join(dict.fromkeys(known[ids]))

    def table(self, frame: pd.DataFrame, caption: str, **options: Any) -> Table:
        """Return a table for the page, its caption filled as `text` fills it; options as of `tables.table`.

        Ids of sources in its cells are links.
        """
        return table(frame, self.text(caption), origin=self.origin, **{"links": self.sources, **options})

    def key_numbers(self) -> Table:
        """Return the key numbers as a table by level of evidence: estimate, interval, n, sources."""
        key = [f for f in self._ordered() if f.key and f.value is not None]
        numbers = sorted(key, key=lambda f: f.level)
        rows = [
            {
                "Level": f"Level {f.level}: {EVIDENCE_LEVELS[f.level]}",
                "Key number": f.label,
                "Estimate": f.show(),
                "Interval": _interval(f),
                "n": "" if f.n is None else f.show("n_of"),
                "Sources": " ".join(f.sources) or "these tables",
            }
            for f in numbers
        ]
        columns = ["Level", "Key number", "Estimate", "Interval", "n", "Sources"]
        caption = marked(
            "Key numbers of this chapter, by level of evidence. Intervals are 95% unless they say otherwise; "
            "n: what stands behind the number. Empty: there is none",
            self.origin,
        )
        shown = table(pd.DataFrame(rows, columns=columns), caption, by="Level", key=True, links=self.sources)
        return replace(shown, ids=tuple(f"number-{f.name}" for f in numbers))

    def _ordered(self) -> list[Finding]:
        """Return the findings in the order of the chapter's file, the names of facts in their labels filled."""
        for name in (n for n, said in self._declared.entries.items() if "figure" in said):
            self[name]
        ordered = [self._findings[name] for name in self._declared.in_order(list(self._findings))]
        return [replace(each, label=self._filled(each.label, remember=False)) for each in ordered]

    def _ipython_display_(self) -> None:
        """Fill the answer, and show the key numbers with everything that the runner keeps of them."""
        if lost := [name for name, drawn in self._above.items() if not drawn]:
            raise ValueError(
                f"the chart {lost[0]!r} stands under the answer and was never drawn: findings.chart(...)"
            )
        if self._answer:
            update_display(_answer(self.text(self._answer)), display_id="answer")  # type: ignore[no-untyped-call]
        display(self._repr_mimebundle_(), raw=True)  # type: ignore[no-untyped-call]

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        ordered = self._ordered()
        shown = [each._repr_mimebundle_() for each in (self.key_numbers(), self._cited(ordered))]
        texts = {kind: "\n\n".join(each[kind] for each in shown) for kind in ("text/html", "text/plain")}
        kept = {
            "data": dict(loaded()[self._begun :]),
            "findings": {f.name: f.record() for f in ordered},
            **({"origin": self.origin} if self.origin else {}),
        }
        rows = pd.DataFrame([f.row() for f in ordered], columns=ROW)
        return {**texts, "text/csv": csv_text(rows), FINDINGS_MIME: kept}

    def _cited(self, findings: Sequence[Finding]) -> Table:
        """Return the sources of some findings as a table."""
        ids = sorted({source for finding in findings for source in finding.sources})
        titles = pd.DataFrame([(i, self.sources[i][1]) for i in ids], columns=["Source", "Title"])
        return table(titles, marked("Sources of these numbers", self.origin), links=self.sources)


def _answer(text: str) -> Markdown:
    return Markdown(f"{ANSWER}\n{text}")  # type: ignore[no-untyped-call]


def _parts(value: Any) -> dict[str, Any]:
    """Return estimate, ends and n of what `Findings.keep` takes as an estimate, or of a bare number."""
    if hasattr(value, "estimate"):
        return {part: getattr(value, part, None) for part in ("estimate", "low", "high", "n")}
    if isinstance(value, tuple):
        return dict(zip(("estimate", "low", "high"), value, strict=True))
    return {"estimate": value}


def _interval(finding: Finding) -> str:
    """Write an interval with what it allows for, where that is not the sampling alone."""
    if finding.low is None:
        return ""
    return finding.show("interval" if finding.interval_basis == "sampling" else "span")
