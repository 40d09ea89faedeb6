from collections.abc import Iterator
from functools import cache
from importlib import import_module

import pytest


@pytest.fixture(scope="session", autouse=True)
def read_once() -> Iterator[None]:
    """Compile the templates, read the tables and list the estimators once for all pages made here."""
    site, home = map(import_module, ("tr_analysis.site", "tr_analysis.site.home"))
    with pytest.MonkeyPatch.context() as patch:
        for module, name in (
            (site, "templates"), (site, "load"), (site, "estimators_page"), (home, "load")
        ):  # fmt: skip
            patch.setattr(module, name, cache(getattr(module, name)))
        yield
