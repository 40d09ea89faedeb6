"""The version of everything that a run stands on: code, tables, notebook and libraries, as one hash."""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from tr_analysis import paths
from tr_analysis.files import sha256
from tr_analysis.study.fingerprint import versions

Part = tuple[str, bytes]


def hashed(parts: Iterable[Part]) -> str:
    """Return the SHA-256 of named contents together with the package's code, its tables and the libraries."""
    named = {name: sha256(content) for name, content in parts} | _common()
    return sha256(json.dumps(named, sort_keys=True).encode())


def module_sources(module: str) -> Iterator[Part]:
    """Yield the source files of a module, or of the whole package that it is in; none of what is compiled."""
    top = sys.modules[module.partition(".")[0]]
    for folder in map(Path, getattr(top, "__path__", ())):
        for path in sorted(folder.rglob("*.py")):
            yield f"{top.__name__}/{path.relative_to(folder).as_posix()}", path.read_bytes()
    file = Path(getattr(top, "__file__", None) or "")
    if not hasattr(top, "__path__") and file.is_file():
        yield file.name, file.read_bytes()


def _common() -> dict[str, str]:
    tables = paths.processed() / "manifest.json"
    return {
        "tr_analysis": _package(),
        "tables": sha256(tables.read_bytes()) if tables.exists() else "",
        **versions(),
    }


@cache
def _package() -> str:
    """Return a hash of the package's code, as it was when this process first asked."""
    digest = hashlib.sha256()
    for name, content in module_sources(__name__):
        digest.update(f"{name} {sha256(content)}\n".encode())
    return digest.hexdigest()
