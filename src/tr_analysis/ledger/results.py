"""The key numbers of other chapters, and the tables that expressions name."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tr_analysis import paths
from tr_analysis.data import load
from tr_analysis.data.periods import financial_year
from tr_analysis.errors import StudyError
from tr_analysis.files import sha256
from tr_analysis.official.held import PREFIX, official
from tr_analysis.origin import MARK, SIMULATED
from tr_analysis.report.finding import RUNGS, UNIT_WORDS, Finding

# The findings of the study in one page: chapter and name, by the question that they answer.
KEY_FINDINGS: Mapping[str, Sequence[tuple[str, str]]] = {
    "Did proven reoffending fall?": [
        ("02-reoffending", "crc_first_year"),
        ("02-reoffending", "ew_crc_years"),
        ("02-reoffending", "crc_beyond"),
        ("02-reoffending", "nps_change"),
        ("02-reoffending", "crc_product"),
    ],
    "What happened to recall?": [
        ("03-recall", "stock_change"),
        ("03-recall", "recall_gap"),
        ("08-robustness", "recall_significant_act"),
        ("03-recall", "recall_drift"),
        ("03-recall", "larger"),
        ("03-recall", "ratio_gap"),
        ("03-recall", "early_gap"),
    ],
    "Were CRCs judged worse than the NPS?": [
        ("04-inspection", "nps_reached"),
        ("04-inspection", "crc_reached"),
        ("04-inspection", "gap"),
        ("04-inspection", "boschloo"),
        ("04-inspection", "owner_p"),
    ],
    "Could the payment rule see an effect?": [
        ("05-payment-by-results", "mde_quarter"),
        ("05-payment-by-results", "false_exact"),
        ("05-payment-by-results", "p_thirteen"),
    ],
    "What happened to deaths, further offences and cost?": [
        ("06-system", "deaths_rate"),
        ("06-system", "reviews_rate"),
        ("06-system", "extra"),
    ],
    "Do the claims made at the time stand?": [
        ("07-claims", "supported"),
        ("07-claims", "supported_own"),
        ("07-claims", "contradicted"),
        ("07-claims", "not_checkable"),
    ],
    "How far do the answers move?": [
        ("08-robustness", "recall_median"),
        ("08-robustness", "recall_significant_modelled"),
        ("08-robustness", "recall_joint_p"),
        ("08-robustness", "reoffending_binary_median"),
        ("08-robustness", "reoffending_binary_same_sign"),
    ],
}
# Those that are asked for first.
LEADS = frozenset(
    {
        ("02-reoffending", "crc_first_year"),
        ("02-reoffending", "ew_crc_years"),
        ("02-reoffending", "crc_product"),
        ("03-recall", "stock_change"),
        ("03-recall", "recall_gap"),
        ("08-robustness", "recall_significant_act"),
        ("04-inspection", "nps_reached"),
        ("04-inspection", "crc_reached"),
        ("04-inspection", "owner_p"),
        ("05-payment-by-results", "mde_quarter"),
        ("06-system", "deaths_rate"),
        ("07-claims", "supported"),
    }
)
_PARTS = ["label", "value", "low", "high", "n", "unit", "rung", "method", "text", "places", "of", "span"]
_COLUMNS = ["chapter", "finding", *_PARTS, "sources"]


def load_results(*chapters: str) -> pd.DataFrame:
    """Load the key numbers that chapters left when they were last run.

    A chapter that calls this is run after the chapters it names.

    Parameters
    ----------
    *chapters
        Names of chapters, such as ``"02-reoffending"``.

    Returns
    -------
    DataFrame
        One row a key number: chapter, finding, label, value, low, high, n, unit, rung, method, text,
        places, of, span and sources (ids joined by spaces). ``attrs`` carries table and sha256, as `load` gives them.

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
        path = paths.reports() / "results" / f"{chapter}.json"
        content = _content(path, chapter)
        contents.append(content)
        results = _parsed(content, path, chapter)
        refuse_simulated(chapter, results)
        refuse_stale(chapter, results["data"])
        rows += [_row(chapter, name, about) for name, about in results["findings"].items()]
    frame = pd.DataFrame(rows, columns=_COLUMNS).astype({"value": float, "low": float, "high": float})
    frame.attrs = {"table": "results", "sha256": sha256(b"".join(contents))}
    return frame


def _content(path: Path, chapter: str) -> bytes:
    if not path.exists():
        raise StudyError(f"no results of {chapter}: run `tr-analysis run {chapter}` first")
    return path.read_bytes()


def _parsed(content: bytes, path: Path, chapter: str) -> dict[str, Any]:
    try:
        results: dict[str, Any] = json.loads(content)
    except ValueError:
        raise StudyError(f"{path.name} cannot be read: run `tr-analysis run {chapter}` again") from None
    return results


