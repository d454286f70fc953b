"""Pools of envpool as gymnasium's VectorEnv and Env, seeded at their resets."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from rlchassis.api import UsageError, did_you_mean

SEEDS = 2**31
"""Seeds of envpool are below."""


def checked_spec(task: str, arguments: Mapping[str, Any]) -> Any:
    """The spec of a task; UsageError for an unknown one, for an argument that it does not take and for several players."""
    import envpool

    try:
        with _unbounded_boxes_unsaid():
            spec = envpool.make_spec(task, **arguments)
            observation_space = spec.gymnasium_observation_space
    except KeyError as error:
        raise UsageError(f"envpool has no task {task!r}.{did_you_mean(task, envpool.list_all_envs())}") from error
    except (TypeError, ValueError, AssertionError) as error:
        takes = ", ".join(envpool.make_spec(task).config._fields)
        raise UsageError(f"envpool/{task} does not take {_shown(arguments)}. It takes: {takes}.") from error
    if not isinstance(observation_space, gym.Space):
        raise UsageError(f"envpool/{task} has no observation space of gymnasium, so it cannot be trained in; take another task.")
    if spec.config.max_num_players > 1:
        raise UsageError(f"envpool/{task} has {spec.config.max_num_players} players in an environment, but only one agent is trained.")
    return spec


@contextmanager
def _unbounded_boxes_unsaid() -> Iterator[None]:
    """Without gymnasium's warnings that the bounds of envpool's spaces, which are float64, become float32."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*precision lowered by casting", UserWarning)
        yield


def _shown(arguments: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in arguments.items())


class VectorPool(VectorEnv[Any, Any, Any]):
    """Environments of one pool, which is made anew at each reset with seeds, since envpool takes seeds only where it makes one."""

    def __init__(self, task: str, num_envs: int, arguments: Mapping[str, Any], render_mode: str | None = None) -> None:
        spec = checked_spec(task, arguments)
        self._task, self._pool = task, None
        self._arguments: dict[str, Any] = {**arguments, **({} if render_mode is None else {"render_mode": render_mode})}
        self.num_envs = num_envs
        self.spec = EnvSpec(f"envpool/{task}", reward_threshold=spec.reward_threshold, max_episode_steps=spec.config.max_episode_steps)
        self.single_observation_space, self.single_action_space = spec.gymnasium_observation_space, spec.gymnasium_action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP}

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin a new episode in each environment."""
        if seed is not None or self._pool is None:
            self.close()
            self._pool = self._seeded(seed)
        answer: tuple[Any, dict[str, Any]] = self.pool.reset()
        return answer

    def _seeded(self, seed: Any) -> Any:
        import envpool

        seeds = np.random.SeedSequence(seed).generate_state(self.num_envs) if seed is None or isinstance(seed, int) else seed
        seeds = [int(each) % SEEDS for each in seeds]
        with _unbounded_boxes_unsaid():
            return envpool.make(self._task, env_type="gymnasium", num_envs=self.num_envs, seed=seeds, **self._arguments)

    @property
    def pool(self) -> Any:
        """What envpool.make made; UsageError before the first reset."""
        if self._pool is None:
            raise UsageError(f"envpool/{self._task} was not reset yet, which is when its environments are made; call reset first.")
        return self._pool

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """See VectorEnv."""
        answer: tuple[Any, Any, Any, Any, dict[str, Any]] = self.pool.step(actions)
        return answer

    def close(self, **kwargs: Any) -> None:
        """Close the pool; a reset makes another one."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None


class SinglePool(gym.Env[Any, Any]):
    """A pool of one as a single environment."""

    def __init__(self, task: str, arguments: Mapping[str, Any], render_mode: str | None) -> None:
        self._vector = VectorPool(task, 1, arguments, render_mode)
        self.metadata = {"render_modes": ["human", "rgb_array"]}
        self.render_mode, self.spec = render_mode, self._vector.spec
        self.observation_space, self.action_space = self._vector.single_observation_space, self._vector.single_action_space

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin a new episode."""
        observations, infos = self._vector.reset(seed=None if seed is None else [seed])
        return _first(observations), _first(infos)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """See Env."""
        observations, rewards, terminated, truncated, infos = self._vector.step(np.asarray(action)[None])
        return _first(observations), rewards[0], bool(terminated[0]), bool(truncated[0]), _first(infos)

    def render(self) -> Any:
        """A frame; None where it is shown in a window."""
        frames = self._vector.pool.render()
        return None if frames is None else frames[0]

    def close(self) -> None:
        """Close the pool; a reset makes another one."""
        self._vector.close()


def _first(tree: Any) -> Any:
    """Of arrays [1, …], those of the only environment."""
    return {key: _first(value) for key, value in tree.items()} if isinstance(tree, dict) else tree[0]
