"""How the command writes what it says."""

from pathlib import Path

import click


def wrapped(text: str, indent: str) -> str:
    """Break a text into lines of a hundred characters, each with an indent."""
    return click.wrap_text(text, width=100, initial_indent=indent, subsequent_indent=indent)


def shown(path: Path) -> str:
    """Return a path as a reader would type it from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
