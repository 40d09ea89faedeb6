"""What archives read of the study: an RO-Crate that lists its files, and says of each chapter how it was last run.

It follows the profile Process Run Crate 0.5: a chapter's run is a ``CreateAction`` with notebook and package as
instruments, tables and parameters as objects, and the executed notebook and its numbers as results.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from tr_analysis import __version__, paths
from tr_analysis.data.schemas import TABLES
from tr_analysis.errors import StudyError, UsageError
from tr_analysis.files import git, git_state, sha256, write_files
from tr_analysis.site.citation import AUTHORS, LICENCES, citation
from tr_analysis.site.downloads import archive
from tr_analysis.study.plan import Task, plan, refuse_folder
from tr_analysis.study.records import Records, changes

if TYPE_CHECKING:
    from rocrate.rocrate import ROCrate

METADATA = "ro-crate-metadata.json"
_VERSION = "1.1"  # of RO-Crate, on which the profile stands
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_KINDS = {
    ".csv": "text/csv",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".md": "text/markdown",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}


def write_crate(out: Path) -> Path:
    """Write the committed files of the study, with their description, to a folder or, as named, to a ``.zip``.

    A `StudyError` says what was not run, or changed since: the description would say what is not so.
    """
    files = committed()
    tasks, records = plan(), Records(paths.reports())
    for change in changes(tasks, {paths.reports(): records}, force=False):
        if change.why:
            why = "; ".join(change.why)
            raise StudyError(
                f"{change.task.name} is not as it was last run ({why}): run `tr-analysis run` first"
            )
    described = describe(files, tasks, records)
    text = json.dumps(described, indent=1, sort_keys=True, ensure_ascii=False)
    content = {**files, METADATA: f"{text}\n".encode()}
    if out.suffix == ".zip":
        return write_files(out.parent, {out.name: archive(content, "")})[0]
    refuse_folder(out, is_variant=True)
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty; name a new folder, or a file that ends in .zip")
    return write_files(out, content)[-1]


def committed() -> dict[str, bytes]:
    """Return the files that git keeps of the project, as they are now, by their place."""
    listed = git("ls-files", "-z").split("\0")
    files = {name: path.read_bytes() for name in listed if (path := paths.root() / name).is_file()}
    if not files:
        raise StudyError(f"{paths.root()} is no clone: a crate holds what git keeps, so make it in one")
    return files


def describe(files: Mapping[str, bytes], tasks: Sequence[Task], records: Records) -> dict[str, Any]:
    """Return the description of some files, and of the runs on record of some chapters, as JSON-LD."""
    from rocrate.rocrate import ROCrate  # heavy, and needed here only

    crate = ROCrate(version=_VERSION)
    crate.metadata.extra_terms["sha256"] = "http://schema.org/sha256"  # newer than the terms of that version
    home = citation("repository-code")
    authors = _about(crate, "#authors", "Organization", name=AUTHORS, url=home)
    licences = [
        _about(crate, url, "CreativeWork", name=f"Licence of the {what}") for what, url in LICENCES.items()
    ]
    needs = {"softwareVersion": __version__, "softwareRequirements": {"@id": "requirements.lock"}}
    software = _about(crate, home, "SoftwareApplication", name="tr-analysis", url=home, **needs)
    _add_files(crate, files, {task.chapter.path.name: task.chapter.title for task in tasks})
    study = {
        "name": citation("title"),
        "description": "Published figures on the probation reform of England and Wales, the notebooks that "
        "recalculate from them, what each gave when it was last run, and the package that they stand on.",
        "datePublished": citation("date-released"),
        "version": ", commit ".join(filter(None, [__version__, git_state()])),
        "author": authors,
        "publisher": authors,
        "license": licences,
        "conformsTo": _about(crate, _PROFILE, "CreativeWork", name="Process Run Crate", version="0.5"),
        "mentions": [_run(crate, task, records, software, authors) for task in tasks],
    }
    for name, value in study.items():
        crate.root_dataset[name] = value
    return dict(crate.metadata.generate())


def _about(crate: "ROCrate", identifier: str, kind: str, **said: Any) -> Any:
    """Add what is no file, and return it."""
    from rocrate.model import ContextEntity

    return crate.add(ContextEntity(crate, identifier, {"@type": kind, **said}))


def _add_files(crate: "ROCrate", files: Mapping[str, bytes], chapters: Mapping[str, str]) -> None:
    """Describe each file; a notebook is what was run, so that it is software as well."""
    for name, content in sorted(files.items()):
        place = PurePosixPath(name)
        table = TABLES.get(place.stem) if place.suffix == ".csv" else None
        said: dict[str, Any] = {
            "name": table.title if table else chapters.get(place.name, place.name),
            "encodingFormat": _KINDS.get(place.suffix, "text/plain"),
            "contentSize": str(len(content)),
            "sha256": sha256(content),
        }
        if name.startswith("notebooks/") and place.suffix == ".ipynb":
            said |= {"@type": ["File", "SoftwareSourceCode"], "version": __version__}
        crate.add_file(dest_path=name, properties=said)


def _run(crate: "ROCrate", task: Task, records: Records, software: Any, agent: Any) -> Any:
    """Describe the last run of a chapter; what it read or gave and git does not keep is left out."""
    name, ran = task.name, records.ran(task.name)
    results = json.loads((task.out / "results" / f"{name}.json").read_bytes())
    loaded = [f"reports/results/{other}.json" for other in task.needs]
    read = [f"data/processed/{table}.csv" for table in sorted(results["data"])] + loaded
    gave = [f"reports/{place}" for place in records.files(name)]
    values = [
        _about(crate, f"#{name}/{parameter}", "PropertyValue", name=parameter, value=value)
        for parameter, value in task.values.items()
    ]
    return _about(
        crate,
        f"#{name}",
        "CreateAction",
        name=f"Run of {task.title}",
        description=f"Executed with papermill on {ran['on']}.",
        startTime=ran["began"],
        endTime=ran["ended"],
        actionStatus="http://schema.org/CompletedActionStatus",
        agent=agent,
        instrument=[crate.get(f"notebooks/{task.chapter.path.name}"), software],
        object=[*filter(None, map(crate.get, read)), *values],
        result=[*filter(None, map(crate.get, gave))],
    )
