"""A new chapter: a notebook that already runs and keeps the rules, to be filled with another question."""

import re
from collections.abc import Sequence
from pathlib import Path

from tr_analysis.errors import UsageError
from tr_analysis.files import write_files
from tr_analysis.paths import notebooks
from tr_analysis.study.chapters import Chapter, find_chapters

TEMPLATE = Path(__file__).parent / "templates" / "chapter.ipynb"
_NAME = re.compile(r"([0-9]{2}-)?([a-z][a-z0-9]*(-[a-z][a-z0-9]*)*)")


def new_chapter(name: str) -> Chapter:
    """Write ``notebooks/<name>.ipynb`` from the template, under a title made of its name.

    Raises
    ------
    UsageError
        If the name is not allowed, or the number, the subject or the name itself is taken.
    """
    chapters = find_chapters()
    parts = _NAME.fullmatch(name)
    if not parts:
        raise UsageError(
            f"{name!r} is no name for a chapter: use words in small letters with dashes between them, "
            f"and two digits first if it is to have a number, as in {_free(chapters)}-housing or housing"
        )
    title = parts[2].replace("-", " ").capitalize()
    chapter = Chapter(notebooks() / f"{name}.ipynb", title, "")
    _refuse_taken(chapter, chapters)
    content = TEMPLATE.read_text("utf-8").replace('"# Title\\n', f'"# {title}\\n', 1)
    write_files(notebooks(), {chapter.path.name: content.encode()})
    return chapter


def _refuse_taken(new: Chapter, chapters: Sequence[Chapter]) -> None:
    for chapter in chapters:
        if new.subject == chapter.subject:
            raise UsageError(f"{chapter.name} is there already: choose another subject")
        if new.number and new.number == chapter.number:
            free = _free(chapters)
            raise UsageError(f"the number {new.number} is taken by {chapter.name}; {free} is free")
        if new.name.startswith(f"{chapter.name}-"):
            raise UsageError(f"{chapter.name}-... are the names of its pages; choose another subject")
    if new.path.exists():
        raise UsageError(f"{new.path} is there already; choose another name")


def _free(chapters: Sequence[Chapter]) -> str:
    """Return the number after the last."""
    return f"{1 + max(int(chapter.number or 0) for chapter in chapters):02}"
