"""Names that rlchassis.experiment re-exports from plugins, loaded on first use, and hints for names it does not have."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from rlchassis.config.tianshou_names import other_names
from rlchassis.errors import PluginError
from rlchassis.registry import Plugin, installed, load
from rlchassis.registry.wording import did_you_mean, listed, quoted

HERE = "rlchassis.experiment"
SUFFIX = "ExperimentBuilder"
BUILDERS = {
    "A2CExperimentBuilder": "a2c",
    "DDPGExperimentBuilder": "ddpg",
    "DQNExperimentBuilder": "dqn",
    "DiscreteSACExperimentBuilder": "discrete-sac",
    "IQNExperimentBuilder": "iqn",
    "NPGExperimentBuilder": "npg",
    "PGExperimentBuilder": "pg",
    "PPOExperimentBuilder": "ppo",
    "REDQExperimentBuilder": "redq",
    "SACExperimentBuilder": "sac",
    "TD3ExperimentBuilder": "td3",
    "TRPOExperimentBuilder": "trpo",
}
"""Builder classes of algorithms and their registered names; their params classes are re-exported too."""
_OF_THE_TOOLKIT = """
    ActionCriticFactory ActionCriticFactoryDefault ActionCriticFactoryReuseActor ActorFactory ActorFactoryDefault CriticFactory
    CriticFactoryDefault CriticFactoryReuseActor IntermediateModuleFactory IntermediateModuleFactoryDefault NoiseFactory
    NoiseFactoryMaxActionScaledGaussian NoiseFactoryOrnsteinUhlenbeck
"""
PROVIDED = {
    **{builder: ("algorithm", name) for builder, name in BUILDERS.items()},
    **{builder.replace("ExperimentBuilder", "Params"): ("algorithm", name) for builder, name in BUILDERS.items()},
    "EpochTestCallbackDQNSetEps": ("algorithm", "dqn"),
    "EpochTrainCallbackDQNEpsLinearDecay": ("algorithm", "dqn"),
    "EpochTrainCallbackDQNSetEps": ("algorithm", "dqn"),
    "OptimizerFactoryAdam": ("optimizer", "adam"),
    "OptimizerFactoryRMSprop": ("optimizer", "rmsprop"),
    "OptimizerFactoryTorch": ("optimizer", "torch-optim"),
    **dict.fromkeys(_OF_THE_TOOLKIT.split(), ("component", "mlp-actor")),
    "AutoAlphaFactory": ("component", "auto-alpha"),
    "PolicyWrapperFactoryIntrinsicCuriosity": ("policy_wrapper", "icm"),
    "AutoAlphaFactoryDefault": ("component", "auto-alpha"),
}
"""Re-exported names and the plugin (kind, name) whose package defines them."""


def provided(name: str) -> Any:
    """The class of this name; ImportError, with what to write instead, for a name that is elsewhere or unknown."""
    if name in PROVIDED:
        return _loaded(name)
    if name.startswith("_"):
        raise AttributeError(f"module {HERE!r} has no attribute {name!r}")
    if reason := _of_another(name) or _renamed(name) or _unknown_builder(name):
        raise ImportError(reason, name=HERE)
    raise AttributeError(f"module {HERE!r} has no attribute {name!r}")


def _loaded(name: str) -> Any:
    try:
        plugin = load(*PROVIDED[name])
    except PluginError as error:
        raise ImportError(f"{name}: {error}", name=HERE) from error
    return getattr(import_module(plugin.__module__.partition(".")[0]), name)


def _of_another(name: str) -> str:
    builder = _builders().get(name) if name.endswith(SUFFIX) else None
    return f"{HERE} has the builders of rlchassis itself; write: {_import(builder)}." if builder else ""


def _renamed(name: str) -> str:
    new = other_names("classes").get(name)
    return f"{HERE} has no {name}; it is called {new} here." if new else ""


def _unknown_builder(name: str) -> str:
    if not name.endswith(SUFFIX):
        return ""
    builders = _builders()
    stems = (each.removesuffix(SUFFIX) for each in (*builders, *BUILDERS))
    hint = did_you_mean(name.removesuffix(SUFFIX), stems).replace('"?', f'{SUFFIX}"?')
    others = [_import(plugin) for attribute, plugin in builders.items() if attribute not in BUILDERS]
    return (
        f"no installed algorithm has the builder {name}.{hint} {HERE} has {listed(each for each in builders if each in BUILDERS)}; "
        f"a builder of another distribution is imported from its own package: {'; '.join(others) or 'none is installed'}."
    )


def _builders() -> dict[str, Plugin]:
    return {plugin.attribute: plugin for plugin in installed("algorithm")}


def _import(plugin: Plugin) -> str:
    return f"from {plugin.target.partition(':')[0].strip()} import {plugin.attribute} ({quoted(plugin.name)})"
