"""A progress bar that names the chapters running; silent when nobody watches."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm


class Progress:
    """A bar over the code cells of all chapters, on standard error when that is a terminal.

    Parameters
    ----------
    cells
        How many cells there are to execute.
    """

    def __init__(self, cells: int) -> None:
        self._lock = threading.Lock()
        self._running: list[str] = []
        layout = (
            "|{bar:24}| {n_fmt}/{total_fmt} cells {elapsed} {desc}"  # names last: a narrow screen cuts them
        )
        self._bar = tqdm(total=cells, disable=None, leave=False, bar_format=layout, dynamic_ncols=True)

    @contextmanager
    def running(self, chapter: str) -> Iterator[None]:
        """Name a chapter in the bar while it runs."""
        self._running.append(chapter)
        self._show()
        try:
            yield
        finally:
            self._running.remove(chapter)
            self._show()

    def advance(self) -> None:
        """Count one executed cell."""
        with self._lock:
            self._bar.update()

    def _show(self) -> None:
        with self._lock:
            self._bar.set_description_str(", ".join(self._running))

    def close(self) -> None:
        """Take the bar off the screen."""
        self._bar.close()
