from collections.abc import Iterator
from functools import cache
from importlib import import_module

import pytest

SITE = "tr_analysis.site"


@pytest.fixture(scope="session", autouse=True)
def read_once() -> Iterator[None]:
    """Compile the templates, read the tables and list the estimators once for all pages made here."""
    names = (SITE, f"{SITE}.home", f"{SITE}.reference")
    site, home, reference = map(import_module, names)
    with pytest.MonkeyPatch.context() as patch:
        for module, name in (
            (site, "templates"), (reference, "load"), (reference, "estimators_page"), (home, "load")
        ):  # fmt: skip
            patch.setattr(module, name, cache(getattr(module, name)))
        yield
