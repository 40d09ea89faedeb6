"""The key numbers of other chapters, the tables that expressions name, and the choice of key findings in ``notebooks/home.toml``."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from tr_analysis import paths
from tr_analysis.data import load
from tr_analysis.data.periods import with_printed_years
from tr_analysis.data.store import remember, table_hash
from tr_analysis.errors import StudyError, nearest
from tr_analysis.files import read_beside_notebooks, sha256
from tr_analysis.official.store import PREFIX, official
from tr_analysis.report.finding import EVIDENCE_LEVELS, RECORDED, UNIT_WORDS, Finding
from tr_analysis.simulated import MARK, SIMULATED

_PARTS = ["value", "low", "high", *RECORDED]
_COLUMNS = ["chapter", "finding", *_PARTS, "sources"]


def load_results(*chapters: str) -> pd.DataFrame:
    """Load the key numbers that chapters, such as ``"02-reoffending"``, left when they were last run.

    A chapter that calls this is run after the chapters it names.

    Returns
    -------
    DataFrame
        One row a key number: chapter, finding, the parts of a `Finding` and sources (ids joined by spaces). ``attrs``
        carries table and sha256, as `load` gives them.

    Raises
    ------
    ValueError
        If no chapter is named.
    StudyError
        If a chapter was not run yet, or on other tables than those of today, or its figures are simulated.
    """
    if not chapters:
        raise ValueError('name the chapters whose numbers are needed, as in load_results("02-reoffending")')
    rows, contents = [], []
    for chapter in chapters:
        content, results = _read(chapter)
        contents.append(content)
        _refuse_simulated(chapter, results)
        _refuse_stale(chapter, results["data"])
        for name, about in results["findings"].items():
            if set(_PARTS) - set(about):
                earlier = (
                    f"the results of {chapter} are of an earlier version: run `tr-analysis run {chapter}`"
                )
                raise StudyError(earlier)
            parts = {part: about[part] for part in _PARTS}
            rows.append({"chapter": chapter, "finding": name, **parts, "sources": " ".join(about["sources"])})
    frame = pd.DataFrame(rows, columns=_COLUMNS).astype({"value": float, "low": float, "high": float})
    frame.attrs = {"table": "results", "sha256": sha256(b"".join(contents))}
    return remember(frame)


def _read(chapter: str) -> tuple[bytes, dict[str, Any]]:
    """Return the results of a chapter, as they stand in the file and as they are read."""
    path = paths.reports() / "results" / f"{chapter}.json"
    try:
        content = path.read_bytes()
        return content, json.loads(content)
    except FileNotFoundError:
        raise StudyError(f"no results of {chapter}: run `tr-analysis run {chapter}` first") from None
    except ValueError:
        raise StudyError(f"{path.name} cannot be read: run `tr-analysis run {chapter}` again") from None


def load_tables(*names: str) -> dict[str, pd.DataFrame]:
    """Load analysis tables by name for `evaluate`, financial years as they are printed, with the attributes of `load`."""
    return {name: with_printed_years(load(name)) for name in names}


def is_simulated(number: Mapping[Any, Any]) -> bool:
    """Return whether a key number is simulated, by its origin or by its label."""
    return number.get("origin") == SIMULATED or str(number.get("label", "")).startswith(MARK)


def _refuse_simulated(chapter: str, results: Mapping[str, Any]) -> None:
    """Refuse results of which any part is simulated: they are no evidence, whoever asks for them."""
    numbers = [name for name, about in results["findings"].items() if is_simulated(about)]
    if results.get("origin") == SIMULATED or numbers:
        named = f", among them {numbers[0]!r}," if numbers else ""
        raise StudyError(
            f"the results of {chapter}{named} are simulated, and nothing of the study may rest on them: take {chapter} "
            "out of load_results(...), or bring the official tables with `tr-analysis fetch` and run it again"
        )


def _refuse_stale(chapter: str, inputs: dict[str, str]) -> None:
    """Refuse results that were computed from a table as it no longer is, or from an official one that is gone."""
    for table, hashed in inputs.items():
        if table == "results":
            continue
        if table.startswith(PREFIX):
            frame = official(table.removeprefix(PREFIX))
            today = None if frame is None else frame.attrs["sha256"]
        else:
            today = table_hash(table)
        if today != hashed:
            raise StudyError(
                f"the results of {chapter} come from another state of the table {table}: "
                f"run `tr-analysis run {chapter}`"
            )


_FILE = "notebooks/home.toml"
_KEYS = ("question", "sentence", "findings", "first")
_LISTED = re.compile(r"([\w-]+)/(\w+)(\.signed)?")
NAMED = re.compile(r"\{(\d\d-[\w-]+)/(\w+)(?:\.(\w+))?\}")
"""A key number in a sentence of the home page: ``{03-recall/stock_growth.change}`` is one with the part to be shown."""


class KeyFinding(NamedTuple):
    """A key number of a chapter: its name, whether it is among those a reader is shown first, and shown with a plus."""

    chapter: str
    name: str
    first: bool = False
    signed: bool = False


def home_findings() -> dict[str, list[KeyFinding]]:
    """Read the key findings by the question that they answer, in the order of the page; none where there is no file.

    A `StudyError` names the question of the file that is not of its form, and what is wrong with it.
    """
    return {entry["question"]: entry["findings"] for entry in _questions()}


def home_sentences() -> dict[str, str]:
    """Read the sentence that answers each question first, its numbers as `NAMED`; empty where it has none."""
    return {entry["question"]: entry["sentence"] for entry in _questions()}


_SPELT = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")  # 0 to 9


def number_words(found: re.Match[str], finding: Finding) -> str:
    """Write the number that `NAMED` found in a sentence; none to nine are spelt out, and a first word has a capital."""
    number = finding.show(found[3] or "value")
    if not found[3] and finding.value == 0:
        number = "0"
    words = _SPELT[int(number)] if re.fullmatch(r"\d", number) else number
    return words if found.start() else words[:1].upper() + words[1:]


def _questions() -> list[dict[str, Any]]:
    return read_beside_notebooks("home.toml", _listed_questions)


def _listed_questions(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    if list(content) != ["questions"]:
        raise ValueError(f"must hold [[questions]] and nothing else, holds {', '.join(content)}")
    return [_question(entry) for entry in content["questions"]]


def _question(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Read one question with its sentence and its findings."""
    question, sentence = entry.get("question", ""), entry.get("sentence", "")
    listed, first = entry.get("findings", []), entry.get("first", [])
    for key in entry:
        if key not in _KEYS:
            raise ValueError(f"{question}: unknown key {key!r}{nearest(key, _KEYS)}")
    if typed := re.search(r"[\d{}]+", NAMED.sub("", sentence)):
        raise ValueError(
            f"{question}: {typed[0]!r} is typed into its sentence; name key numbers, as in {{03-recall/recall_gap}}"
        )
    findings = []
    for name in listed:
        if not (parts := _LISTED.fullmatch(name)):
            raise ValueError(
                f"{question}: {name!r} is no key number; write them as in 03-recall/recall_gap, and a change as in "
                "03-recall/recall_gap.signed"
            )
        is_first = name.removesuffix(".signed") in first
        findings.append(KeyFinding(parts[1], parts[2], is_first, signed=bool(parts[3])))
    names = [f"{finding.chapter}/{finding.name}" for finding in findings]
    for name in first:
        if name not in names:
            raise ValueError(f"{question}: {name} of first is not among findings{nearest(name, names)}")
    if not listed:
        raise ValueError(f"{question or 'a question'}: it has no findings")
    return {"question": question, "sentence": sentence, "findings": findings}


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
        for chapter, name, *_ in listed:
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
