"""A new chapter: a notebook that already runs and keeps the rules, to be filled with another question."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tr_analysis.errors import UsageError
from tr_analysis.files import write_files
from tr_analysis.paths import notebooks
from tr_analysis.study.chapters import Chapter, find_chapters, free_number, refuse_name

TEMPLATE = Path(__file__).parent / "templates" / "chapter.ipynb"


def new_chapter(name: str) -> Chapter:
    """Write ``notebooks/<name>.ipynb`` from the template, under a title made of its name, in any folder.

    Raises
    ------
    UsageError
        If the name is not allowed, or the number, the subject or the name itself is taken.
    """
    chapters = find_chapters(none_will_do=True)
    refuse_name(name, chapters)
    chapter = Chapter(notebooks() / f"{name}.ipynb", "", "")
    _refuse_taken(chapter, chapters)
    title = chapter.subject.replace("-", " ").capitalize()
    content = (
        TEMPLATE.read_text("utf-8").replace('"# Title\\n', f'"# {title}\\n', 1).replace("CHAPTER", name, 1)
    )
    write_files(notebooks(), {chapter.path.name: content.encode()})
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
    if new.path.exists():
        raise UsageError(f"{new.path} is there already; choose another name")
