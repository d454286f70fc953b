"""Result of a run: the World, and training statistics with Tianshou's names."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from attrs import frozen

from rlchassis.experiment import ExperimentResult as NativeResult
from rlchassis.experiment import InfoStats as NativeInfoStats
from rlchassis_tianshou.highlevel.world import World


@dataclass(kw_only=True)
class TimingStats:
    """Wall-clock seconds of training, and its speed."""

    total_time: float = 0.0
    train_time: float = 0.0
    train_time_collect: float = 0.0
    train_time_update: float = 0.0
    test_time: float = 0.0
    update_speed: float = 0.0
    """Environment steps per second of collection and updates."""


@dataclass(kw_only=True)
class InfoStats:
    """Statistics of a training run."""

    gradient_step: int
    best_score: float
    best_reward: float
    best_reward_std: float
    train_step: int
    train_episode: int
    test_step: int
    test_episode: int
    timing: TimingStats = field(default_factory=TimingStats)

    @classmethod
    def of(cls, info: NativeInfoStats, world: World) -> InfoStats:
        """From the statistics and the tests of a run of rlchassis."""
        seconds, tests = info.seconds, world.native.state.tests
        best, spread = (math.nan, math.nan) if info.best is None else (info.best.mean, info.best.std)
        training = seconds["collect"] + seconds["learn"]
        return cls(
            gradient_step=info.updates,
            best_score=best,
            best_reward=best,
            best_reward_std=spread,
            train_step=info.env_steps,
            train_episode=info.episodes,
            test_step=sum(sum(test.lengths) for test in tests),
            test_episode=sum(len(test.lengths) for test in tests),
            timing=TimingStats(
                total_time=training + seconds["test"],
                train_time=training,
                train_time_collect=seconds["collect"],
                train_time_update=seconds["learn"],
                test_time=seconds["test"],
                update_speed=info.steps_per_second,
            ),
        )


@frozen(eq=False)
class ExperimentResult:
    """Result of a run: its World, and training statistics, None where nothing was trained."""

    world: World
    trainer_result: InfoStats | None

    @classmethod
    def of(cls, result: NativeResult) -> ExperimentResult:
        """From a result of rlchassis."""
        world = World(result.world)
        return cls(world, None if result.trainer_result is None else InfoStats.of(result.trainer_result, world))
