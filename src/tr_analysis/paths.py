"""Where things are. The only module that knows; ``TR_ANALYSIS_ROOT`` and ``TR_ANALYSIS_REPORTS`` override."""

import os
from pathlib import Path

from tr_analysis.errors import UsageError

REPORTS = "TR_ANALYSIS_REPORTS"


def root() -> Path:
    """Return the project's folder: ``TR_ANALYSIS_ROOT``, or the checkout this package is installed from.

    Raises
    ------
    UsageError
        If ``TR_ANALYSIS_ROOT`` is no folder.
    """
    path = Path(os.environ.get("TR_ANALYSIS_ROOT") or Path(__file__).parents[2]).resolve()
    if not path.is_dir():
        raise UsageError(
            f"TR_ANALYSIS_ROOT is {path}, which is no folder; set it to the project's, or unset it"
        )
    return path


def sources() -> tuple[Path, ...]:
    """Return the folders of what is written by hand or kept from it, where no run may put its results."""
    return tuple(root() / part for part in ("notebooks", "data", "src", "tests"))


def raw() -> Path:
    """Return the folder of the published figures."""
    return root() / "data" / "raw"


def processed() -> Path:
    """Return the folder of the analysis tables."""
    return root() / "data" / "processed"


def official() -> Path:
    """Return the folder of the official files that were fetched or brought; it need not exist."""
    return raw() / "official"


def official_tables() -> Path:
    """Return the folder of the tables made from the official files; it need not exist."""
    return processed() / "official"


def notebooks() -> Path:
    """Return the folder of the chapters."""
    return root() / "notebooks"


def reports() -> Path:
    """Return the folder of the executed chapters and what is made from them: ``TR_ANALYSIS_REPORTS``, or reports/."""
    return Path(os.environ.get(REPORTS) or root() / "reports").resolve()
