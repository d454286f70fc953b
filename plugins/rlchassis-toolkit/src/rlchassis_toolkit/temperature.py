"""Entropy temperature α of maximum-entropy learning, fixed or learned."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from attrs import Attribute, define, frozen
from gymnasium import spaces
from torch import Tensor, nn

from rlchassis.api import ConfigPart, HasSpaces, LRSchedulerFactory, Metrics, Optimizer, Setup, UsageError, gradient_step, instance, number


@define(eq=False)
class Temperature:
    """Entropy temperature  α = exp(log α);  learned where it has an optimizer."""

    log_alpha: Tensor
    """log α, [1]."""
    target_entropy: float = 0.0
    """Target entropy H̄ of a learned temperature."""
    optimizer: Optimizer | None = None

    @classmethod
    def fixed(cls, alpha: float, device: torch.device) -> Temperature:
        """Create a fixed temperature; 0 turns the entropy bonus off."""
        return cls(torch.tensor([math.log(alpha) if alpha > 0 else -math.inf], device=device))

    @property
    def alpha(self) -> Tensor:
        """α without gradient, []."""
        return self.log_alpha.detach().squeeze(0).exp()

    def numbers(self) -> dict[str, float]:
        """The temperature by name, to be stored with a policy; nothing for a fixed one."""
        return {} if self.optimizer is None else {"alpha": float(self.alpha)}

    def begin_with(self, numbers: Mapping[str, float]) -> None:
        """Begin with a stored temperature; a fixed one stays as it is."""
        if self.optimizer is not None and numbers.get("alpha", 0.0) > 0:
            with torch.no_grad():
                self.log_alpha.fill_(math.log(numbers["alpha"]))

    def learn(self, entropies: Tensor, weights: Tensor, shares: Tensor | None = None) -> Metrics:
        """Take one gradient step on  L = E[ w log α (H − H̄) ]  if α is learned (Haarnoja et al. 2018b, eq. 18, with log α for α).

        Entropies H [B] may be estimates, such as −log π(a|s) of one action each; shares [B] of H̄ are the targets where fewer actions are
        allowed, None: all of it. Returns metrics.
        """
        if self.optimizer is None:
            return {"alpha": self.alpha}
        targets = self.target_entropy if shares is None else shares * self.target_entropy
        excess = (weights * (entropies.detach() - targets)).mean()
        step = gradient_step(self.optimizer, self._loss, excess)
        return {"alpha": self.alpha, "alpha_loss": step["loss"]}

    def _loss(self, excess: Tensor) -> tuple[Tensor, Metrics]:
        return self.log_alpha.squeeze(0) * excess, {}

    def state_dict(self) -> dict[str, Any]:
        """State of log α and its optimizer."""
        return {"log_alpha": self.log_alpha.detach().clone()} | ({"optimizer": self.optimizer.state_dict()} if self.optimizer else {})

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Load the state of log α and its optimizer."""
        with torch.no_grad():
            self.log_alpha.copy_(state["log_alpha"])
        if self.optimizer is not None:
            self.optimizer.load_state_dict(state["optimizer"])


def is_alpha(instance: Any, attribute: Attribute[Any], value: Any) -> None:
    """Validator of a temperature field: a number of at least 0 or an AutoAlphaFactory."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
    if not (is_number or isinstance(value, AutoAlphaFactory)):
        raise UsageError(f"{attribute.name} must be a number of at least 0 or an AutoAlphaFactory, not {value!r}.")


def create_temperature(alpha: float | AutoAlphaFactory, envs: HasSpaces, setup: Setup) -> Temperature:
    """Create the temperature of such a field."""
    if isinstance(alpha, AutoAlphaFactory):
        return alpha.create_temperature(envs, setup)
    return Temperature.fixed(alpha, setup.device)


class AutoAlphaFactory(ConfigPart, ABC):
    """Factory of learned temperatures."""

    @abstractmethod
    def create_temperature(self, envs: HasSpaces, setup: Setup) -> Temperature:
        """Create a temperature with an optimizer from the setup, in the role "temperature"."""


@frozen
class AutoAlphaFactoryDefault(AutoAlphaFactory):
    """Factory of a temperature that keeps the policy's entropy near a target given by the action space."""

    lr: float = number(3e-4, above=0)
    """Learning rate of log α."""
    target_entropy: float | None = number(None, or_none=True)
    """Target entropy H̄; None: −D for D continuous action dimensions, discrete_fraction · log K for K discrete actions."""
    discrete_fraction: float = number(0.98, above=0, at_most=1)
    """Default target entropy as a fraction of the maximum log K, for discrete actions (Christodoulou 2019)."""
    initial_alpha: float = number(1.0, above=0)
    """Initial temperature α."""
    lr_scheduler_factory: LRSchedulerFactory | None = instance(LRSchedulerFactory)
    """Learning rate schedule of log α; None: constant."""

    def create_temperature(self, envs: HasSpaces, setup: Setup) -> Temperature:
        """See AutoAlphaFactory."""
        log_alpha = nn.Parameter(torch.tensor([math.log(self.initial_alpha)], device=setup.device))
        optimizer = setup.optimizer([log_alpha], self.lr, "temperature", self.lr_scheduler_factory)
        return Temperature(log_alpha, self._target_entropy(envs.action_space), optimizer)

    def _target_entropy(self, actions: spaces.Space[Any]) -> float:
        if isinstance(actions, spaces.Discrete):
            return self._discrete_target_entropy(math.log(int(actions.n)))
        return -float(math.prod(actions.shape or ())) if self.target_entropy is None else self.target_entropy

    def _discrete_target_entropy(self, largest: float) -> float:
        wanted = self.discrete_fraction * largest if self.target_entropy is None else self.target_entropy
        if not 0 <= wanted <= largest:
            raise UsageError(f"target_entropy must be between 0 and {largest:.4g}, the largest of these discrete actions, not {wanted:g}.")
        return wanted
