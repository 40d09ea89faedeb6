"""The errors a user can cause, each with its exit code."""

from collections.abc import Sequence
from dataclasses import dataclass


class StudyError(Exception):
    """A failed check or bad data; the message says what is wrong, where, and what to do."""

    exit_code = 1


class ChapterError(StudyError):
    """One or more chapters failed while they ran."""

    exit_code = 2


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
        where = [self.file]
        if self.row is not None:
            where.append(f"row {self.row}")
        if self.column is not None:
            where.append(f"column {self.column}")
        found = "" if self.value is None else f": {self.value!r}"
        return f"{', '.join(where)}{found}: {self.rule}"


class DataError(StudyError):
    """Bad data: carries every problem found.

    Parameters
    ----------
    problems
        The faults. The message lists the first ones, a line each, and counts the rest.
    """

    shown = 20

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems[: self.shown]]
        if more := len(self.problems) - len(lines):
            lines.append(f"and {more} more")
        super().__init__("\n".join(lines))
