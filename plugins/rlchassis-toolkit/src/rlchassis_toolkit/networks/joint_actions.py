"""Joint actions: all discrete parts of an action as one choice, for algorithms that need a value of each action."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import Any

from attrs import frozen
from gymnasium import spaces
from torch import Tensor

from rlchassis.api import ActionLayout, HasSpaces, UnsupportedSpaceError

log = logging.getLogger(__name__)
LARGEST_JOINT = 4096
"""Maximum number of joint actions."""
MANY_PARTS = 8
"""Parts of an action up to which a message shows the choices of each."""


@frozen
class SpacesSeen:
    """The spaces for which networks are created, where these are not those of the environment."""

    observation_space: spaces.Space[Any]
    action_space: spaces.Space[Any]
    sizes: tuple[int, ...] = ()
    """Number of choices of each part, where the action space is a Discrete over all joint choices, the last part counting fastest."""


def joint_actions(envs: HasSpaces, algorithm: str) -> HasSpaces:
    """The spaces with joint actions; the same object where actions are Discrete.

    UnsupportedSpaceError, which names the algorithm, where a part is continuous or there are more than LARGEST_JOINT joint actions.
    """
    space = envs.action_space
    if isinstance(space, spaces.Discrete):
        return envs
    layout = ActionLayout.of(space)
    if not layout.is_discrete:
        raise UnsupportedSpaceError(f"{algorithm} needs discrete actions, got {space}; choose an algorithm for continuous actions.")
    if layout.joint_size > LARGEST_JOINT:
        raise UnsupportedSpaceError(
            f"{algorithm} estimates a value of each joint action, but {space} has {in_words(layout.sizes)}, more than {LARGEST_JOINT}; "
            "choose an algorithm that has a distribution of each part, such as PPO."
        )
    return SpacesSeen(envs.observation_space, spaces.Discrete(layout.joint_size), layout.sizes)


def log_joint_actions(envs: HasSpaces) -> None:
    """Log how many joint actions there are, where an action has several parts."""
    if not isinstance(envs.action_space, spaces.Discrete):
        log.info("Actions of several parts are chosen as one: %s.", in_words(ActionLayout.of(envs.action_space).sizes))


def joint_sizes(envs: HasSpaces) -> tuple[int, ...]:
    """Number of choices of each part of joint actions; empty for others."""
    return envs.sizes if isinstance(envs, SpacesSeen) else ()


def joint_mask(mask: Tensor, sizes: Sequence[int]) -> Tensor:
    """Mask [B, ΠMₖ] of joint actions, from the mask [B, ΣMₖ] of the choices of each part; without sizes, the mask itself."""
    if not sizes:
        return mask
    joint, *others = mask.split(list(sizes), -1)  # type: ignore[no-untyped-call]  # torch's own annotation is missing
    for part in others:
        joint = (joint.unsqueeze(-1) * part.unsqueeze(-2)).flatten(-2)
    return joint  # type: ignore[no-any-return]  # of an unannotated split


def in_words(sizes: Sequence[int]) -> str:
    """As messages show it: "5 × 3 × 2 = 30 joint actions", or of many parts "2 × 2 × 2 × … (64 parts) = 1.8e+19 joint actions"."""
    if len(sizes) <= MANY_PARTS:
        return f"{' × '.join(map(str, sizes))} = {math.prod(sizes)} joint actions"
    exponent, digits = divmod(sum(map(math.log10, sizes)), 1)
    return f"{' × '.join(map(str, sizes[:3]))} × … ({len(sizes)} parts) = {10**digits:.1f}e+{exponent:.0f} joint actions"
