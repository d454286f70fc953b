"""Names of tianshou.utils.logging: log messages on the standard output of errors, and scripts with options."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from rlchassis_tianshou.utils.options import arguments_of

Answer = TypeVar("Answer")
FORMAT = "%(levelname)-5s %(asctime)-15s %(name)s:%(funcName)s - %(message)s"


def datetime_tag() -> str:
    """Date and time for the name of a run."""
    return datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")


def configure(format: str = FORMAT, level: int = logging.INFO) -> None:  # noqa: A002  its name there
    """Show log messages from this level on."""
    logging.basicConfig(level=level, format=format, force=True)


def run_main(main: Callable[[], Answer], format: str = FORMAT, level: int = logging.INFO) -> Answer:  # noqa: A002  its name there
    """Show log messages and call a function."""
    configure(format, level)
    return main()


def run_cli(main: Callable[..., Answer], format: str = FORMAT, level: int = logging.INFO) -> Answer:  # noqa: A002  its name there
    """Show log messages and call a function with what the command line says, as options of the names of its parameters."""
    configure(format, level)
    return main(**arguments_of(main))
