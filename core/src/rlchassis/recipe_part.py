"""The mark of what a recipe may hold. Stdlib only: environment workers import it."""

from __future__ import annotations

from typing import ClassVar


class RecipePart:
    """A frozen description that a recipe holds and experiment.json names: by its registered name, never by an import path."""

    kind: ClassVar[str] = "component"
    """The group of entry points that its name is looked up in."""

    def modules_to_import(self) -> tuple[str, ...]:
        """What its use would import because a field says so; a recipe that is read from a file may only name what is imported already."""
        return ()
