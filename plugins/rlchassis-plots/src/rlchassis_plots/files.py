"""Atomic writing of pictures and tables."""

from __future__ import annotations

from pathlib import Path

from rlchassis.api import UsageError, write_atomically


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; UsageError where its place cannot be written to."""
    try:
        write_atomically(path, lambda file: file.write(content))
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}); choose another place.") from error
