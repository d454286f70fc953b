"""World: the objects of a run. Passed to callbacks, persistence and results, never to the objects it contains."""

from __future__ import annotations

import copy
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from attrs import define, field, fields

from rlchassis.collecting.collector import Collector
from rlchassis.collecting.rollout import RolloutBuffer
from rlchassis.config import ExperimentConfig, ResolvedSampling
from rlchassis.config.tianshou_names import no_attribute
from rlchassis.data.randomness import RandomStreams
from rlchassis.envs import Environments
from rlchassis.learning.algorithm import Algorithm
from rlchassis.learning.policy import Policy, layers
from rlchassis.replay import Replay
from rlchassis.reporting.loggers import LoggerGroup
from rlchassis.storage.run_lock import RunLock
from rlchassis.training.state import TrainingState

KEPT = ("config", "sampling", "device", "streams", "directory")
"""Fields that a copy shares, besides its own policy and the spaces of the environments."""


@define(eq=False, repr=False)
class World:
    """Objects of a running experiment.

    Copies, also those pickled from another process, have only data: config, sampling, device, streams, directory, the policy,
    and the spaces in envs. Other attributes raise AttributeError.
    """

    config: ExperimentConfig
    sampling: ResolvedSampling
    device: torch.device
    streams: RandomStreams
    envs: Environments
    policy: Policy
    """The outermost policy, which acts and is stored."""
    algorithm: Algorithm[Any]
    train_collector: Collector
    """None only without training."""
    test_collector: Collector | None
    buffer: RolloutBuffer | Replay
    sampler_rng: torch.Generator
    """Random generator for replay buffer samples."""
    learner_rng: torch.Generator
    """Random generator for shuffling minibatches and for updates."""
    logger: LoggerGroup
    hooks: Any
    """Hook caller of the run: hooks.rlchassis_<name>(…)."""
    callbacks: dict[str, Any] = field(factory=dict)
    """Callbacks of the configuration by name, for their state."""
    directory: Path | None = None
    """Run directory; None if nothing is written."""
    lock: RunLock | None = None
    """Lock of the run directory, if there is one."""
    optimizers: list[Any] = field(factory=list)
    """Optimizers created by the algorithm, in order."""
    state: TrainingState = field(init=False)
    """Training state."""

    def __attrs_post_init__(self) -> None:
        """Initial training state."""
        self.state = TrainingState(self.sampling.total_steps)

    @property
    def is_copy(self) -> bool:
        """Whether this is a copy, which has only data."""
        return not hasattr(self, "hooks")

    def __repr__(self) -> str:
        """Environment, policy class, device and directory."""
        where = f"directory={str(self.directory)!r}" if self.directory is not None else "nothing written"
        return f"World({self.envs.task or 'own environment'}, {type(self.policy).__name__} on {self.device}, {where})"

    def __getstate__(self) -> dict[str, Any]:
        """Data only; the policy is copied, since pickle would write a shared flat storage once per parameter."""
        kept = {name: getattr(self, name) for name in KEPT}
        return {**kept, "envs": self.envs.without_any(), "policy": copy.deepcopy(self.policy)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)

    if not TYPE_CHECKING:  # for then no name would be unknown

        def __getattr__(self, name: str) -> Any:
            known = [each.name for each in fields(type(self))]
            if name not in known:
                raise no_attribute(self, name, type(self).__name__, known)
            kept = ", ".join((*KEPT, "policy"))
            raise AttributeError(
                f"this World has no {name}: it is a copy of {kept} and spaces, and the rest stays with the run that made it."
            )

    def set_progress(self, progress: float) -> None:
        """Set all schedules to a progress from 0 to 1."""
        for optimizer in self.optimizers:
            optimizer.set_progress(progress)
        self.algorithm.set_progress(progress)
        for layer in layers(self.policy):
            layer.set_progress(progress)
        self.buffer.set_progress(progress)

    def interrupt(self, error: BaseException) -> None:
        """Raise this error before the next environment step, when the policy is in a consistent state."""
        for collector in (self.train_collector, self.test_collector):
            if collector is not None:
                collector.interruption = error

    def close(self) -> None:
        """Close environments and logger, and release the lock; does nothing for a copy."""
        if self.is_copy:
            return
        with ExitStack() as at_the_end:
            if self.lock is not None:
                at_the_end.callback(self.lock.release)
            at_the_end.callback(self.envs.close)
            if isinstance(self.buffer, Replay):
                at_the_end.callback(self.buffer.close)
            self.logger.close()
