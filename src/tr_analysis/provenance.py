"""What stands behind a page: the state of the project that it was made from."""

import subprocess

from tr_analysis import paths

_MADE_FROM = ["src", "notebooks", "data", "reports", "requirements.lock"]


def commit() -> str:
    """Return the commit of the project's folder, and whether what the study is made from has changed since.

    Empty where there is no checkout, or no git.
    """
    head = _git("rev-parse", "--short=12", "HEAD")
    changed = _git("status", "--porcelain", "--", *_MADE_FROM) if head else ""
    return f"{head}, with changes that are not committed" if changed else head


def _git(*words: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(paths.root()), *words], capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
