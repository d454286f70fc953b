"""What rlchassis logs, on stderr in one short format, above a progress bar where there is one."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

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
    """Within it what rlchassis logs is shown."""
    logger, handler = logging.getLogger("rlchassis"), _Lines()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
