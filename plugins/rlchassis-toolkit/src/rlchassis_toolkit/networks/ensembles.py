"""Ensembles of critics: n networks of the same shape, computed by batched matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

import torch
from torch import Tensor, nn

from rlchassis.api import Observation
from rlchassis_toolkit.networks.actors_and_critics import MLP
from rlchassis_toolkit.networks.encoders import width_of

Members: TypeAlias = Tensor | slice | None
"""Ensemble members to evaluate: indices [m] or a slice; None: all."""


class EnsembleLinear(nn.Module):
    """n linear layers in parallel, each initialized independently as torch.nn.Linear is."""

    def __init__(self, size: int, input_dim: int, output_dim: int) -> None:
        super().__init__()
        limit = input_dim**-0.5
        self.weight = nn.Parameter(torch.empty(size, input_dim, output_dim).uniform_(-limit, limit))
        self.bias = nn.Parameter(torch.empty(size, 1, output_dim).uniform_(-limit, limit))

    def forward(self, vectors: Tensor, members: Members = None) -> Tensor:
        """[B, D], shared by all members, or [n, B, D] → [n, B, K]; with m members [m, B, K]."""
        weight, bias = (self.weight, self.bias) if members is None else (self.weight[members], self.bias[members])
        if weight.shape[-1] == 1:  # as a batched product torch takes four times as long
            return (vectors * weight.mT).sum(-1, keepdim=True) + bias
        each = vectors if vectors.dim() == 3 else vectors.expand(weight.shape[0], *vectors.shape)
        return torch.baddbmm(bias, each, weight)


class EnsembleMLP(nn.Sequential):
    """n MLPs in parallel, each with an activation after every layer but the last."""

    def __init__(self, size: int, input_dim: int, hidden_sizes: Sequence[int], activation: type[nn.Module], output_dim: int) -> None:
        layers: list[nn.Module] = []
        sizes = [input_dim, *hidden_sizes]
        for before, after in pairwise(sizes):
            layers += [EnsembleLinear(size, before, after), activation()]
        super().__init__(*layers, EnsembleLinear(size, sizes[-1], output_dim))

    def forward(self, vectors: Tensor, members: Members = None) -> Tensor:
        """[B, D] → [n, B, K]; with m members [m, B, K]."""
        for layer in self:
            vectors = layer(vectors, members) if isinstance(layer, EnsembleLinear) else layer(vectors)
        return vectors


class CriticEnsemble(nn.Module):
    """Ensemble of n critics q(s, a), each with its own MLP, after one encoder that has no parameters or is shared on purpose."""

    def __init__(self, size: int, encoder: nn.Module, action_size: int, hidden_sizes: Sequence[int], activation: type[nn.Module]) -> None:
        super().__init__()
        self.encoder = encoder
        width = width_of(encoder) + action_size
        self.networks = EnsembleMLP(size, width, hidden_sizes, activation, 1)

    def forward(self, obs: Observation, actions: Tensor, members: Members = None) -> Tensor:
        """Observations [B, …] and actions [B, …] → values [n, B]; with m members [m, B], computed for these alone."""
        values: Tensor = self.networks(torch.cat([self.encoder(obs), actions.flatten(1)], -1), members)
        return values.squeeze(-1)


class DiscreteCriticEnsemble(nn.Module):
    """Ensemble of n critics q(s, ·) of K discrete actions."""

    def __init__(self, size: int, encoder: nn.Module, num_actions: int, hidden_sizes: Sequence[int], activation: type[nn.Module]) -> None:
        super().__init__()
        self.encoder = encoder
        self.networks = EnsembleMLP(size, width_of(encoder), hidden_sizes, activation, num_actions)

    def forward(self, obs: Observation) -> Tensor:
        """Observations [B, …] → values [n, B, K]."""
        return self.networks(self.encoder(obs))  # type: ignore[no-any-return]  # a module's return type is Any


class JointCritic(nn.Module):
    """One critic q(s, a) on a network that reads observation and action, as an ensemble of one."""

    def __init__(self, body: nn.Module, hidden_sizes: Sequence[int], activation: type[nn.Module]) -> None:
        super().__init__()
        self.body = body
        self.head = MLP(width_of(body), hidden_sizes, activation, 1)

    def forward(self, obs: Observation, actions: Tensor, members: Members = None) -> Tensor:
        """Observations and actions [B, …] → values [1, B]."""
        return self.head(self.body(obs, actions)).mT  # type: ignore[no-any-return]  # a module's return type is Any


class SideBySide(nn.Module):
    """Ensemble of critics of different architectures."""

    def __init__(self, critics: Sequence[nn.Module]) -> None:
        super().__init__()
        self.critics = nn.ModuleList(critics)

    def forward(self, obs: Observation, *actions: Tensor, members: Members = None) -> Tensor:
        """Values stacked, [n, B, …]; with m members [m, B, …]. Indices in a tensor select after all are computed, a slice before."""
        asked = self.critics[members] if isinstance(members, slice) else self.critics
        values = torch.stack([critic(obs, *actions) for critic in asked])
        return values[members] if isinstance(members, Tensor) else values


class OnlyMember(nn.Module):
    """Single critic from an ensemble of one: the leading dimension is removed."""

    def __init__(self, ensemble: nn.Module) -> None:
        super().__init__()
        self.ensemble = ensemble

    def forward(self, obs: Observation, *actions: Tensor) -> Tensor:
        """Values [B] or [B, K]."""
        return self.ensemble(obs, *actions).squeeze(0)  # type: ignore[no-any-return]  # a module's return type is Any


def first_of(critics: nn.Module, obs: Observation, actions: Tensor) -> Tensor:
    """Values [B] of the first critic of an ensemble; the others are not computed."""
    values: Tensor = critics(obs, actions, members=slice(1))
    return values.squeeze(0)
