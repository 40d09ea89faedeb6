"""What a chapter says of its numbers: ``notebooks/NN-name.toml``, beside the notebook, an entry a number."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from tr_analysis.errors import UsageError, nearest
from tr_analysis.paths import notebooks
from tr_analysis.report.finding import EVIDENCE_LEVELS, INTERVAL_BASES, UNITS

SAID: Mapping[str, type] = {
    "label": str,
    "unit": str,
    "level": str,
    "sources": list,
    "decimals": int,
    "of": str,
    "method": str,
    "interval_basis": str,
    "scale": int,
    "figure": str,
}
"""What an entry may say, and as what: the parts of a `Finding`; ``scale``, by which values are multiplied; and
``figure``, the id of a published figure that the number is, with its source, so that no code need keep it."""

RESERVED = frozenset({*SAID, "key", "n", "low", "high"})
"""What `Findings.keep` takes as said of its numbers, so that no number can be called so."""

_KNOWN: Mapping[str, Mapping[str, Any]] = {
    "unit": UNITS,
    "level": EVIDENCE_LEVELS,
    "interval_basis": INTERVAL_BASES,
}


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

    It begins with ``key``, the list of key numbers; ``[defaults]`` holds for all entries that do not say otherwise.

    Raises
    ------
    UsageError
        If the file is missing, is no TOML, or says something that is not known: the message names file, entry and
        remedy.
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
        elif part in _KNOWN and value not in _KNOWN[part]:
            yield f"{part} {value!r} is none of {', '.join(map(repr, _KNOWN[part]))}"
    if name and "label" not in said:
        yield "has no label; say in words what the number is"
