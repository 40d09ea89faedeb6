import contextlib
import io
from pathlib import Path

import pytest

from tr_analysis.official import isolation, workbooks


class Here:
    """Runs in this process what opens a workbook: starting a process for each takes ten times as long."""

    def __init__(self, path: Path, kind: str):
        said = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
            patch.setattr(isolation, "_limit_resources", lambda: None)
            isolation.main(str(path), kind)
        self.stdout = io.BytesIO(said.getvalue().encode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def kill(self):
        pass


@pytest.fixture
def apart() -> None:
    """Open workbooks in a process of its own, as outside of the tests: for what needs its bounds."""


@pytest.fixture(autouse=True)
def here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "apart" not in request.fixturenames:
        monkeypatch.setattr(workbooks, "_start", Here)
