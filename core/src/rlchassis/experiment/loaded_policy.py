"""A stored policy that acts by itself: numpy observations in, the environment's own actions out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from attrs import define, field
from gymnasium import spaces
from numpy.typing import NDArray

from rlchassis.data.arrays import write
from rlchassis.data.experience import as_tensors
from rlchassis.data.randomness import RandomStreams
from rlchassis.envs import ActionMap, Environments, allocate, describe, one_by_one, require_fitting
from rlchassis.errors import UsageError
from rlchassis.learning.policy import Policy


@define(eq=False, repr=False)
class LoadedPolicy:
    """A stored policy that acts: `policy(obs)` answers in the environment's own actions. It can be copied and pickled."""

    policy: Policy
    envs: Environments
    device: torch.device
    _map: ActionMap = field(init=False)
    _rng: torch.Generator = field(init=False)
    _state: Any = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        """Nothing has been asked yet."""
        self._map = ActionMap(self.envs.action_space)
        self._rng = RandomStreams(0).generator("evaluation", device=self.device)

    def __repr__(self) -> str:
        """Without the network."""
        spaces = f"{describe(self.envs.observation_space)} -> {describe(self.envs.action_space)}"
        return f"LoadedPolicy({type(self.policy).__name__}: {spaces}, device={str(self.device)!r})"

    @torch.no_grad()
    def __call__(self, obs: Any) -> NDArray[Any]:
        """An action for one observation, or actions [B, …] for a batch; numpy in, numpy out."""
        batch, single = self._batch(obs)
        actions, self._state = self.policy.act(as_tensors(batch, self.device), self._state, explore=False, rng=self._rng)
        mapped = self._map.to_env(actions.cpu().numpy())
        return one_by_one(mapped)[0] if single else mapped

    def reset(self) -> None:
        """Forget what a policy with memory remembers; to be called where an episode begins."""
        self._state = None

    def _batch(self, obs: Any) -> tuple[Any, bool]:
        space = self.envs.observation_space
        try:
            count = _count(space, obs)
            require_fitting(space, obs, () if count is None else (count,))
            batch = allocate(space, 1 if count is None else count)
            write(batch, 0 if count is None else slice(None), obs)
        except UsageError:
            raise
        except (ValueError, TypeError) as error:
            got = str(error).replace("answered", "got", 1)
            raise UsageError(f"that is no observation of {describe(space)}: {got}.") from error
        return batch, count is None


def _count(space: spaces.Space[Any], obs: Any) -> int | None:
    """How many observations there are, None for a single one; UsageError for what is neither one nor a batch."""
    if isinstance(space, spaces.Dict):
        if not (isinstance(obs, Mapping) and obs.keys() >= space.spaces.keys()):
            raise UsageError(f"an observation of this policy is a dict with the keys {', '.join(space.spaces)}.")
        counts = {_count(part, obs[key]) for key, part in space.spaces.items()}
        if len(counts) > 1:
            raise UsageError("the parts of an observation must be those of one, or batches of one size.")
        return counts.pop()
    shape, wanted = np.shape(obs), tuple(space.shape or ())
    if shape[1:] != wanted and shape != wanted:
        raise UsageError(f"an observation of shape {shape} fits neither the policy's {wanted} nor a batch of them.")
    return None if shape == wanted else shape[0]
