"""What stands behind a page: the state of the project that it was made from, and the machine that computed it."""

import platform
import re
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path

from tr_analysis import paths

# What the study is made from; what is built from that says nothing more.
_MADE_FROM = ["src", "notebooks", "data/raw", "requirements.lock"]


def git_state() -> str:
    """Return the commit of the project's folder and whether the study's own files changed since; empty without git."""
    head = _git("rev-parse", "--short=12", "HEAD")
    changed = _git("status", "--porcelain", "--", *_MADE_FROM) if head else ""
    return f"{head}, with changes that are not committed" if changed else head


@cache
def machine() -> str:
    """Return processor and BLAS kernel, on which the last digits of numbers can hang, in words."""
    import numpy as np  # noqa: F401 its library is asked
    from threadpoolctl import threadpool_info

    libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
    kernels = sorted({library.get("architecture", library["internal_api"]) for library in libraries})
    return f"{_processor()} ({platform.machine()}), BLAS kernel {' and '.join(kernels) or 'not known'}"


def _processor() -> str:
    with suppress(OSError):  # there is no such file elsewhere than on Linux
        if found := re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE):
            return found[1]
    return platform.processor() or "processor not known"


def _git(*words: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(paths.root()), *words], capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
