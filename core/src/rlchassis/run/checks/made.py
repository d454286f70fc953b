"""Type checks of what hooks and factories return."""

from __future__ import annotations

from typing import Any

from rlchassis.config import ResolvedSampling
from rlchassis.errors import PluginError, UsageError
from rlchassis.learning.algorithm import Algorithm
from rlchassis.learning.policy import Policy
from rlchassis.training.agent import AgentFactory
from rlchassis.training.off_policy import OffPolicyTrainer


def require_made(made: Any, contract: type[Any], hook: str) -> Any:
    """PluginError unless the result of a hook, from the configuration or an extension, is an instance of the contract."""
    if not isinstance(made, contract):
        raise PluginError(
            f"{hook} returned {type(made).__name__}, expected {contract.__name__}; check the configuration and its extensions."
        )
    return made


def require_n_step(agent: AgentFactory, algorithm: Algorithm[Any]) -> None:
    """PluginError if an algorithm's n_step differs from its params."""
    wanted = getattr(getattr(agent, "params", agent), "n_step", None)
    if issubclass(agent.trainer_class, OffPolicyTrainer) and wanted not in (None, algorithm.n_step):
        raise PluginError(
            f"params.n_step is {wanted}, but {type(algorithm).__name__} has n_step {algorithm.n_step}; keep the params in a "
            "field named params, which Algorithm.n_step reads, or override that property."
        )


def require_sequences(agent: AgentFactory, policy: Policy, sampling: ResolvedSampling) -> None:
    """UsageError if the sequences that a recurrent policy learns from are longer than what an environment contributes to a rollout."""
    rows = sampling.step_per_collect // sampling.num_train_envs
    if policy.sequence_length > max(rows, 1) and not issubclass(agent.trainer_class, OffPolicyTrainer):
        raise UsageError(
            f"sequences of {policy.sequence_length} rows are longer than a rollout, which has {rows} rows of each environment; "
            "lower memory.sequence_length or raise sampling.step_per_collect."
        )
