"""What a run is to do: chapters, values, folders and order, and the tables that they stand on.

Light to import and to ask, for it is asked at every run.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tr_analysis import paths
from tr_analysis.errors import StudyError, UsageError, nearest
from tr_analysis.paths import reports, root, sources
from tr_analysis.study.chapters import Chapter, choose, find_chapters, refuse_circles
from tr_analysis.study.notebook import needed_results
from tr_analysis.study.parameters import (
    Parameter,
    Value,
    parse,
    provider_parameter,
    read_parameters,
    run_name,
)


@dataclass(frozen=True)
class Task:
    """One run of a chapter."""

    chapter: Chapter
    given: Mapping[str, Value]  # handed to the notebook
    values: Mapping[str, Value]  # of all its parameters
    name: str  # of the files: the chapter's, with the provider where there is one
    title: str  # of the page, likewise
    out: Path  # folder of the files
    is_variant: bool  # a parameter differs from the study's, so that this is no part of it
    needs: tuple[str, ...]  # names of the results that it loads
    reads: Path  # folder with these
    after: tuple[str, ...] = ()  # tasks that must be done before, because this one loads their results


def plan(
    names: Sequence[str] = (), given: Mapping[str, Any] | None = None, out: Path | None = None
) -> list[Task]:
    """Check chapters, names and values of parameters, and say what is to be run and where it goes.

    With chapters named, as `choose` understands them, each must know every parameter given; otherwise the chapters
    that know any of them are run, and each parameter must be known to one. A chapter with a parameter of the type
    ``Provider`` runs for every provider, unless one is given, which changes nothing. Files go to ``out``, by default
    the project's reports, or a folder of their own under ``reports/variants`` when a parameter is changed. What is
    unknown or not allowed is a `UsageError`, results that nothing gives or that wait for each other a `StudyError`.
    """
    given = given or {}
    chapters = find_chapters()
    known = {chapter: read_parameters(chapter.path) for chapter in choose(names, chapters)}
    _refuse_unknown(known, given, each=bool(names))
    tasks = [
        task
        for chapter, parameters in known.items()
        if not given or any(p.name in given for p in parameters)
        for task in _tasks(chapter, parameters, given, out)
    ]
    if out is not None:
        refuse_folder(out, is_variant=any(task.is_variant for task in tasks))
    for folder in {task.out for task in tasks}:
        _refuse_unwritable(folder)
    linked = [_linked(task, tasks, chapters) for task in tasks]
    refuse_circles({task.name: task.after for task in linked})
    return linked


def refuse_stale(tasks: Sequence[Task]) -> None:
    """Refuse with a `StudyError` results of earlier runs that were computed from other tables than those of today."""
    if earlier := {name for task in tasks for name in task.needs if name not in task.after}:
        from tr_analysis.ledger import load_results  # heavy, and seldom needed

        load_results(*sorted(earlier))


def _tasks(
    chapter: Chapter, parameters: Sequence[Parameter], given: Mapping[str, Any], out: Path | None
) -> Iterator[Task]:
    """Yield the runs of one chapter: one, or one for each provider."""
    values = {p.name: parse(p, given[p.name]) for p in parameters if p.name in given}
    defaults = {p.name: p.default for p in parameters}
    needs = needed_results(chapter.path)
    chosen: list[dict[str, Value]] = [{}]
    if by_provider := provider_parameter(parameters):
        name = by_provider.name  # always handed over: a page is the same however it was run
        chosen = [{name: value} for value in ([values.pop(name)] if name in values else by_provider.choices)]
    folder = out or (reports() / "variants" / chapter.name / _label(values) if values else reports())
    for choice in chosen:
        handed = values | choice
        title = ": ".join([chapter.title, *map(str, choice.values())])
        run = run_name(chapter.name, parameters, handed)
        yield Task(chapter, handed, defaults | handed, run, title, folder, bool(values), needs, reports())


def _linked(task: Task, tasks: Sequence[Task], chapters: Sequence[Chapter]) -> Task:
    """Let a task read what this run gives when that is everything it loads, and the project's reports otherwise."""
    given = {(other.out, other.name) for other in tasks}
    reads = task.out if task.needs and all((task.out, name) in given for name in task.needs) else reports()
    for name in task.needs:
        if (reads, name) not in given and not (reads / "results" / f"{name}.json").exists():
            known = [chapter.name for chapter in chapters]
            hint = nearest(name, known) or f"; there are {', '.join(known)}"
            unrun = f"has not been run: run `tr-analysis run {name}` first"
            why = unrun if name in known else f"is no chapter{hint}"
            raise StudyError(f"{task.chapter.name} loads the results of {name}, which {why}")
    return replace(task, reads=reads, after=tuple(name for name in task.needs if (task.out, name) in given))


def refuse_folder(out: Path, *, is_variant: bool) -> None:
    """Refuse with a `UsageError` to write results over the project's sources, or a variant over the study."""
    here = out.resolve()
    if here == root() or any(here.is_relative_to(folder) for folder in sources()):
        raise UsageError(f"--out {out} is where the project's own files are; name a folder for results")
    if is_variant and here == reports():
        raise UsageError(f"--out {out} holds the study; without --out the variant gets its own folder")


def _refuse_unwritable(folder: Path) -> None:
    """Refuse a folder in which nothing can be made; permissions alone do not tell, so try."""
    try:
        existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        TemporaryDirectory(dir=existing, prefix=".writing-").cleanup()
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}; name another with --out") from None


def _refuse_unknown(
    known: Mapping[Chapter, Sequence[Parameter]], given: Mapping[str, Any], *, each: bool
) -> None:
    by_chapter = {chapter.name: {p.name for p in parameters} for chapter, parameters in known.items()}
    if not each:
        by_chapter = {"the study": set().union(*by_chapter.values())}
    for chapter, names in by_chapter.items():
        for name in given:
            if name not in names:
                hint = nearest(name, sorted(names)) or f"; it has {', '.join(sorted(names)) or 'none'}"
                raise UsageError(f"{chapter} has no parameter {name}{hint}")


def _label(values: Mapping[str, Value]) -> str:
    """Return a folder name for a variant: ``reform=2014-06,harmonics=3``."""
    return re.sub(r"[^\w.+=,-]", "-", ",".join(f"{name}={value}" for name, value in values.items()))


def build_tables() -> list[Path]:
    """Check the raw files and build every table; return the files written: all or, on a `DataError`, none."""
    from tr_analysis.data.pipeline import read_raw, write_tables  # heavy, and seldom needed

    raw = read_raw()
    official = build_official_tables()
    return [*write_tables(raw), *official]


def build_official_tables() -> list[Path]:
    """Build the tables of the official files, or remove them with the last of these; without any, do nothing."""
    if not (paths.official().is_dir() or paths.official_tables().is_dir()):
        return []
    from tr_analysis.official.store import build_official  # heavy, and seldom needed

    return build_official()
