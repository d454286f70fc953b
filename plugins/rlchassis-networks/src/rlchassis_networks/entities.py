"""Attention over a set of entities, and its factory."""

from __future__ import annotations

from typing import Any

import torch
from attrs import frozen
from gymnasium import spaces
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from rlchassis.api import HasSpaces, Observation, UnsupportedSpaceError, UsageError, whole
from rlchassis_toolkit import NetworkFactory, encoder_for, width_of


class AttentionBlock(nn.Module):
    """x + attention(norm(x)), then x + W₂ relu(W₁ norm(x)): multi-head self-attention over tokens (Vaswani et al. 2017), norms first."""

    def __init__(self, size: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.norm, self.inward, self.outward = nn.LayerNorm(size), nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.mlp = nn.Sequential(nn.LayerNorm(size), nn.Linear(size, 2 * size), nn.ReLU(), nn.Linear(2 * size, size))

    def forward(self, tokens: Tensor, attended: Tensor) -> Tensor:
        """Tokens [B, n, D] → [B, n, D]; attended: which tokens are looked at, bool [B, n], at least one in each row."""
        heads = self.inward(self.norm(tokens)).unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        queries, keys, values = heads.unbind(0)
        seen = scaled_dot_product_attention(queries, keys, values, attn_mask=attended[:, None, None])
        tokens = tokens + self.outward(seen.transpose(1, 2).flatten(-2))
        return tokens + self.mlp(tokens)  # type: ignore[no-any-return]  # a module's return type is Any


class EntityAttention(nn.Module):
    """Sets of entities [B, n, K] → features [B, D] that depend neither on their order nor on entities that do not exist.

    Entities, and what is observed besides as a token of its own, attend to each other; the mean over entities that exist, and that token,
    go through a linear layer and a ReLU.
    """

    def __init__(self, num_inputs: int, size: int, num_heads: int, num_layers: int, rest: nn.Module | None = None) -> None:
        super().__init__()
        self.rest, self.output_dim = rest, size
        self.embedding = nn.Linear(num_inputs, size)
        self.rest_embedding = None if rest is None else nn.Linear(width_of(rest), size)
        self.blocks = nn.ModuleList([AttentionBlock(size, num_heads) for _ in range(num_layers)])
        self.summary = nn.Sequential(nn.LayerNorm(size if rest is None else 2 * size), nn.Linear(size if rest is None else 2 * size, size))

    def forward(self, entities: Tensor, exist: Tensor, rest: Observation | None = None) -> Tensor:
        """Entities [B, n, K], whether each exists, bool [B, n], and what is observed besides → features [B, D]."""
        tokens, attended = self.embedding(entities), exist
        if self.rest is not None and self.rest_embedding is not None:
            token = self.rest_embedding(self.rest(rest)).unsqueeze(1)
            tokens, attended = torch.cat([tokens, token], 1), torch.cat([exist, torch.ones_like(exist[:, :1])], 1)
        attended = attended | ~attended.any(-1, keepdim=True)  # of no entities all are looked at, and none is counted below
        for block in self.blocks:
            tokens = block(tokens, attended)
        weights = exist.to(tokens.dtype).unsqueeze(-1)
        mean = (weights * tokens[:, : exist.shape[1]]).sum(1) / weights.sum(1).clamp(min=1)
        summary = mean if self.rest is None else torch.cat([mean, tokens[:, -1]], -1)
        return torch.relu(self.summary(summary))


class EntityNetwork(nn.Module):
    """Attention over the entities of an observation: a Box [n, K], or a Dict of entities, a mask where there is one, and other parts."""

    def __init__(self, attention: EntityAttention, entities: str | None, mask: str | None) -> None:
        super().__init__()
        self.attention, self.entities, self.mask = attention, entities, mask
        self.output_dim = attention.output_dim

    def forward(self, obs: Any) -> Tensor:
        """Observations [B, …] → features [B, D]."""
        entities = obs if self.entities is None else obs[self.entities]
        shape = entities.shape[:2]
        exist = entities.new_ones(shape, dtype=torch.bool) if self.mask is None else obs[self.mask].reshape(shape) != 0
        rest = None if self.attention.rest is None else {key: part for key, part in obs.items() if key not in (self.entities, self.mask)}
        return self.attention(entities.to(torch.get_default_dtype()), exist, rest)  # type: ignore[no-any-return]  # a module's return type is Any

    def description(self) -> str:
        """Description of the encoding, for the log."""
        masked = f", of which {self.mask!r} exist" if self.mask else ""
        return f"attention over entities of {self.attention.embedding.in_features}{masked} → {self.output_dim}"


@frozen
class NetworkFactoryEntityAttention(NetworkFactory):
    """Factory of attention over a set of entities: a Box of shape [n, K], or a Dict with such a Box and, where not all exist, a mask."""

    size: int = whole(64)
    """Width of tokens, and number of features; a multiple of num_heads."""
    num_heads: int = whole(4)
    """Number of attention heads."""
    num_layers: int = whole(2)
    """Number of attention blocks."""
    entities: str = "entities"
    """Key of the entities in a Dict."""
    mask: str = "mask"
    """Key of the mask in a Dict, n numbers that are 0 where there is no entity; without that key all exist."""

    def __attrs_post_init__(self) -> None:
        """UsageError where heads do not share the width evenly."""
        if self.size % self.num_heads:
            raise UsageError(f"size must be a multiple of num_heads, {self.num_heads}, not {self.size}; set one of them.")

    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create the network; UnsupportedSpaceError for an observation without entities, or with a mask of another number of them."""
        space = envs.observation_space
        parts = dict(space.spaces) if isinstance(space, spaces.Dict) else {self.entities: space}
        shape = self._shape(parts.pop(self.entities, None), space)
        mask = parts.pop(self.mask, None)
        if mask is not None and spaces.flatdim(mask) != shape[0]:
            raise UnsupportedSpaceError(f"{self._name} needs a mask of {shape[0]} numbers, one for each entity, got {mask}.")
        rest = encoder_for(spaces.Dict(parts)) if parts else None
        attention = EntityAttention(shape[1], self.size, self.num_heads, self.num_layers, rest)
        is_dict = isinstance(space, spaces.Dict)
        return EntityNetwork(attention, self.entities if is_dict else None, None if mask is None else self.mask).to(device)

    def _shape(self, entities: spaces.Space[Any] | None, space: spaces.Space[Any]) -> tuple[int, int]:
        """n and K."""
        if not isinstance(entities, spaces.Box) or len(entities.shape) != 2:
            raise UnsupportedSpaceError(
                f"{self._name} needs entities, a Box of shape (n, k), alone or as {self.entities!r} of a Dict, got {space}; "
                "reshape the observation, or choose another network."
            )
        return entities.shape[0], entities.shape[1]

    @property
    def _name(self) -> str:
        return type(self).__name__
