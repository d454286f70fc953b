"""Kinds of plugins, plugin API version, and names of first-party plugins."""

from __future__ import annotations

from collections.abc import Mapping

from rlchassis.errors import PluginError

KINDS = (
    "algorithm",
    "optimizer",
    "lr_scheduler",
    "logger",
    "policy_wrapper",
    "buffer",
    "env",
    "launcher",
    "command",
    "extension",
    "component",
)
PLUGIN_API = (2, 0)
"""Major and minor version of the plugin API, independent of distribution versions."""
GROUP_PREFIX = "rlchassis."
"""Entry point groups are this prefix and a kind."""
CORE_COMMANDS = ("train", "resume", "eval", "watch", "inspect", "plugins", "doctor")
"""Commands of core, which plugins cannot replace."""
MANIFEST = "manifest"
"""Entry point group of manifests, and the kind of a row about a whole distribution."""

_ACTORS = ("mlp-actor", "mlp-deterministic-actor", "mlp-features")
_CRITICS = ("actor-features-action-critic", "actor-features-critic", "mlp-action-critic", "mlp-critic")
_OTHER_PARTS = ("auto-alpha", "gaussian-noise", "ornstein-uhlenbeck-noise", "gru", "lstm")
_NETWORKS = ("batch-renorm-mlp", "entity-attention", "impala-cnn", "layer-norm-mlp", "nature-cnn", "simba")
_ALGORITHMS = ("a2c", "ddpg", "discrete-sac", "dqn", "iqn", "npg", "pg", "ppo", "redq", "sac", "td3", "trpo")
_OPTIMIZERS = ("adam", "adamw", "muon", "rmsprop", "sgd", "torch-optim")
_LOGGERS = ("tensorboard", "csv", "wandb", "mlflow")
_WRAPPERS = ("obs-norm", "reward-norm", "icm", "rnd", "action-repeat")
FIRST_PARTY: Mapping[str, Mapping[str, str]] = {
    "algorithm": {name: f"rlchassis-{name}" for name in _ALGORITHMS},
    "optimizer": {name: f"rlchassis-{name}" for name in _OPTIMIZERS},
    "lr_scheduler": dict.fromkeys(("constant", "cosine", "exponential", "warmup"), "rlchassis-schedules"),
    "logger": {name: f"rlchassis-{name}" for name in _LOGGERS},
    "policy_wrapper": {name: f"rlchassis-{name}" for name in _WRAPPERS},
    "env": {name: f"rlchassis-{name}" for name in ("atari", "envpool", "minigrid", "mujoco")},
    "buffer": {"her": "rlchassis-her"},
    "command": {"plot": "rlchassis-plots", "reproduce": "rlchassis-reproduce", "diff": "rlchassis-reproduce"},
    "extension": {name: f"rlchassis-{name}" for name in ("videos", "tianshou", "sticky-actions")},
    "component": dict.fromkeys((*_ACTORS, *_CRITICS, *_OTHER_PARTS), "rlchassis-toolkit") | dict.fromkeys(_NETWORKS, "rlchassis-networks"),
}
"""First-party plugin names and the distribution that provides each, installed or not."""


def first_party_distribution(kind: str, name: str) -> str | None:
    """First-party distribution that provides a plugin, or None."""
    return FIRST_PARTY.get(kind, {}).get(name)


def noun(kind: str) -> str:
    """Kind as a noun for messages."""
    return kind.replace("_", " ")


def require_kind(kind: str) -> None:
    """PluginError for an unknown kind."""
    if kind not in KINDS:
        raise PluginError(f'there is no kind "{kind}" of plugin; the kinds are {", ".join(KINDS)}.')
