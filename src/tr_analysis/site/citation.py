"""How a page is cited, and what search engines read of the study: a description in words of schema.org, as JSON-LD."""

import json
import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from tr_analysis import paths
from tr_analysis.data.schemas import TABLES
from tr_analysis.site.downloads import ARCHIVE

AUTHORS = "tr-analysis contributors"
MIME = "application/ld+json"
LICENCES = {
    "data": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    "code": "https://opensource.org/license/mit",
}
"""Where the licences of figures and code are read."""


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
            for name, place, kind in _downloads()
        ],
    }
    software = {
        "@type": "SoftwareSourceCode",
        "name": "tr-analysis",
        "codeRepository": citation("repository-code"),
        "programmingLanguage": "Python",
        "license": LICENCES["code"],
    }
    graph = [_said(common | one) for one in (dataset, software)]
    text = json.dumps({"@context": "https://schema.org", "@graph": graph}, ensure_ascii=False, indent=1)
    return text.replace("<", "\\u003c")  # so that nothing in it can end the block


def _downloads() -> list[tuple[str, str, str]]:
    """Return title, place and kind of the archive and of each table of published figures."""
    tables = [(t.title, f"data/raw/{name}.csv", "text/csv") for name, t in TABLES.items()]
    return [("Everything in one archive", ARCHIVE, "application/zip"), *tables]


def _said(entries: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entries.items() if value != ""}
