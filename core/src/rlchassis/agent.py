"""The recipe for an agent: which networks, optimizer and wrappers, and which trainer runs it; and what core hands it to build with."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import torch
from attrs import Attribute, define, field, frozen
from torch import nn

from rlchassis.algorithm import Algorithm
from rlchassis.envs import Environments, kinds_in
from rlchassis.errors import UnsupportedSpaceError, UsageError
from rlchassis.fields import switch, with_article
from rlchassis.optim import LRSchedulerFactory, Optimizer, OptimizerFactory
from rlchassis.policies import Policy
from rlchassis.randomness import RandomStreams
from rlchassis.recipe_part import RecipePart
from rlchassis.registry import Component, find, name_of
from rlchassis.trainer import Trainer

log = logging.getLogger(__name__)
MOST_WRAPPERS = 32
OPTIMIZER_DEFAULT = Component("optimizer", "adam")


@define(eq=False)
class Setup:
    """What core hands an algorithm under construction; all that is made through it is part of the run's state."""

    device: torch.device
    streams: RandomStreams
    total_steps: int
    """Environment steps of the run, for schedules."""
    optimizer_factory: Callable[[Sequence[nn.Parameter], float, str], OptimizerFactory]
    """Which optimizer steps parameters in a role: the recipe's, or what a hook puts in its place."""
    for_graph: bool = False
    """Whether the optimizers are made to be part of a compiled update."""
    optimizers: list[Optimizer] = field(factory=list, init=False)

    def optimizer(
        self, params: Sequence[nn.Parameter], lr: float, role: str, lr_scheduler_factory: LRSchedulerFactory | Component | None = None
    ) -> Optimizer:
        """An optimizer over parameters that no other one steps; ValueError where one is given twice, UsageError where there are none."""
        if not params:
            raise UsageError(f"nothing is left for the {role} to learn: all its parameters are shared; give its network layers of its own.")
        taken = {id(p) for optimizer in self.optimizers for p in optimizer.parameters}
        if len({id(p) for p in params}) < len(params) or taken & {id(p) for p in params}:
            raise ValueError(f"a parameter of role {role!r} would be stepped twice; give unique_parameters to one optimizer.")
        scheduler = resolve(lr_scheduler_factory, LRSchedulerFactory)
        schedule = scheduler.create_schedule(self.total_steps) if scheduler is not None else None
        create = Optimizer.create_for_graph if self.for_graph else Optimizer.create
        optimizer = create(self.optimizer_factory(params, lr, role), params, lr, schedule, role)
        self.optimizers.append(optimizer)
        return optimizer

    def compile(self, algorithm: Algorithm[Any]) -> None:
        """Let the updates of an algorithm made here be compiled, where that was asked for and it has any that can be."""
        if self.for_graph and not algorithm.compile(self._leave_graph):
            log.warning("%s has no update that can be compiled; it is computed step by step.", type(algorithm).__name__)
            self._leave_graph()

    def _leave_graph(self) -> None:
        for optimizer in self.optimizers:
            optimizer.leave_graph()


class PolicyWrapperFactory(RecipePart, ABC):
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
class AgentFactory(RecipePart, ABC):
    """What every recipe for an agent holds; algorithms add their params and networks."""

    kind: ClassVar[str] = "algorithm"
    trainer_class: ClassVar[type[Trainer]]
    """The loop it is trained by."""
    suited_sampling: ClassVar[Mapping[str, int]]
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


def resolve(description: Any, contract: type[Any]) -> Any:
    """What a recipe means: a reference becomes the object it names, None stays None; UsageError where it is not of the contract."""
    made = description.create() if isinstance(description, Component) else description
    if made is not None and not isinstance(made, contract):
        raise UsageError(f"expected {with_article(contract)}, got {made!r}; derive its class from rlchassis.api.{contract.__name__}.")
    return made


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
