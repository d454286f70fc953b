"""What is known of one plugin without importing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rlchassis.registry.kinds import noun
from rlchassis.registry.wording import quoted

State = Literal["ok", "no-manifest", "incompatible", "invalid", "conflict", "broken"]
"""A conflict is solved by saying which distribution is meant; broken is known only after a check, which imports."""


@dataclass(frozen=True)
class Plugin:
    """One entry point, with what its distribution and manifest say of it."""

    kind: str
    name: str
    target: str
    """Where the object is, as "module:attribute"."""
    distribution: str
    version: str
    state: State = "no-manifest"
    problem: str | None = None
    """Why it cannot be used as it stands, in one sentence."""
    api: str | None = None
    summary: str = ""
    observation_spaces: tuple[str, ...] = ()
    """Names of the spaces it declares; empty where nothing is declared."""
    action_spaces: tuple[str, ...] = ()
    policy: str | None = None
    """Whether an algorithm learns "on" or "off" policy."""
    after_train: bool = False
    """Whether a verb of the command line has something to do with the directory of each run that `train` has ended."""
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of the components it uses by default, by kind."""

    @property
    def is_usable(self) -> bool:
        """Whether it can be loaded by the name that says which distribution is meant."""
        return self.state in ("ok", "no-manifest", "conflict")

    @property
    def package(self) -> str:
        """The top-level package that the object lives in."""
        return self.target.partition(":")[0].partition(".")[0].strip()

    @property
    def attribute(self) -> str:
        """Where in its module the object is; empty if it is the module."""
        return self.target.partition(":")[2].partition("[")[0].strip()

    @property
    def reference(self) -> str:
        """The name that means this plugin even where two distributions claim it."""
        return f"{self.name}@{self.distribution}"

    @property
    def source(self) -> str:
        """The distribution and version that it comes from."""
        return f"{quoted(self.distribution)} {self.version}"

    @property
    def label(self) -> str:
        """The plugin, spoken of in a sentence."""
        return f"{noun(self.kind)} {quoted(self.name)} of {self.source}"

    def as_row(self) -> dict[str, Any]:
        """Give the facts that `rlchassis plugins list --json` prints."""
        facts = ("kind", "name", "distribution", "version", "api", "state", "summary")
        spaces = {"observation_spaces": list(self.observation_spaces), "action_spaces": list(self.action_spaces)}
        return {fact: getattr(self, fact) for fact in facts} | spaces
