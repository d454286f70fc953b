"""The living objects of one run. Handed up, to callbacks, persistence and results; never down to what it holds."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define, field

if TYPE_CHECKING:
    import torch

    from rlchassis.algorithm import Algorithm
    from rlchassis.buffers import RolloutBuffer
    from rlchassis.collector import Collector
    from rlchassis.config import ExperimentConfig, SamplingConfig
    from rlchassis.envs import Environments
    from rlchassis.loggers import Logger
    from rlchassis.persistence.run_lock import RunLock
    from rlchassis.policies import Policy
    from rlchassis.randomness import RandomStreams
    from rlchassis.replay import ReplayBuffer
    from rlchassis.trainer import Trainer


@define(eq=False)
class World:
    """All that lives while an experiment runs."""

    config: ExperimentConfig
    sampling: SamplingConfig
    """Resolved: nothing is left open."""
    device: torch.device
    streams: RandomStreams
    envs: Environments
    policy: Policy
    """The outermost policy: the one that acts and is stored."""
    algorithm: Algorithm[Any]
    train_collector: Collector
    """Missing only where nothing trains."""
    test_collector: Collector | None
    buffer: RolloutBuffer | ReplayBuffer
    sampler_rng: torch.Generator
    """For what is drawn from a replay buffer."""
    learner_rng: torch.Generator
    """For shuffling minibatches and all that learning draws."""
    logger: Logger
    hooks: Any
    """The hook caller of the run: hooks.rlchassis_<name>(…)."""
    directory: Path | None = None
    """The run directory; None where nothing is written."""
    lock: RunLock | None = None
    """The right to write into the run directory, where there is one."""
    optimizers: list[Any] = field(factory=list)
    """All that the algorithm's setup made, in order."""
    trainer: Trainer = field(init=False)
    """Made last, since it is made of the world."""

    def close(self) -> None:
        """Close environments and logger, and leave the directory to others."""
        with ExitStack() as at_the_end:
            if self.lock is not None:
                at_the_end.callback(self.lock.release)
            at_the_end.callback(self.envs.close)
            self.logger.close()
