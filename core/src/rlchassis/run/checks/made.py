"""Type checks of what hooks and factories return."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rlchassis.config import ResolvedSampling
from rlchassis.envs import Environments
from rlchassis.envs.spaces import describe
from rlchassis.errors import PluginError, UsageError
from rlchassis.learning.algorithm import Algorithm
from rlchassis.learning.optimizer import Optimizer
from rlchassis.registry.wording import did_you_mean, listed, quoted
from rlchassis.training.agent import AgentFactory
from rlchassis.training.off_policy import OffPolicyTrainer


def require_made(made: Any, contract: type[Any], hook: str) -> Any:
    """PluginError unless the result of a hook, from the configuration or an extension, is an instance of the contract."""
    if not isinstance(made, contract):
        raise PluginError(
            f"{hook} returned {type(made).__name__}, expected {contract.__name__}; check the configuration and its extensions."
        )
    return made


@contextmanager
def networks_made(envs: Environments) -> Iterator[None]:
    """Context in which networks are created; UsageError where the memory does not hold those of the spaces."""
    try:
        yield
    except RuntimeError as error:
        if "can't allocate memory" not in str(error):
            raise
        spaces = f"observations {describe(envs.observation_space)} and actions {describe(envs.action_space)}"
        raise UsageError(f"networks for {spaces} do not fit into memory; wrap the environment, or choose smaller networks.") from error


def require_roles(agent: AgentFactory, optimizers: Sequence[Optimizer]) -> None:
    """UsageError if an optimizer is configured for a role that the algorithm does not have."""
    roles = list(dict.fromkeys(optimizer.role for optimizer in optimizers))
    for role in agent.role_optimizers:
        if role not in roles:
            hint = did_you_mean(role, roles) or f" Its roles are: {listed(roles)}."
            raise UsageError(f"{type(agent).__name__} has no optimizer of role {quoted(role)}.{hint}")


def require_n_step(agent: AgentFactory, algorithm: Algorithm[Any]) -> None:
    """PluginError if an algorithm's n_step differs from its params."""
    wanted = getattr(getattr(agent, "params", agent), "n_step", None)
    if issubclass(agent.trainer_class, OffPolicyTrainer) and wanted not in (None, algorithm.n_step):
        raise PluginError(
            f"params.n_step is {wanted}, but {type(algorithm).__name__} has n_step {algorithm.n_step}; keep the params in a "
            "field named params, which Algorithm.n_step reads, or override that property."
        )


def require_sequences(agent: AgentFactory, algorithm: Algorithm[Any], sampling: ResolvedSampling) -> None:
    """UsageError if the sequences that a recurrent policy learns from do not fit what is stored of an environment."""
    policy = algorithm.policy
    if not policy.records_columns:
        return
    rows, stored = sampling.step_per_collect // sampling.num_train_envs, "rollout"
    longest, remedy = policy.sequence_length, "lower memory.sequence_length or raise sampling.step_per_collect"
    if issubclass(agent.trainer_class, OffPolicyTrainer):
        _require_own_buffer(agent, sampling)
        rows, stored = sampling.buffer_size // sampling.num_train_envs, "replay buffer"
        longest, remedy = longest + policy.burn_in + algorithm.n_step - 1, "lower memory.sequence_length or raise sampling.buffer_size"
    if longest > max(rows, 1):
        raise UsageError(f"sequences of {longest} rows are longer than a {stored}, which has {rows} rows of each environment; {remedy}.")


def _require_own_buffer(agent: AgentFactory, sampling: ResolvedSampling) -> None:
    if sampling.replay_buffer_stack_num > 1:
        raise UsageError("a policy with a memory does not learn from rebuilt stacks; leave sampling.replay_buffer_stack_num or memory out.")
    if agent.buffer_factory is not None:
        raise UsageError("a policy with a memory learns from sequences of the default replay buffer; leave buffer_factory or memory out.")
