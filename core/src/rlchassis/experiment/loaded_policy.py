"""Inference with a stored policy: numpy observations in, environment actions out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from attrs import define, field
from gymnasium import spaces

from rlchassis.data.action_layout import ACTION_MASK, OBSERVATION, parts_of
from rlchassis.data.arrays import write
from rlchassis.data.experience import as_tensors
from rlchassis.data.randomness import RandomStreams
from rlchassis.envs import ActionMap, Environments, allocate, as_tree, describe, is_masked, one_by_one, require_fitting
from rlchassis.envs.mask_sources import flat_mask
from rlchassis.envs.masks import part_sizes
from rlchassis.errors import UsageError
from rlchassis.learning.policy import Policy
from rlchassis.registry.wording import number_of


@define(eq=False, repr=False)
class LoadedPolicy:
    """A stored policy for inference: `policy(obs)` returns actions of the environment's action space. Can be copied and pickled."""

    policy: Policy
    envs: Environments
    device: torch.device
    _map: ActionMap = field(init=False)
    _rng: torch.Generator = field(init=False)
    _state: Any = field(init=False, default=None)
    _count: int = field(init=False, default=1)
    """Number of observations of the last call, each of which has a recurrent state."""

    def __attrs_post_init__(self) -> None:
        """Initial recurrent state and random stream."""
        self._map = ActionMap(self.envs.action_space)
        self._rng = RandomStreams(0).generator("evaluation", device=self.device)

    def __repr__(self) -> str:
        """Class, spaces and device."""
        spaces = f"{describe(self.envs.observation_space)} -> {describe(self.envs.action_space)}"
        return f"LoadedPolicy({type(self.policy).__name__}: {spaces}, device={str(self.device)!r})"

    @torch.no_grad()
    def __call__(self, obs: Any, *, action_mask: Any = None) -> Any:
        """Deterministic or evaluation action for one observation, or actions [B, …] for a batch of observations [B, …].

        Actions are numpy arrays, for Dict and Tuple spaces in dicts and tuples, also of a batch.
        action_mask: the environment's, [K] or [B, K], where it is no part of the observation.
        """
        batch, count = self._batch(self._with_mask(obs, action_mask))
        self._require_states_of(1 if count is None else count)
        actions, self._state = self.policy.act(as_tensors(batch, self.device), self._state, explore=False, rng=self._rng)
        mapped = self._map.to_env(actions.cpu().numpy())
        return one_by_one(mapped)[0] if count is None else mapped

    def reset(self) -> None:
        """Reset the recurrent state of the policy; call it when an episode begins."""
        self._state = None

    def _require_states_of(self, count: int) -> None:
        if self._state is not None and count != self._count:
            raise UsageError(
                f"expected {number_of('observation', self._count)}, as in the call before, since this policy remembers what it saw, got "
                f"{count}; call reset() where episodes begin."
            )
        self._count = count

    def _with_mask(self, obs: Any, action_mask: Any) -> Any:
        """The observation as the environment layer presents it."""
        space = self.envs.observation_space
        if not (isinstance(space, spaces.Dict) and is_masked(space)):
            if action_mask is not None:
                raise UsageError("this policy was trained without action masks; leave action_mask out.")
            return obs
        if action_mask is None:
            if isinstance(obs, Mapping) and ACTION_MASK in obs:
                return obs
            raise UsageError(
                "expected an observation with its action mask, with which this policy was trained: policy(obs, action_mask=mask)."
            )
        is_whole = space.spaces.keys() != {OBSERVATION, ACTION_MASK} or (isinstance(obs, Mapping) and OBSERVATION in obs)
        return {**(obs if is_whole else {OBSERVATION: obs}), ACTION_MASK: flat_mask(action_mask, part_sizes(self.envs.action_space))}

    def _batch(self, obs: Any) -> tuple[Any, int | None]:
        space = self.envs.observation_space
        try:
            obs = as_tree(space, obs)
            count = _count(space, obs)
            require_fitting(space, obs, () if count is None else (count,))
            batch = allocate(space, 1 if count is None else count)
            write(batch, 0 if count is None else slice(None), obs)
        except UsageError:
            raise
        except (ValueError, TypeError) as error:
            got = str(error).replace("answered", "got", 1)
            raise UsageError(f"expected an observation of {describe(space)}: {got}.") from error
        return batch, count


def _count(space: spaces.Space[Any], obs: Any, path: str = "") -> int | None:
    """Batch size, None for a single observation; UsageError for other shapes, with the path of the part."""
    parts = parts_of(space)
    if parts is not None:
        if not (isinstance(obs, Mapping) and obs.keys() >= parts.keys()):
            in_dict, in_tuple = f"dict observation with the keys {', '.join(parts)}", f"tuple observation of {len(parts)} parts"
            raise UsageError(f"expected a {in_tuple if isinstance(space, spaces.Tuple) else in_dict}.")
        counts = {_count(part, obs[key], f"{path}.{key}" if path else key) for key, part in parts.items()}
        if len(counts) > 1:
            raise UsageError("expected the parts of an observation to be all single or batches of one size.")
        return counts.pop()
    shape, wanted = np.shape(obs), tuple(space.shape or ())
    if shape[1:] != wanted and shape != wanted:
        part = f"an observation {path!r}" if path else "an observation"
        raise UsageError(f"expected {part} of shape {wanted} or a batch of them, got shape {shape}.")
    return None if shape == wanted else shape[0]
