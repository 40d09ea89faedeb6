"""The zip around a workbook: nothing is unpacked to disk, and every part is as large as it says, or refused."""

import posixpath
import re
import zipfile
import zlib
from collections import Counter
from pathlib import Path

from tr_analysis.official.opening import limits
from tr_analysis.official.opening.limits import FileError

_LOCAL_HEADER = 30  # bytes before the name of a part
_DAMAGED = "is damaged or was cut off while it was downloaded; get it again"
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)")


class Archive:
    """A zip that was checked whole before anything in it is read.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    FileError
        If it is no zip, is damaged, encrypted, names places outside itself, holds a part twice, or would
        unpack to more than `limits` allows.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        try:
            with zipfile.ZipFile(path) as opened:
                self._parts = opened.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, OverflowError):
            raise FileError(_DAMAGED) from None
        self._check_names()
        self._check_sizes()
        self.names = {part.filename for part in self._parts}

    def _check_names(self) -> None:
        if len(self._parts) > limits.PARTS:
            raise FileError(f"holds {len(self._parts)} parts, a workbook has no more than {limits.PARTS}")
        counts = Counter(part.filename for part in self._parts)
        for part in self._parts:
            name = part.orig_filename
            if (
                "\0" in name
                or "\\" in name
                or ":" in name
                or posixpath.normpath(name).startswith(("/", ".."))
            ):
                raise FileError(
                    "holds a part that would lie outside the archive; it is no workbook of Excel", value=name
                )
            if counts[part.filename] > 1:
                raise FileError(
                    "holds a part twice, so that readers would differ in what they see", value=name
                )
            if part.flag_bits & 1:
                raise FileError("is protected by a password; save it without one")
            if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise FileError(
                    "is packed in a way that no workbook is; open it and save it again", value=name
                )

    def _check_sizes(self) -> None:
        total = sum(part.file_size for part in self._parts)
        if total > limits.UNPACKED_BYTES:
            most = limits.UNPACKED_BYTES // limits.MEGABYTE
            raise FileError(
                f"would unpack to {total // limits.MEGABYTE} MB, more than the {most} MB a workbook may (a zip bomb?)"
            )
        for part in self._parts:
            bomb = part.file_size > limits.PACKED_TIMES * max(part.compress_size, 1)
            if part.file_size > 20 * limits.MEGABYTE and bomb:
                raise FileError(
                    f"holds a part that unpacks to {part.file_size // limits.MEGABYTE} MB from next to nothing (a zip bomb?)",
                    value=part.filename,
                )

    def xml(self) -> list[str]:
        """Return the names of the parts that are XML."""
        return [p.filename for p in self._parts if p.filename.lower().endswith((".xml", ".rels"))]

    def read(self, name: str) -> bytes:
        """Return a part, if it is what the directory of the zip says, and XML without definitions of its own.

        Raises
        ------
        FileError
            If its size or checksum is another, it cannot be unpacked, it is not UTF-8, or it defines entities.
        """
        part = next(part for part in self._parts if part.filename == name)
        content = self._unpacked(part)
        if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in content[:200]:
            raise FileError("holds XML that is not UTF-8; open it and save it again", value=name)
        if _DOCTYPE.search(content):
            raise FileError(
                "holds a document type definition, which no workbook needs and which is not followed; refused",
                value=name,
            )
        return content

    def _unpacked(self, part: zipfile.ZipInfo) -> bytes:
        with self._path.open("rb") as file:
            file.seek(part.header_offset)
            header = file.read(_LOCAL_HEADER)
            if len(header) < _LOCAL_HEADER or header[:4] != b"PK\x03\x04":
                raise FileError(_DAMAGED, value=part.filename)
            file.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
            packed = file.read(part.compress_size)
        content, whole = packed, True
        if part.compress_type == zipfile.ZIP_DEFLATED:
            unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
            try:
                content = unpacker.decompress(packed, part.file_size + 1)
            except zlib.error:
                raise FileError(_DAMAGED, value=part.filename) from None
            whole = unpacker.eof or not content
        if len(content) > part.file_size or (len(content) == part.file_size and not whole):
            raise FileError(
                "holds a part that is larger than the archive says (a zip bomb?)", value=part.filename
            )
        if len(content) < part.file_size or zlib.crc32(content) != part.CRC:
            raise FileError(_DAMAGED, value=part.filename)
        return content
