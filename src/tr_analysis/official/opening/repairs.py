"""What the library leaves out of a sheet and must be put back or taken away: errors, covered cells, formulas."""

from collections.abc import Sequence
from typing import Any

from tr_analysis.official.opening import limits
from tr_analysis.official.opening.limits import FileError, letters


class Repairs:
    """Corrections to one sheet, by row and column from 0.

    Attributes
    ----------
    errors
        What a cell in error shows, such as ``#N/A``; the library gives such a cell as empty.
    covered
        By row, from which to which column cells lie under a merged one and show nothing.
    unstored
        Cells whose formula came without its value.
    """

    def __init__(self) -> None:
        self.errors: dict[tuple[int, int], str] = {}
        self.covered: dict[int, list[tuple[int, int]]] = {}
        self.unstored: list[tuple[int, int]] = []
        self._covered = 0

    def cover(self, row: int, first: int, last: int) -> None:
        """Note that cells of a row lie under a merged one.

        Raises
        ------
        FileError
            If there are more of them than any table has.
        """
        self._covered += 1
        if self._covered > limits.MERGED:
            raise FileError("has more merged cells than a table can have")
        self.covered.setdefault(row, []).append((first, last))

    def fail(self, row: int, column: int, width: int = 1, shown: str = "") -> None:
        """Note that cells of a row show an error.

        Raises
        ------
        FileError
            If there are more of them than any table has.
        """
        if len(self.errors) + width > limits.ERRORS:
            raise FileError(f"has more than {limits.ERRORS} cells in error")
        self.errors.update({(row, place): shown or "#ERROR" for place in range(column, column + width)})

    def merge(self, ranges: Sequence[tuple[tuple[int, int], tuple[int, int]]], rows: int) -> None:
        """Note what merged ranges cover, all of each but its first cell, down to the last row there is."""
        for (top, left), (bottom, right) in ranges:
            self.cover(top, left + 1, right)
            for row in range(top + 1, min(bottom, rows - 1) + 1):
                self.cover(row, left, right)

    def row(self, number: int, cells: list[Any]) -> list[Any]:
        """Return a row put right."""
        for first, last in self.covered.get(number, ()):
            for column in range(first, min(last, len(cells) - 1) + 1):
                cells[column] = None
        return cells

    def refuse_unstored(self) -> None:
        """Raise for formulas without a value: to work them out would be to guess what the publisher saw.

        Raises
        ------
        FileError
            Naming the first of them, and how many there are.
        """
        if self.unstored:
            row, column = self.unstored[0]
            more = f" ({len(self.unstored)} such cells)" if len(self.unstored) > 1 else ""
            raise FileError(
                f"holds a formula without its value{more}; open it in a spreadsheet and save it again",
                row=row + 1,
                column=letters(column),
            )
