"""A sweep as written down: a chapter, and values of its parameters, checked before anything runs and each with an id."""

import atexit
import json
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any

from tr_analysis import paths
from tr_analysis.errors import StudyError, UsageError, nearest
from tr_analysis.files import file_hash, sha256
from tr_analysis.study.chapters import choose, find_chapters
from tr_analysis.study.notebook import imported_modules, needed_results
from tr_analysis.study.parameters import Parameter, parse, read_parameters
from tr_analysis.study.records import NO_RESULT, package_hash, versions

if TYPE_CHECKING:
    from tr_analysis.study.kernels import Kernels

_KEYS = ("chapter", "fixed", "grid", "specifications")

Found = dict[str, str | int | float | bool | None]


@dataclass(frozen=True)
class ChapterTarget:
    """A chapter of the study, by its full name."""

    name: str

    @property
    def path(self) -> Path:
        """Its notebook."""
        return paths.notebooks() / f"{self.name}.ipynb"

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """Its parameters by name."""
        return {parameter.name: parameter for parameter in read_parameters(self.path)}

    def check(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return values of all parameters, so that to give a default is to give nothing, or raise a `UsageError`."""
        for name in arguments:
            if name not in self.parameters:
                hint = nearest(name, self.parameters) or f"; it has {', '.join(self.parameters) or 'none'}"
                raise UsageError(f"{name}: {self.name} has no such parameter{hint}")
        defaults = {name: parameter.default for name, parameter in self.parameters.items()}
        return defaults | {name: parse(self.parameters[name], value) for name, value in arguments.items()}

    def version(self) -> str:
        """Return a hash of the notebook, the results it loads, and the code, tables and libraries it stands on."""
        needed = [paths.reports() / "results" / f"{name}.json" for name in needed_results(self.path)]
        if missing := next((path for path in needed if not path.exists()), None):
            raise StudyError(f"{self.name} loads {missing.name}; run `tr-analysis run {missing.stem}` first")
        files = [self.path, self.path.with_suffix(".toml"), *needed, paths.tables() / "manifest.json"]
        parts = {path.name: file_hash(path) for path in files} | versions()
        return sha256(json.dumps(parts | {"the package": package_hash(NO_RESULT)}, sort_keys=True).encode())

    def run(self, arguments: Mapping[str, Any]) -> tuple[Found, dict[str, bytes]]:
        """Run the chapter in a kernel of its own: its key numbers, and its files; nothing is written.

        A `ChapterError` says where and why it failed.
        """
        from tr_analysis.study.execution import KernelError, execute
        from tr_analysis.study.plan import plan
        from tr_analysis.study.publish import chapter_files, normalise

        # No file goes to the folder; the planner only sees that one could.
        (task,) = plan([self.name], arguments, Path(gettempdir()))
        try:
            executed = execute(task, _kernels(self.path))
        except KernelError:  # what it was started from may be gone as well
            close_kernels()
            raise
        files = chapter_files(task, normalise(executed, task))
        return values_of(json.loads(files[f"results/{task.name}.json"])["findings"]), files


_open = ExitStack()  # the kernels of this process
atexit.register(_open.close)


@cache
def _kernels(notebook: Path) -> "Kernels":
    from tr_analysis.study.kernels import running_kernels

    return _open.enter_context(running_kernels(paths.notebooks(), names=imported_modules(notebook)))


def close_kernels() -> None:
    """End the kernels of this process; those of the next chapter are new."""
    _kernels.cache_clear()
    _open.close()


def values_of(findings: Mapping[str, Mapping[str, Any]]) -> Found:
    """Return some findings, each its value, or the words that it is, and its interval where it has one."""
    found: Found = {}
    for name, finding in findings.items():
        value = finding.get("value")
        found[name] = finding.get("text") if value is None else value
        found |= {f"{name}_low": finding.get("low"), f"{name}_high": finding.get("high")}
    return found


@dataclass(frozen=True)
class Call:
    """One specification: its id, and the values of all parameters."""

    id: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Sweep:
    """What is run, over the parameters of each specification in order."""

    target: ChapterTarget
    given: tuple[dict[str, Any], ...]

    def calls(self, version: str) -> list[Call]:
        """Return the specifications with their ids, given the target's version; refuse one given twice."""
        calls: dict[str, Call] = {}
        for given in self.given:
            identity = call_id(self.target.name, version, given)
            if identity in calls:
                raise UsageError(f"{given} is given twice: keep one")
            calls[identity] = Call(identity, given)
        return list(calls.values())


def call_id(name: str, version: str, arguments: Mapping[str, Any]) -> str:
    """Return sixteen hexadecimal digits of the SHA-256 of what is run, its version, and its arguments in any order."""
    content = {"run": name, "version": version, "arguments": arguments}
    return sha256(json.dumps(content, sort_keys=True).encode())[:16]


def read_sweep(path: Path) -> Sweep:
    """Read and check a sweep: a TOML file, of which `docs/sweeps.md` shows one.

    A `UsageError` names the file, the key, the value and what to write.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        for name in content:
            if name not in _KEYS:
                hint = nearest(name, _KEYS) or f"; there are {', '.join(_KEYS)}"
                raise UsageError(f"{name} is no key{hint}")
        if "chapter" not in content:
            raise UsageError('give the chapter, as in chapter = "03-recall"')
        (chapter,) = choose([str(content["chapter"])], find_chapters())
        target = ChapterTarget(chapter.name)
        return Sweep(target, tuple(target.check(one) for one in _given(content)))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{path}: is not TOML: {error}") from None
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


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


def _table(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{name} = {value!r} is no table; write it under [{name}]")
    return value
