"""Base class of everything a configuration may contain. Stdlib only: environment workers import it."""

from __future__ import annotations

from typing import ClassVar


class ConfigPart:
    """Base class of the parts of a configuration; experiment.json stores their registered names, never import paths."""

    kind: ClassVar[str] = "component"
    """Kind of plugin, which is the entry point group that its name is looked up in."""
    also_given_as: ClassVar[tuple[type, ...]] = ()
    """Other classes of parts that may be named in its place; its fields convert them."""

    def code_to_trust(self) -> tuple[str, ...]:
        """Code that this part imports or calls by name, as "module" or "module:name".

        A configuration read from a file may only name modules that are already imported, and objects passed in `allow`.
        """
        return ()
