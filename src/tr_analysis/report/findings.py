"""Key numbers of a chapter: computed once, shown in prose, kept with interval, n, rung and source."""

import math
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import pandas as pd
from IPython.display import Markdown

from tr_analysis.report.tables import Table, table

MIME = "application/vnd.tr-analysis.findings+json"
RUNGS = {
    "A": "reproduction",
    "B": "uncertainty",
    "C": "comparison",
    "D": "mechanism",
    "E": "design",
    "F": "robustness",
}
# Decimals shown, and what follows the number.
_UNITS = {
    "percent": (1, "%"),
    "percentage points": (1, " points"),
    "people": (0, ""),
    "count": (0, ""),
    "probability": (3, ""),
}
_DEFAULT = (2, "")


@dataclass(frozen=True)
class Finding:
    """One key number, or one fact in words.

    Attributes
    ----------
    name
        Name in templates and results.
    label
        What it is, in words.
    value, low, high
        Estimate and the ends of its interval, in ``unit``; None where there is none.
    n
        Number of observations or people behind it.
    unit
        Unit; decides decimals and sign.
    rung
        Rung of the ladder of claims, `RUNGS`.
    sources
        Sources of the figures it is computed from.
    method
        How it was computed.
    text
        The words of a fact that is no estimate, such as a date.
    places
        Decimals shown, where the unit's own do not fit.
    """

    name: str
    label: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    unit: str = ""
    rung: str = "A"
    sources: tuple[str, ...] = ()
    method: str = ""
    text: str | None = None
    places: int | None = None
    shown: list[str] = field(default_factory=list, compare=False)

    def show(self, part: str = "value") -> str:
        """Write one part the way prose shows it.

        Parameters
        ----------
        part
            ``value``; ``size`` (without sign); ``signed`` (with its sign, always); ``low``; ``high``;
            ``interval``; ``n``.

        Raises
        ------
        ValueError
            If the finding has no such part.
        """
        if self.text is not None and part == "value":
            return self.text
        if part == "interval":
            return f"{self.show('low')} to {self.show('high')}"
        number = {"value": self.value, "size": self.value, "signed": self.value}.get(
            part, getattr(self, part, None)
        )
        if part not in ("value", "size", "signed", "low", "high", "n") or number is None:
            raise ValueError(f"{self.name} has no {part}; it has {', '.join(self._parts())}")
        if part == "n":
            return f"{number:,.0f}"
        places, suffix = _UNITS.get(self.unit, _DEFAULT)
        places = places if self.places is None else self.places
        number = round(abs(number) if part == "size" else number, places) + 0.0  # no minus before a zero
        sign = "+" if part == "signed" else ""
        return f"{number:{sign},.{places}f}{suffix}".replace("-", "\N{MINUS SIGN}")

    def _parts(self) -> list[str]:
        return [p for p in ("value", "low", "high", "n") if getattr(self, p) is not None] or ["only words"]

    def record(self) -> dict[str, Any]:
        """Return the finding for the results file; numbers to eight significant digits."""
        numbers = {k: _rounded(getattr(self, k)) for k in ("value", "low", "high")}
        rest = {k: getattr(self, k) for k in ("label", "n", "unit", "rung", "method", "text")}
        return {**rest, **numbers, "sources": list(self.sources), "shown": sorted(set(self.shown))}


def _rounded(number: float | None) -> float | None:
    """Keep the digits that every processor agrees on."""
    return None if number is None or not math.isfinite(number) else float(f"{number:.8g}")


class Findings:
    """The key numbers of one chapter.

    Parameters
    ----------
    inputs
        The analysis tables that the chapter loaded; their hashes are kept with the numbers.

    Examples
    --------
    >>> findings = Findings()
    >>> findings.add("fall", "Fall of the binary rate", -1.9, unit="percentage points", rung="C")
    >>> findings.text("The rate fell by {fall.size}.")
    'The rate fell by 1.9 points.'
    """

    def __init__(self, inputs: Sequence[pd.DataFrame] = ()) -> None:
        self._inputs = {f.attrs["table"]: f.attrs["sha256"] for f in inputs}
        self._findings: dict[str, Finding] = {}

    def add(self, name: str, label: str, value: float, **about: Any) -> None:
        """Keep a number; keywords as in `Finding`.

        Raises
        ------
        ValueError
            If the name is taken, the rung unknown, or the interval does not hold the estimate.
        """
        self._keep(Finding(name, label, float(value), **about))

    def fact(self, name: str, label: str, text: str, *, sources: Sequence[str] = ()) -> None:
        """Keep a fact in words, such as a date or the length of the follow-up, so that prose can show it."""
        self._keep(Finding(name, label, text=text, sources=tuple(sources)))

    def _keep(self, finding: Finding) -> None:
        if finding.name in self._findings:
            raise ValueError(f"{finding.name!r} is there already: give each finding its own name")
        if finding.rung not in RUNGS:
            raise ValueError(f"rung {finding.rung!r} of {finding.name} is none of {', '.join(RUNGS)}")
        low, value, high = finding.low, finding.value, finding.high
        if low is not None and high is not None and value is not None and not low <= value <= high:
            raise ValueError(f"{finding.name}: {value:g} lies outside its own interval {low:g} to {high:g}")
        self._findings[finding.name] = finding

    def __getitem__(self, name: str) -> Finding:
        if name not in self._findings:
            near = get_close_matches(name, self._findings, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"no finding {name!r}{hint}")
        return self._findings[name]

    def text(self, template: str) -> str:
        """Fill ``{name}`` and ``{name.part}`` with numbers as prose shows them, and remember what was shown."""
        return _Filler(self).vformat(template, (), {})

    def say(self, template: str) -> Markdown:
        """Return prose for the page; see `text`."""
        return Markdown(self.text(template))  # type: ignore[no-untyped-call]

    def table(self) -> Table:
        """Return the key numbers as a table: estimate, interval, n, rung, sources."""
        rows = [
            {
                "Key number": f.label,
                "Estimate": f.show(),
                "95% interval": "" if f.low is None else f.show("interval"),
                "n": "" if f.n is None else f.show("n"),
                "Rung": f"{f.rung} ({RUNGS[f.rung]})",
                "Sources": " ".join(f.sources),
            }
            for f in self._findings.values()
            if f.value is not None
        ]
        columns = ["Key number", "Estimate", "95% interval", "n", "Rung", "Sources"]
        return table(pd.DataFrame(rows, columns=columns), "Every key number of this chapter", key=True)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        record = {name: finding.record() for name, finding in self._findings.items()}
        bundle = self.table()._repr_mimebundle_()
        return {MIME: {"data": self._inputs, "findings": record}, **bundle}


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
