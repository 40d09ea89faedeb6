"""The list of contents of a page, read off its headings."""

import re

_HEADING = re.compile(r'<h([23]) id="([^"]+)"[^>]*>(.*?)</h\1>', re.DOTALL)


def entries(body: str) -> list[tuple[int, str, str]]:
    """Return level, place and words of the headings of the second and third level, in order."""
    return [
        (int(level), place, re.sub("<[^>]+>", "", words)) for level, place, words in _HEADING.findall(body)
    ]
