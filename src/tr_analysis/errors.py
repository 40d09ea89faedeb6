"""The errors a user can cause, each with its exit code, and the hint at what was meant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from tr_analysis.text import slugify


class StudyError(Exception):
    """A failed check or bad data; the message says what is wrong, where, and what to do."""

    exit_code = 1


class ChapterError(StudyError):
    """One or more chapters failed while they ran."""

    exit_code = 2


class InterruptionError(StudyError):
    """A command that was ended from outside, with Ctrl-C or a signal."""

    exit_code = 130


class UsageError(StudyError):
    """The command was called with something it does not know."""

    exit_code = 64


@dataclass(frozen=True)
class Problem:
    """One fault in the data: where it is, what was found, and the rule it breaks."""

    file: str
    rule: str
    row: int | None = None
    column: str | None = None
    value: str | None = None

    def __str__(self) -> str:
        row = "" if self.row is None else f", row {self.row}"
        column = "" if self.column is None else f", column {self.column}"
        found = "" if self.value is None else f": {self.value!r}"
        return f"{self.file}{row}{column}{found}: {self.rule}"


class DataError(StudyError):
    """Bad data: carries every problem found; the message lists the first ones, a line each, and counts the rest."""

    shown = 20

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems[: self.shown]]
        if more := len(self.problems) - len(lines):
            lines.append(f"and {more} more")
        super().__init__("\n".join(lines))


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean X?"`` with the nearest known word, or nothing when none is near.

    Capitals and what stands between words make no difference.
    """
    names = {slugify(name): name for name in known}
    close = get_close_matches(slugify(word), names, n=1, cutoff=0.7)
    return f"; did you mean {names[close[0]]}?" if close else ""
