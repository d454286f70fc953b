"""Adapter from envpool environments to gymnasium's VectorEnv; does not import envpool."""

from __future__ import annotations

import logging
from typing import Any

import gymnasium as gym
from gymnasium.vector import AutoresetMode, VectorEnv

from rlchassis.errors import UsageError

log = logging.getLogger(__name__)
PARTS = ("all_env_ids", "async_reset", "config", "recv", "send")


def is_envpool(thing: object) -> bool:
    """Whether it looks like a result of envpool.make."""
    return all(hasattr(type(thing), name) for name in PARTS)


class EnvPoolVector(VectorEnv[Any, Any, Any]):
    """What `envpool.make(…, env_type="gymnasium")` makes, which stays its maker's to close; raises UsageError for pools of other kinds."""

    def __init__(self, pool: Any) -> None:
        _require_usable(pool)
        self.pool, self._seeds_were_asked_for = pool, False
        self.num_envs = int(pool.config["num_envs"])
        self.single_observation_space, self.single_action_space = pool.observation_space, pool.action_space
        self.observation_space = gym.vector.utils.batch_space(self.single_observation_space, self.num_envs)
        self.action_space = gym.vector.utils.batch_space(self.single_action_space, self.num_envs)
        self.metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP}

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin a new episode in each; a seed comes too late for them, which is logged once."""
        if seed is not None and not self._seeds_were_asked_for:
            log.warning(
                "envpool seeds environments when it makes them, so the seed of this run does not reach them; give envpool.make one."
            )
            self._seeds_were_asked_for = True
        answer = self.pool.reset()
        return answer if isinstance(answer, tuple) else (answer, {})

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """See VectorEnv."""
        answer: tuple[Any, Any, Any, Any, dict[str, Any]] = self.pool.step(actions)
        return answer


def _require_usable(pool: Any) -> None:
    config, space = pool.config, getattr(pool, "observation_space", None)
    if not isinstance(space, gym.Space):
        raise UsageError(f"{type(pool).__name__} has no spaces of gymnasium; make it by envpool.make(…, env_type='gymnasium')")
    if config.get("batch_size", 0) not in (0, config["num_envs"]):
        raise UsageError(
            f"{type(pool).__name__} answers for {config['batch_size']} of its {config['num_envs']} environments at a time, but all must "
            "step together; leave batch_size out of envpool.make"
        )
    if config.get("max_num_players", 1) > 1:
        raise UsageError(f"{type(pool).__name__} has {config['max_num_players']} players in an environment, but only one agent is trained")
