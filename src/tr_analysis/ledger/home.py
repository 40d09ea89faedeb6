"""The key findings of the study: which there are is chosen in ``notebooks/home.toml``, beside the chapters."""

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from tr_analysis import paths
from tr_analysis.errors import StudyError, nearest
from tr_analysis.ledger.results import is_simulated
from tr_analysis.report.finding import EVIDENCE_LEVELS, UNIT_WORDS, Finding

_FILE = "notebooks/home.toml"
_KEYS = ("question", "findings", "first")


class KeyFinding(NamedTuple):
    """A key number of a chapter, by its name, and whether it is among the first that a reader is shown."""

    chapter: str
    name: str
    first: bool = False


def home_findings() -> dict[str, list[KeyFinding]]:
    """Read the key findings by the question that they answer, in the order of the page; none where there is no file.

    A `StudyError` names the question of the file that is not of its form, and what is wrong with it.
    """
    place = paths.notebooks() / "home.toml"
    if not place.is_file():
        return {}
    try:
        content = tomllib.loads(place.read_text("utf-8"))
        if list(content) != ["questions"]:
            raise ValueError(f"must hold [[questions]] and nothing else, holds {', '.join(content)}")
        return dict(map(_read, content["questions"]))
    except ValueError as error:
        raise StudyError(f"{_FILE}: {error}") from None


def _read(entry: Mapping[str, Any]) -> tuple[str, list[KeyFinding]]:
    """Read one question with its findings."""
    question, listed, first = (entry.get(key, []) for key in _KEYS)
    for key in entry:
        if key not in _KEYS:
            raise ValueError(f"{question}: unknown key {key!r}{nearest(key, _KEYS)}")
    for name in (*listed, *first):
        if name.count("/") != 1:
            raise ValueError(f"{question}: {name!r} is no key number; write them as in 03-recall/recall_gap")
    for name in first:
        if name not in listed:
            raise ValueError(f"{question}: {name} of first is not among findings{nearest(name, listed)}")
    if not listed:
        raise ValueError(f"{question or 'a question'}: it has no findings")
    parts = [(name, *name.split("/")) for name in listed]
    return question, [KeyFinding(chapter, finding, name in first) for name, chapter, finding in parts]


def key_findings(results: pd.DataFrame, questions: Mapping[str, Sequence[KeyFinding]]) -> pd.DataFrame:
    """Write key numbers of several chapters, from `load_results` and `home_findings`, the way their own chapters do.

    Returns
    -------
    DataFrame
        One row a number: question, chapter, finding, label; value, low, high and n as numbers, in unit
        ("per cent"); estimate, interval (with what it allows for) and n_of (n with what it counts) in words, empty
        where there is none; level ("C"), level_words ("comparison") and sources (ids joined by spaces, empty where it
        comes from the tables alone).

    Raises
    ------
    ValueError
        If a chapter has no number of that name, or it is simulated; the message names the nearest.
    """
    rows = {(row["chapter"], row["finding"]): row for row in results.to_dict("records")}
    lines = []
    for question, listed in questions.items():
        for chapter, name, _ in listed:
            if (chapter, name) not in rows:
                known = [there for of, there in rows if of == chapter]
                raise ValueError(f"{_FILE}: {chapter} has no key number {name!r}{nearest(name, known)}")
            row = rows[chapter, name]
            if is_simulated(row):
                raise ValueError(f"{_FILE}: {chapter}: {name!r} is simulated, and key findings are observed")
            lines.append({"question": question, **_written(row)})
    return pd.DataFrame(lines).astype({"n": "Int64"})


def _written(row: Mapping[Any, Any]) -> dict[str, Any]:
    ends = {part: row[part] for part in ("low", "high") if pd.notna(row[part])}
    decimals = None if pd.isna(row["decimals"]) else int(row["decimals"])
    n = None if pd.isna(row["n"]) else int(row["n"])
    about = {part: row[part] for part in ("unit", "of", "interval_basis")}
    shown = Finding(row["finding"], row["label"], row["value"], **ends, **about, n=n, decimals=decimals)
    return {
        **{part: row[part] for part in ("chapter", "finding", "label", "value", "low", "high", "n")},
        "unit": UNIT_WORDS.get(row["unit"], row["unit"]),
        "estimate": shown.show(),
        "interval": shown.show("span") if ends else "",
        "n_of": "" if n is None else shown.show("n_of"),
        "level": row["level"],
        "level_words": EVIDENCE_LEVELS[row["level"]],
        "sources": row["sources"],
    }
