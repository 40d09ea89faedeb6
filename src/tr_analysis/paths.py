"""Where things are. The only module that knows; ``TR_ANALYSIS_ROOT`` and ``TR_ANALYSIS_REPORTS`` override."""

import os
from pathlib import Path

from tr_analysis.errors import UsageError

ROOT, REPORTS = "TR_ANALYSIS_ROOT", "TR_ANALYSIS_REPORTS"
_PACKAGE = Path(__file__).parent
_IN_CHECKOUT = Path("src", "tr_analysis", "paths.py")


def root() -> Path:
    """Return the folder of the project that is worked on.

    It is ``TR_ANALYSIS_ROOT`` where that is set; else the checkout in which the current folder lies, else the one
    this package is installed from. Without any of these it is the current folder, or the one above ``notebooks``.
    """
    if given := os.environ.get(ROOT):
        path = Path(given).resolve()
        if not path.is_dir():
            raise UsageError(f"{ROOT} is {path}, which is no folder; set it to the project's, or unset it")
        return path
    here = Path.cwd()
    for folder in (here, *here.parents, _PACKAGE.parents[1]):
        if (folder / _IN_CHECKOUT).is_file():
            return folder.resolve()
    return (here.parent if here.name == "notebooks" else here).resolve()


def has_own_data() -> bool:
    """Return whether the project builds its tables from raw files of its own; else those of the package are read."""
    return bool(os.environ.get(ROOT)) or (root() / _IN_CHECKOUT).is_file()


def tables() -> Path:
    """Return the folder that analysis tables are read from: the project's own, or the one in the package."""
    return processed() if has_own_data() else _PACKAGE / "tables"


def sources() -> tuple[Path, ...]:
    """Return the folders of what is written by hand or kept from it, where no run may put its results."""
    return tuple(root() / part for part in ("notebooks", "data", "src", "tests"))


def raw() -> Path:
    """Return the folder of the published figures."""
    return root() / "data" / "raw"


def processed() -> Path:
    """Return the folder in which the analysis tables are built."""
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
