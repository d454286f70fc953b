"""Where the command line prints: the one place that decides how text reaches a terminal, a file or a pipe.

What a terminal would obey is shown escaped, a line stays one line, and what the stream has no characters for is spelled out.
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
    """Print lines on stdout at once; a reader that has left, as `head` does, is no failure."""
    try:
        _print(lines, sys.stdout)
    except BrokenPipeError:
        _discard_from_now_on(sys.stdout)
    except OSError:
        _discard_from_now_on(sys.stdout)
        raise


def say_json(data: Any, *, indent: int | None = 2) -> None:
    """Print data as JSON in ASCII; a number that is not finite is null."""
    say(*json.dumps(_finite(data), indent=indent, allow_nan=False).split("\n"))


def complain(*lines: str) -> None:
    """Print lines on stderr at once; where nobody can be reached there is nobody to report that to."""
    try:
        _print(lines, sys.stderr)
    except (OSError, ValueError):
        _discard_from_now_on(sys.stderr)


def _print(lines: tuple[str, ...], stream: TextIO | None) -> None:
    """One line for each; without a stream, as where it was closed before Python began, nothing."""
    if stream is not None:
        stream.write("".join(f"{encodable(printable(line), stream.encoding)}\n" for line in lines))
        stream.flush()


def _discard_from_now_on(stream: TextIO) -> None:
    """Let what is left in the buffer go nowhere, since Python writes it on leaving."""
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