def _row(chapter: str, name: str, about: dict[str, Any]) -> dict[str, Any]:
    if set(_PARTS) - set(about):
        raise StudyError(
            f"the results of {chapter} are of an earlier version: run `tr-analysis run {chapter}`"
        )
    parts = {part: about[part] for part in _PARTS}
    return {"chapter": chapter, "finding": name, **parts, "sources": " ".join(about["sources"])}


def key_findings(
    results: pd.DataFrame, questions: Mapping[str, Sequence[tuple[str, str]]] = KEY_FINDINGS
) -> pd.DataFrame:
    """Write key numbers of several chapters the way their own chapters do.

    Parameters
    ----------
    results
        From `load_results`.
    questions
        Chapter and name of each number, by the question that it answers, in the order of the page.

    Returns
    -------
    DataFrame
        One row a number: question, lead (whether it is one of `LEADS`), chapter, finding, label; value, low,
        high and n as numbers, in unit ("per cent"); estimate, interval (with what it allows for)
        and n_of (n with what it counts) in words, empty where there is none; rung ("C"), rung_words ("comparison") and sources (ids joined by
        spaces, empty where it comes from the tables alone).

    Raises
    ------
    ValueError
        If a chapter has no number of that name, or it is simulated.
    """
    rows = {(row["chapter"], row["finding"]): row for row in results.to_dict("records")}
    names = [(question, name) for question, listed in questions.items() for name in listed]
    if unknown := [
        f"{chapter} has no {name!r}" for _, (chapter, name) in names if (chapter, name) not in rows
    ]:
        raise ValueError("; ".join(unknown))
    for _, (chapter, name) in names:
        row = rows[chapter, name]
        if is_simulated(row):
            raise ValueError(f"{chapter}: {name!r} is simulated, and key findings are observed: leave it out")
    lines = [
        {"question": question, "lead": name in LEADS, **_written(rows[name])} for question, name in names
    ]
    return pd.DataFrame(lines).astype({"n": "Int64"})


def _written(row: Mapping[Any, Any]) -> dict[str, Any]:
    ends = {part: row[part] for part in ("low", "high") if pd.notna(row[part])}
    places = None if pd.isna(row["places"]) else int(row["places"])
    n = None if pd.isna(row["n"]) else int(row["n"])
    about = {part: row[part] for part in ("unit", "of", "span")}
    shown = Finding(row["finding"], row["label"], row["value"], **ends, **about, n=n, places=places)
    return {
        **{part: row[part] for part in ("chapter", "finding", "label", "value", "low", "high", "n")},
        "unit": UNIT_WORDS.get(row["unit"], row["unit"]),
        "estimate": shown.show(),
        "interval": shown.show("span") if ends else "",
        "n_of": "" if n is None else shown.show("n_of"),
        "rung": row["rung"],
        "rung_words": RUNGS[row["rung"]],
        "sources": row["sources"],
    }


def load_tables(*names: str) -> dict[str, pd.DataFrame]:
    """Load analysis tables for `evaluate`, financial years as they are printed.

    Parameters
    ----------
    *names
        Names of tables, as `load` takes them.

    Returns
    -------
    dict
        Tables by name; their ``attrs`` are those of `load`.
    """
    return {name: _printed(load(name)) for name in names}


def _printed(frame: pd.DataFrame) -> pd.DataFrame:
    years = [column for column, kind in frame.dtypes.items() if str(kind) == "period[Y-MAR]"]
    return frame.assign(**{str(column): frame[column].map(financial_year) for column in years})


def is_simulated(number: Mapping[Any, Any]) -> bool:
    """Return whether a key number is simulated, by its origin or by its label."""
    return number.get("origin") == SIMULATED or str(number.get("label", "")).startswith(MARK)


def refuse_simulated(chapter: str, results: Mapping[str, Any]) -> None:
    """Refuse results of which any part is simulated: they are no evidence, whoever asks for them."""
    numbers = [name for name, about in results["findings"].items() if is_simulated(about)]
    if results.get("origin") == SIMULATED or numbers:
        named = f", among them {numbers[0]!r}," if numbers else ""
        raise StudyError(
            f"the results of {chapter}{named} are simulated, and nothing of the study may rest on them: take {chapter} "
            "out of load_results(...), or bring the official tables with `tr-analysis fetch` and run it again"
        )


def refuse_stale(chapter: str, inputs: dict[str, str]) -> None:
    """Refuse results that were computed from a table as it no longer is."""
    for table, hashed in inputs.items():
        if table != "results" and _hash_today(table) != hashed:
            raise StudyError(
                f"the results of {chapter} come from another state of the table {table}: "
                f"run `tr-analysis run {chapter}`"
            )


def _hash_today(table: str) -> str | None:
    """Return the hash of a table as it is now; None for an official one that is no longer held."""
    if not table.startswith(PREFIX):
        return str(load(table).attrs["sha256"])
    frame = official(table.removeprefix(PREFIX))
    return None if frame is None else str(frame.attrs["sha256"])
