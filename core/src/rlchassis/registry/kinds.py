"""What kinds of plugins there are, and which first-party distribution provides which name."""

from __future__ import annotations

from collections.abc import Mapping

from rlchassis.errors import PluginError

KINDS = ("algorithm", "optimizer", "lr_scheduler", "logger", "policy_wrapper", "env", "launcher", "command", "extension", "component")
PLUGIN_API = (2, 0)
"""Major and minor version of what plugins may rely on, apart from the version of any distribution."""
GROUP_PREFIX = "rlchassis."
"""A plugin stands in the entry-point group of this prefix and its kind."""
CORE_COMMANDS = ("train", "eval", "watch", "inspect", "plugins", "doctor")
"""Verbs of the command line that no plugin can take the place of."""
MANIFEST = "manifest"
"""The group of manifests, and the kind of a row about a distribution as a whole."""

_ACTORS = ("mlp-actor", "mlp-deterministic-actor", "mlp-features")
_CRITICS = ("actor-features-action-critic", "actor-features-critic", "mlp-action-critic", "mlp-critic")
_OTHER_PARTS = ("auto-alpha", "gaussian-noise", "ornstein-uhlenbeck-noise")
_ALGORITHMS = ("a2c", "ddpg", "discrete-sac", "dqn", "iqn", "npg", "pg", "ppo", "redq", "sac", "td3", "trpo")
FIRST_PARTY: Mapping[str, Mapping[str, str]] = {
    "algorithm": {name: f"rlchassis-{name}" for name in _ALGORITHMS},
    "optimizer": {"adam": "rlchassis-adam"},
    "logger": {"tensorboard": "rlchassis-tensorboard"},
    "policy_wrapper": {"obs-norm": "rlchassis-obs-norm"},
    "command": {"plot": "rlchassis-plots"},
    "component": dict.fromkeys((*_ACTORS, *_CRITICS, *_OTHER_PARTS), "rlchassis-toolkit"),
}
"""The distribution of this project that provides each of its names, installed or not."""


def first_party_distribution(kind: str, name: str) -> str | None:
    """Name the distribution of this project that provides a plugin, or None if none does."""
    return FIRST_PARTY.get(kind, {}).get(name)


def noun(kind: str) -> str:
    """Speak of a kind in a sentence."""
    return kind.replace("_", " ")


def require_kind(kind: str) -> None:
    """Refuse a kind that does not exist."""
    if kind not in KINDS:
        raise PluginError(f'there is no kind "{kind}" of plugin; the kinds are {", ".join(KINDS)}.')
