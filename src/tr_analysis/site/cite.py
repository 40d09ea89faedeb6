"""How a page is cited, as text and for reference managers."""

import re
from collections.abc import Mapping

from markupsafe import Markup

from tr_analysis import paths

AUTHORS = "tr-analysis contributors"


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
