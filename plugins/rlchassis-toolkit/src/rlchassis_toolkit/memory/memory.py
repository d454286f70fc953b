"""The memory of a policy: an encoder of observations and recurrent layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn

from rlchassis.api import HasSpaces, Observation, by_row, is_masked, join_mask, map_tensors, split_mask
from rlchassis_toolkit.memory.layers import RecurrentLayer
from rlchassis_toolkit.memory.sequences import Sequences, Steps
from rlchassis_toolkit.networks.encoders import width_of
from rlchassis_toolkit.networks.joint_actions import SpacesSeen, joint_sizes
from rlchassis_toolkit.networks.masking import WithoutMask
from rlchassis_toolkit.numpy_inference import infer


class Memory(nn.Module):
    """Observations and recurrent states → next states, of which features h are a part, the observations of actor and critic."""

    def __init__(self, encoder: nn.Module, layers: Sequence[RecurrentLayer], *, sequence_length: int, burn_in: int = 0) -> None:
        super().__init__()
        self.encoder = encoder
        self.layers = nn.ModuleList(layers)
        self.sequence_length, self.burn_in = sequence_length, burn_in
        self.output_dim = layers[-1].size
        self._widths = [layer.state_size for layer in layers]

    def forward(self, obs: Observation, state: Tensor | None) -> Tensor:
        """States [B, S] after observations [B, …], from the states before; None: those at the beginning of an episode, zeros."""
        inputs: Tensor = infer(self.encoder, obs)
        state = inputs.new_zeros(len(inputs), sum(self._widths)) if state is None else state
        after = []
        for layer, before in zip(self.layers, torch.split(state, self._widths, -1), strict=True):
            after.append(layer.step(inputs, before))  # type: ignore[operator]  # a RecurrentLayer
            inputs = after[-1][:, : layer.size]
        return torch.cat(after, -1) if len(after) > 1 else after[0]

    def unroll(self, steps: Steps) -> Tensor:
        """States [B, T, S] after every row of sequences [B, T, …], from the recorded states of their first rows.

        Those of the first `burn_in` rows are computed without gradient, and are where the others begin.
        """
        obs, states, fresh = steps.obs, steps.states, steps.fresh
        if not self.burn_in:
            return self._unrolled(obs, states, fresh)
        head, tail = slice(self.burn_in), slice(self.burn_in, None)
        with torch.no_grad():
            before = self._unrolled(map_tensors(lambda part: part[:, head], obs), states[:, head], fresh[:, head])
        first = torch.where(fresh[:, tail][:, :1, None], states[:, tail][:, :1], before[:, -1:])
        states = torch.cat([first, states[:, tail][:, 1:]], 1)
        return torch.cat([before, self._unrolled(map_tensors(lambda part: part[:, tail], obs), states, fresh[:, tail])], 1)

    def _unrolled(self, obs: Observation, states: Tensor, fresh: Tensor) -> Tensor:
        inputs, after = by_row(self.encoder, obs), []
        for layer, before in zip(self.layers, torch.split(states, self._widths, -1), strict=True):
            after.append(layer.unroll(inputs, before, fresh))  # type: ignore[operator]  # a RecurrentLayer
            inputs = after[-1][..., : layer.size]
        return torch.cat(after, -1) if len(after) > 1 else after[0]

    def features(self, after: Tensor) -> Tensor:
        """Features h [B, H] in states after observations [B, S]: the output of the last layer."""
        start = sum(self._widths[:-1])
        return after[..., start : start + self.output_dim]

    def seen(self, after: Tensor, obs: Observation) -> Observation:
        """What networks see: the features, together with the action mask of the observations [B, …] where there is one."""
        features = self.features(after)
        return join_mask(features, split_mask(obs)[1]) if isinstance(self.encoder, WithoutMask) else features

    def rows_seen(self, after: Tensor, sequences: Sequences) -> Observation:
        """What networks see of the rows that are learned from, [R, …], from the states after every row [B, T, S]."""
        return map_tensors(lambda part: part.flatten(0, 1)[sequences.rows], self.seen(after, sequences.steps.obs))


def network_spaces(memory: nn.Module | None, envs: HasSpaces) -> HasSpaces:
    """Spaces that networks are made for: the environment's, or with a memory the features in place of the observation."""
    if memory is None:
        return envs
    space: Any = envs.observation_space
    features = spaces.Box(-1, 1, (width_of(memory),), np.float32)
    seen = spaces.Dict(join_mask(features, split_mask(space)[1])) if is_masked(space) else features
    return SpacesSeen(seen, envs.action_space, joint_sizes(envs))
