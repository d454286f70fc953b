"""Zip archives that two readers would read in two ways, or that claim what they do not hold, around the pickle of a sound policy."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import Any

END, LOCATOR, END_64 = 22, 20, 56


def members_of(whole: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: list[tuple[str, bytes]], **options: Any) -> bytes:
    """An archive of exactly these, stored."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, **options)
    return file.getvalue()


def at(whole: bytes, offset: int, content: bytes) -> bytes:
    """With other bytes at a place, counted from the end where negative."""
    offset %= len(whole)
    return whole[:offset] + content + whole[offset + len(content) :]


def entry_of(whole: bytes, name: str) -> int:
    """Where the directory speaks of a member."""
    return whole.rindex(name.encode()) - 46


def twice(whole: bytes, name: str, content: bytes, *, first: bool) -> bytes:
    """A member that is there twice."""
    members = list(members_of(whole).items())
    other = (f"archive/{name}", content)
    return zipped([other, *members] if first else [*members, other])


def tricks(whole: bytes, evil: bytes) -> dict[str, bytes]:
    """By what is wrong; whole is a sound file of torch, evil a pickle that would run a command."""
    members, plain = members_of(whole), zipped(list(members_of(whole).items()))
    pickle_entry, storage_entry = entry_of(plain, "archive/data.pkl"), entry_of(plain, "archive/data/0")
    directory = len(plain) - END - sum(46 + len(name) for name in members)
    extra_64 = struct.pack("<2H2Q", 1, 16, 2**62, 2**62)
    return {
        "data.pkl twice, evil first": twice(whole, "data.pkl", evil, first=True),
        "data.pkl twice, evil last": twice(whole, "data.pkl", evil, first=False),
        "data.pkl twice but for its case": twice(whole, "DATA.pkl", evil, first=False),
        "a storage twice": twice(whole, "data/0", bytes(8), first=False),
        "a member of another archive": zipped([*members.items(), ("other/data.pkl", evil)]),
        "a member above": zipped([*members.items(), ("../planted", b"x")]),
        "a member of the root": zipped([*members.items(), ("/planted", b"x")]),
        "a member with a zero byte": zipped([*members.items(), ("archive/data/9\0x", b"x")]),
        "a member of the name of the archive": zipped([*members.items(), ("archive", evil)]),
        "a directory": zipped([*members.items(), ("archive/data/", b"")]),
        "a program of TorchScript": zipped([*members.items(), ("archive/constants.pkl", evil)]),
        "ten thousand members more": zipped([*members.items(), *((f"archive/data/{i}", b"") for i in range(1000, 11_000))]),
        "two members at one place": at(plain, storage_entry + 42, plain[pickle_entry + 42 : pickle_entry + 46]),
        "a member within another": at(plain, storage_entry + 42, struct.pack("<L", 40)),
        "a member beyond the end": at(plain, storage_entry + 42, struct.pack("<L", len(plain))),
        "a member larger than the file": at(plain, storage_entry + 20, struct.pack("<2L", 2**31, 2**31)),
        "a member that unfolds": at(plain, storage_entry + 24, struct.pack("<L", 2**31)),
        "a compressed member that is none": at(plain, storage_entry + 10, struct.pack("<H", 8)),
        "a method that nobody knows": at(plain, storage_entry + 10, struct.pack("<H", 77)),
        "an encrypted member": at(plain, pickle_entry + 8, struct.pack("<H", 1)),
        "another name in front of a member": at(plain, 30, b"archive/dat_.pkl"),
        "another length in front of a member": at(plain, 28, struct.pack("<H", 7)),
        "sizes of 64 bits that are lies": zipped_with_extra(members, extra_64),
        "no directory": plain[:directory] + plain[-END:],
        "a directory of another place": at(plain, -6, struct.pack("<L", 0)),
        "a larger directory": at(plain, -10, struct.pack("<L", 2**31)),
        "fewer members than there are": at(plain, -12, struct.pack("<H", 2)),
        "65 535 members": at(plain, -14, struct.pack("<2H", 65_535, 65_535)),
        "a comment": at(plain, -2, struct.pack("<H", 4)) + b"PK\x05\x06",
        "two ends": plain + plain[-END:],
        "an end on another disk": at(plain, -18, struct.pack("<2H", 1, 1)),
        "an end of 64 bits elsewhere": at(whole, -END - LOCATOR + 8, struct.pack("<Q", 0)),
        "an end of 64 bits beyond": at(whole, -END - LOCATOR + 8, struct.pack("<Q", 2**63)),
        "2^62 members by the end of 64 bits": at(whole, -END - LOCATOR - END_64 + 24, struct.pack("<2Q", 2**62, 2**62)),
        "a directory of 2^62 bytes": at(whole, -END - LOCATOR - END_64 + 40, struct.pack("<Q", 2**62)),
        "something before": b"MZ" + plain,
        "something between": plain[:directory] + bytes(100) + plain[directory:],
        "an archive within an archive": zipped([("archive/data.pkl", whole)]),
    }


def zipped_with_extra(members: dict[str, bytes], extra: bytes) -> bytes:
    """Sizes that only the extra fields tell."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            archive.writestr(info, content)
            info.extra = extra
    whole = file.getvalue()
    return at(whole, entry_of(whole, "archive/data/0") + 20, b"\xff" * 8)
