"""Log messages and output of environments: on stderr, above a progress bar; stdout is for results."""

from __future__ import annotations

import ctypes
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress

from tqdm import tqdm

from rlchassis.cli.output import complain


class _Lines(logging.Handler):
    """Handler that prints one line per message; tracebacks go to log.txt only."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print the message above the progress bar."""
        prefix = f"{record.levelname.lower()}: " if record.levelno >= logging.WARNING else ""
        with tqdm.external_write_mode(file=sys.stderr):
            complain(f"{prefix}{record.getMessage()}")


@contextmanager
def messages_on_stderr() -> Iterator[None]:
    """Context that shows log messages of rlchassis on stderr, and redirects stdout to stderr."""
    with logged_on_stderr("rlchassis"), redirect_stdout(sys.stderr), _descriptor_of_stdout_diverted():
        yield


@contextmanager
def logged_on_stderr(name: str) -> Iterator[None]:
    """Context that shows log messages of a package on stderr."""
    logger, handler = logging.getLogger(name), _Lines()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)


@contextmanager
def _descriptor_of_stdout_diverted() -> Iterator[None]:
    """Context that also redirects the stdout of C libraries to stderr."""
    if None in (sys.__stdout__, sys.__stderr__):  # then a file of the run may have its number
        yield
        return
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).fflush(None)  # what C has not written yet
        os.dup2(kept, 1)
        os.close(kept)
