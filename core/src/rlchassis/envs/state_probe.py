"""Which ways to store the state of an environment are exact: tried on new instances, compared byte by byte."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

import numpy as np

from rlchassis.data.action_layout import ACTION_MASK
from rlchassis.data.arrays import map_arrays
from rlchassis.envs.actions import ActionMap
from rlchassis.envs.env_state import WAYS, Env, Episode, attributes_of, restore_attributes
from rlchassis.envs.mask_sources import MaskInObservation, mask_source
from rlchassis.envs.masks import is_masked, marked, random_allowed
from rlchassis.envs.opening import EnvConstructor

STEPS = 60
"""Steps before the state is stored, and again after it is restored."""
SEED = 20_261


def exact_ways(construct: EnvConstructor) -> list[str]:
    """Names of the ways after which a new environment goes on exactly like the one whose state was stored."""
    return [way for way in WAYS if _is_exact(construct, way)]


def _is_exact(construct: EnvConstructor, way: str) -> bool:
    """Whether a restored environment gives the same bytes, across the ends of episodes, with the same actions."""
    with ExitStack() as at_the_end, suppress(Exception):
        original, other = (_with_mask(_opened(construct, at_the_end)) for _ in range(2))
        masked = is_masked(marked(original.observation_space, original.action_space))
        actions = _allowed_actions(_with_mask(_opened(construct, at_the_end))) if masked else _actions(original)
        episode = _play(original, _begun(original, SEED), actions[:STEPS])[0]
        store, restore = WAYS[way]
        restore(other, store(original, episode))
        return _goes_on(original, episode, actions[STEPS:]) == _goes_on(other, Episode(), actions[STEPS:])
    return False


def vector_ways(construct: Callable[[], Any]) -> list[str]:
    """The same of a vectorized environment, whose attributes alone can be stored."""
    with ExitStack() as at_the_end, suppress(Exception):
        original, other = (_opened(construct, at_the_end) for _ in range(2))
        actions = _actions(original)
        original.reset(seed=SEED)
        other.reset(seed=0)
        for action in actions[:STEPS]:
            original.step(action)
        restore_attributes(other, attributes_of(original))
        seen, again = ([_vector_bytes(env.step(action)) for action in actions[STEPS:]] for env in (original, other))
        return ["attributes"] if seen == again else []
    return []


def _vector_bytes(answer: Any) -> Any:
    obs, *outcome, _ = answer
    return _bytes(obs), *(np.asarray(part).tobytes() for part in outcome)


def _opened(construct: Callable[[], Any], at_the_end: ExitStack) -> Any:
    env = construct()
    at_the_end.callback(env.close)
    return env


def _with_mask(env: Env) -> Env:
    """The environment with the action mask in its observation, as runs step it, where it gives one besides."""
    source = mask_source(env)
    return env if source is None else MaskInObservation(env, source)


def _actions(env: Env) -> list[Any]:
    space = env.action_space
    space.seed(SEED)
    return [space.sample() for _ in range(2 * STEPS)]


def _allowed_actions(env: Env) -> list[Any]:
    """Actions that the masks allow, found by taking them as `_play` will."""
    to_env, generator = ActionMap(env.action_space).to_env, np.random.default_rng(SEED)
    obs, actions = env.reset(seed=SEED)[0], []
    for index in range(2 * STEPS):
        mask = np.asarray(obs[ACTION_MASK]).reshape(1, -1)
        action = to_env(random_allowed(env.action_space, mask, generator))[0]
        actions.append(action)
        obs, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated or index % STEPS == STEPS // 2:
            obs = env.reset()[0]
    return actions


def _begun(env: Env, seed: int | None) -> Episode:
    episode = Episode.beginning(env, seed)
    env.reset(seed=seed)
    return episode


def _play(env: Env, episode: Episode, actions: list[Any]) -> tuple[Episode, list[Any]]:
    """Take actions, with a reset after each end; at least one reset within them, so that the generator counts as well."""
    seen = []
    for index, action in enumerate(actions):
        obs, reward, terminated, truncated, _ = env.step(action)
        episode.actions.append(action)
        seen.append((_bytes(obs), float(reward), bool(terminated), bool(truncated)))
        if terminated or truncated or index == len(actions) // 2:
            episode = _begun(env, None)
    return episode, seen


def _goes_on(env: Env, episode: Episode, actions: list[Any]) -> list[Any]:
    return _play(env, episode, actions)[1]


def _bytes(obs: Any) -> Any:
    if isinstance(obs, tuple):
        return tuple(map(_bytes, obs))
    return map_arrays(lambda part: np.asarray(part).tobytes(), obs)
