"""What a file may hold before it is refused, and the fault that says so: light, for every child process imports it."""

MEGABYTE = 1 << 20
FILE_BYTES = 100 * MEGABYTE  # the largest official workbook known is a tenth of it
UNPACKED_BYTES = 512 * MEGABYTE  # of all parts of a zip together
PACKED_TIMES = 250  # how often the packed size a part of more than 20 MB may unpack to; sheets reach about 30
PARTS = 5_000
SHEETS = 500
CELLS = 10_500_000  # of all sheets, gaps included: ten columns of a full sheet
COLUMNS = 702  # A to ZZ
TEXT = 32_767  # characters in a cell, which is Excel's own limit
TEXTS = 200_000_000  # characters in all cells
MERGED = 500_000  # rows of merged ranges
REPEATED = 10_000  # times that an ods may say a row with something in it is there
ERRORS = 100_000  # cells that show one, such as #N/A
MEMORY = 2_000 * MEGABYTE  # of the child process that reads a workbook
SECONDS = 60  # of processor time there, and twice of wall clock
RECORD = 1_000_000  # characters in a row of a CSV file, over however many lines


class FileError(Exception):
    """What is wrong with a file, and where in it, before the file's name is added.

    Parameters
    ----------
    rule
        What is wrong and what to do.
    sheet, row, column, value
        Where it is, as far as it is anywhere; rows count from 1, columns are letters.
    """

    def __init__(
        self,
        rule: str,
        sheet: str | None = None,
        row: int | None = None,
        column: str | None = None,
        value: str | None = None,
    ) -> None:
        super().__init__(rule)
        self.rule, self.sheet, self.row, self.column, self.value = rule, sheet, row, column, value


def letters(column: int) -> str:
    """Return a column's letters: ``A`` of 0, ``AA`` of 26."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name
