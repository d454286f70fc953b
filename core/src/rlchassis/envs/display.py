"""Check that a display server is reachable: DISPLAY may be stale, as in tmux."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SECONDS = 1.0


def display_answers() -> bool:
    """Whether a server listens at DISPLAY or WAYLAND_DISPLAY; True if that cannot be checked."""
    if not sys.platform.startswith("linux"):
        return True
    addresses = list(_addresses())
    return not addresses or any(_answers(family, address) for family, address in addresses)


def _addresses() -> Iterator[tuple[int, Any]]:
    if wayland := os.environ.get("WAYLAND_DISPLAY"):
        yield socket.AF_UNIX, str(Path(os.environ.get("XDG_RUNTIME_DIR", "/"), wayland))
    display = re.fullmatch(r"(?:unix/?)?(?P<host>[^:]*):(?P<number>\d+)(?:\.\d+)?", os.environ.get("DISPLAY", ""))
    if display is None:
        return
    host, number = display["host"], int(display["number"])
    if host:
        yield socket.AF_INET, (host, 6000 + number)
    else:
        yield from ((socket.AF_UNIX, f"{start}/tmp/.X11-unix/X{number}") for start in ("", "\0"))


def _answers(family: int, address: Any) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(SECONDS)
        try:
            connection.connect(address)
        except OSError:
            return False
    return True
