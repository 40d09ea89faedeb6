from collections.abc import Iterator
from functools import cache
from importlib import import_module

import pytest

SITE = "tr_analysis.site"


@pytest.fixture(scope="session", autouse=True)
def read_once() -> Iterator[None]:
    """Compile the templates and read the tables once for all pages made here."""
    site, home, reference = map(import_module, (SITE, f"{SITE}.home", f"{SITE}.reference"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site, "_frame", cache(site._frame))
        for module in (home, reference):
            patch.setattr(module, "load", cache(module.load))
        yield
