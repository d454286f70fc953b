"""A folder on the import path where tests install distributions of their own, hidden from those that are really installed."""

from __future__ import annotations

import sys
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import attrs
import pytest

from rlchassis.registry import forget

CLASSES = """
def contract(name): return type(name, (), {"__module__": "rlchassis.fake"})

class AgentFactory(contract("AgentFactory")): trainer_class = default_sampling = None
class Builder(contract("ExperimentBuilder")): agent_class = AgentFactory

class OptimizerFactory(contract("OptimizerFactory")):
    def __init__(self, betas=(0.9, 0.999), eps=1e-8): self.betas, self.eps = betas, eps
    def create_optimizer_for_params(self, params, lr): ...
"""


@attrs.frozen
class Site:
    """Installs distributions by writing what an installer would write."""

    folder: Path
    search_path: list[str]

    def install(
        self,
        distribution: str,
        manifest: str | None = None,
        *,
        version: str = "1.0",
        code: str = CLASSES,
        raw: str | None = None,
        **names: Any,
    ) -> str:
        """Install a distribution that provides names by kind, as name="…" or name={"…": "attribute"}; gives its package's name."""
        package = "fake_" + distribution.replace("-", "_")
        groups = {kind: {given: "Builder"} if isinstance(given, str) else given for kind, given in names.items()}
        if manifest is not None:
            groups["manifest"] = {distribution: "rlchassis.toml"}
        lines = [line for kind, targets in groups.items() for line in _section(kind, targets, package)]
        self.write(f"{package}/__init__.py", code)
        if manifest is not None:
            self.write(f"{package}/rlchassis.toml", manifest)
        self.write(
            f"{distribution.replace('-', '_')}-{version}.dist-info/METADATA",
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n",
        )
        self.write(f"{distribution.replace('-', '_')}-{version}.dist-info/entry_points.txt", raw if raw is not None else "\n".join(lines))
        forget()
        return package

    def write(self, path: str, text: str) -> None:
        """Write a file below the folder."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


def _section(kind: str, targets: dict[str, str], package: str) -> list[str]:
    return [f"[rlchassis.{kind}]", *(f"{name} = {package}:{attribute}" for name, attribute in targets.items())]


@pytest.fixture
def site(tmp_path, monkeypatch):
    search_path = [str(tmp_path)]
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(metadata, "distributions", partial(metadata.distributions, path=search_path))
    forget()
    yield Site(tmp_path, search_path)
    for name in [name for name in sys.modules if name.startswith("fake_")]:
        del sys.modules[name]
    monkeypatch.undo()
    forget()


@pytest.fixture
def ppo_manifest():
    return """
schema = 1
api = "2.0"
[algorithm.ppo]
summary = "Proximal policy optimization"
observation_spaces = ["Box", "Dict"]
action_spaces = ["Box", "Discrete"]
policy = "on"
needs = { optimizer = ["adam"] }
"""
