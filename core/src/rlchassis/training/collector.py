"""Lets a policy act in environments and records what happens. Alone, with the env layer, in knowing how episodes end and begin."""

from __future__ import annotations

import logging
import math
import statistics
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, Protocol

import numpy as np
import torch
from attrs import define, field
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from rlchassis.data.experience import Row, as_tensors, map_tensors
from rlchassis.envs import Step, VectorEnvironment
from rlchassis.errors import ActionFailure
from rlchassis.learning.policy import Policy, in_evaluation
from rlchassis.training.long_episodes import LongEpisodes

log = logging.getLogger(__name__)
NOTHING_TO_SWITCH = nullcontext()


class Buffer(Protocol):
    """Takes what is collected."""

    def add(self, row: Row) -> None:
        """One step of all environments."""


@define
class CollectStats:
    """What a collection or an evaluation saw: how many steps, and the undiscounted raw returns of the episodes that ended."""

    num_steps: int = 0
    returns: list[float] = field(factory=list)
    lengths: list[int] = field(factory=list)


def mean(values: Sequence[float]) -> float:
    """The mean, exact where all are finite, and not finite where one is not."""
    total = sum(values)
    return statistics.fmean(values) if math.isfinite(total) else total


@define(eq=False)
class Collector:
    """Acts with a policy in a vector of environments."""

    policy: Policy
    """The outermost policy."""
    envs: VectorEnvironment
    rng: Generator
    """Where exploring policies draw from."""
    device: torch.device = field(factory=lambda: torch.device("cpu"))
    max_episode_steps: float = math.inf
    """Steps after which an episode that is played for its score is cut; None: it is waited for."""
    interruption: BaseException | None = None
    """What is raised before the next step, where a policy that only acts is whole."""
    _obs: Any = field(default=None, init=False)
    _state: Any = field(default=None, init=False)
    _returns: NDArray[np.float64] = field(init=False)
    _lengths: NDArray[np.int64] = field(init=False)
    _turn: int = field(default=0, init=False)
    _collected: int = field(default=0, init=False)
    _norms: list[nn.Module] = field(init=False)
    """Layers of batch normalization, which act by their running statistics: one observation per environment is no batch."""

    def __attrs_post_init__(self) -> None:
        """Nothing has been earned yet."""
        self._norms = [module for module in self.policy.modules() if isinstance(module, _BatchNorm)]
        self._forget_episodes()

    def reset(self, seeds: Sequence[int]) -> None:
        """Begin a new episode in every environment, one seed each."""
        self._obs, self._state = self.envs.reset(seeds), None
        self._forget_episodes()

    def collect(self, num_steps: int, buffer: Buffer, policy: Policy | None = None) -> CollectStats:
        """Explore for num_steps environment steps and add each to the buffer; environments that cannot step apart round up.

        Another policy, one without memory, may act instead.
        """
        stats, acting = CollectStats(), self.policy if policy is None else policy
        with torch.no_grad(), in_evaluation(self._norms) if self._norms else NOTHING_TO_SWITCH:
            while stats.num_steps < num_steps:
                if self.interruption is not None:
                    raise self.interruption
                active = self._next_in_turn(num_steps - stats.num_steps)
                obs = self._obs
                actions, state = self._act(acting, obs, explore=True)
                try:
                    step = self.envs.step(actions, active)
                except ActionFailure as error:
                    taken = self._collected + stats.num_steps
                    raise ActionFailure(f"environment step {taken + 1} was not taken: {error}.") from error
                buffer.add(Row(obs, actions, step.rewards, step.next_observations, step.terminated, step.truncated, step.counted))
                self._note(step, state, stats)
        self._collected += stats.num_steps
        return stats

    def evaluate(self, seeds: Sequence[int]) -> CollectStats:
        """Play one whole episode per seed without exploring, as many side by side as there are environments; in the order of the seeds.

        Episodes that max_episode_steps cuts count with what they earned until then.
        """
        stats, cut = CollectStats(), 0
        with torch.no_grad():
            for start in range(0, len(seeds), self.envs.num_envs):
                cut += self._play(seeds[start : start + self.envs.num_envs], stats)
        if cut:
            log.info("%d of %d episodes were cut after %d steps (max_test_episode_steps).", cut, len(seeds), self.max_episode_steps)
        return stats

    def _play(self, seeds: Sequence[int], stats: CollectStats) -> int:
        """Until all have ended; how many were cut."""
        count = self.envs.num_envs
        self.reset([seeds[min(i, len(seeds) - 1)] for i in range(count)])
        playing = np.arange(count) < len(seeds)
        ended, long, steps = CollectStats(), LongEpisodes(seeds), 0
        order: list[int] = []
        while playing.any() and steps != self.max_episode_steps:
            if self.interruption is not None:
                raise self.interruption
            long.look(steps, playing)
            actions, state = self._act(self.policy, self._obs, explore=False)
            active = None if playing.all() or not self.envs.partial else playing
            try:
                step = self.envs.step(actions, active)
            except ActionFailure as error:
                raise ActionFailure(f"test step {ended.num_steps + 1} was not taken: {error}.") from error
            done = (step.terminated | step.truncated) & step.counted & playing
            self._note(step._replace(counted=step.counted & playing), state, ended)
            order += np.flatnonzero(done).tolist()
            playing = playing & ~done
            steps += 1
        self._end_episodes(playing, ended)
        order += np.flatnonzero(playing).tolist()
        by_seed = np.argsort(order)
        stats.num_steps += ended.num_steps
        stats.returns += [ended.returns[i] for i in by_seed]
        stats.lengths += [ended.lengths[i] for i in by_seed]
        return int(playing.sum())

    def _act(self, policy: Policy, obs: Any, *, explore: bool) -> tuple[NDArray[Any], Any]:
        actions, state = policy.act(as_tensors(obs, self.device), self._state, explore=explore, rng=self.rng)
        return (actions if self.device.type == "cpu" else actions.cpu()).numpy(), state

    def _next_in_turn(self, remaining: int) -> NDArray[np.bool_] | None:
        """None for all environments; where fewer steps remain than there are environments, those whose turn it is."""
        count = self.envs.num_envs
        if remaining >= count or not self.envs.partial:
            return None
        active = np.zeros(count, dtype=bool)
        active[(self._turn + np.arange(remaining)) % count] = True
        self._turn = (self._turn + remaining) % count
        return active

    def _note(self, step: Step, state: Any, stats: CollectStats) -> None:
        """Remember where things stand, and report the episodes that ended."""
        self._obs = step.observations
        self._state = self._settled(state, step)
        if _all(step.counted):
            stats.num_steps += len(self._returns)
            self._returns += step.rewards
            self._lengths += 1
        else:
            stats.num_steps += int(np.count_nonzero(step.counted))
            np.add(self._returns, step.rewards, out=self._returns, where=step.counted)
            self._lengths += step.counted
        if _any(step.terminated) or _any(step.truncated):
            self._end_episodes((step.terminated | step.truncated) & step.counted, stats)

    def _end_episodes(self, ended: NDArray[np.bool_], stats: CollectStats) -> None:
        stats.returns += self._returns[ended].tolist()
        stats.lengths += self._lengths[ended].tolist()
        self._returns[ended], self._lengths[ended] = 0.0, 0

    def _settled(self, state: Any, step: Step) -> Any:
        """A policy's memory [N, …] is zero at the beginning of an episode, and as it was where no step was taken."""
        if state is None:
            return None
        before = map_tensors(torch.zeros_like, state) if self._state is None else self._state
        stepped, ended = torch.tensor(step.counted), torch.tensor(step.terminated | step.truncated)

        def settled(new: Tensor, old: Tensor) -> Tensor:
            moved, cleared = (_beside(new, mask) for mask in (stepped, stepped & ended))
            return torch.where(moved, new, old).masked_fill(cleared, 0)

        return map_tensors(settled, state, before)

    def _forget_episodes(self) -> None:
        self._returns = np.zeros(self.envs.num_envs)
        self._lengths = np.zeros(self.envs.num_envs, dtype=np.int64)


def _any(flags: NDArray[np.bool_]) -> bool:
    """Whether one is set; several times as quick as numpy's own on the few of a step."""
    return b"\x01" in flags.tobytes()


def _all(flags: NDArray[np.bool_]) -> bool:
    """Whether none is unset; likewise."""
    return b"\x00" not in flags.tobytes()


def _beside(memory: Tensor, mask: Tensor) -> Tensor:
    """The mask [N], shaped and placed so that it can be broadcast over memory [N, …]."""
    return mask.to(memory.device).reshape(-1, *[1] * (memory.dim() - 1))
