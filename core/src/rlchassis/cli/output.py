"""Output of the command line to a terminal, file or pipe.

Control characters are escaped, a line stays one line, and characters that the encoding lacks are replaced.
"""

from __future__ import annotations

import json
import math
import os
import sys
from contextlib import suppress
from typing import Any, TextIO

from rlchassis.cli.spelling import encodable
from rlchassis.registry.wording import printable


def say(*lines: str) -> None:
    """Print lines on stdout and flush; a closed pipe, as by `head`, is not an error."""
    try:
        _print(lines, sys.stdout)
    except BrokenPipeError:
        _discard_from_now_on(sys.stdout)
    except OSError:
        _discard_from_now_on(sys.stdout)
        raise


def say_json(data: Any, *, indent: int | None = 2) -> None:
    """Print data as ASCII JSON; non-finite numbers are null."""
    say(*json.dumps(_finite(data), indent=indent, allow_nan=False).split("\n"))


def complain(*lines: str) -> None:
    """Print lines on stderr and flush; errors of the stream are ignored."""
    try:
        _print(lines, sys.stderr)
    except (OSError, ValueError):
        _discard_from_now_on(sys.stderr)


def _print(lines: tuple[str, ...], stream: TextIO | None) -> None:
    """Print one line for each; does nothing without a stream."""
    if stream is not None:
        stream.write("".join(f"{encodable(printable(line), stream.encoding)}\n" for line in lines))
        stream.flush()


def _discard_from_now_on(stream: TextIO) -> None:
    """Redirect the stream to the null device, since Python flushes it on exit."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
