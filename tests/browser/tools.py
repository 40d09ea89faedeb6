"""What the browser tests need beside Python, and what becomes of them where it is missing."""

import os
import shutil
from pathlib import Path

REQUIRED = "TR_ANALYSIS_BROWSER"  # set to "required" where a missing tool is a fault, as in CI
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
DRIVER = ("chromedriver",)


def find(names: tuple[str, ...]) -> str | None:
    """Return the path of the first of some programs that is installed."""
    return next(filter(None, map(shutil.which, names)), None)


def missing() -> list[str]:
    """Name each tool that is missing, with the command that installs it."""
    packages = {"chromium": find(CHROMIUM), "chromium-driver": find(DRIVER)}
    faults = [f"{name} (sudo apt-get install {name})" for name, path in packages.items() if path is None]
    return faults + ["axe-core (npm ci --prefix tests/browser)"] * (not AXE.is_file())


def required() -> bool:
    """Say whether a missing tool fails the tests instead of skipping them."""
    return os.environ.get(REQUIRED) == "required"
