"""The chapters: finding them, understanding their names, the circles they must not form, and beginning a new one."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tr_analysis.errors import StudyError, UsageError, nearest
from tr_analysis.files import write_files
from tr_analysis.paths import notebooks
from tr_analysis.study.notebook import read_cells
from tr_analysis.study.parameters import provider_parameter, read_parameters, run_name
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

    A notebook with another name than a chapter may have, such as Jupyter's Untitled or a copy, is none yet. There must
    be one, unless none will do, and each must be readable, or it is a `StudyError`.
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

    A name is ``03-recall``, or ``03`` or ``recall`` where only one chapter fits, or the notebook's path. One that fits
    none, or several, is a `UsageError`.
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
    hint = _page(stem, chapters) or nearest(stem.zfill(2), words)
    hint = hint or f"; there are {', '.join(c.name for c in chapters)}"
    raise UsageError(f"there is no chapter {name}{hint}")


def _page(stem: str, chapters: Sequence[Chapter]) -> str:
    """Say how a page about one provider is run, where that is what is named."""
    for chapter in chapters:
        parameters = read_parameters(chapter.path) if stem.startswith(f"{chapter.name}-") else ()
        if by_provider := provider_parameter(parameters):
            for choice in by_provider.choices:
                if run_name(chapter.name, parameters, {by_provider.name: choice}) == stem:
                    call = f'tr-analysis run {chapter.name} -p {by_provider.name}="{choice}"'
                    return f"; it is a page of {chapter.name}: run `{call}`"
    return ""


def refuse_circles(waiting: Mapping[str, Iterable[str]]) -> None:
    """Refuse with a `StudyError` chapters or runs that wait for each other's results, given what each waits for."""
    try:
        TopologicalSorter(waiting).prepare()
    except CycleError as error:
        circle = ", ".join(dict.fromkeys(error.args[1]))
        raise StudyError(
            f"these chapters wait for each other's results: {circle}; break the circle"
        ) from None


_TEMPLATES = Path(__file__).parent / "templates"


def new_chapter(name: str) -> Chapter:
    """Write ``notebooks/<name>.ipynb``, titled by its name, and beside it the ``.toml`` that says what its numbers are.

    A name that is not allowed, or of which number, subject or a file is there already, is a `UsageError`.
    """
    chapters = find_chapters(none_will_do=True)
    refuse_name(name, chapters)
    chapter = Chapter(notebooks() / f"{name}.ipynb", "", "")
    _refuse_taken(chapter, chapters)
    title = chapter.subject.replace("-", " ").capitalize()
    files = {}
    for ending in (".ipynb", ".toml"):
        text = (_TEMPLATES / f"chapter{ending}").read_text("utf-8").replace("CHAPTER", name)
        files[f"{name}{ending}"] = text.replace('"# Title\\n', f'"# {title}\\n', 1).encode()
    write_files(notebooks(), files)
    return replace(chapter, title=title)


def _refuse_taken(new: Chapter, chapters: Sequence[Chapter]) -> None:
    for chapter in chapters:
        if new.subject == chapter.subject:
            raise UsageError(f"{chapter.name} is there already: choose another subject")
        if new.number and new.number == chapter.number:
            free = free_number(chapters)
            raise UsageError(f"the number {new.number} is taken by {chapter.name}; {free} is free")
        if new.name.startswith(f"{chapter.name}-"):
            raise UsageError(f"{chapter.name}-... are the names of its pages; choose another subject")
    for path in (new.path, new.path.with_suffix(".toml")):
        if path.exists():
            raise UsageError(f"{path} is there already; choose another name")
