"""Hashes of files, and writing that leaves either the old file or the new one."""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


def sha256(content: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def publish(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write files so that a reader never meets half of one.

    All are written beside their places first; only when every one is on disk are they moved in, in the
    order given.

    Parameters
    ----------
    folder
        Where the files go; made if need be.
    contents
        Content by name, or by path below the folder.

    Returns
    -------
    list of Path
        The files written.
    """
    waiting: list[tuple[Path, Path]] = []
    try:
        for name, content in contents.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
            waiting.append((Path(temporary), target))
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            Path(temporary).chmod(0o644)
        for temporary_path, target in waiting:
            temporary_path.replace(target)
    finally:
        for temporary_path, _ in waiting:
            temporary_path.unlink(missing_ok=True)
    return [target for _, target in waiting]
