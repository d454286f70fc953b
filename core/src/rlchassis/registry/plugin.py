"""Plugin: metadata of an entry point, without importing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rlchassis.registry.kinds import noun
from rlchassis.registry.wording import quoted

State = Literal["ok", "no-manifest", "incompatible", "invalid", "conflict", "broken", "left-out"]
""""conflict": several distributions provide the name; "broken": found only by `check`, which imports; "left-out": see switches.py."""


@dataclass(frozen=True)
class Plugin:
    """An entry point with the metadata of its distribution and manifest."""

    kind: str
    name: str
    target: str
    """Object reference "module:attribute"."""
    distribution: str
    version: str
    state: State = "no-manifest"
    problem: str | None = None
    """Why it cannot be used, in one sentence."""
    api: str | None = None
    summary: str = ""
    observation_spaces: tuple[str, ...] = ()
    """Supported kinds of spaces; empty if not declared."""
    action_spaces: tuple[str, ...] = ()
    action_masks: bool = False
    """Algorithms: whether they choose and value allowed actions only, where the environment gives action masks."""
    policy: str | None = None
    """Algorithms: "on" or "off" policy."""
    after_train: bool = False
    """Commands: whether after_train(directory) is called after each `train`."""
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of the components that it uses by default, by kind."""

    @property
    def is_usable(self) -> bool:
        """Whether it can be loaded by name, with its distribution if ambiguous."""
        return self.state in ("ok", "no-manifest", "conflict")

    @property
    def package(self) -> str:
        """Top-level package of the object."""
        return self.target.partition(":")[0].partition(".")[0].strip()

    @property
    def attribute(self) -> str:
        """Attribute path of the object in its module; empty for the module itself."""
        return self.target.partition(":")[2].partition("[")[0].strip()

    @property
    def reference(self) -> str:
        """Unambiguous name "name@distribution"."""
        return f"{self.name}@{self.distribution}"

    @property
    def source(self) -> str:
        """Distribution and version, for messages."""
        return f"{quoted(self.distribution)} {self.version}"

    @property
    def label(self) -> str:
        """Kind, name and distribution, for messages."""
        return f"{noun(self.kind)} {quoted(self.name)} of {self.source}"

    def as_row(self) -> dict[str, Any]:
        """Data of `rlchassis plugins list --json`."""
        facts = ("kind", "name", "distribution", "version", "api", "state", "summary")
        spaces = {"observation_spaces": list(self.observation_spaces), "action_spaces": list(self.action_spaces)}
        return {fact: getattr(self, fact) for fact in facts} | spaces
