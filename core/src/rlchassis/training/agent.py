"""The recipe for an agent: which networks, optimizer and wrappers, and which trainer runs it; and what core hands it to build with."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from attrs import Attribute, field, frozen
from torch import nn

from rlchassis.config.config_part import ConfigPart
from rlchassis.config.fields import switch
from rlchassis.envs import Environments, kinds_in
from rlchassis.errors import UnsupportedSpaceError, UsageError
from rlchassis.learning.algorithm import Algorithm
from rlchassis.learning.optimizer import OptimizerFactory
from rlchassis.learning.policy import Policy
from rlchassis.learning.setup import Setup, resolve
from rlchassis.registry import Component, find, name_of
from rlchassis.training.trainer import Trainer

log = logging.getLogger(__name__)
MOST_WRAPPERS = 32
OPTIMIZER_DEFAULT = Component("optimizer", "adam")


class PolicyWrapperFactory(ConfigPart, ABC):
    """Describes a layer around a policy."""

    kind: ClassVar[str] = "policy_wrapper"

    @abstractmethod
    def create_wrapped_policy(self, policy: Policy, envs: Environments, optim_factory: OptimizerFactory, device: torch.device) -> Policy:
        """The policy with the layer around it; only the spaces of envs may be used, since a stored policy needs no environment."""


@frozen
class OptimizerWhenNeeded(OptimizerFactory):
    """An optimizer that is looked up when it is first used: a stored policy acts where none is installed."""

    description: OptimizerFactory | Component

    def create_optimizer_for_params(self, params: Sequence[nn.Parameter], lr: float) -> torch.optim.Optimizer:
        """As the described one does."""
        made: OptimizerFactory = resolve(self.description, OptimizerFactory)
        return made.create_optimizer_for_params(params, lr)


def _few(agent: Any, attribute: Attribute[Any], wrappers: tuple[Any, ...]) -> None:
    """Each calls the next: a hundred are deeper than Python goes."""
    if len(wrappers) > MOST_WRAPPERS:
        raise UsageError(f"policy_wrappers takes at most {MOST_WRAPPERS} layers, not {len(wrappers)}.")


@frozen(kw_only=True)
class AgentFactory(ConfigPart, ABC):
    """What every recipe for an agent holds; algorithms add their params and networks."""

    kind: ClassVar[str] = "algorithm"
    trainer_class: ClassVar[type[Trainer]]
    """The loop it is trained by."""
    default_sampling: ClassVar[Mapping[str, int]]
    """Sampling settings that suit the algorithm where the user leaves them open: step_per_collect, num_test_episodes, …"""

    optim_factory: OptimizerFactory | Component = OPTIMIZER_DEFAULT
    """What steps the parameters."""
    policy_wrappers: tuple[PolicyWrapperFactory | Component, ...] = field(default=(), converter=tuple, validator=_few)
    """Layers around the policy; the first is innermost."""
    compile: bool = switch(False)
    """Whether each update is compiled into one graph: seconds to begin with, and faster from then on."""

    @abstractmethod
    def create_policy(self, envs: Environments, device: torch.device) -> Policy:
        """The innermost policy, from the spaces of envs alone."""

    @abstractmethod
    def create_algorithm(self, policy: Any, envs: Environments, setup: Setup) -> Algorithm[Any]:
        """The algorithm that learns this policy, which is of the kind that create_policy makes."""

    def create_wrapped(self, policy: Policy, envs: Environments, device: torch.device) -> Policy:
        """The policy with all layers of the recipe around it."""
        for wrapper in self.policy_wrappers:
            factory = resolve(wrapper, PolicyWrapperFactory)
            policy = factory.create_wrapped_policy(policy, envs, OptimizerWhenNeeded(self.optim_factory), device)
            if not isinstance(policy, Policy):
                raise UsageError(f"{type(factory).__name__} made {type(policy).__name__}, which is no Policy.")
        return policy


def check_spaces(agent: AgentFactory, envs: Environments) -> None:
    """UnsupportedSpaceError where the environment has spaces that the manifest of the algorithm does not declare."""
    name = name_of(type(agent))
    if name is None:
        return
    plugin = find(*name)
    for what, space, declared in (
        ("observations", envs.observation_space, plugin.observation_spaces),
        ("actions", envs.action_space, plugin.action_spaces),
    ):
        strange = kinds_in(space) - set(declared)
        if declared and strange:
            raise UnsupportedSpaceError(
                f"{plugin.name} does not support {what} of {', '.join(sorted(strange))}; it takes {', '.join(declared)}. "
                "Choose another algorithm or wrap the environment."
            )
