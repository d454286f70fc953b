"""Validation of the zip archive of policy.pt before torch reads it; only torch's own layout is accepted.

torch writes uncompressed members consecutively from the first byte, then the directory, then the end record.
"""

from __future__ import annotations

import os
import re
import struct
import zipfile
from typing import IO, Any

from rlchassis.config.limits import MOST_CONFIGURATION_BYTES, MOST_TENSORS

_END, _LOCATOR, _END_64 = (struct.Struct(layout) for layout in ("<4s4H2LH", "<4sLQL", "<4sQ2H2L4Q"))
_LOCAL = struct.Struct("<4s22x2H")
_KNOWN = re.compile(r"data\.pkl|data/\d{1,9}|version|byteorder|\.[\w./]+")
_DATA = "data/"


class ArchiveError(ValueError):
    """Invalid archive; the message is a clause."""


def read_archive(file: IO[bytes]) -> tuple[bytes, dict[str, int]]:
    """Pickle of a torch archive, and the size in bytes of each storage by key; ArchiveError for any other archive."""
    directory_at = _require_small_directory(file)
    try:
        members = zipfile.ZipFile(file).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise ArchiveError(f"its directory is damaged ({error})") from error
    members.sort(key=lambda member: member.header_offset)
    root = members[0].filename.partition("/")[0] if members else ""
    names = [member.filename.removeprefix(f"{root}/") for member in members]
    if len({name.lower() for name in names}) < len(names) or not all(_KNOWN.fullmatch(name) for name in names) or "data.pkl" not in names:
        raise ArchiveError("it has other members than an archive of torch")
    _require_one_after_another(file, members, directory_at)
    sizes = {name: member.file_size for name, member in zip(names, members, strict=True)}
    if sizes["data.pkl"] > MOST_CONFIGURATION_BYTES:
        raise ArchiveError("its pickle is larger than that of any policy")
    start = _data_offset(file, members[names.index("data.pkl")])
    file.seek(start)
    return file.read(sizes["data.pkl"]), {name.removeprefix(_DATA): size for name, size in sizes.items() if name.startswith(_DATA)}


def _require_small_directory(file: IO[bytes]) -> int:
    """Offset of the zip directory; ArchiveError if it is too large or not directly before the end record."""
    whole = file.seek(0, os.SEEK_END)
    signature, *_, count, size, start, comment = _unpacked(_END, file, whole - _END.size)
    end = whole - _END.size
    if signature != b"PK\x05\x06" or comment:
        raise ArchiveError("it does not end as an archive does")
    located, _, end_64, _ = _unpacked(_LOCATOR, file, end - _LOCATOR.size)
    if located == b"PK\x06\x07":
        end -= _LOCATOR.size + _END_64.size
        signature, *_, count, size, start = _unpacked(_END_64, file, end)
        if signature != b"PK\x06\x06" or end_64 != end:
            raise ArchiveError("it does not end as an archive does")
    if count > 2 * MOST_TENSORS or size > MOST_CONFIGURATION_BYTES:
        raise ArchiveError(f"it holds {count} members, more than any policy")
    if start + size != end:
        raise ArchiveError("its directory is not where it should be")
    return int(start)


def _unpacked(layout: struct.Struct, file: IO[bytes], offset: int) -> tuple[Any, ...]:
    if offset < 0:
        raise ArchiveError("it is too short")
    file.seek(offset)
    return layout.unpack(file.read(layout.size))


def _require_one_after_another(file: IO[bytes], members: list[zipfile.ZipInfo], directory_at: int) -> None:
    """ArchiveError unless members are uncompressed and do not overlap."""
    if members[0].header_offset != 0:
        raise ArchiveError("something stands before its first member")
    if any(member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size for member in members):
        raise ArchiveError("it would unfold to more than it is")
    ends = [_data_offset(file, member) + member.file_size for member in members]
    starts = [member.header_offset for member in members]
    if any(end > start for end, start in zip(ends, [*starts[1:], directory_at], strict=True)):
        raise ArchiveError("its members overlap")


def _data_offset(file: IO[bytes], member: zipfile.ZipInfo) -> int:
    """Offset of a member's content, after its local header, which must have the name in the directory."""
    signature, name_size, extra_size = _unpacked(_LOCAL, file, member.header_offset)
    if signature != b"PK\x03\x04" or file.read(name_size) != member.filename.encode():
        raise ArchiveError("its directory and its members contradict each other")
    return member.header_offset + _LOCAL.size + int(name_size) + int(extra_size)
