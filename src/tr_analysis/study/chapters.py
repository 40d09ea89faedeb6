"""The chapters: finding them, understanding the names people give them, and the circles they must not form."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tr_analysis.errors import StudyError, UsageError, nearest
from tr_analysis.paths import notebooks
from tr_analysis.study.notebook import read_cells
from tr_analysis.text import title_and_question

_NAME = re.compile(r"([0-9]{2}-)?[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*")


@dataclass(frozen=True)
class Chapter:
    """A chapter: its notebook, its title, and the question it answers."""

    path: Path
    title: str
    question: str

    @property
    def name(self) -> str:
        """Its name, the notebook's file name without the ending: ``03-recall``."""
        return self.path.stem

    @property
    def number(self) -> str:
        """The figures before its subject, if there are any: ``03``."""
        head = self.name.partition("-")[0]
        return head if head.isdecimal() else ""

    @property
    def subject(self) -> str:
        """Its name without the number: ``recall``."""
        return self.name.removeprefix(f"{self.number}-")


def find_chapters(*, none_will_do: bool = False) -> tuple[Chapter, ...]:
    """Return the chapters of the project, in order of their names.

    A notebook with another name than a chapter may have, such as Jupyter's Untitled or a copy, is none yet.

    Raises
    ------
    StudyError
        When there is none, unless none will do, or a notebook cannot be read.
    """
    named = sorted(path for path in notebooks().glob("*.ipynb") if _NAME.fullmatch(path.stem))
    found = tuple(_chapter(path) for path in named)
    if not (found or none_will_do):
        raise StudyError(
            f"no chapters in {notebooks()}; begin one with `tr-analysis new housing`, or set TR_ANALYSIS_ROOT "
            "to the project's folder"
        )
    return found


def _chapter(path: Path) -> Chapter:
    prose = (cell["source"] for cell in read_cells(path) if cell["cell_type"] == "markdown")
    title, question = title_and_question("\n\n".join(prose))
    return Chapter(path, title or path.stem, question)


def refuse_name(name: str, chapters: Sequence[Chapter]) -> None:
    """Refuse a name that no chapter may have with a `UsageError` that says what names chapters have."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name for a chapter: use words in small letters with dashes between them, "
            f"and two digits first if it is to have a number, as in {free_number(chapters)}-housing or housing"
        )


def free_number(chapters: Sequence[Chapter]) -> str:
    """Return the number after the last."""
    return f"{1 + max((int(chapter.number or 0) for chapter in chapters), default=0):02}"


def choose(names: Sequence[str], chapters: Sequence[Chapter]) -> tuple[Chapter, ...]:
    """Return the chapters named, in the study's order; all of them when no name is given.

    A name is ``03-recall``, or ``03`` or ``recall`` where only one chapter fits, or the notebook's path.

    Raises
    ------
    UsageError
        For a name that fits none, with the nearest, or fits several.
    """
    chosen = {_fitting(name, chapters) for name in names}
    return tuple(chapter for chapter in chapters if chapter in chosen or not names)


def _fitting(name: str, chapters: Sequence[Chapter]) -> Chapter:
    stem = Path(name).name.removesuffix(".ipynb")
    fits = [c for c in chapters if c.name == stem] or [
        c for c in chapters if stem and stem in (c.number, c.subject)
    ]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise UsageError(
            f"{name} fits several chapters: {', '.join(c.name for c in fits)}; give the full name"
        )
    if (notebooks() / f"{stem}.ipynb").exists():
        refuse_name(stem, chapters)
    words = [word for c in chapters for word in (c.name, c.subject, c.number) if word]
    hint = nearest(stem.zfill(2), words) or f"; there are {', '.join(c.name for c in chapters)}"
    raise UsageError(f"there is no chapter {name}{hint}")


def refuse_circles(waiting: Mapping[str, Iterable[str]]) -> None:
    """Refuse chapters or runs that wait for each other's results, given what each waits for by name.

    Raises
    ------
    StudyError
        Which names the circle.
    """
    try:
        TopologicalSorter(waiting).prepare()
    except CycleError as error:
        circle = ", ".join(dict.fromkeys(error.args[1]))
        raise StudyError(
            f"these chapters wait for each other's results: {circle}; break the circle"
        ) from None
