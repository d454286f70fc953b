"""Collector: steps environments with a policy and records transitions and episodes."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
import torch
from attrs import define, field
from numpy.typing import NDArray
from torch import Generator

from rlchassis.collecting.acting import Acting
from rlchassis.collecting.episodes import CollectStats, EpisodeStats
from rlchassis.collecting.long_episodes import LongEpisodes
from rlchassis.data.step import Step
from rlchassis.envs import VectorEnvironment
from rlchassis.errors import ActionFailure
from rlchassis.learning.policy import Policy

log = logging.getLogger(__name__)
Columns: TypeAlias = Callable[[Step], dict[str, Any]]
"""Columns to add to a collected step, trees of arrays [N, …]."""


class Buffer(Protocol):
    """Destination of collected steps."""

    def add(self, step: Step) -> None:
        """Append one step of all environments."""


@define(eq=False)
class Collector:
    """Collects rollouts and evaluation episodes with a policy in a vector environment."""

    policy: Policy
    """The outermost policy."""
    envs: VectorEnvironment
    rng: Generator
    """Random generator for exploration."""
    device: torch.device = field(factory=lambda: torch.device("cpu"))
    max_episode_steps: float = math.inf
    """Maximum length of evaluation episodes; inf: no maximum."""
    interruption: BaseException | None = None
    """Exception to raise before the next step, when the policy is in a consistent state."""
    _acting: Acting = field(init=False)
    _episodes: EpisodeStats = field(init=False)
    _turn: int = field(default=0, init=False)
    _collected: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self._acting = Acting(self.policy, self.envs, self.rng, self.device)
        self._episodes = EpisodeStats(self.envs.num_envs, self.envs.infos)

    def reset(self, seeds: Sequence[int]) -> None:
        """Begin a new episode in every environment, one seed each."""
        self._acting.reset(seeds)
        self._episodes = EpisodeStats(self.envs.num_envs, self.envs.infos)

    def collect(
        self,
        num_steps: int,
        buffer: Buffer,
        policy: Policy | None = None,
        columns: Columns | None = None,
        stats: CollectStats | None = None,
    ) -> CollectStats:
        """Collect num_steps environment steps with exploration into the buffer; rounded up if environments only step together.

        policy: another, memoryless policy that acts instead, as in the warm-up. columns: function of a step that returns more of them.
        stats: statistics of a collection that was interrupted and now goes on; they are added to.
        """
        stats, acting = CollectStats() if stats is None else stats, self.policy if policy is None else policy
        with torch.no_grad(), self._acting.normalizing():
            while stats.num_steps < num_steps:
                if self.interruption is not None:
                    raise self.interruption
                active, before = self._next_in_turn(num_steps - stats.num_steps), stats.num_steps
                try:
                    step = self._acting.step(acting, active, explore=True)
                except ActionFailure as error:
                    raise ActionFailure(f"environment step {self._collected + 1} was not taken: {error}.") from error
                if columns is not None:
                    step = step._replace(columns={**step.columns, **columns(step)})
                buffer.add(step)
                self._episodes.add(step, step.valid, stats)
                self._collected += stats.num_steps - before
        return stats

    def parts(self) -> dict[str, Any]:
        """What a checkpoint stores of it, beside the environments."""
        acting = self._acting
        return {"rng": self.rng, "memory": acting.state, "episodes": self._episodes, "turn": self._turn, "collected": self._collected}

    def put_back(self, parts: dict[str, Any]) -> None:
        """Assign restored parts."""
        self._acting.state, self._turn, self._collected = parts["memory"], parts["turn"], parts["collected"]

    def go_on(self, obs: Any, is_new: NDArray[np.bool_]) -> None:
        """Act on these observations next; is_new: mask [N] of environments that began a new episode."""
        self._acting.go_on(obs, is_new)
        self._episodes.end(is_new, CollectStats())

    def evaluate(self, seeds: Sequence[int]) -> CollectStats:
        """Play one episode per seed without exploration, in parallel; results are in the order of the seeds.

        Episodes cut by max_episode_steps count with their return so far.
        """
        stats, cut = CollectStats(), 0
        with torch.no_grad():
            for start in range(0, len(seeds), self.envs.num_envs):
                cut += self._play(seeds[start : start + self.envs.num_envs], stats)
        if cut:
            log.info("%d of %d episodes were cut after %d steps (max_test_episode_steps).", cut, len(seeds), self.max_episode_steps)
        return stats

    def _play(self, seeds: Sequence[int], stats: CollectStats) -> int:
        """Play until all episodes have ended or are cut; returns how many were cut."""
        count = self.envs.num_envs
        self.reset([seeds[min(i, len(seeds) - 1)] for i in range(count)])
        playing = np.arange(count) < len(seeds)
        ended, long, steps = CollectStats(), LongEpisodes(seeds), 0
        order: list[int] = []
        while playing.any() and steps != self.max_episode_steps:
            if self.interruption is not None:
                raise self.interruption
            long.look(steps, playing)
            active = None if playing.all() or not self.envs.partial else playing
            try:
                step = self._acting.step(self.policy, active, explore=False)
            except ActionFailure as error:
                raise ActionFailure(f"test step {ended.num_steps + 1} was not taken: {error}.") from error
            valid = step.valid & playing
            self._episodes.add(step, valid, ended)
            done = (step.terminated | step.truncated) & valid
            order += np.flatnonzero(done).tolist()
            playing = playing & ~done
            steps += 1
        self._episodes.end(playing, ended)
        order += np.flatnonzero(playing).tolist()
        by_seed = np.argsort(order)
        stats.num_steps += ended.num_steps
        stats.returns += [ended.returns[i] for i in by_seed]
        stats.lengths += [ended.lengths[i] for i in by_seed]
        for key, numbers in ended.infos.items():
            stats.infos.setdefault(key, []).extend(numbers[i] for i in by_seed)
        return int(playing.sum())

    def _next_in_turn(self, remaining: int) -> NDArray[np.bool_] | None:
        """Mask [N] of environments to step when fewer steps remain than environments, round-robin; None: all."""
        count = self.envs.num_envs
        if remaining >= count or not self.envs.partial:
            return None
        active = np.zeros(count, dtype=bool)
        active[(self._turn + np.arange(remaining)) % count] = True
        self._turn = (self._turn + remaining) % count
        return active
