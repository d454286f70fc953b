"""What a run leaves on disk, and how it is opened again without trusting it. Names are imported when they are first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlchassis.config import Mode
    from rlchassis.persistence.events import Persistence, PersistEvent, PolicyPersistence, RestoreEvent

__all__ = ["Mode", "PersistEvent", "Persistence", "PolicyPersistence", "RestoreEvent"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("rlchassis.persistence.events"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
