"""Environments stepped one after another: the loop that both this process and the workers run, hence the same bits in both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import gymnasium as gym
from attrs import define, field

from rlchassis.envs.progress import Progress, failure_text, raised
from rlchassis.envs.spaces import require_shape, require_supported, write, writer
from rlchassis.envs.vector import EnvTraits
from rlchassis.errors import EnvironmentFailure, UsageError

if TYPE_CHECKING:
    from rlchassis.envs.rows import Rows

Env: TypeAlias = gym.Env[Any, Any]
EnvConstructor: TypeAlias = Callable[[], Env]


@define(eq=False)
class Chunk:
    """Some environments of one process, and what must be known to name the one that fails."""

    envs: list[Env]
    traits: EnvTraits
    progress: Progress
    first_index: int = 0
    seeds: list[int | None] = field(init=False)
    _env_steps: list[Callable[[Any], tuple[Any, ...]]] = field(init=False)
    _write_one: Callable[[Any, int, Any], None] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.seeds = [None] * len(self.envs)
        self._env_steps = [env.step for env in self.envs]
        self._write_one = writer(self.traits.observation_space)

    @classmethod
    def open(cls, constructors: Sequence[EnvConstructor], progress: Progress, first_index: int = 0) -> Self:
        """Construct all environments, or none: what was opened is closed when one fails."""
        envs: list[Env] = []
        try:
            for index, construct in enumerate(constructors):
                progress.current[0] = index
                envs.append(construct())
            traits = EnvTraits.shared([EnvTraits.told(env.observation_space, env.action_space, env.spec) for env in envs])
            require_supported(traits.observation_space, traits.action_space)
            return cls(envs, traits, progress, first_index)
        except BaseException as error:
            close_all(envs)
            if isinstance(error, UsageError) or not isinstance(error, Exception):
                raise
            raise EnvironmentFailure(failure_text(first_index + len(envs), None, raised(error), "in its constructor")) from error

    def reset(self, seeds: Sequence[int | None], rows: Rows) -> None:
        """Begin a new episode in each, and write what it shows."""
        self.seeds = list(seeds)
        for index, seed in enumerate(seeds):
            self._reset_one(index, seed, rows)

    def step(self, actions: Sequence[Any], chosen: Sequence[int], rows: Rows) -> bool:
        """Step the chosen environments and begin new episodes where one ended; says whether any did."""
        rewards, terminated, truncated, ended = [], [], [], []
        current, steps, env_steps = self.progress.current, self.progress.steps, self._env_steps
        write_one, observations = self._write_one, rows.observations
        try:
            for index in chosen:
                current[0] = index
                steps[index] += 1
                observation, reward, is_terminal, is_cut, _ = env_steps[index](actions[index])
                write_one(observations, index, observation)
                rewards.append(float(reward))
                terminated.append(is_terminal)
                truncated.append(is_cut)
                if is_terminal or is_cut:
                    ended.append(index)
        except Exception as error:
            raise self._failure(error, f"at {self.progress.when()}, with action {actions[current[0]]}") from error
        rows.set_outcomes(chosen, rewards, terminated, truncated)
        if not ended:
            return False
        write(rows.final_observations, slice(None), observations)
        for index in ended:
            self._reset_one(index, None, rows)
        return True

    def _reset_one(self, index: int, seed: int | None, rows: Rows) -> None:
        self.progress.current[0] = index
        try:
            observation, _ = self.envs[index].reset(seed=seed)
            require_shape(self.traits.observation_space, observation)
            write(rows.observations, index, observation)
        except Exception as error:
            raise self._failure(error, f"in its reset after {self.progress.steps[index]} steps") from error
        self.progress.episode_starts[index] = self.progress.steps[index]

    def _failure(self, error: Exception, when: str) -> EnvironmentFailure:
        index = self.progress.current[0]
        return EnvironmentFailure(failure_text(self.first_index + index, self.seeds[index], raised(error), when))

    def close(self) -> None:
        """Close all environments; may be called again."""
        envs, self.envs = self.envs, []
        close_all(envs)


def close_all(envs: Sequence[Env]) -> None:
    """Close each, also after one refuses."""
    try:
        with ExitStack() as stack:
            for env in envs:
                stack.callback(env.close)
    except Exception as error:
        raise EnvironmentFailure(f"an environment could not be closed: it {raised(error)}") from error
