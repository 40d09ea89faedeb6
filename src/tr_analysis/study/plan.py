"""What a run is to do: chapters, values, folders and order, checked before a kernel starts."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tr_analysis.errors import StudyError, UsageError, nearest
from tr_analysis.paths import reports, root, sources
from tr_analysis.study.chapters import Chapter, choose, find_chapters
from tr_analysis.study.needs import needed_results, refuse_circles
from tr_analysis.study.parameters import Parameter, parse, provider_parameter, read_parameters, run_name
from tr_analysis.study.values import Value


@dataclass(frozen=True)
class Task:
    """One run of a chapter.

    Attributes
    ----------
    chapter
        The chapter.
    given
        Values handed to the notebook; its other parameters keep their defaults.
    values
        Values of all parameters.
    name, title
        Name of the files and title of the page: the chapter's own, with the provider where there is one.
    out
        Folder of the files.
    turned
        Whether this is a variant, and no part of the study.
    needs
        Names of the results of other chapters that it loads.
    reads
        Folder with them.
    after
        Names of the tasks that must be done before, because this one loads their results.
    """

    chapter: Chapter
    given: Mapping[str, Value]
    values: Mapping[str, Value]
    name: str
    title: str
    out: Path
    turned: bool
    needs: tuple[str, ...]
    reads: Path
    after: tuple[str, ...] = ()


def plan(
    names: Sequence[str] = (),
    given: Mapping[str, Any] | None = None,
    out: Path | None = None,
    *,
    all_providers: bool = False,
) -> list[Task]:
    """Check chapters, names and values of parameters, and say what is to be run and where it goes.

    With chapters named, each must know every parameter given; otherwise the chapters that know
    any of them are run, and each parameter must be known to one. A chapter with a parameter of the type
    ``Provider`` runs for every provider when the whole study does, or when asked; else for one.

    Parameters
    ----------
    names
        Chapters, as `choose` understands them; all when empty.
    given
        Parameters to turn, as text or values.
    out
        Where the files go; by default the project's reports, or a folder of their own under
        ``reports/variants`` when a parameter is turned. To name a provider turns nothing.
    all_providers
        Whether to run for every provider.

    Raises
    ------
    UsageError
        For an unknown chapter or parameter, a value not allowed, or a folder that is not for results or
        cannot be written.
    StudyError
        If a chapter loads results that nothing gives, or chapters wait for each other.
    """
    given = given or {}
    chapters = find_chapters()
    known = {chapter: read_parameters(chapter.path) for chapter in choose(names, chapters)}
    _refuse_unknown(known, given, every=bool(names))
    if given:
        known = {c: parameters for c, parameters in known.items() if any(p.name in given for p in parameters)}
    if all_providers:
        _refuse_all(known, given, every=bool(names))
    tasks: list[Task] = []
    for chapter, parameters in known.items():
        turned = {p.name: parse(p, given[p.name]) for p in parameters if p.name in given}
        tasks += _tasks(chapter, parameters, turned, out, all_providers or not (names or given))
    if out is not None:
        refuse_folder(out, turned=any(task.turned for task in tasks))
    for folder in {task.out for task in tasks}:
        _refuse_unwritable(folder)
    refuse_circles(list(known), chapters)
    return [_linked(task, tasks) for task in tasks]


def refuse_stale(tasks: Sequence[Task]) -> None:
    """Refuse results of earlier runs that were computed from other tables than those of today.

    Raises
    ------
    StudyError
        Which says what to run first.
    """
    if earlier := {name for task in tasks for name in task.needs if name not in task.after}:
        from tr_analysis.ledger import load_results  # heavy, and seldom needed

        load_results(*sorted(earlier))


def _tasks(
    chapter: Chapter,
    parameters: Sequence[Parameter],
    turned: Mapping[str, Value],
    out: Path | None,
    every: bool,
) -> Iterator[Task]:
    """Yield the runs of one chapter: one, or one for each provider."""
    defaults = {p.name: p.default for p in parameters}
    needs = needed_results(chapter.path)
    by_provider = provider_parameter(parameters)
    variant = {name: value for name, value in turned.items() if not by_provider or name != by_provider.name}
    folder = out or (reports() / "variants" / chapter.name / _label(variant) if variant else reports())
    chosen: list[dict[str, Value]] = [{}]
    if by_provider:
        one = turned.get(by_provider.name, by_provider.default)
        chosen = [{by_provider.name: value} for value in (by_provider.choices if every else (one,))]
    for choice in chosen:
        given = (
            variant | choice
        )  # a provider is always given, so that its page is the same however it was run
        title = ": ".join([chapter.title, *map(str, choice.values())])
        name = run_name(chapter.name, parameters, given)
        yield Task(chapter, given, defaults | given, name, title, folder, bool(variant), needs, reports())


def _linked(task: Task, tasks: Sequence[Task]) -> Task:
    """Find where a task's chapter reads the results it loads, and what must run before it.

    It reads what this run gives when that is everything it loads, and the project's reports otherwise.
    """
    given = {(other.out, other.name) for other in tasks}
    reads = task.out if task.needs and all((task.out, name) in given for name in task.needs) else reports()
    for name in task.needs:
        if (reads, name) not in given and not (reads / "results" / f"{name}.json").exists():
            raise StudyError(f"{task.chapter.name} loads the results of {name}, {_how_to_get(name)}")
    return replace(task, reads=reads, after=tuple(name for name in task.needs if (task.out, name) in given))


def _how_to_get(name: str) -> str:
    chapters = [chapter.name for chapter in find_chapters()]
    if name in chapters:
        return f"which has not been run: run `tr-analysis run {name}` first"
    hint = nearest(name, chapters) or f"; there are {', '.join(chapters)}"
    return f"which is no chapter{hint}"


def _refuse_all(known: Mapping[Chapter, Sequence[Parameter]], given: Mapping[str, Any], every: bool) -> None:
    """Refuse to run for every provider what knows none, or was given one."""
    by_provider = {chapter.name: provider_parameter(parameters) for chapter, parameters in known.items()}
    for chapter, parameter in by_provider.items():
        if every and not parameter:
            raise UsageError(f"{chapter} is not about one provider: leave --all away")
        if parameter and parameter.name in given:
            raise UsageError(f"--all and {parameter.name}={given[parameter.name]} contradict each other")
    if not any(by_provider.values()):
        raise UsageError("no chapter is about one provider: leave --all away")


def refuse_folder(out: Path, *, turned: bool) -> None:
    """Refuse to write results over the project's sources, or a variant over the study.

    Raises
    ------
    UsageError
        Which says what to do with ``--out``.
    """
    here = out.resolve()
    if here == root() or any(here.is_relative_to(folder) for folder in sources()):
        raise UsageError(f"--out {out} is where the project's own files are; name a folder for results")
    if turned and here == reports():
        raise UsageError(f"--out {out} holds the study; leave --out away and the variant gets its own folder")


def _refuse_unwritable(folder: Path) -> None:
    """Refuse a folder in which nothing can be made; permissions alone do not tell, so try."""
    try:
        existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        TemporaryDirectory(dir=existing, prefix=".writing-").cleanup()
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}; name another with --out") from None


def _refuse_unknown(
    known: Mapping[Chapter, Sequence[Parameter]], given: Mapping[str, Any], every: bool
) -> None:
    by_chapter = {chapter.name: {p.name for p in parameters} for chapter, parameters in known.items()}
    if not every:
        by_chapter = {"the study": set().union(*by_chapter.values())}
    for chapter, names in by_chapter.items():
        for name in given:
            if name not in names:
                hint = nearest(name, sorted(names)) or f"; it has {', '.join(sorted(names)) or 'none'}"
                raise UsageError(f"{chapter} has no parameter {name}{hint}")


def _label(turned: Mapping[str, Value]) -> str:
    """Return a folder name for a variant: ``reform=2014-06,harmonics=3``."""
    return re.sub(r"[^\w.+=,-]", "-", ",".join(f"{name}={value}" for name, value in turned.items()))
