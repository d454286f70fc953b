"""What rlchassis logs and what environments print: on stderr, above a progress bar where there is one; stdout is for answers."""

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
    """One line per message; the traceback of an exception stands in log.txt."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write it where it does not tear the bar apart."""
        prefix = f"{record.levelname.lower()}: " if record.levelno >= logging.WARNING else ""
        with tqdm.external_write_mode(file=sys.stderr):
            complain(f"{prefix}{record.getMessage()}")


@contextmanager
def messages_on_stderr() -> Iterator[None]:
    """Within it what rlchassis logs is shown, and whatever else is printed goes to stderr as well."""
    with logged_on_stderr("rlchassis"), redirect_stdout(sys.stderr), _descriptor_of_stdout_diverted():
        yield


@contextmanager
def logged_on_stderr(name: str) -> Iterator[None]:
    """Within it what this package logs is shown on stderr."""
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
    """Within it libraries written in C print on stderr, too."""
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
