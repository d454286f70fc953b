"""What a command answers, on stdout."""

from __future__ import annotations

import os
import sys


def say(*lines: str) -> None:
    """Print lines at once; a reader that has left, as `head` does, is no failure."""
    try:
        print(*lines, sep="\n", flush=True)
    except BrokenPipeError:  # what is left in the buffer must not be written on leaving
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def printable(text: str) -> str:
    """The text, with what a terminal would obey shown escaped."""
    return text if text.isprintable() else ascii(text)[1:-1]
