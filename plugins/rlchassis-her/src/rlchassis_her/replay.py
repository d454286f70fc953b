"""The replay buffer that changes what was asked for into what was reached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import attrs
import gymnasium as gym
import numpy as np
import torch
from attrs import define, field
from numpy.typing import NDArray
from torch import Generator, Tensor

from rlchassis.api import Experience, Replay, ReplayBuffer, Sample, Step
from rlchassis_her.episodes import Episodes, Ints
from rlchassis_her.goals import ACHIEVED, DESIRED, Goals, Infos

STRATEGIES = ("future", "final", "episode")
BYTES_PER_BOUNDS = 16


@define(eq=False)
class HindsightReplay(Replay):
    """Replay buffer whose windows are relabelled when they are drawn; what is stored has the goals that were asked for."""

    inner: ReplayBuffer
    goals: Goals
    strategy: str = "future"
    n_sampled_goal: int = 4
    info_keys: tuple[str, ...] = ()
    """Columns that are in the `info` of compute_reward."""
    _episodes: Episodes = field(init=False)
    _achieved: NDArray[Any] | None = field(default=None, init=False)
    """[cells, …] goal that each transition has reached."""

    def __attrs_post_init__(self) -> None:
        self._episodes = Episodes(self.inner.ring.rows, self.inner.ring.num_envs)

    def add(self, step: Step) -> None:
        """See Replay."""
        self.inner.add(step)
        achieved = step.next_obs[ACHIEVED]
        if self._achieved is None:
            self._achieved = np.empty((self.inner.capacity, *achieved.shape[1:]), achieved.dtype)
        envs, cells = self._episodes.add(step.valid, step.terminated | step.truncated)
        self._achieved[cells] = achieved[envs]

    def cut(self, envs: NDArray[np.bool_]) -> None:
        """See Replay."""
        self.inner.cut(envs)
        self._episodes.end(envs)

    def sample(self, batch_size: int, n: int, rng: Generator) -> Sample:
        """See Replay; k / (k + 1) of the windows, rounded down, have one other goal each."""
        sample = self.inner.sample(batch_size, n, rng)
        count = batch_size * self.n_sampled_goal // (self.n_sampled_goal + 1)
        chosen = torch.randperm(batch_size, generator=rng)[:count]
        reached = self.reached(sample.indices[chosen.numpy()], torch.rand(count, generator=rng, dtype=torch.float64).numpy())
        return Sample(self._relabelled(sample.window, chosen, reached), sample.indices)

    def reached(self, cells: Ints, shares: NDArray[np.float64]) -> NDArray[Any]:
        """Goals [B, …] for the transitions in these cells; a share in [0, 1) is the place among the goals that may be drawn."""
        assert self._achieved is not None, "something was added before"
        numbers, first, last = self._episodes.bounds(cells)
        earliest = {"future": numbers, "final": last, "episode": first}[self.strategy]
        drawn = earliest + (shares * (last - earliest + 1)).astype(np.int64)
        goals: NDArray[Any] = self._achieved[self._episodes.cells(drawn, cells % self._episodes.num_envs)]
        return goals

    def _relabelled(self, window: Experience, chosen: Tensor, reached: NDArray[Any]) -> Experience:
        """Windows [n, B, …] in which the chosen ones ask for what was reached, with rewards and ends of that."""
        n, count = len(window), len(chosen)
        goals = torch.from_numpy(reached)
        seen: Any = window.next_obs
        achieved = seen[ACHIEVED][:, chosen].flatten(0, 1).numpy()
        desired = np.concatenate([reached] * n)
        infos = self._infos(window, chosen)
        rewards = window.rewards.index_copy(1, chosen, torch.from_numpy(self.goals.rewards(achieved, desired, infos)).view(n, count))
        changed = attrs.evolve(
            window, obs=_asking(window.obs, chosen, goals), next_obs=_asking(window.next_obs, chosen, goals), rewards=rewards
        )
        terminated = self.goals.terminated(achieved, desired, infos)
        return changed if terminated is None else _ended(changed, chosen, torch.from_numpy(terminated).view(n, count))

    def _infos(self, window: Experience, chosen: Tensor) -> Infos:
        """The recorded `info` of each row, with the keys that are columns."""
        if not self.info_keys:
            return [{}] * (len(window) * len(chosen))
        parts = [cast(Tensor, window.columns[key])[:, chosen].flatten(0, 1).numpy() for key in self.info_keys]
        return [dict(zip(self.info_keys, values, strict=True)) for values in zip(*parts, strict=True)]

    def update_priorities(self, indices: Ints, errors: Tensor) -> None:
        """See Replay; a transition's priority is that of the goal it was last drawn with."""
        self.inner.update_priorities(indices, errors)

    def bytes_per_transition(self, first: Step) -> int:
        """See Replay."""
        return self.inner.bytes_per_transition(first) + int(first.next_obs[ACHIEVED][0].nbytes) + BYTES_PER_BOUNDS

    @property
    def capacity(self) -> int:
        """See Replay."""
        return self.inner.capacity

    @property
    def prioritized(self) -> bool:
        """See Replay."""
        return self.inner.prioritized

    def __len__(self) -> int:
        """See Replay."""
        return len(self.inner)

    def set_progress(self, progress: float) -> None:
        """See Replay."""
        self.inner.set_progress(progress)

    def close(self) -> None:
        """See Replay."""
        self.goals.close()

    def readings(self) -> dict[str, float]:
        """See Replay."""
        return self.inner.readings()

    def ways_to_shrink(self, observation_space: gym.Space[Any]) -> Sequence[str]:
        """See Replay."""
        return self.inner.ways_to_shrink(observation_space)


def _asking(obs: Any, chosen: Tensor, goals: Tensor) -> Any:
    """Observations [n, B, …] with other desired goals, one for each chosen window."""
    desired = obs[DESIRED]
    return {**obs, DESIRED: desired.index_copy(1, chosen, goals.expand(len(desired), *goals.shape))}


def _ended(window: Experience, chosen: Tensor, terminated: Tensor) -> Experience:
    """Chosen windows with other terminations [n, B′]: what follows the first is cut off; where one is gone, the episode was truncated."""
    before = window.terminated[:, chosen]
    ends = terminated & window.valid[:, chosen]
    truncated = window.truncated.index_copy(1, chosen, window.truncated[:, chosen] | (before & ~terminated))
    window = attrs.evolve(window, terminated=window.terminated.index_copy(1, chosen, terminated), truncated=truncated)
    if len(window) == 1:
        return window
    valid = window.valid.clone()
    valid[1:, chosen] &= ~ends.cummax(0).values[:-1]
    last = valid.sum(0) - 1
    rows = torch.arange(len(window))[:, None].minimum(last)  # what is not valid repeats the last that is
    return attrs.evolve(window[rows, torch.arange(rows.shape[1])], valid=valid)
