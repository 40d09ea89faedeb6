"""The pages of a made-up study, as the site's templates frame them."""

PAGES = {
    "index": "<h1>The study</h1><p>What became of <b>it</b>?</p>",
    "03-recall": '<h1 id="recall">Recall &amp; prison</h1><h2 id="answer">Answer</h2>'
    '<p aria-labelledby="recall answer">See <a href="#answer">here</a>, <a href="sources.html#S002">S002</a>, '
    '<a href="04-inspection.html">next</a>, <a href="index.html#rungs">rungs</a>, '
    '<a href="#licences">licences</a>.</p>'
    '<a download href="figures/03-recall/flow.csv">Data</a><a href="https://example.org/?a=1&amp;b=2#c">out</a>'
    '<pre>id="answer" &lt; &#8722;1</pre>',
    "04-inspection": '<h1>Inspection</h1><h2 id="answer">Answer</h2>',
    "provider-wales": '<h1>One provider: Wales</h1><img alt="A line" src="data:image/svg+xml;base64,AAAA">',
    "sources": '<h1>Sources</h1><table><tr id="S002"><td>2</td></tr></table>',
    "404": "<h1>There is no such page</h1>",
}


FOOT = '<footer><section><h2 id="licences">Licences</h2><p>Open <b>licence</b></p></section></footer>'


def save(folder, **changed):
    """Write the pages; those given are changed, and one without text has no main part."""
    pages = []
    for name, text in (PAGES | changed).items():
        main = f'<main id="main">{text}</main>' if text else ""
        page = folder / f"{name}.html"
        page.write_text(f'<html><body><a href="#main">Skip</a>{main}{FOOT}</body></html>', "utf-8")
        pages.append(page)
    return pages
