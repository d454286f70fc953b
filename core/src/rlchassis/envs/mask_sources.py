"""Where environments give action masks besides their observation: in `info`, or by a method; either is moved into the observation."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from types import CodeType, FunctionType
from typing import Any, TypeAlias

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Dict

from rlchassis.data.action_layout import ACTION_MASK, OBSERVATION
from rlchassis.envs.masks import ActionMask, dict_space, part_sizes
from rlchassis.envs.step_checks import RESET_ANSWER, STEP_ANSWER, UnfitAnswer, as_flag, require_form

Env: TypeAlias = gym.Env[Any, Any]
METHOD = "action_masks"
UNREAD = (
    f"answered an info with {ACTION_MASK!r}, which is found in advance only where the module of the environment or of one of its "
    f"wrappers names that key; give it a method {METHOD}(), or a Dict observation with that key"
)


class MaskSource(Enum):
    """Where an environment gives its action masks."""

    INFO = f"info[{ACTION_MASK!r}]"
    METHOD = f"{METHOD}()"


class MaskInObservation(gym.Wrapper[Any, Any, Any, Any]):
    """Environment with observations Dict(observation: …, action_mask: …); after termination everything is allowed."""

    def __init__(self, env: Env, source: MaskSource) -> None:
        super().__init__(env)
        self._sizes = part_sizes(env.action_space)
        self._everything = np.ones(sum(self._sizes), np.int8)
        self._method: Callable[[], Any] | None = env.get_wrapper_attr(METHOD) if source is MaskSource.METHOD else None
        self.observation_space = in_observation(env.observation_space, env.action_space)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Reset; UnfitAnswer without a mask."""
        answer = self.env.reset(seed=seed) if options is None else self.env.reset(seed=seed, options=options)
        require_form(answer, RESET_ANSWER)
        obs, info = answer
        return {OBSERVATION: obs, ACTION_MASK: self._mask(info)}, info

    def step(self, action: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Step; UnfitAnswer without a mask, unless the episode terminated."""
        answer = self.env.step(action)
        if type(answer) is not tuple or len(answer) != 5:  # quicker than require_form, which has the words
            require_form(answer, STEP_ANSWER)
        obs, reward, terminated, truncated, info = answer
        mask = self._everything if terminated is not False and as_flag(terminated, "terminated") else self._mask(info)
        return {OBSERVATION: obs, ACTION_MASK: mask}, reward, terminated, truncated, info

    def _mask(self, info: Mapping[str, Any]) -> Any:
        if self._method is not None:
            return flat_mask(self._method(), self._sizes)
        if ACTION_MASK not in info:
            raise UnfitAnswer(f"answered an info without {ACTION_MASK!r}, which its first had; give it in every reset and step")
        return flat_mask(info[ACTION_MASK], self._sizes)


def in_observation(observation_space: gym.Space[Any], action_space: gym.Space[Any]) -> Dict:
    """The space of observations with an action mask beside them."""
    return dict_space({OBSERVATION: observation_space, ACTION_MASK: ActionMask(part_sizes(action_space))})


def flat_mask(mask: Any, sizes: tuple[int, ...]) -> Any:
    """A mask that is given as one array for each part of an action, as a single array; others unchanged."""
    if isinstance(mask, tuple | list) and len(sizes) > 1 and [np.shape(part) for part in mask] == [(size,) for size in sizes]:
        return np.concatenate(mask)
    return mask


def mask_source(env: Env) -> MaskSource | None:
    """Where an environment gives masks besides its observation, if its actions are discrete.

    Whether its `info` has them shows a reset, with seed 0, which is asked only of environments whose modules name the key.
    """
    if not may_lack_mask(env.observation_space, env.action_space):
        return None
    if env.has_wrapper_attr(METHOD) and callable(env.get_wrapper_attr(METHOD)):
        return MaskSource.METHOD
    return MaskSource.INFO if info_names_mask(env) else None


def may_lack_mask(observation_space: gym.Space[Any], action_space: gym.Space[Any]) -> bool:
    """Whether masks apply to the actions, and observations have none."""
    return bool(part_sizes(action_space)) and not (isinstance(observation_space, Dict) and ACTION_MASK in observation_space.spaces)


def info_names_mask(env: Any) -> bool:
    """Whether the info of a reset has a mask; asked only where a module of the environment or of a wrapper names the key."""
    if not any(map(_names_mask, _namespaces(env))):
        return False
    try:
        answer: Any = env.reset(seed=0)
        return bool(ACTION_MASK in answer[1])
    except (Exception, SystemExit):  # noqa: BLE001  the reset that begins the first episode will fail as well, and be reported
        return False


def _namespaces(env: Any) -> Iterator[Mapping[str, Any]]:
    """Classes of the environment and its wrappers, and the modules that define them."""
    while isinstance(env, gym.Env | gym.vector.VectorEnv):
        for kind in type(env).__mro__:
            if kind.__module__ not in sys.stdlib_module_names:
                yield vars(kind)
                yield vars(sys.modules.get(kind.__module__, kind))
        env = getattr(env, "env", None)


def _names_mask(namespace: Mapping[str, Any]) -> bool:
    """Whether the key is a constant of a module or class, or in the code of one of its functions or classes."""
    for value in list(namespace.values()):
        match value:
            case FunctionType():
                found = _is_in(value.__code__)
            case property() | classmethod() | staticmethod():
                found = _names_mask({"": getattr(value, "fget", None) or getattr(value, "__func__", None)})
            case type():
                found = value.__module__ == namespace.get("__name__") and _names_mask(vars(value))
            case _:
                found = _is_in(value)
        if found:
            return True
    return False


def _is_in(constant: Any) -> bool:
    """Whether a constant is the key, or has it within, as tuples and the code of functions do."""
    match constant:
        case str():
            return constant == ACTION_MASK
        case CodeType():
            return any(map(_is_in, constant.co_consts))
        case _:
            return type(constant) is tuple and any(map(_is_in, constant))
