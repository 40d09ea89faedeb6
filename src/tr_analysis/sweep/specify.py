"""A sweep as written down: what it runs, a function or a chapter, checked before anything runs, with the id of each specification."""

import atexit
import hashlib
import inspect
import json
import math
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, is_dataclass
from functools import cache, cached_property
from itertools import product
from pathlib import Path
from pkgutil import resolve_name
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any

from tr_analysis import paths
from tr_analysis.errors import StudyError, UsageError, nearest
from tr_analysis.files import file_hash, sha256
from tr_analysis.study.chapters import choose, find_chapters
from tr_analysis.study.notebook import imported_modules, needed_results
from tr_analysis.study.parameters import Parameter, parse, read_parameters
from tr_analysis.study.plan import NO_RESULT, package_hash, versions

if TYPE_CHECKING:
    from tr_analysis.study.kernels import Kernels


SEED = "seed"

Plain = str | int | float | bool | None
Found = dict[str, Plain]


@dataclass(frozen=True)
class FunctionTarget:
    """A function, ``module:function``; modules that are not installed are looked for in the folder of the sweep's file."""

    name: str
    folder: str

    def check(self, arguments: Mapping[str, Any], *, seeded: bool) -> dict[str, Any]:
        """Return the arguments, or refuse with a `UsageError` what the function does not take or is no plain value."""
        signature = inspect.signature(self.function())
        handed = {**arguments, **({SEED: 0} if seeded else {})}
        try:
            signature.bind_partial(**handed)  # says what is unknown before what is missing
            signature.bind(**handed)
        except TypeError as error:
            raise UsageError(f"{self.name} takes {signature}: {error}") from None
        for name, value in arguments.items():
            try:
                json.dumps(value, allow_nan=False)
            except (TypeError, ValueError):
                rule = "is no text, finite number, true or false; write a date or month as text in quotes"
                raise UsageError(f"{name}: {value} {rule}") from None
        return dict(arguments)

    def function(self) -> Callable[..., Any]:
        """Import the function, or refuse its name with a `UsageError`."""
        return _imported(self)

    def version(self) -> str:
        """Return a hash of the code and the tables that the function stands on."""
        return _version(_sources(sys.modules[self.function().__module__.partition(".")[0]].__file__))

    def seed(self, seed: int) -> int:
        """Return a seed as the function takes it."""
        return seed

    def run(self, arguments: Mapping[str, Any]) -> tuple[Found, dict[str, bytes]]:
        """Call the function: what it found by name, a single value as ``value``, and no files."""
        result = self.function()(**arguments)
        if is_dataclass(result) and not isinstance(result, type):
            result = asdict(result)
        found = result if isinstance(result, Mapping) else {"value": result}
        return {str(name): _plain(str(name), value) for name, value in found.items()}, {}


@cache
def _imported(target: FunctionTarget) -> Callable[..., Any]:
    if target.folder not in sys.path:
        sys.path.append(target.folder)
    try:
        found: Callable[..., Any] = resolve_name(target.name)
    except (ValueError, ImportError, AttributeError) as error:
        raise UsageError(
            f"function.name: {target.name} cannot be imported ({error}); write module:function, and install the module "
            "or put it beside this file"
        ) from None
    if not inspect.isroutine(found):
        raise UsageError(f"function.name: {target.name} is no function; name one that takes plain arguments")
    return found


