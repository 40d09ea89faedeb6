"""What an xls says about cells that the library does not tell: errors. Reads the old container and its records."""

import struct
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from tr_analysis.official.opening import limits
from tr_analysis.official.opening.limits import FileError, letters
from tr_analysis.official.opening.repairs import Repairs

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LAST = 0xFFFFFFFA  # sector numbers above are marks, not places
_SHEET, _ERROR, _FORMULA, _PASSWORD, _BEGIN = 0x0085, 0x0205, 0x0006, 0x002F, 0x0809
_CELLS = frozenset((0x0203, 0x027E, 0x00FD, 0x0204, 0x00D6, 0x00BD, _ERROR, _FORMULA))
_SHOWN = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}
_DAMAGED = "is damaged or was cut off while it was downloaded; get it again"


def scan(path: str) -> dict[int, Repairs]:
    """Return what is to be put right in an xls, by number of the sheet.

    That a formula has no stored value cannot be told in an xls: the value of an empty text looks the same.

    Raises
    ------
    FileError
        If the container or a record is damaged, or the workbook is encrypted.
    """
    try:
        stream = _stream(Path(path).read_bytes())
        return dict(enumerate(_sheet(stream, offset) for offset in _offsets(stream)))
    except (struct.error, IndexError):
        raise FileError(_DAMAGED) from None


def _stream(content: bytes) -> bytes:
    """Return the workbook's stream out of the container."""
    size = 1 << struct.unpack_from("<H", content, 30)[0]
    if size not in (512, 4096):
        raise FileError(_DAMAGED)

    def sector(number: int) -> bytes:
        return content[(number + 1) * size : (number + 2) * size]

    fat: list[int] = []
    for number in _fat_sectors(content, size):
        block = sector(number)
        fat += struct.unpack(f"<{len(block) // 4}I", block[: len(block) // 4 * 4])

    def chain(start: int, table: list[int]) -> Iterator[int]:
        seen = 0
        while start < _LAST:
            if start >= len(table) or seen > len(table):
                raise FileError(_DAMAGED)
            yield start
            start, seen = table[start], seen + 1

    directory = b"".join(map(sector, chain(struct.unpack_from("<I", content, 48)[0], fat)))
    entries = _entries(directory)
    if any(name.lower() in ("encryptedpackage", "encryptioninfo") for name in entries):
        raise FileError("is protected by a password; save it without one")
    start, length = next((entries[n] for n in entries if n.lower() in ("workbook", "book")), (None, 0))
    if start is None:
        raise FileError("is a document of an old Office program, but not a workbook of Excel")
    if length >= struct.unpack_from("<I", content, 56)[0]:
        return b"".join(map(sector, chain(start, fat)))[:length]
    small = b"".join(map(sector, chain(struct.unpack_from("<I", content, 60)[0], fat)))
    minifat = list(struct.unpack(f"<{len(small) // 4}I", small))
    box = b"".join(map(sector, chain(entries["Root Entry"][0], fat))) if "Root Entry" in entries else b""
    return b"".join(box[n * 64 : n * 64 + 64] for n in chain(start, minifat))[:length]


def _fat_sectors(content: bytes, size: int) -> Iterator[int]:
    """Yield the sectors that hold the table of sectors: 109 in the header, others in a chain of their own."""
    yield from (n for n in struct.unpack_from("<109I", content, 76) if n < _LAST)
    place = struct.unpack_from("<I", content, 68)[0]
    for _ in range(len(content) // size + 1):
        if place >= _LAST:
            return
        start = (place + 1) * size
        numbers = struct.unpack_from(f"<{size // 4}I", content, start)
        yield from (n for n in numbers[:-1] if n < _LAST)
        place = numbers[-1]


def _entries(directory: bytes) -> dict[str, tuple[int, int]]:
    """Return the first sector and the length of each stream, by name."""
    found: dict[str, tuple[int, int]] = {}
    for place in range(0, len(directory) - 127, 128):
        length = struct.unpack_from("<H", directory, place + 64)[0]
        name = directory[place : place + min(max(length - 2, 0), 62)].decode("utf-16-le", "replace")
        if name:
            start, size = struct.unpack_from("<II", directory, place + 116)
            found.setdefault(name, (start, size))
    return found


def _records(stream: bytes, place: int) -> Iterator[tuple[int, bytes]]:
    """Yield the records of one part of a workbook, up to its end."""
    depth = 0
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        yield kind, stream[place + 4 : place + 4 + length]
        place += 4 + length
        depth += (kind == _BEGIN) - (kind == 0x000A)
        if kind == 0x000A and depth <= 0:
            return


def _offsets(stream: bytes) -> list[int]:
    """Return where each sheet begins."""
    offsets = []
    for kind, content in _records(stream, 0):
        if kind == _PASSWORD:
            raise FileError("is protected by a password; save it without one")
        if kind == _SHEET:
            offsets.append(struct.unpack_from("<I", content)[0])
    return list(islice(offsets, 1_000))


def _sheet(stream: bytes, offset: int) -> Repairs:
    """Return the cells of a sheet that show an error, typed in or worked out, after seeing how far it reaches."""
    repairs = Repairs()
    bottom = right = 0
    for kind, content in _records(stream, offset):
        if kind not in _CELLS or len(content) < 6:
            continue
        row, column = struct.unpack_from("<HH", content)
        bottom, right = max(bottom, row), max(right, column)
        if (bottom + 1) * (right + 1) > limits.CELLS:
            raise FileError(
                f"reaches to this cell; a table may have {limits.CELLS} cells with the gaps",
                None,
                row + 1,
                letters(column),
            )
        if kind == _ERROR and len(content) >= 8 and content[7] == 1:
            repairs.fail(row, column, shown=_SHOWN.get(content[6], ""))
        elif kind == _FORMULA and len(content) >= 14 and content[12:14] == b"\xff\xff" and content[6] == 2:
            repairs.fail(row, column, shown=_SHOWN.get(content[8], ""))
    return repairs
