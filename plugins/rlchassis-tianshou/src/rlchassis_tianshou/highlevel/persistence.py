"""Names of tianshou.highlevel.persistence."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from rlchassis.experiment import Persistence, PersistEvent, PolicyPersistence, RestoreEvent

__all__ = ["PersistEvent", "Persistence", "PersistenceGroup", "PolicyPersistence", "RestoreEvent"]


@frozen(init=False)
class PersistenceGroup(Persistence):
    """Several persistences as one."""

    persistences: tuple[Persistence, ...] = ()
    enabled: bool = field(default=True, kw_only=True)

    def __init__(self, *persistences: Persistence, enabled: bool = True) -> None:
        self.__attrs_init__(persistences, enabled=enabled)

    def persist(self, event: PersistEvent, world: Any) -> None:
        """Each in turn."""
        for each in self.persistences if self.enabled else ():
            each.persist(event, world)

    def restore(self, event: RestoreEvent, world: Any) -> None:
        """Each in turn."""
        for each in self.persistences if self.enabled else ():
            each.restore(event, world)
