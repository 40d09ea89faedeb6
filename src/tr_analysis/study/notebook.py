"""Chapters as they are stored: plain JSON, read without loading Jupyter."""

import json
from pathlib import Path
from typing import Any

from tr_analysis.errors import StudyError

Cell = dict[str, Any]


def read_cells(notebook: Path) -> list[Cell]:
    """Return the cells of a stored notebook, each with its ``id``, ``source`` as one string, and ``tags``.

    Raises
    ------
    StudyError
        When the file cannot be read or is no notebook.
    """
    try:
        content = json.loads(notebook.read_text(encoding="utf-8"))
        return [_completed(cell, number) for number, cell in enumerate(content["cells"], start=1)]
    except OSError as error:
        raise StudyError(f"{notebook}: cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise StudyError(
            f"{notebook}: is no Jupyter notebook; restore the file or save it again in Jupyter"
        ) from None


def _completed(cell: Cell, number: int) -> Cell:
    return cell | {
        "id": cell.get("id", f"number {number}"),
        "source": "".join(cell["source"]),
        "tags": cell.get("metadata", {}).get("tags", []),
    }
