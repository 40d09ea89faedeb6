from collections.abc import Iterator
from functools import cache
from importlib import import_module

import pytest


@pytest.fixture(scope="session", autouse=True)
def read_once() -> Iterator[None]:
    """Compile the templates and read the tables once for all pages made here."""
    site, home = map(import_module, ("tr_analysis.site", "tr_analysis.site.home"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site, "_frame", cache(site._frame))
        for module in (site, home):
            patch.setattr(module, "load", cache(module.load))
        yield
