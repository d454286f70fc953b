"""Wrappers that add to rewards, in runs with observations of every kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from rlchassis.api import PolicyWrapperFactory
from rlchassis_testkit.any_spaces import AnySpaces
from rlchassis_testkit.recording_algorithm import RecordingExperimentBuilder
from rlchassis_testkit.tiny_optimizers import Descent
from rlchassis_testkit.tiny_runs import tiny_run

VECTOR = spaces.Box(-1, 1, (2,), np.float32)
OBSERVATIONS: dict[str, spaces.Space[Any]] = {
    "vector": VECTOR,
    "parts": spaces.Dict(
        image=spaces.Box(0, 255, (8, 8, 3), np.uint8), kind=spaces.Discrete(3), pair=spaces.Tuple([spaces.MultiBinary(2), VECTOR])
    ),
    "masked": spaces.Dict(observation=VECTOR, action_mask=spaces.Box(1, 1, (3,), np.int8)),
    "choices": spaces.MultiDiscrete([2, 3]),
}
any_observations = pytest.mark.parametrize("space", OBSERVATIONS.values(), ids=OBSERVATIONS)


def assert_adds_to_rewards_alone(factory: PolicyWrapperFactory, space: spaces.Space[Any]) -> None:
    """In a run, what the algorithm learns from has greater rewards than the environment gives, and what is reported has not."""

    def configure(builder: Any) -> Any:
        return builder.with_optim_factory(Descent()).with_policy_wrapper_factory(factory)

    world: Any = tiny_run(RecordingExperimentBuilder, lambda: AnySpaces(space, spaces.Discrete(3)), configure=configure)
    rollout = world.algorithm.rollouts[-1]
    assert rollout.rewards.isfinite().all()
    assert rollout.rewards.max() > 1, "rewards of the environment are below 1"
    assert max(test.mean for test in world.state.tests) <= 4, "of four steps"
