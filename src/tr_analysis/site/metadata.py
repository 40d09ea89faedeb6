"""How the study is described to others: how a page is cited, what search engines read, and what archives read.

Search engines read words of schema.org, as JSON-LD. Archives read an RO-Crate that lists the files of the study and
follows the profile Process Run Crate 0.5: a chapter's last run is a ``CreateAction`` with notebook and package as
instruments, tables and parameters as objects, and the executed notebook and its numbers as results.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from tr_analysis import __version__, paths
from tr_analysis.data.schemas import TABLES
from tr_analysis.errors import StudyError, UsageError
from tr_analysis.files import git, git_state, sha256, write_files
from tr_analysis.site.downloads import ARCHIVE, archive
from tr_analysis.study.plan import Task, plan, refuse_folder
from tr_analysis.study.records import Records, changes

if TYPE_CHECKING:
    from rocrate.rocrate import ROCrate

AUTHORS = "tr-analysis contributors"
MIME = "application/ld+json"
LICENCES = {
    "data": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    "code": "https://opensource.org/license/mit",
}
"""Where the licences of figures and code are read."""
CRATE_FILE = "ro-crate-metadata.json"
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


def cite(study: str, title: Markup, version: str, commit: str) -> dict[str, str]:
    """Return the parts of how a page of the study is cited, by the name of each in BibTeX.

    ``title`` is that of the page, as HTML; that of the home page is the study's own.
    """
    own = title.unescape().removesuffix(study).rstrip(" –")
    state = f"tr-analysis {version}" + (f", commit {commit}" if commit else "")
    note = f"{study}, {state}" if own else state
    return {"author": AUTHORS, "title": own or study, "year": citation("date-released")[:4], "note": note}


def bibtex(page: str, parts: Mapping[str, str]) -> str:
    """Write the parts as an entry for reference managers, its key after the page's file, which keeps its name.

    The second braces keep names and capitals as they are.
    """
    lines = [f"  {name} = {{{{{words}}}}}," for name, words in parts.items() if words]
    return "\n".join([f"@misc{{tr-analysis-{page},", *lines, "}"])


def citation(entry: str) -> str:
    """Return an entry of one line of the citation file; nothing where there is no such entry or file."""
    file = paths.root() / "CITATION.cff"
    text = file.read_text("utf-8") if file.exists() else ""
    found = re.search(rf'^{entry}: "?([^"\n]+)', text, re.MULTILINE)
    return found[1] if found else ""


def metadata(title: str, version: str) -> str:
    """Describe the figures as a data set and the package as software, as JSON that can stand within a page.

    ``title`` is that of the study. What the citation file does not say is left out.
    """
    offered = [("Everything in one archive", ARCHIVE, "application/zip")]
    offered += [(table.title, f"data/raw/{name}.csv", "text/csv") for name, table in TABLES.items()]
    common = {
        "creator": {"@type": "Organization", "name": AUTHORS},
        "version": version,
        "datePublished": citation("date-released"),
        "inLanguage": "en-GB",
    }
    dataset = {
        "@type": "Dataset",
        "name": title,
        "description": "Published figures on the outcomes of Transforming Rehabilitation, the probation reform of "
        "England and Wales, each with its source, and what this study recalculates from them.",
        "license": LICENCES["data"],
        "isAccessibleForFree": True,
        "temporalCoverage": "2014/2021",
        "spatialCoverage": {"@type": "Place", "name": "England and Wales"},
        "distribution": [
            {"@type": "DataDownload", "name": name, "contentUrl": place, "encodingFormat": kind}
            for name, place, kind in offered
        ],
    }
    software = {
        "@type": "SoftwareSourceCode",
        "name": "tr-analysis",
        "codeRepository": citation("repository-code"),
        "programmingLanguage": "Python",
        "license": LICENCES["code"],
    }
    graph = [{name: value for name, value in (common | one).items() if value} for one in (dataset, software)]
    text = json.dumps({"@context": "https://schema.org", "@graph": graph}, ensure_ascii=False, indent=1)
    return text.replace("<", "\\u003c")  # so that nothing in it can end the block


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
    content = {**files, CRATE_FILE: f"{text}\n".encode()}
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
