"""A new chapter: a notebook that already runs and keeps the rules, to be filled with another question."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tr_analysis.errors import UsageError
from tr_analysis.files import write_files
from tr_analysis.paths import notebooks
from tr_analysis.study.chapters import Chapter, find_chapters, free_number, refuse_name

_TEMPLATES = Path(__file__).parent / "templates"


def new_chapter(name: str) -> Chapter:
    """Write ``notebooks/<name>.ipynb``, titled by its name, and beside it the ``.toml`` that says what its numbers are.

    Raises
    ------
    UsageError
        If the name is not allowed, or the number, the subject or one of the files is there already.
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
