"""Log lines for arguments of Tianshou's API that have no counterpart, one line for each name."""

from __future__ import annotations

import logging

log = logging.getLogger("rlchassis.tianshou")
_said: set[str] = set()


def note(name: str, what: str) -> None:
    """Log a warning about a name of Tianshou's API, once in this process."""
    if name not in _said:
        _said.add(name)
        log.warning("%s: %s", name, what)


def forget() -> None:
    """Log every line again when it next applies."""
    _said.clear()
