"""Words as names of files and addresses, and the markdown of a chapter: its headings, title and question."""

import re


def slugify(name: str) -> str:
    """Return a name in small letters with dashes: ``nps-wales`` of ``NPS Wales``."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower())


def markdown_lines(source: str) -> list[str]:
    """Return the lines of a markdown text that are not inside a fenced code block."""
    lines, fenced = [], False
    for line in source.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        elif not fenced:
            lines.append(line)
    return lines


def headings(source: str) -> list[str]:
    """Return the headings of a markdown text, each with its marks: ``## Answer``."""
    return [line.rstrip() for line in markdown_lines(source) if line.startswith("#")]


def title_and_question(source: str) -> tuple[str, str]:
    """Return the first ``# `` heading and the first paragraph after it, each empty when missing."""
    title, paragraph = "", list[str]()
    for line in map(str.strip, markdown_lines(source)):
        if not title:
            title = line.removeprefix("# ").strip() if line.startswith("# ") else ""
        elif line.startswith("#") or (not line and paragraph):
            break
        elif line:
            paragraph.append(line)
    return title, " ".join(paragraph)
