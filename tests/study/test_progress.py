import io
import sys
from contextlib import closing

import pytest

from tr_analysis.study.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "seen"), [(Terminal(), True), (io.StringIO(), False)])
def test_the_bar_names_the_chapters_running_and_is_quiet_without_a_terminal(monkeypatch, stream, seen):
    monkeypatch.setattr(sys, "stderr", stream)
    with closing(Progress(3)) as progress, progress.running("02-reoffending"), progress.running("03-recall"):
        progress.advance()
    assert ("02-reoffending, 03-recall" in stream.getvalue()) == seen
    assert bool(stream.getvalue()) == seen
