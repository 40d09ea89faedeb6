"""What results the ledger refuses: simulated ones, and those computed from tables as they no longer are."""

from collections.abc import Mapping
from typing import Any

from tr_analysis.data import load
from tr_analysis.errors import StudyError
from tr_analysis.official.store import PREFIX, official
from tr_analysis.origin import MARK, SIMULATED


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
