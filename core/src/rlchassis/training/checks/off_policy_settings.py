"""Validation of sampling settings for off-policy training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import fields, has

from rlchassis.config import ResolvedSampling
from rlchassis.config.fields import COUNTS_ROUNDS
from rlchassis.errors import UsageError


def first_learning_step(sampling: ResolvedSampling) -> int:
    """Environment step of the first update: after the warm-up, and once a batch is stored."""
    return max(sampling.start_timesteps, sampling.batch_size)


def settings_never_reached(algorithm: Any, rounds: int) -> Iterator[str]:
    """Warnings about params that count updates, such as a target update interval, if the run has fewer updates."""
    params: Any = getattr(algorithm, "params", None)
    kind: Any = type(params)
    for setting in fields(kind) if has(kind) else ():
        value = getattr(params, setting.name)
        if setting.metadata.get(COUNTS_ROUNDS) and value > rounds:
            yield (
                f"params.{setting.name} is {value}, but this run has only {rounds} updates, so it never takes effect; "
                "lower it or train longer."
            )


def check_off_policy(sampling: ResolvedSampling) -> None:
    """UsageError for resolved settings that contradict each other, or under which there would be no update."""
    if not sampling.batch_size:
        raise UsageError("off-policy training needs a batch size, got None; set sampling.batch_size to a number.")
    _check_buffer(sampling)
    _check_companions(sampling)
    if sampling.start_timesteps >= sampling.total_steps:
        raise UsageError(
            f"the warm-up of {sampling.start_timesteps} steps is as long as the run of {sampling.total_steps}, so there would be no "
            "update; lower sampling.start_timesteps or train longer."
        )
    if sampling.batch_size >= sampling.total_steps:
        raise UsageError(
            f"a batch of {sampling.batch_size} is not collected before the run of {sampling.total_steps} steps ends; "
            "lower sampling.batch_size or train longer."
        )


def _check_companions(sampling: ResolvedSampling) -> None:
    """UsageError for settings that have no effect without another one."""
    if sampling.start_timesteps_random and not sampling.start_timesteps:
        raise UsageError(
            "sampling.start_timesteps_random has no effect while sampling.start_timesteps is 0; set that too, or leave it out."
        )
    for name in ("replay_buffer_alpha", "replay_buffer_beta"):
        if not sampling.replay_buffer_prioritized and getattr(sampling, name) != getattr(fields(ResolvedSampling), name).default:
            raise UsageError(f"sampling.{name} has no effect without prioritized replay; set sampling.replay_buffer_prioritized too.")


def _check_buffer(sampling: ResolvedSampling) -> None:
    capacity, stack_num = sampling.buffer_size, sampling.replay_buffer_stack_num
    if capacity < sampling.batch_size:
        raise UsageError(f"a replay buffer of {capacity} cannot hold a batch of {sampling.batch_size}; raise sampling.buffer_size.")
    if sampling.replay_buffer_save_only_last_obs != (stack_num > 1):
        raise UsageError(
            "sampling.replay_buffer_save_only_last_obs and sampling.replay_buffer_stack_num go together: store one frame per step "
            "and set how many are stacked, or leave both out."
        )
    if capacity < stack_num * sampling.num_train_envs:
        lacking = "a single step of each" if stack_num == 1 else f"a stack of {stack_num} frames"
        raise UsageError(
            f"a replay buffer of {capacity} for {sampling.num_train_envs} environments does not hold {lacking}; raise sampling.buffer_size."
        )
