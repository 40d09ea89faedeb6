"""A sweep as written down: a TOML file, read and checked before anything runs, and the id of each specification."""

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from tr_analysis.errors import UsageError, nearest
from tr_analysis.sweep.targets import SEED, ChapterTarget, FunctionTarget, Target

_KEYS = ("function", "chapter", "seed", "fixed", "grid", "specifications")


@dataclass(frozen=True)
class Call:
    """One specification: its id, and everything that is handed over, the seed of its own included."""

    id: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Sweep:
    """What is run, over the parameters of each specification in order, with a seed or the target's own defaults."""

    target: Target
    given: tuple[dict[str, Any], ...]
    seed: int | None = None

    def calls(self, version: str) -> list[Call]:
        """Return the specifications with ids and seeds, given the target's version; refuse one given twice."""
        calls: dict[str, Call] = {}
        for given in self.given:
            identity = specification_id(self.target.name, version, given)
            if identity in calls:
                raise UsageError(f"{given} is given twice: keep one")
            own = {} if self.seed is None else {SEED: self.target.seed(derived_seed(self.seed, identity))}
            calls[identity] = Call(identity, given | own)
        return list(calls.values())


def specification_id(name: str, version: str, arguments: Mapping[str, Any]) -> str:
    """Return sixteen hexadecimal digits of the SHA-256 of what is run, its version, and its arguments in any order."""
    content = {"run": name, "version": version, "arguments": arguments}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("ascii")).hexdigest()[:16]


def derived_seed(seed: int, identity: str) -> int:
    """Return the seed of one specification, from 0 up to 2**63, from that of the sweep and its id alone."""
    digest = hashlib.sha256(f"{seed}:{identity}".encode("ascii")).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def read_sweep(path: Path) -> Sweep:
    """Read and check a sweep: a TOML file, of which `docs/sweeps.md` shows some.

    Raises
    ------
    UsageError
        For whatever is not as it must be; the message names the file, the key, the value and what to write.
    """
    try:
        return _sweep(tomllib.loads(path.read_text(encoding="utf-8")), path.resolve().parent)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{path}: is not TOML: {error}") from None
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def _sweep(content: Mapping[str, Any], folder: Path) -> Sweep:
    _refuse_unknown(content, _KEYS)
    target = _target(content, folder)
    seed = content.get(SEED)
    if seed is not None and type(seed) is not int:
        raise UsageError(f"seed = {seed!r} is no whole number")
    given = list(_given(content))
    if seed is not None and any(SEED in one for one in given):
        raise UsageError("seed is given at the top and as a parameter: keep one")
    checked = tuple(target.check(one, seeded=seed is not None) for one in given)
    return Sweep(target, checked, seed)


def _target(content: Mapping[str, Any], folder: Path) -> Target:
    if ("chapter" in content) == ("function" in content):
        raise UsageError('give either chapter = "03-recall", or [function] with name = "module:function"')
    if "chapter" in content:
        return ChapterTarget.named(str(content["chapter"]))
    function = _table(content["function"], "function")
    _refuse_unknown(function, ("name",), "function.", "; fixed arguments stand in [fixed]")
    target = FunctionTarget(str(function.get("name")), str(folder))
    target.function()
    return target


def _given(content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the parameters of each specification; the last of a grid changes fastest."""
    fixed, grid = (_table(content.get(name, {}), name) for name in ("fixed", "grid"))
    listed = content.get("specifications", [])
    if bool(listed) == bool(grid) or not isinstance(listed, list):
        raise UsageError("give either a [grid] of lists, or a list of [[specifications]]")
    for one in listed:
        yield fixed | _table(one, "specifications")
    for name, options in grid.items():
        if not isinstance(options, list) or not options:
            raise UsageError(f"grid.{name} = {options!r} is no list with values; write it as [{options!r}]")
        if name in fixed:
            raise UsageError(f"{name} is in [fixed] and in [grid]: keep one")
    for chosen in product(*grid.values()) if grid else ():
        yield fixed | dict(zip(grid, chosen, strict=True))


def _refuse_unknown(table: Mapping[str, Any], known: tuple[str, ...], at: str = "", remedy: str = "") -> None:
    for name in table:
        if name not in known:
            hint = nearest(name, known) or remedy or f"; there are {', '.join(known)}"
            raise UsageError(f"{at}{name} is no key{hint}")


def _table(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{name} = {value!r} is no table; write it under [{name}]")
    return value
