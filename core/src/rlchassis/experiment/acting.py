"""Whether a policy can act in the environments it was made for: asked once, before anything is collected."""

from __future__ import annotations

import math
from typing import Any

import torch
from gymnasium import spaces

from rlchassis.envs import Environments, allocate, describe
from rlchassis.errors import UsageError
from rlchassis.experience import as_tensors
from rlchassis.policies import Policy, layers


def require_acting(policy: Policy, envs: Environments, device: torch.device) -> None:
    """UsageError where it fails on an observation of zeros, or answers what is no action: its network is of another kind."""
    obs = as_tensors(allocate(envs.observation_space, 1), device)
    cause, training = None, policy.training
    policy.eval()
    try:
        with torch.no_grad():
            actions, _ = policy.act(obs, explore=False, rng=torch.Generator(device))
        difference = None if _is_action(actions, envs.action_space) else f"it answers {_told(actions)}"
    except (TypeError, AttributeError, ValueError, RuntimeError, IndexError) as error:
        cause, difference = error, f"{type(error).__name__}: {' '.join(str(error).split())}"
    finally:
        policy.train(training)
    if difference:
        *_, innermost = layers(policy)
        raise UsageError(
            f"{type(innermost).__name__} cannot act with the network it was given, on observations of "
            f"{describe(envs.observation_space)} by actions of {describe(envs.action_space)}: {difference}; "
            "choose an actor_factory that makes what this policy acts by."
        ) from cause


def _is_action(actions: Any, space: spaces.Space[Any]) -> bool:
    """One row: as many numbers as a Box has dimensions, or one that is counted."""
    if not isinstance(actions, torch.Tensor) or actions.shape[:1] != (1,):
        return False
    return actions.numel() == math.prod(space.shape or ()) and actions.is_floating_point() == isinstance(space, spaces.Box)


def _told(actions: Any) -> str:
    return f"{actions.dtype} of shape {list(actions.shape)}" if isinstance(actions, torch.Tensor) else type(actions).__name__
