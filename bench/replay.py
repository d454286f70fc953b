"""Times replay buffers of 10⁶ transitions of one environment, 17 numbers seen and 6 done: adding one, and sampling 256 of 100 000.

Ours and Stable-Baselines3's take turns every few milliseconds, so that whatever else the machine does meets both alike.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import numpy as np
import torch

SEEN, DONE, CAPACITY, STORED, BATCH = 17, 6, 1_000_000, 100_000, 256
TURN = {"add_us": 500, "sample_us": 100}
"""How often each acts before it is the other's turn."""
TURNS = {"add_us": STORED // TURN["add_us"], "sample_us": 40}
"""How many each has; what is added fills the buffer that is sampled."""

Acts = dict[str, Callable[[], object]]
"""What is timed, by name."""


def ours() -> Acts:
    """Adds and samples through the buffer that the trainer uses."""
    from rlchassis.data.step import Step
    from rlchassis.replay import ReplayBuffer

    buffer, rng, (obs, next_obs, actions) = ReplayBuffer.create(CAPACITY, 1), torch.Generator(), arrays()
    flags = {name: np.zeros(1, np.bool_) for name in ("terminated", "truncated")}
    step = Step(obs=obs, next_obs=next_obs, actions=actions, rewards=np.ones(1), valid=np.ones(1, np.bool_), **flags)
    return {"add_us": partial(buffer.add, step), "sample_us": partial(buffer.sample, BATCH, 1, rng)}


def sb3() -> Acts:
    """The same through Stable-Baselines3's."""
    from gymnasium.spaces import Box
    from stable_baselines3.common.buffers import ReplayBuffer

    spaces = Box(-np.inf, np.inf, (SEEN,), np.float32), Box(-1, 1, (DONE,), np.float32)
    buffer, (obs, next_obs, actions) = ReplayBuffer(CAPACITY, *spaces, device="cpu"), arrays()
    rewards, ended, info = np.ones(1, np.float32), np.zeros(1, np.bool_), [{}]
    add = partial(buffer.add, obs, next_obs, actions, rewards, ended, info)
    return {"add_us": add, "sample_us": partial(buffer.sample, BATCH)}


def arrays() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What was seen before and after, and what was done."""
    rng = np.random.default_rng(0)
    before, after, actions = (rng.standard_normal((1, size)).astype(np.float32) for size in (SEEN, SEEN, DONE))
    return before, after, actions


def main() -> None:
    """Time both and print, as a line of JSON, the median microseconds of each and the median of the turns' ratios."""
    torch.set_num_threads(1)
    libraries = {"ours": ours(), "sb3": sb3()}
    answer: dict[str, dict[str, float]] = {name: {} for name in (*libraries, "ratio")}
    for act, count in TURN.items():
        turns = [[microseconds(acts[act], count) for acts in libraries.values()] for _ in range(TURNS[act])]
        turns = turns[len(turns) // 2 :]  # the first ones find everything cold
        for name, times in zip(libraries, zip(*turns, strict=True), strict=True):
            answer[name][act] = round(median(times), 2)
        answer["ratio"][act] = round(median(theirs / our for our, theirs in turns), 2)
    print(json.dumps(answer))


def microseconds(act: Callable[[], object], count: int) -> float:
    """What each of so many acts takes."""
    start = time.perf_counter()
    for _ in range(count):
        act()
    return 1e6 * (time.perf_counter() - start) / count


if __name__ == "__main__":
    main()
