"""Key numbers of a chapter: computed once, shown in prose, kept with interval, n, rung and source."""

import string
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import pandas as pd
from IPython.display import Markdown

from tr_analysis.data import load
from tr_analysis.digits import to_count
from tr_analysis.errors import nearest
from tr_analysis.report import FINDINGS_MIME
from tr_analysis.report.finding import ROW, RUNGS, Finding, finite
from tr_analysis.report.tables import Table, csv_text, table
from tr_analysis.simulated import marked, origin_of


def source_links() -> dict[str, tuple[str, str]]:
    """Return address and title of every source, by id, as `table` takes them for its links."""
    sources = load("sources")
    return dict(zip(sources["source_id"], zip(sources["url"], sources["title"], strict=True), strict=True))


class Findings:
    """The key numbers of one chapter.

    Parameters
    ----------
    inputs
        The analysis tables that the chapter loaded; their hashes are kept with the numbers. If one of them is
        simulated, so is every number: labels, captions and results say it.

    Examples
    --------
    >>> findings = Findings()
    >>> findings.add("fall", "Fall of the binary rate", -1.9, unit="percentage points", rung="C")
    >>> findings.text("The rate fell by {fall.size}.")
    'The rate fell by 1.9 points.'
    """

    def __init__(self, inputs: Sequence[pd.DataFrame] = ()) -> None:
        observed = [frame for frame in inputs if not origin_of(frame)]
        if not all({"table", "sha256"} <= set(frame.attrs) for frame in observed):
            raise ValueError("inputs are tables as `tr_analysis.data.load` returns them, before any change")
        self._inputs = {frame.attrs["table"]: frame.attrs["sha256"] for frame in observed}
        self.origin = origin_of(*inputs)
        self._findings: dict[str, Finding] = {}

    def add(self, name: str, label: str, value: float, **about: Any) -> None:
        """Keep a number; keywords as in `Finding`.

        Raises
        ------
        ValueError
            If the name is taken or no identifier, a number is not finite, the interval has one end only or
            does not hold the estimate, or unit, rung or a source is unknown.
        """
        numbers = {"value": value, **{k: v for k in ("low", "high", "n") if (v := about.get(k)) is not None}}
        kept: dict[str, Any] = {k: finite(name, k, v) for k, v in numbers.items()}
        if "n" in kept:
            kept["n"] = to_count(kept["n"])
        sources = tuple(dict.fromkeys(about.get("sources", ())))
        self._keep(Finding(name, label, **{**about, **kept, "sources": sources}))

    def count(self, name: str, label: str, value: float, **about: Any) -> None:
        """Keep a count; keywords as in `Finding`."""
        self.add(name, label, value, unit="count", **about)

    def estimate(self, name: str, label: str, result: Any, *, scale: float = 1, **about: Any) -> None:
        """Keep an estimate with its interval.

        Parameters
        ----------
        name, label, **about
            As in `Finding`.
        result
            Anything with ``estimate``, ``low`` and ``high``, such as a `Proportion`, its difference, or a row
            of `SegmentedFit.effects`.
        scale
            Factor to the unit shown: 100 makes a proportion a percentage.

        Raises
        ------
        ValueError
            As `add`, or if the result is of simulated figures and these findings are of observed ones.
        """
        if origin_of(result) and not self.origin:
            raise ValueError(
                f"{name} comes from simulated figures: give their frame to Findings([...]) with the other inputs"
            )
        low, value, high = (scale * getattr(result, part) for part in ("low", "estimate", "high"))
        self.add(name, label, value, low=low, high=high, **about)

    def fact(self, name: str, label: str, text: str, *, sources: Sequence[str] = ()) -> None:
        """Keep a fact in words, such as a date or the length of the follow-up, so that prose can show it."""
        self._keep(Finding(name, label, text=text, sources=tuple(sources)))

    def _keep(self, finding: Finding) -> None:
        name = finding.name
        if name in self._findings:
            raise ValueError(f"{name!r} is there already: give each finding its own name")
        for source in finding.sources:
            if source not in self._catalogue:
                raise ValueError(
                    f"{name}: no source {source!r}; give ids of the table `sources`, as in ('S001',)"
                )
        self._findings[name] = replace(finding, origin=self.origin)

    @cached_property
    def _catalogue(self) -> dict[str, tuple[str, str]]:
        """Address and title of every source, by id."""
        return source_links()

    def __getitem__(self, name: str) -> Finding:
        if name not in self._findings:
            raise ValueError(f"no finding {name!r}{nearest(name, self._findings)}")
        return self._findings[name]

    def text(self, template: str) -> str:
        """Fill ``{name}`` and ``{name.part}`` with numbers as prose shows them, and remember what was shown."""
        return _Filler(self).vformat(template.strip(), (), {})

    def say(self, template: str) -> Markdown:
        """Return prose for the page; see `text`."""
        return Markdown(self.text(template))  # type: ignore[no-untyped-call]

    def table(self) -> Table:
        """Return the key numbers as a table by rung: estimate, interval, n, sources."""
        numbers = sorted((f for f in self._findings.values() if f.value is not None), key=lambda f: f.rung)
        rows = [
            {
                "Rung": f"Rung {f.rung}: {RUNGS[f.rung]}",
                "Key number": f.label,
                "Estimate": f.show(),
                "Interval": _interval(f),
                "n": "" if f.n is None else f.show("n_of"),
                "Sources": " ".join(f.sources) or "these tables",
            }
            for f in numbers
        ]
        columns = ["Rung", "Key number", "Estimate", "Interval", "n", "Sources"]
        frame = pd.DataFrame(rows, columns=columns)
        caption = marked(
            "Every key number of this chapter, by rung of the ladder of claims. "
            "Intervals are of 95% unless they say otherwise; n: what stands behind the number. Empty: there is none",
            self.origin,
        )
        shown = table(frame, caption, by="Rung", key=True, links=self._cited())
        return replace(shown, ids=tuple(f"number-{f.name}" for f in numbers))

    def _cited(self) -> dict[str, tuple[str, str]]:
        """Address and title of the sources cited in this chapter, by id."""
        cited = sorted({source for finding in self._findings.values() for source in finding.sources})
        return {source: self._catalogue[source] for source in cited}

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        record = {name: finding.record() for name, finding in self._findings.items()}
        cited = self._cited()
        titles = pd.DataFrame([(s, title) for s, (_, title) in cited.items()], columns=["Source", "Title"])
        sources = table(titles, marked("Sources of these numbers", self.origin), links=cited)
        tables = [self.table(), sources]
        bundles = [shown._repr_mimebundle_() for shown in tables[: 2 if cited else 1]]
        texts = {
            kind: "\n\n".join(bundle[kind] for bundle in bundles) for kind in ("text/html", "text/plain")
        }
        texts["text/csv"] = csv_text(pd.DataFrame(map(Finding.row, self._findings.values()), columns=ROW))
        origin = {"origin": self.origin} if self.origin else {}
        return {FINDINGS_MIME: {"data": self._inputs, "findings": record, **origin}, **texts}


def _interval(finding: Finding) -> str:
    """Write an interval for a table whose intervals are of 95%, unless they say otherwise."""
    if finding.low is None:
        return ""
    return finding.show("interval" if finding.span == "sampling" else "span")


class _Filler(string.Formatter):
    """Fills templates from findings."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[str, str]:
        name, _, part = field_name.partition(".")
        finding = self._findings[name]
        text = finding.show(part or "value")
        finding.shown.append(text)
        return text, name
