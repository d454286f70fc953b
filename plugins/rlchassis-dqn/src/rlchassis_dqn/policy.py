"""Acting by values: the network that judges every action, and the policy that mostly takes the best one."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Generator, Tensor, nn

from rlchassis.api import Observation, Policy, acting, width_of


class QNetwork(nn.Module):
    """The value of every action."""

    is_head_on_features: ClassVar[bool] = True
    """Tells `acting` that it is `interpret(head(features(obs)))` and nothing else."""

    def __init__(self, features: nn.Module, num_actions: int) -> None:
        super().__init__()
        self.features = features
        self.head = nn.Linear(width_of(features), num_actions)

    def forward(self, obs: Observation) -> Tensor:
        """Observations [B, …] → values of K actions [B, K]."""
        return self.interpret(self.head(self.features(obs)))

    def interpret(self, outputs: Tensor) -> Tensor:
        """What the head's outputs mean: just that."""
        return outputs


class EpsilonGreedyPolicy(Policy):
    """Takes the action of the highest value or, with probability ε, any."""

    def __init__(self, network: QNetwork, *, eps_training: float, eps_inference: float = 0.0) -> None:
        super().__init__()
        self.network = network
        self.eps_training = eps_training
        self.eps_inference = eps_inference

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """Each environment draws by itself; nothing is drawn where ε is 0."""
        values: Tensor = acting(self.network, obs)
        best = values.argmax(-1)
        eps = self.eps_training if explore else self.eps_inference
        if eps == 0:
            return best, None
        at_random = torch.rand(best.shape, generator=rng, device=rng.device) < eps
        anything = torch.randint(values.shape[-1], best.shape, generator=rng, device=rng.device)
        return torch.where(at_random, anything, best), None
