"""One number of a chapter, or one fact in words: how it is written, and what ``notebooks/NN-name.toml`` declares of it."""

import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import pandas as pd

from tr_analysis.digits import NOISE, kept
from tr_analysis.errors import UsageError, nearest
from tr_analysis.paths import notebooks
from tr_analysis.report.tables import number_text, probability_text
from tr_analysis.simulated import marked

EVIDENCE_LEVELS = {
    "A": "published",  # recalculated where the counts are published too, else quoted
    "B": "uncertainty",
    "C": "comparison",
    "D": "mechanism",
    "E": "design",
    "F": "robustness",
}
# Decimals shown, and what follows the number. The names are those of the results files.
UNITS = {
    "": (2, ""),
    "percent": (1, "%"),
    "percentage points": (1, " points"),
    "people": (0, ""),
    "count": (0, ""),
    "probability": (3, ""),
}
UNIT_WORDS = {"percent": "per cent"}  # how readers spell a unit, where its name will not do
# What an interval allows for, and how that is said of it.
INTERVAL_BASES = {
    "sampling": "95% interval {}",
    "rounding": "{} from rounding alone",
    "choices": "{} over the choices tried",
}
RECORDED = ("label", "n", "unit", "level", "method", "text", "decimals", "of", "interval_basis", "key")
"""What the results file says of a finding beside its numbers, its sources and what was shown."""
ROW = [
    "name", "label", "value", "low", "high", "interval_basis", "n", "of", "unit", "level", "method", "sources", "text", "key",
]  # fmt: skip
# Words that go with a number's sign, so that a sentence stays true when a parameter changes.
_WORDS = {
    "change": ("rose by {}", "fell by {}"),
    "more": ("{} more", "{} fewer"),
}


