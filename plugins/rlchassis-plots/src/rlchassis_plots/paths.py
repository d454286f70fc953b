"""Paths that are typed: what no file can be named is refused before anything is looked for there."""

from __future__ import annotations

import argparse
import os
from pathlib import Path


def typed_path(text: str) -> Path:
    """A path, there or not; for argparse, whose error it raises."""
    if not text:
        raise argparse.ArgumentTypeError("expected a path, got none")
    try:
        os.lstat(text)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return Path(text)
    except (OSError, ValueError) as error:  # too long, through a link to itself, with a zero byte
        reason = getattr(error, "strerror", None) or error
        raise argparse.ArgumentTypeError(f"{text!r} is no path ({reason}); name a file or directory") from None
    return Path(text)
