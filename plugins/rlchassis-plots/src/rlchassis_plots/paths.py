"""The argparse type of paths: a text that can be no path is refused while arguments are parsed."""

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
        raise argparse.ArgumentTypeError(f"expected a path of a file or directory, got {text!r} ({reason})") from None
    return Path(text)
