"""The bar over all cells of a run, where standard error is a terminal; a cell that takes long is named."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tqdm import tqdm

from tr_analysis.study.notebook import read_cells
from tr_analysis.study.plan import Task

_SLOW = 5  # seconds after which a cell is named


class Progress:
    """Counts cells on a bar, and knows in which cell each chapter is."""

    def __init__(self, bar: "tqdm[None]") -> None:
        self._bar = bar
        self._lock = threading.Lock()
        self._at: dict[str, tuple[str, float]] = {}

    def enter(self, chapter: str, cell: str) -> None:
        """Note that a chapter is at a cell, given in words."""
        with self._lock:
            self._at[chapter] = cell, time.monotonic()

    def advance(self, chapter: str) -> None:
        """Count a cell that ended."""
        with self._lock:
            self._at.pop(chapter, None)
            self._bar.set_description_str(chapter, refresh=False)
            self._bar.update()

    def name_slow(self) -> None:
        """Name the cell that has run longest, if it takes long."""
        with self._lock:
            if self._at:
                chapter, (cell, since) = min(self._at.items(), key=lambda item: item[1][1])
                if (seconds := time.monotonic() - since) > _SLOW:
                    self._bar.set_description_str(f"{chapter}: {seconds:.0f} s in {cell}")


@contextmanager
def progress(tasks: Sequence[Task]) -> Iterator[Progress]:
    """Show a bar over the code cells of some tasks; yield what is told where each of them is."""
    cells = [cell for task in tasks for cell in read_cells(task.chapter.path)]
    total = sum(cell["cell_type"] == "code" for cell in cells)
    # The name comes last: a narrow screen cuts it.
    layout = "|{bar:24}| {n_fmt}/{total_fmt} cells {elapsed} {desc}"
    with tqdm(total=total, disable=None, leave=False, bar_format=layout, dynamic_ncols=True) as bar:
        shown, ended = Progress(bar), threading.Event()

        def watch() -> None:
            while not (bar.disable or ended.wait(1)):
                shown.name_slow()

        watching = threading.Thread(target=watch, daemon=True)
        watching.start()
        try:
            yield shown
        finally:
            ended.set()
            watching.join()