@dataclass(frozen=True)
class Finding:
    """One number, or one fact in words."""

    name: str  # in templates and results
    label: str  # what it is, in words
    value: float | None = None  # the estimate in `unit`; none where it is a fact in words
    low: float | None = None  # the ends of its interval, where it has one
    high: float | None = None
    n: int | None = None  # number of observations or people behind it
    unit: str = ""  # one of `UNITS`; decides decimals and sign
    level: str = "A"  # level of evidence, one of `EVIDENCE_LEVELS`
    sources: tuple[str, ...] = ()  # of the figures it is computed from
    method: str = ""  # how it was computed
    text: str | None = None  # the words of a fact that is no estimate, such as a date
    decimals: int | None = None  # shown where the unit's own do not fit
    of: str = ""  # what `n` counts, such as "months"
    interval_basis: str = "sampling"  # what the interval allows for, one of `INTERVAL_BASES`
    key: bool = (
        True  # whether it is one of the key numbers that close the chapter; the others serve a sentence
    )
    origin: str = ""  # "simulated" where no figure was observed, which its label then says first
    shown: list[str] = field(default_factory=list, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", marked(self.label, self.origin))
        name, low, value, high = self.name, self.low, self.value, self.high
        if not name.isidentifier():
            raise ValueError(f"{name!r} cannot stand in a template: use letters, digits and underscores")
        for what, known in (("level", EVIDENCE_LEVELS), ("unit", UNITS), ("interval_basis", INTERVAL_BASES)):
            given = getattr(self, what)
            if given not in known:
                raise ValueError(f"{name}: {what} {given!r} is none of {', '.join(map(repr, known))}")
        if (low is None) != (high is None):
            raise ValueError(f"{name}: an interval has two ends; give both low and high, or neither")
        if low is not None and high is not None and value is not None and not low <= value <= high:
            raise ValueError(f"{name}: {value:g} lies outside its own interval {low:g} to {high:g}")

    def show(self, part: str = "value") -> str:
        """Write one part the way prose shows it.

        Parts are ``value``; ``size`` (without sign); ``signed`` (with its sign, always); ``low``; ``high``;
        ``interval``; ``span`` (the interval with what it allows for); ``level`` (of evidence); ``n``; ``n_of`` (with
        what it counts); ``change`` (rose by, fell by, did not change) and ``more`` (more, fewer), by the sign; and
        ``clarity``, whether the interval includes no change.

        Raises
        ------
        ValueError
            If the finding has no such part.
        """
        parts = self._parts()
        if part not in parts:
            raise ValueError(f"{self.name} has no {part!r}; it has {', '.join(parts)}")
        return parts[part]

    def _parts(self) -> dict[str, str]:
        """Write every part that the finding has."""
        if self.value is None:
            return {"value": self.text or ""}
        value = self._write(self.value)
        size, nought = value.removeprefix("\N{MINUS SIGN}"), not re.search("[1-9]", value)
        parts = {
            "value": value,
            "level": f"level of evidence {self.level}: {EVIDENCE_LEVELS[self.level]}",
            "size": size,
            "signed": f"+{value}" if self.value > 0 and not nought else value,
        }
        negative = self.value < 0 and not nought
        parts |= {word: forms[negative].format(size) for word, forms in _WORDS.items()}
        if nought:
            parts["change"] = "did not change"
        if self.low is not None and self.high is not None:
            low, high = self._write(self.low), self._write(self.high)
            parts |= {"low": low, "high": high, "interval": f"{low.removesuffix(' points')} to {high}"}
            parts["span"] = INTERVAL_BASES[self.interval_basis].format(parts["interval"])
            unclear = self.low <= 0 <= self.high
            parts["clarity"] = f"an interval that {'includes' if unclear else 'excludes'} no change"
        if self.n is not None:
            parts["n"] = f"{self.n:,}"
            parts["n_of"] = f"{self.n:,} {self.of}".rstrip()
        return parts

    def _write(self, number: float) -> str:
        decimals, suffix = UNITS[self.unit]
        decimals = decimals if self.decimals is None else self.decimals
        if self.unit == "probability":
            return probability_text(number, decimals)
        return number_text(f"{{:,.{decimals}f}}{suffix}", number)

    def record(self) -> dict[str, Any]:
        """Return the finding for the results file; numbers with the digits that are `kept`."""
        half = None if self.low is None or self.high is None else (self.high - self.low) / 2
        parts = {k: getattr(self, k) for k in ("value", "low", "high")}
        least = 0 if self.unit == "probability" else NOISE * 100  # of the size of shares in per cent
        parts = {k: v if v is None or abs(v) > least else 0.0 for k, v in parts.items()}
        numbers = {k: None if v is None else kept(v, half) for k, v in parts.items()}
        rest = {k: getattr(self, k) for k in RECORDED}
        origin = {"origin": self.origin} if self.origin else {}  # nothing new where figures are observed
        return {**rest, **numbers, **origin, "sources": list(self.sources), "shown": sorted(set(self.shown))}

    def row(self) -> dict[str, Any]:
        """Return the finding for those who download it: `ROW`, numbers as in `record`."""
        about = {"name": self.name, **self.record()}
        about |= {"unit": UNIT_WORDS.get(self.unit, self.unit), "sources": " ".join(self.sources)}
        about["interval_basis"] = "" if self.low is None else self.interval_basis
        return {column: about[column] for column in ROW}


def finite(name: str, part: str, number: Any) -> float:
    """Return a number of any numeric type as a float."""
    if pd.isna(number) or not math.isfinite(number):
        raise ValueError(f"{name}: {part} is {number}; keep only finite numbers, and say the rest in words")
    return float(number)


SAID: Mapping[str, type] = {
    **dict.fromkeys(("label", "unit", "level", "of", "method", "interval_basis", "figure"), str),
    **dict.fromkeys(("decimals", "scale"), int),
    "sources": list,
}
"""What an entry may say, and as what: the parts of a `Finding`; ``scale``, by which values are multiplied; and
``figure``, the id of a published figure that the number is, with its source, so that no code need keep it."""

RESERVED = frozenset({*SAID, "key", "n", "low", "high"})
"""What `Findings.keep` takes as said of its numbers, so that no number can be called so."""


@dataclass(frozen=True)
class Declared:
    """The entries of one chapter by the names of its numbers, checked, and the names of its key numbers in order.

    Names may hold ``*`` for numbers that are alike. ``file`` is for messages, and empty where a notebook has none.
    """

    file: str = ""
    key: Sequence[str] = ()
    entries: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of(self, name: str) -> dict[str, Any] | None:
        """Return what is said of a number, by its own name or else by the first pattern that fits; None if nothing is."""
        fitting = [name] if name in self.entries else [p for p in self.entries if fnmatchcase(name, p)]
        if not fitting:
            return None
        return {**self.entries[fitting[0]], "key": any(fnmatchcase(name, pattern) for pattern in self.key)}

    def in_order(self, names: Sequence[str]) -> list[str]:
        """Put names of numbers in order: the key numbers first, as the file lists them, then the others as given."""
        key = [name for pattern in self.key for name in names if fnmatchcase(name, pattern)]
        return list(dict.fromkeys([*key, *names]))


def read_declared(chapter: str) -> Declared:
    """Read and check ``notebooks/<chapter>.toml``.

    It begins with ``key``, the list of key numbers; ``[defaults]`` holds for all entries that do not say otherwise. A
    file that is missing, is no TOML, or says what is not known is a `UsageError` that names file, entry and remedy.
    """
    path = notebooks() / f"{chapter}.toml"
    if not path.exists():
        raise UsageError(
            f"{path.name} is not beside the notebooks: write it, or call Findings() and say it in keep()"
        )
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path.name}: {error}; mend the line") from None
    key, defaults = content.pop("key", []), content.pop("defaults", {})
    faults = [f": {fault}" for fault in _faults_of_key(key, content)]
    faults += [f", [defaults]: {fault}" for fault in _faults(defaults)]
    faults += [f", [{name}]: {fault}" for name, said in content.items() for fault in _faults(said, name)]
    if faults:
        raise UsageError(f"{path.name}{faults[0]}")
    return Declared(path.name, key, {name: defaults | said for name, said in content.items()})


def _faults_of_key(key: Any, content: Mapping[str, Any]) -> Iterator[str]:
    if not (isinstance(key, list) and all(isinstance(name, str) for name in key)):
        yield f"key is {key!r}, and should be a list of names of numbers"
        return
    for name in key:
        if name not in content:
            yield f"the key number {name!r} has no entry{nearest(name, content)}"


def _faults(said: Any, name: str = "") -> Iterator[str]:
    """Find what an entry, or the defaults, may not say."""
    if not isinstance(said, dict):
        yield "is no entry; begin one with [name_of_the_number]"
        return
    if name in RESERVED:
        yield "is a word that keep() has a meaning for; give the number another name"
    for part, value in said.items():
        if part not in SAID:
            yield f"{part!r} is not known{nearest(part, SAID) or '; an entry may say ' + ', '.join(SAID)}"
        elif not isinstance(value, SAID[part]):
            yield f"{part} is {value!r}, and should be of type {SAID[part].__name__}"
    if name and "label" not in said:
        yield "has no label; say in words what the number is"
