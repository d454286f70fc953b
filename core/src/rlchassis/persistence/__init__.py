"""What a run leaves on disk, and how it is opened again without trusting it."""

from __future__ import annotations

from rlchassis.config import Mode
from rlchassis.persistence.events import Persistence, PersistEvent, PolicyPersistence, RestoreEvent

__all__ = ["Mode", "PersistEvent", "Persistence", "PolicyPersistence", "RestoreEvent"]
