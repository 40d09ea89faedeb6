from collections.abc import Iterator
from functools import cache

import pytest


@pytest.fixture(scope="session", autouse=True)
def templates() -> Iterator[None]:
    """Compile the templates once for all pages made here."""
    from tr_analysis import site

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site, "_frame", cache(site._frame))
        yield
