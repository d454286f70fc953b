"""What configurations and hooks make, checked to be what they were asked for."""

from __future__ import annotations

from typing import Any

from rlchassis.errors import PluginError
from rlchassis.learning.algorithm import Algorithm
from rlchassis.training.agent import AgentFactory
from rlchassis.training.off_policy import OffPolicyTrainer


def require_made(made: Any, contract: type[Any], hook: str) -> Any:
    """PluginError where the answer to a hook, which is the configuration's unless an extension gave one, is of another kind."""
    if not isinstance(made, contract):
        raise PluginError(
            f"{hook} was answered with {type(made).__name__}, expected {contract.__name__}; see the configuration, or extensions."
        )
    return made


def require_n_step(agent: AgentFactory, algorithm: Algorithm[Any]) -> None:
    """PluginError where an algorithm would replay windows of another length than its configuration says."""
    wanted = getattr(getattr(agent, "params", agent), "n_step", None)
    if issubclass(agent.trainer_class, OffPolicyTrainer) and wanted not in (None, algorithm.n_step):
        raise PluginError(
            f"params.n_step is {wanted}, but {type(algorithm).__name__} learns from windows of {algorithm.n_step}; keep the params in a "
            "field named params, by which the property n_step of an Algorithm goes, or answer that property."
        )
