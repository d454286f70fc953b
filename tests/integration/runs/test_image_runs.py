"""Agents learn from images out of the box, whatever the size, alone or beside other parts of an observation."""

from __future__ import annotations

from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete

from rlchassis import experiment
from rlchassis_testkit.tiny_runs import tiny_run, weights_of
from rlchassis_toolkit.networks.images import CNN

IMAGE = Box(0, 255, (8, 8, 3), np.uint8)


class Pictures(gym.Env[Any, Any]):
    """Random pictures, in a dict beside a vector where asked for; episodes of five steps."""

    def __init__(self, continuous: bool, in_dict: bool) -> None:
        self.observation_space = Dict(camera=IMAGE, state=Box(-1.0, 1.0, (2,), np.float32)) if in_dict else IMAGE
        self.action_space = Box(-1.0, 1.0, (2,), np.float32) if continuous else Discrete(2)
        self.observation_space.seed(0)
        self.count = 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        self.count = 0
        return self.observation_space.sample(), {}

    def step(self, action: Any) -> Any:
        self.count += 1
        return self.observation_space.sample(), float(self.count), self.count == 5, False, {}


REUSING = {"PPO": "with_critic_factory_use_actor", "SAC": "with_common_critic_factory_use_actor"}
RUNS = [
    *((name, False, False) for name in ("PPO", "TRPO", "DQN", "IQN", "DiscreteSAC", "SAC")),
    *((name, True, in_dict) for name in REUSING for in_dict in (False, True)),
    ("DQN", False, True),
]


@pytest.mark.parametrize(("name", "reuse", "in_dict"), RUNS)
def test_convolutions_are_learned_as_all_other_weights(name, reuse, in_dict):
    def configure(builder: Any) -> Any:
        return getattr(builder, REUSING[name])() if reuse else builder

    settings = {"num_epochs": 1, "step_per_epoch": 24, "step_per_collect": 12, "batch_size": 6, "num_test_envs": 0}
    on_policy = name in ("PPO", "TRPO")
    own = {"repeat_per_collect": 1} if on_policy else {"buffer_size": 64, "update_per_step": 0.1, "start_timesteps": 12}
    builder_class, make = getattr(experiment, f"{name}ExperimentBuilder"), partial(Pictures, name == "SAC", in_dict)
    before = builder_class(make).build().create_experiment_world()
    before.close()
    world = tiny_run(builder_class, make, configure=configure, **settings, **own)
    (first, *_), (then, *_) = ([m for m in each.policy.modules() if isinstance(m, CNN)] for each in (before, world))
    assert not torch.equal(weights_of(first), weights_of(then))
    assert any(".layers.0.weight" in key for key in world.policy.state_dict())
