"""The living objects of one run. Handed up, to callbacks, persistence and results; never down to what it holds."""

from __future__ import annotations

import copy
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from attrs import define, field, fields

from rlchassis.config import ExperimentConfig, ResolvedSampling
from rlchassis.config.tianshou_names import no_attribute
from rlchassis.data.randomness import RandomStreams
from rlchassis.envs import Environments
from rlchassis.learning.algorithm import Algorithm
from rlchassis.learning.policy import Policy
from rlchassis.replay import ReplayBuffer
from rlchassis.storage.run_lock import RunLock
from rlchassis.training.collector import Collector
from rlchassis.training.loggers import LoggerGroup
from rlchassis.training.rollout import RolloutBuffer
from rlchassis.training.state import TrainingState

KEPT = ("config", "sampling", "device", "streams", "directory")
"""What a copy has as it is, beside a policy of its own and the spaces of the environments."""


@define(eq=False, repr=False)
class World:
    """All that lives while an experiment runs.

    Copies, and so what comes back from another process, have what is data: config, sampling, device, streams, directory, the policy,
    the spaces in envs. The rest stays where it lives, and is an AttributeError that says so.
    """

    config: ExperimentConfig
    sampling: ResolvedSampling
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
    logger: LoggerGroup
    hooks: Any
    """The hook caller of the run: hooks.rlchassis_<name>(…)."""
    directory: Path | None = None
    """The run directory; None where nothing is written."""
    lock: RunLock | None = None
    """The right to write into the run directory, where there is one."""
    optimizers: list[Any] = field(factory=list)
    """All that the algorithm's setup made, in order."""
    state: TrainingState = field(init=False)
    """How far training is."""

    def __attrs_post_init__(self) -> None:
        """Training has not begun."""
        self.state = TrainingState(self.sampling.total_steps)

    @property
    def is_copy(self) -> bool:
        """Whether it has only what is data."""
        return not hasattr(self, "hooks")

    def __repr__(self) -> str:
        """In one line, without what it is made of."""
        where = f"directory={str(self.directory)!r}" if self.directory is not None else "nothing written"
        return f"World({self.envs.task or 'own environment'}, {type(self.policy).__name__} on {self.device}, {where})"

    def __getstate__(self) -> dict[str, Any]:
        """With parameters that share no storage with others, since pickle would write all of it for each."""
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

    def interrupt(self, error: BaseException) -> None:
        """Let the run fail with this error where its policy is whole: before the next step of any environment."""
        for collector in (self.train_collector, self.test_collector):
            if collector is not None:
                collector.interruption = error

    def close(self) -> None:
        """Close environments and logger, and leave the directory to others; a copy has nothing to close."""
        if self.is_copy:
            return
        with ExitStack() as at_the_end:
            if self.lock is not None:
                at_the_end.callback(self.lock.release)
            at_the_end.callback(self.envs.close)
            self.logger.close()
