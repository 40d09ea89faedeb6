"""The locks: what is installed is what was tried, whole and from anywhere."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tr_analysis import paths

EXTRAS = {
    "requirements": ["build"],
    "requirements-test": ["build", "test", "dev"],
    "requirements-lab": ["build", "lab"],
}
PINNED = re.compile(
    r"(?P<name>[\w.-]+)==(?P<version>[\w.]+)(?: ; [^\\\n]+)?(?: \\\n    --hash=sha256:[0-9a-f]{64})+"
)


def pins(lock: str) -> dict[str, dict[str, list[str]]]:
    """Return the hashes that a lock pins, by package and version; refuse anything else in it, such as an address."""
    text = (paths.root() / f"{lock}.lock").read_text("utf-8")
    found: dict[str, dict[str, list[str]]] = {}
    for entry in re.split(r"\n(?! )", text.rstrip("\n")):
        match = PINNED.fullmatch(entry)
        assert match, f"{lock}.lock: not a version with its hashes: {entry[:200]}"
        found.setdefault(match["name"], {})[match["version"]] = re.findall(r"sha256:(\w+)", entry)
    return found


@pytest.mark.parametrize("lock", EXTRAS)
def test_a_lock_pins_what_the_project_depends_on(lock):
    project = tomllib.loads((paths.root() / "pyproject.toml").read_text("utf-8"))["project"]
    named = [
        *project["dependencies"],
        *(n for e in EXTRAS[lock] for n in project["optional-dependencies"][e]),
    ]
    pinned = pins(lock)
    for needed in map(Requirement, named):
        versions = pinned.get(needed.name, {})
        assert versions, f"{needed} is not in {lock}.lock: make lock"
        assert all(version in needed.specifier for version in versions), f"{needed}: {list(versions)}"


@pytest.mark.parametrize("lock", [lock for lock in EXTRAS if lock != "requirements"])
def test_locks_agree_on_what_they_share(lock):
    study = pins("requirements")
    assert {name: pinned for name, pinned in pins(lock).items() if name in study} == study
