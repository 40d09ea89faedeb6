"""What a sweep runs: a function or a chapter, and how its arguments are checked before anything starts."""

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from tr_analysis.errors import StudyError, UsageError, nearest
from tr_analysis.paths import notebooks, reports
from tr_analysis.study.chapters import choose, find_chapters
from tr_analysis.study.needs import needed_results
from tr_analysis.study.parameters import Parameter, parse, read_parameters
from tr_analysis.sweep.identity import canonical
from tr_analysis.sweep.outcome import Outcome, function_outcome, results_outcome
from tr_analysis.sweep.version import hashed, module_sources

SEED = "seed"


@dataclass(frozen=True)
class FunctionTarget:
    """A function of an importable module.

    Attributes
    ----------
    name
        ``module:function``.
    folder
        Where modules that are not installed are looked for: the folder of the sweep's file.
    """

    name: str
    folder: str

    def check(self, arguments: Mapping[str, Any], *, seeded: bool) -> dict[str, Any]:
        """Return the arguments, or refuse what the function does not take.

        Raises
        ------
        UsageError
            For an unknown or missing argument, or a value that is no plain one.
        """
        known = inspect.signature(self.function()).parameters
        open_ended = any(p.kind is p.VAR_KEYWORD for p in known.values())
        takes_seed = SEED in known or open_ended
        if seeded and not takes_seed:
            raise UsageError(f"seed: {self.name} takes no seed; leave it out")
        for name in arguments:
            if name not in known and not open_ended:
                hint = nearest(name, known) or f"; it takes {', '.join(known) or 'nothing'}"
                raise UsageError(f"{name}: {self.name} has no such argument{hint}")
        for p in known.values():
            given = p.name in arguments or (seeded and p.name == SEED)
            if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL) and not given:
                remedy = "seed = 1 at the top" if p.name == SEED else "a value in [fixed] or a list in [grid]"
                raise UsageError(f"{p.name}: {self.name} needs it; give {remedy}")
        try:
            canonical(arguments, "arguments")
        except ValueError as error:
            raise UsageError(str(error)) from None
        return dict(arguments)

    def identifying(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the arguments that the id is made from."""
        return given

    def function(self) -> Callable[..., Any]:
        """Import the function.

        Raises
        ------
        UsageError
            If there is no such module or function.
        """
        return _imported(self)

    def version(self) -> str:
        """Return a hash of the code and the tables that the function stands on."""
        return hashed(module_sources(self.function().__module__))

    def seed(self, seed: int) -> int:
        """Return a seed as the function takes it."""
        return seed

    def run(self, arguments: Mapping[str, Any], identity: str) -> tuple[Outcome, dict[str, bytes]]:
        """Call the function: what it found, and no files."""
        return function_outcome(self.function()(**arguments)), {}


@cache
def _imported(target: FunctionTarget) -> Callable[..., Any]:
    module, colon, function = target.name.partition(":")
    if not (colon and module and function.isidentifier()):
        raise UsageError(f"name: {target.name!r} is not of the form module:function")
    if target.folder not in sys.path:
        sys.path.append(target.folder)
    try:
        found = getattr(import_module(module), function)
    except ImportError as error:
        raise UsageError(
            f"name: {module} cannot be imported ({error}); install it, or put it beside this file"
        ) from None
    except AttributeError:
        hint = nearest(function, vars(sys.modules[module]))
        raise UsageError(f"name: {module} has no function {function}{hint}") from None
    if not inspect.isroutine(found):
        raise UsageError(f"name: {target.name} is no function; name one that takes plain arguments")
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
        return notebooks() / f"{self.name}.ipynb"

    def check(self, arguments: Mapping[str, Any], *, seeded: bool) -> dict[str, Any]:
        """Return the values in the types that the chapter declares, or refuse what it does not know.

        Raises
        ------
        UsageError
            For an unknown parameter or a value that is not allowed.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        if seeded and SEED not in known:
            raise UsageError(f"seed: {self.name} has no parameter seed; leave it out")
        for name in arguments:
            if name not in known:
                hint = nearest(name, known) or f"; it has {', '.join(known) or 'none'}"
                raise UsageError(f"{name}: {self.name} has no such parameter{hint}")
        return {name: parse(known[name], value) for name, value in arguments.items()}

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """What may be turned."""
        return read_parameters(self.path)

    def identifying(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the values of all parameters: to give a default is to give nothing."""
        return {**{parameter.name: parameter.default for parameter in self.parameters}, **given}

    def version(self) -> str:
        """Return a hash of the notebook, the results it loads, and the code and tables it stands on.

        Raises
        ------
        StudyError
            If results that it loads are not there.
        """
        needed = [reports() / "results" / f"{name}.json" for name in needed_results(self.path)]
        if missing := next((path for path in needed if not path.exists()), None):
            raise StudyError(f"{self.name} loads {missing.name}; run `tr-analysis run {missing.stem}` first")
        return hashed((path.name, path.read_bytes()) for path in (self.path, *needed))

    def seed(self, seed: int) -> int:
        """Return a seed within the bounds that the chapter sets."""
        (parameter,) = (p for p in self.parameters if p.name == SEED)
        if parameter.low is None or parameter.high is None:
            return seed
        low, high = int(parameter.low), int(parameter.high)
        return low + seed % (high - low + 1)

    def run(self, arguments: Mapping[str, Any], identity: str) -> tuple[Outcome, dict[str, bytes]]:
        """Run the chapter: its key numbers, and its files."""
        from tr_analysis.sweep.chapters import run_chapter

        files = run_chapter(self.name, arguments, identity)
        (results,) = (content for path, content in files.items() if path.startswith("results/"))
        return results_outcome(results), files


Target = FunctionTarget | ChapterTarget
