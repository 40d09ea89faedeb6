"""Words as files and addresses bear them."""

import re


def slugify(name: str) -> str:
    """Return a name in small letters with dashes: ``nps-wales`` of ``NPS Wales``."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower())
