"""What is timed: one row per task, with the settings that every library is given, and how a time is reported."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Row:
    """One task. What a library does before `steps` is not timed: its first rollout, or its first steps without learning."""

    name: str
    algorithm: str
    environment: str
    num_envs: int
    steps: int
    """Environment steps that are timed: a multiple of `collect`, so that every library does the same."""
    collect: int
    """Environment steps between two learning phases, over all environments."""
    minibatch: int
    warm_up: int
    """Environment steps before the clock starts."""
    passes: int = 1
    """Over each rollout, on policy."""
    updates: int = 1
    """Rounds of learning for each environment step, off policy."""
    peers: tuple[Literal["sb3", "tianshou"], ...] = ("sb3", "tianshou")
    """Those that have the algorithm."""


def on_policy(name: str, environment: str, num_envs: int, steps: int, collect: int, minibatch: int, passes: int = 1, **more: object) -> Row:
    """A row of an algorithm that learns from rollouts; the first is not timed."""
    return Row(name, name.partition("-")[0], environment, num_envs, steps, collect, minibatch, collect, passes, **more)  # type: ignore[arg-type]  # more is peers


def off_policy(name: str, environment: str, steps: int, minibatch: int, updates: int = 1, **more: object) -> Row:
    """A row of an algorithm that learns from replay, in one environment, after a thousand steps."""
    return Row(name, name.partition("-")[0], environment, 1, steps, 1, minibatch, 1000, 1, updates, **more)  # type: ignore[arg-type]  # more is peers


ROWS = {
    row.name: row
    for row in (
        on_policy("ppo-cartpole", "CartPole-v1", 8, 40960, collect=1024, minibatch=256, passes=4),
        on_policy("masked_ppo-cartpole", "masked:MaskedCartPole-v0", 8, 40960, collect=1024, minibatch=256, passes=4, peers=("sb3",)),
        on_policy("ppo-halfcheetah-1", "HalfCheetah-v5", 1, 8192, collect=2048, minibatch=64, passes=10),
        on_policy("ppo-halfcheetah-8", "HalfCheetah-v5", 8, 16384, collect=2048, minibatch=64, passes=10),
        on_policy("recurrent_ppo-cartpole", "CartPole-v1", 8, 20480, collect=1024, minibatch=256, passes=4, peers=("sb3",)),
        on_policy("a2c-cartpole", "CartPole-v1", 8, 20000, collect=40, minibatch=40),
        on_policy("pg-cartpole", "CartPole-v1", 8, 40960, collect=1024, minibatch=1024, peers=("tianshou",)),
        on_policy("npg-cartpole", "CartPole-v1", 8, 40960, collect=1024, minibatch=1024, peers=("tianshou",)),
        on_policy("trpo-cartpole", "CartPole-v1", 8, 40960, collect=1024, minibatch=1024),
        off_policy("dqn-cartpole", "CartPole-v1", 4000, minibatch=64),
        off_policy("iqn-cartpole", "CartPole-v1", 2000, minibatch=64, peers=("tianshou",)),
        off_policy("discrete_sac-cartpole", "CartPole-v1", 2000, minibatch=64, peers=("tianshou",)),
        off_policy("sac-halfcheetah", "HalfCheetah-v5", 500, minibatch=256),
        off_policy("td3-halfcheetah", "HalfCheetah-v5", 500, minibatch=256),
        off_policy("ddpg-halfcheetah", "HalfCheetah-v5", 500, minibatch=256),
        off_policy("redq-halfcheetah", "HalfCheetah-v5", 50, minibatch=256, updates=20, peers=("tianshou",)),
    )
}


def asked_row() -> Row:
    """The row that the command line names."""
    return ROWS[sys.argv[1]]


def report(library: str, row: Row, run: Callable[[], object], start: Callable[[], float] | None = None) -> None:
    """Time one run and print it as a line of JSON; `sps` is environment steps per second, from the start or from when `start` says.

    What is counted are seconds of the processor: the process may stand still meanwhile.
    """
    began = time.process_time()
    run()
    seconds = time.process_time() - (began if start is None else start())
    print(json.dumps({"library": library, **asdict(row), "seconds": round(seconds, 3), "sps": round(row.steps / seconds, 3)}))
