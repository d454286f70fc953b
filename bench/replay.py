"""Times a replay buffer of 10⁶ transitions of one environment, 17 numbers seen and 6 done: adding one, and sampling 256 of 100 000.

usage: python bench/replay.py ours|sb3
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import torch

SEEN, DONE, CAPACITY, STORED, BATCH = 17, 6, 1_000_000, 100_000, 256
SAMPLES = 3000


def ours() -> tuple[Callable[[], object], Callable[[], object]]:
    """Adds and samples through the buffer that the trainer uses."""
    from rlchassis.experience import Row
    from rlchassis.replay import ReplayBuffer

    buffer, rng, (obs, next_obs, actions) = ReplayBuffer.create(CAPACITY, 1), torch.Generator(), arrays()
    flags = {name: np.zeros(1, np.bool_) for name in ("terminated", "truncated")}
    row = Row(obs=obs, next_obs=next_obs, actions=actions, rewards=np.ones(1), weights=np.ones(1, np.bool_), **flags)
    return lambda: buffer.add(row), lambda: buffer.sample(BATCH, 1, rng)


def sb3() -> tuple[Callable[[], object], Callable[[], object]]:
    """The same through Stable-Baselines3's."""
    from gymnasium.spaces import Box
    from stable_baselines3.common.buffers import ReplayBuffer

    spaces = Box(-np.inf, np.inf, (SEEN,), np.float32), Box(-1, 1, (DONE,), np.float32)
    buffer, (obs, next_obs, actions) = ReplayBuffer(CAPACITY, *spaces, device="cpu"), arrays()
    rewards, ended, info = np.ones(1, np.float32), np.zeros(1, np.bool_), [{}]
    return lambda: buffer.add(obs, next_obs, actions, rewards, ended, info), lambda: buffer.sample(BATCH)


def arrays() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What was seen before and after, and what was done."""
    rng = np.random.default_rng(0)
    before, after, actions = (rng.standard_normal((1, size)).astype(np.float32) for size in (SEEN, SEEN, DONE))
    return before, after, actions


def main() -> None:
    """Time both and print microseconds as a line of JSON."""
    torch.set_num_threads(1)
    add, sample = {"ours": ours, "sb3": sb3}[sys.argv[1]]()
    for _ in range(STORED // 2):
        add()
    start = time.perf_counter()
    for _ in range(STORED // 2):
        add()
    adding = (time.perf_counter() - start) / (STORED // 2)
    times = []
    for _ in range(SAMPLES):
        start = time.perf_counter()
        sample()
        times.append(time.perf_counter() - start)
    print(json.dumps({"add_us": round(1e6 * adding, 2), "sample_us": round(1e6 * median(times), 2)}))


if __name__ == "__main__":
    main()
