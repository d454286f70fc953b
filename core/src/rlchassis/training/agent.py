"""Agent configuration: networks, optimizer, policy wrappers and trainer."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from attrs import Attribute, field, frozen
from torch import nn

from rlchassis.collecting.rollout import RolloutBuffer
from rlchassis.config import ResolvedSampling
from rlchassis.config.config_part import ConfigPart
from rlchassis.config.fields import switch
from rlchassis.envs import AnySpace, EnvFactory, Environments, is_masked, kinds_in, without_mask
from rlchassis.errors import UnsupportedSpaceError, UsageError
from rlchassis.learning.algorithm import Algorithm
from rlchassis.learning.optimizer import OptimizerFactory
from rlchassis.learning.policy import Policy
from rlchassis.learning.setup import Setup, resolve
from rlchassis.registry import Component, Plugin, find, name_of
from rlchassis.replay import Replay
from rlchassis.training.buffer_factory import BufferFactory
from rlchassis.training.trainer import Trainer

log = logging.getLogger(__name__)
MOST_WRAPPERS = 32
OPTIMIZER_DEFAULT = Component("optimizer", "adam")


class PolicyWrapperFactory(ConfigPart, ABC):
    """Factory of a policy wrapper."""

    kind: ClassVar[str] = "policy_wrapper"

    @abstractmethod
    def create_wrapped_policy(self, policy: Policy, envs: Environments, optim_factory: OptimizerFactory, device: torch.device) -> Policy:
        """Wrap a policy; only the spaces of envs may be used, since a stored policy is loaded without an environment."""


@frozen
class OptimizerWhenNeeded(OptimizerFactory):
    """Optimizer factory resolved on first use, so that a stored policy loads even if its optimizer is not installed."""

    configured: OptimizerFactory | Component

    def create_optimizer_for_params(self, params: Sequence[nn.Parameter], lr: float) -> torch.optim.Optimizer:
        """Create the configured optimizer."""
        made: OptimizerFactory = resolve(self.configured, OptimizerFactory)
        return made.create_optimizer_for_params(params, lr)


def _few(agent: Any, attribute: Attribute[Any], wrappers: tuple[Any, ...]) -> None:
    """UsageError for too many wrappers: they call each other recursively, and Python's stack is limited."""
    if len(wrappers) > MOST_WRAPPERS:
        raise UsageError(f"policy_wrappers takes at most {MOST_WRAPPERS} wrappers, got {len(wrappers)}.")


@frozen(kw_only=True)
class AgentFactory(ConfigPart, ABC):
    """Base class of agent configurations; algorithms add their params and networks."""

    kind: ClassVar[str] = "algorithm"
    trainer_class: ClassVar[type[Trainer]]
    """Training loop: OnPolicyTrainer or OffPolicyTrainer."""
    default_sampling: ClassVar[Mapping[str, int]]
    """The algorithm's defaults for sampling settings that are None: step_per_collect, num_test_episodes, …"""

    optim_factory: OptimizerFactory | Component = OPTIMIZER_DEFAULT
    """Optimizer."""
    role_optimizers: Mapping[str, OptimizerFactory | Component] = field(factory=dict, converter=dict)
    """Optimizers of single roles, such as critic, in place of optim_factory."""
    policy_wrappers: tuple[PolicyWrapperFactory | Component, ...] = field(default=(), converter=tuple, validator=_few)
    """Policy wrappers; the first is innermost."""
    buffer_factory: BufferFactory | Component | None = None
    """Replay buffer; None: that of the sampling settings."""
    compile: bool = switch(False)
    """Whether to compile each update with torch.compile: seconds of start-up, then faster updates."""

    @property
    def info_columns(self) -> Mapping[str, AnySpace]:
        """Keys of `info` that the algorithm needs of every step, with the spaces of their values; they become columns of Experience."""
        return {}

    @abstractmethod
    def create_policy(self, envs: Environments, device: torch.device) -> Policy:
        """Create the innermost policy; only the spaces of envs may be used."""

    @abstractmethod
    def create_algorithm(self, policy: Any, envs: Environments, setup: Setup) -> Algorithm[Any]:
        """Create the algorithm that trains this policy, which is of the class that create_policy returns."""

    def create_buffer(self, sampling: ResolvedSampling, envs: Environments, env_factory: EnvFactory) -> Replay | RolloutBuffer:
        """The configured buffer, or that of the trainer; UsageError if this kind of training cannot learn from it."""
        factory: BufferFactory | None = resolve(self.buffer_factory, BufferFactory)
        if factory is None:
            return self.trainer_class.create_buffer(sampling)
        if not self.trainer_class.takes_buffers:
            raise UsageError(
                f"{self.trainer_class.__name__} has no replay buffer that {type(factory).__name__} could replace; leave buffer_factory out."
            )
        buffer = factory.create_buffer(sampling, envs, env_factory)
        if not isinstance(buffer, Replay):
            raise UsageError(f"expected a Replay of {type(factory).__name__}, got {buffer!r}; derive it from rlchassis.api.Replay.")
        return buffer

    def create_wrapped(self, policy: Policy, envs: Environments, device: torch.device) -> Policy:
        """The policy with all configured wrappers around it."""
        for wrapper in self.policy_wrappers:
            factory = resolve(wrapper, PolicyWrapperFactory)
            policy = factory.create_wrapped_policy(policy, envs, OptimizerWhenNeeded(self.optim_factory), device)
            if not isinstance(policy, Policy):
                raise UsageError(
                    f"expected a Policy of {type(factory).__name__}, got {type(policy).__name__}; derive it from rlchassis.api.Policy."
                )
        return policy


def check_spaces(agent: AgentFactory, envs: Environments) -> None:
    """UnsupportedSpaceError if the environment has spaces that the manifest of the algorithm, or of a wrapper, does not declare."""
    for part in (agent, *agent.policy_wrappers):
        name = (part.kind, part.name) if isinstance(part, Component) else name_of(type(part))
        if name is not None:
            _check_declared(find(*name), envs)


def _check_declared(plugin: Plugin, envs: Environments) -> None:
    is_algorithm = plugin.kind == AgentFactory.kind
    remedy = "Choose another algorithm" if is_algorithm else "Leave the wrapper out"
    for what, space, declared in (
        ("observations", without_mask(envs.observation_space), plugin.observation_spaces),
        ("actions", envs.action_space, plugin.action_spaces),
    ):
        strange = kinds_in(space) - set(declared)
        if declared and strange:
            raise UnsupportedSpaceError(
                f"{plugin.name} does not support {what} of {', '.join(sorted(strange))}; it takes {', '.join(declared)}. "
                f"{remedy} or wrap the environment."
            )
    if is_algorithm and plugin.observation_spaces and is_masked(envs.observation_space) and not plugin.action_masks:
        raise UnsupportedSpaceError(
            f"{plugin.name} does not support action masks, but the environment gives them; choose another algorithm, "
            "or wrap the environment so that it does not."
        )
