"""What README, package and paper say of the study, kept true by the command that writes it.

It writes the README's findings, figure and map of the chapters, the package's list of estimators, and the numbers of
the paper.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tr_analysis import estimators, paths
from tr_analysis.errors import StudyError, nearest
from tr_analysis.files import write_files
from tr_analysis.ledger.results import NAMED, home_findings, home_sentences, number_words
from tr_analysis.report.finding import Finding
from tr_analysis.study.chapters import Chapter, find_chapters
from tr_analysis.study.notebook import read_cells
from tr_analysis.study.parameters import provider_parameter, read_parameters, run_name

ANSWERS = 4  # as many as the home page has at its top
FIGURE = ("02-reoffending", "side-by-side")
PACKAGE = "src/tr_analysis/__init__.py"
PAPER, TEMPLATE = "paper/paper.md", "paper/template.md"


def _executed(chapter: str, place: str) -> Path:
    """Return a file that a chapter's run leaves, by its place in the reports folder."""
    path = paths.reports() / place
    if not path.exists():
        raise StudyError(f"{chapter} has not been run yet: run `tr-analysis run {chapter}` first")
    return path


def _pictures(chapter: str, run: str) -> dict[str, dict[str, Any]]:
    """Return the metadata of the pictures of a chapter's run, by name."""
    outputs = [o for cell in read_cells(_executed(chapter, f"{run}.ipynb")) for o in cell.get("outputs", [])]
    pictures = [o["metadata"]["image/png"] for o in outputs if "image/png" in o.get("metadata", {})]
    return {picture["name"]: picture for picture in pictures}


def findings() -> str:
    """Write the first questions of the home page, each with its answer and the chapter that gives it."""
    sentences, lines = home_sentences(), []
    for question, numbers in list(home_findings().items())[:ANSWERS]:
        answer = NAMED.sub(_number, sentences[question])
        lines.append(f"- **{question}** {answer} [How we know](reports/{numbers[0].chapter}.ipynb)")
    return "\n".join(lines)


def _number(found: re.Match[str]) -> str:
    """Write a number that a sentence names, from the results of its chapter."""
    chapter, name = found[1], found[2]
    results = json.loads(_executed(chapter, f"results/{chapter}.json").read_bytes())
    try:
        if "origin" in results:
            raise ValueError("the chapter's figures are simulated")
        return number_words(found, Finding(name, **results["findings"][name]))
    except (KeyError, ValueError) as error:
        hint = nearest(name, results["findings"])
        raise StudyError(
            f"{found[0]} cannot be shown ({error}): name a key number of {chapter}{hint}"
        ) from None


def figure() -> str:
    """Write the README's figure with its alternative text, as the executed chapter has it."""
    chapter, name = FIGURE
    return f"![{_pictures(chapter, chapter)[name]['alt']}](reports/figures/{chapter}/{name}.png)"


def chapter_map() -> str:
    """Write the table of chapters: question, parameters, tables read, results and figures written."""
    header = "| chapter | question | parameters | reads | writes |\n|---|---|---|---|---|"
    return "\n".join([header, *(_row(chapter) for chapter in find_chapters())])


def _row(chapter: Chapter) -> str:
    parameters = read_parameters(chapter.path)
    run = run_name(chapter.name, parameters, {})
    results = json.loads(_executed(chapter.name, f"results/{run}.json").read_bytes())
    by_provider = provider_parameter(parameters)
    each = f"for each of {len(by_provider.choices)} providers, as " if by_provider else ""
    figures = ", ".join(f"`{name}`" for name in _pictures(chapter.name, run))
    files = f"[`{run}.ipynb`](reports/{run}.ipynb), [`results/{run}.json`](reports/results/{run}.json)"
    cells = [
        f"[`{chapter.name}`](notebooks/{chapter.name}.ipynb)",
        chapter.question,
        ", ".join(f"`{p.name}`" for p in parameters),
        ", ".join(f"`{name}`" for name in sorted(results["data"])),
        f"{each}{files}, figures {figures}",
    ]
    return f"| {' | '.join(cells)} |"


def renewed(text: str) -> str:
    """Return the README's text with its findings, its figure and its map renewed, or refuse one that lost the marks around them."""
    for name, write in (("findings", findings), ("figure", figure), ("map", chapter_map)):
        begin, end = f"<!-- {name}: written by `tr-analysis readme` -->", f"<!-- end of {name} -->"
        parts = re.split(f"{re.escape(begin)}.*{re.escape(end)}", text, flags=re.DOTALL)
        if len(parts) != 2:
            raise StudyError(f"README.md: the place of its {name} is lost; put it back, once: {begin} {end}")
        text = f"{parts[0]}{begin}\n{write()}\n{end}{parts[1]}"
    return text


def listed(text: str) -> str:
    """Return the text of the package's first module with the list of estimators in its docstring renewed."""
    head, mark, rest = text.partition("\nEstimators\n----------\n")
    _, end, tail = rest.partition('"""')
    if not end:
        raise StudyError(f"{PACKAGE}: its docstring has no section Estimators any more; put it back")
    lines = [f"- ``{row['name']}``: {row['question']}\n" for row in estimators.index().to_dict("records")]
    return "".join([head, mark, *lines, end, tail])


def filled(template: str) -> str:
    """Return the paper's template with each key number, as in the sentences of the home page, written out."""
    return NAMED.sub(_number, template)


def renew(*, check: bool) -> list[Path]:
    """Renew the README, in a checkout the package's list of estimators, and the paper; or only check that they are true.

    One that lost its marks, or is not what the study says where it is only to be checked, is a `StudyError`.
    """
    files: dict[str, tuple[str, Callable[[str], str]]] = {
        "README.md": ("findings, figure or map is not the study's", renewed)
    }
    if (paths.root() / PACKAGE).is_file():
        files[PACKAGE] = ("the list of estimators is not theirs", listed)
    if (template := paths.root() / TEMPLATE).is_file():
        files[PAPER] = (
            f"is not {TEMPLATE} with the study's numbers",
            lambda _: filled(template.read_text("utf-8")),
        )
    changed = {}
    for name, (fault, write) in files.items():
        path = paths.root() / name
        old = path.read_text("utf-8") if path.exists() else ""
        if (new := write(old)) != old:
            if check:
                raise StudyError(f"{name}: {fault}; run `tr-analysis readme`")
            changed[name] = new.encode()
    write_files(paths.root(), changed)
    return [paths.root() / name for name in files]
