"""The mark of what a configuration may hold. Stdlib only: environment workers import it."""

from __future__ import annotations

from typing import ClassVar


class ConfigPart:
    """A frozen description that a configuration holds and experiment.json names: by its registered name, never by an import path."""

    kind: ClassVar[str] = "component"
    """The group of entry points that its name is looked up in."""

    def code_to_trust(self) -> tuple[str, ...]:
        """What its use would import or call because a field says so, as "module" or "module:name".

        A configuration that is read from a file may only name modules that are imported already, and what was handed over.
        """
        return ()