@dataclass(frozen=True)
class ChapterTarget:
    """A chapter of the study, by its full name."""

    name: str

    @classmethod
    def named(cls, name: str) -> "ChapterTarget":
        """Find the chapter that a name, such as recall, 03 or 03-recall, means."""
        (chapter,) = choose([name], find_chapters())
        return cls(chapter.name)

    @property
    def path(self) -> Path:
        """Its notebook."""
        return paths.notebooks() / f"{self.name}.ipynb"

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """Its parameters by name."""
        return {parameter.name: parameter for parameter in read_parameters(self.path)}

    def check(self, arguments: Mapping[str, Any], *, seeded: bool) -> dict[str, Any]:
        """Return values of all parameters, so that to give a default is to give nothing, or raise a `UsageError`."""
        for name in [*arguments, *([SEED] if seeded else [])]:
            if name not in self.parameters:
                hint = nearest(name, self.parameters) or f"; it has {', '.join(self.parameters) or 'none'}"
                raise UsageError(f"{name}: {self.name} has no such parameter{hint}")
        defaults = {name: parameter.default for name, parameter in self.parameters.items()}
        return defaults | {name: parse(self.parameters[name], value) for name, value in arguments.items()}

    def version(self) -> str:
        """Return a hash of the notebook, the results it loads, and the code and tables it stands on."""
        needed = [paths.reports() / "results" / f"{name}.json" for name in needed_results(self.path)]
        if missing := next((path for path in needed if not path.exists()), None):
            raise StudyError(f"{self.name} loads {missing.name}; run `tr-analysis run {missing.stem}` first")
        own = self.path.with_suffix(".toml")
        return _version((path.name, path) for path in (self.path, own, *needed))

    def seed(self, seed: int) -> int:
        """Return a seed within the bounds that the chapter sets."""
        low, high = self.parameters[SEED].low, self.parameters[SEED].high
        return seed if low is None or high is None else int(low) + seed % (int(high) - int(low) + 1)

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
        return _key_numbers(files[f"results/{task.name}.json"]), files


Target = FunctionTarget | ChapterTarget

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


def _sources(file: str | None) -> Iterator[tuple[str, Path]]:
    """Yield the source files of a module, or of a whole package, by name; none of what is compiled."""
    path = Path(file or "")
    if path.name == "__init__.py":
        for source in path.parent.rglob("*.py"):
            yield source.relative_to(path.parents[1]).as_posix(), source
    elif path.suffix == ".py":
        yield path.name, path


def _version(files: Iterable[tuple[str, Path]]) -> str:
    """Hash files by name, together with the package's code, its tables and the libraries."""
    parts = {name: file_hash(path) for name, path in files} | versions()
    parts |= {
        "the package": package_hash(NO_RESULT),
        "the tables": file_hash(paths.tables() / "manifest.json"),
    }
    return sha256(json.dumps(parts, sort_keys=True).encode())


def _plain(name: str, value: Any) -> Plain:
    """Return a value as the table has it; a number that is not finite is missing."""
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:  # numpy's own numbers
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    raise ValueError(
        f"the function returned {name} as {type(value).__name__}; "
        "let it return numbers and words, one or a dictionary of them"
    )


def _key_numbers(results: bytes) -> Found:
    """Return the findings in a chapter's results: each its value, and its interval where it has one."""
    found: Found = {}
    for name, finding in json.loads(results)["findings"].items():
        value = finding.get("value")
        found[name] = finding.get("text") if value is None else value
        found |= {f"{name}_low": finding.get("low"), f"{name}_high": finding.get("high")}
    return found


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
            identity = call_id(self.target.name, version, given)
            if identity in calls:
                raise UsageError(f"{given} is given twice: keep one")
            own = {} if self.seed is None else {SEED: self.target.seed(derived_seed(self.seed, identity))}
            calls[identity] = Call(identity, given | own)
        return list(calls.values())


def call_id(name: str, version: str, arguments: Mapping[str, Any]) -> str:
    """Return sixteen hexadecimal digits of the SHA-256 of what is run, its version, and its arguments in any order."""
    content = {"run": name, "version": version, "arguments": arguments}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("ascii")).hexdigest()[:16]


def derived_seed(seed: int, identity: str) -> int:
    """Return the seed of one specification, from 0 up to 2**63, from that of the sweep and its id alone."""
    digest = hashlib.sha256(f"{seed}:{identity}".encode("ascii")).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def read_sweep(path: Path) -> Sweep:
    """Read and check a sweep: a TOML file, of which `docs/sweeps.md` shows some.

    A `UsageError` names the file, the key, the value and what to write.
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
