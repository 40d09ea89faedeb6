"""The chapters: finding them, and understanding the names people give them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tr_analysis.errors import StudyError, UsageError, nearest
from tr_analysis.paths import notebooks
from tr_analysis.report.prose import title_and_question
from tr_analysis.study.notebook import read_cells


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


def find_chapters() -> tuple[Chapter, ...]:
    """Return the chapters of the project, in order of their names.

    Raises
    ------
    StudyError
        When there is none, or a notebook cannot be read.
    """
    # Jupyter calls a notebook Untitled until somebody names it: not yet a chapter.
    named = sorted(path for path in notebooks().glob("*.ipynb") if not path.stem.startswith("Untitled"))
    found = tuple(_chapter(path) for path in named)
    if not found:
        raise StudyError(f"no chapters in {notebooks()}; set TR_ANALYSIS_ROOT to the project's folder")
    return found


def _chapter(path: Path) -> Chapter:
    prose = (cell["source"] for cell in read_cells(path) if cell["cell_type"] == "markdown")
    title, question = title_and_question("\n\n".join(prose))
    return Chapter(path, title or path.stem, question)


def choose(names: Sequence[str], chapters: Sequence[Chapter]) -> tuple[Chapter, ...]:
    """Return the chapters named, in the study's order; all of them when no name is given.

    Parameters
    ----------
    names
        ``03-recall``, or ``03`` or ``recall`` where only one chapter fits, or the notebook's path.
    chapters
        Those to choose from.

    Raises
    ------
    UsageError
        For a name that fits none, with the nearest, or fits several.
    """
    chosen = {_fitting(name, chapters) for name in names}
    return tuple(chapter for chapter in chapters if chapter in chosen or not names)


def _fitting(name: str, chapters: Sequence[Chapter]) -> Chapter:
    plain = Path(name).name.removesuffix(".ipynb")
    fits = [c for c in chapters if c.name == plain] or [
        c for c in chapters if plain and plain in (c.number, c.subject)
    ]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise UsageError(
            f"{name} fits several chapters: {', '.join(c.name for c in fits)}; give the full name"
        )
    words = [word for c in chapters for word in (c.name, c.subject) if word]
    hint = nearest(plain, words) or f"; there are {', '.join(c.name for c in chapters)}"
    raise UsageError(f"there is no chapter {name}{hint}")
