import contextlib
import io
from pathlib import Path

import pytest

from tr_analysis.official import workbooks


def printed_here(path: Path) -> bytes:
    """Run in this process what opens a workbook: starting a process for each takes ten times as long."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        patch.setattr(workbooks, "_limit_resources", lambda: None)
        workbooks.main(str(path))
    return said.getvalue().encode()


@pytest.fixture
def apart() -> None:
    """Open workbooks in a process of its own, as outside of the tests: for what needs its bounds."""


@pytest.fixture(autouse=True)
def here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "apart" not in request.fixturenames:
        monkeypatch.setattr(workbooks, "_printed", printed_here)
