"""Measures what the chassis itself costs: microseconds per step, seconds to the first step, bytes per stored transition.

usage: python bench/chassis.py
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from statistics import median
from typing import Any

import gymnasium as gym
import numpy as np
import torch

from rlchassis.api import Observation, Policy
from rlchassis.collecting.collector import Collector
from rlchassis.data.step import Step
from rlchassis.envs import env_factory_from
from rlchassis.replay import ReplayBuffer

STEPS, ROUNDS, FRAMES = 5000, 5, 2000
FIRST_STEP = """
import time, sys
from rlchassis.experiment import PPOExperimentBuilder
from rlchassis.config import ExperimentConfig, SamplingConfig
import gymnasium
class First(gymnasium.Wrapper):
    def step(self, action):
        print(time.time(), flush=True)
        sys.exit(0)
sampling = SamplingConfig(num_epochs=1, step_per_epoch=64, step_per_collect=64, num_train_envs=1, num_test_envs=0)
config = ExperimentConfig(watch=False, persistence_enabled=False)
PPOExperimentBuilder(lambda: First(gymnasium.make("CartPole-v1")), config, sampling).build().run()
"""


class Idle(gym.Env[Any, Any]):
    """Does nothing, for ever: the same observation, no reward."""

    observation_space = gym.spaces.Box(-1, 1, (4,), np.float32)
    action_space = gym.spaces.Discrete(2)
    seen = np.zeros(4, np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """See gym.Env."""
        return self.seen, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """See gym.Env."""
        return self.seen, 0.0, False, False, {}


class Ready(Policy):
    """Has its actions at hand."""

    def __init__(self, num_envs: int) -> None:
        super().__init__()
        self.actions = torch.zeros(num_envs, dtype=torch.long)

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: torch.Generator) -> tuple[torch.Tensor, Any]:
        """See Policy."""
        return self.actions, None


def step_us(num_envs: int) -> float:
    """Of processor time, per environment step that is collected into replay, with environments and a policy that take none; the median."""
    envs = env_factory_from(Idle).create_envs(num_envs, 0, create_watch_env=False)
    collector = Collector(Ready(num_envs), envs.train, torch.Generator())  # type: ignore[arg-type]  # it was asked for
    collector.reset(list(range(num_envs)))
    buffer = ReplayBuffer.create(STEPS, num_envs)
    collector.collect(STEPS // 5, buffer)
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(STEPS // 5 // num_envs):
            collector.collect(num_envs, buffer)
        times.append((time.process_time() - start) / (STEPS // 5 // num_envs * num_envs))
    envs.close()
    return 1e6 * median(times)


def seconds_to_first_step() -> float:
    """From the start of a process to the first step of an environment; the median of three."""
    times = []
    for _ in range(3):
        start = time.time()
        done = subprocess.run([sys.executable, "-c", FIRST_STEP], stdout=subprocess.PIPE, text=True, check=False)
        times.append(float(done.stdout.split()[0]) - start)
    return median(times)


def bytes_per_image() -> float:
    """Per transition of 84×84 images in stacks of four."""
    buffer = ReplayBuffer.create(FRAMES, 1, store_next_obs=False, stack_num=4)
    stack = np.zeros((1, 4, 84, 84), np.uint8)
    flag = np.zeros(1, np.bool_)
    buffer.add(Step(stack, np.zeros(1, np.int64), np.zeros(1), stack, flag, flag, ~flag))
    return bytes_in(buffer) / FRAMES


def bytes_in(part: Any, known: set[int] | None = None) -> int:
    """Of all arrays and tensors that an object holds."""
    known = set() if known is None else known
    if id(part) in known or isinstance(part, str | bytes | int | float | type | None):
        return 0
    known.add(id(part))
    if isinstance(part, np.ndarray | torch.Tensor):
        return int(part.nbytes)
    parts = part.values() if isinstance(part, dict) else part if isinstance(part, list | tuple) else fields_of(part)
    return sum(bytes_in(each, known) for each in parts)


def fields_of(part: Any) -> list[Any]:
    """What stands in the slots or the dict of an object."""
    names = [name for kind in type(part).__mro__ for name in getattr(kind, "__slots__", ())] + list(getattr(part, "__dict__", ()))
    return [getattr(part, name, None) for name in names if name != "__weakref__"]


def main() -> None:
    """Print all as a line of JSON."""
    torch.set_num_threads(1)
    steps = {f"step_us_{n}_envs": round(step_us(n), 1) for n in (1, 8)}
    print(json.dumps({**steps, "seconds_to_first_step": round(seconds_to_first_step(), 2), "bytes_per_image": round(bytes_per_image())}))


if __name__ == "__main__":
    main()
