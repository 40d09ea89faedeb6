"""Executed notebooks as the runner leaves them, made up; and a page read element by element."""

from html.parser import HTMLParser

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tr_analysis.report import CHART_MIME, FINDINGS_MIME
from tr_analysis.site.cells import TEMPLATES

_FRAMES = {
    "cells",
    "chapter",
    "document",
    "home",
    "macros",
    "page",
}  # templates that are no page of reference
REFERENCE = sorted({path.name.partition(".")[0] for path in TEMPLATES.glob("*.html.j2")} - _FRAMES)

PNG = (  # one grey point
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
ALT = 'Line of recalls, "rising" & falling <1>'
SVG = (
    '<?xml version="1.0"?>\n<svg width="460pt" height="300pt" viewBox="0 0 460 300">'
    "<title>x</title><text>5,000</text></svg>\n"
)


def figure(**description):
    return shown(
        {"image/png": PNG, "text/csv": "month,people\n2015-02,5000\n", "text/plain": "<Figure>"},
        metadata={"image/png": description},
    )


def chart(name="placebo", alt=ALT):
    output = figure(alt=alt, name=name)
    words = {"name": name, "title": "Recall rose", "subtitle": "People, S001", "alt": alt}
    output.data[CHART_MIME] = {**words, "svg": SVG, "narrow": SVG, "heading": 60.0}
    return output


def shown(data, **rest):
    return new_output("display_data", data, **rest)


def table(text):
    html = f'<table><tr><th>Area</th><td>{text} <a href="https://example.org" title="t">S001</a></td></tr></table>'
    return shown({"text/html": html, "text/plain": text, "text/csv": f"Area\n{text}\n"})


def code(source, *outputs, name):
    return new_code_cell(source, id=name, execution_count=1, outputs=list(outputs))


def finding(value, **rest):
    """A number as the results file has it."""
    bare = dict.fromkeys(("low", "high", "n", "decimals", "text"))
    words = {
        "label": "Rise",
        "unit": "count",
        "of": "",
        "interval_basis": "sampling",
        "level": "C",
        "method": "",
    }
    return {**bare, **words, "key": True, "sources": ["S001"], "shown": [], "value": value, **rest}


def findings(found, **rest):
    """The last cell of a chapter."""
    rows = "".join(f"<tr id='number-{name}'><th>{name}</th></tr>" for name in found)
    bundle = {FINDINGS_MIME: {"findings": found, "data": {"events": "ab" * 32}, **rest}}
    return code(
        "findings",
        shown({**bundle, "text/html": f"<table>{rows}</table>", "text/csv": "name,value\n"}),
        name="findings",
    )


def save(folder, *cells, name="03-recall", title="Recall to prison", parameters=None, chapter=None):
    run = {"chapter": chapter or name, "parameters": parameters or {}, "version": "1.0.0"}
    opening = new_markdown_cell(f"# {title}\n\nDid the *number* rise?\n\nMore.", id="title")
    notebook = new_notebook(cells=[opening, *cells], metadata={"tr_analysis": run})
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    (folder / "results").mkdir(exist_ok=True)
    (folder / "results" / f"{name}.json").write_text("{}")
    return path


class Page(HTMLParser):
    """Elements with their attributes, and the text, of a page."""

    def __init__(self, path):
        super().__init__()
        self.elements, self.open, self.text = [], [], ""
        self.feed(path.read_text(encoding="utf-8"))
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), tuple(self.open)))
        if tag not in {"meta", "link", "img", "br", "source", "input"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes, _ in self.elements if name == tag]
