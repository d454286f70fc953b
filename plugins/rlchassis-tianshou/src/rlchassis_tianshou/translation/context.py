"""What callbacks of Tianshou's scripts see of a run: the policy with set_eps, the environments with their old methods, the logger."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from rlchassis.api import UsageError, World
from rlchassis_tianshou.highlevel.environments import Environments
from rlchassis_toolkit import LinearEps


@frozen(eq=False)
class PolicyView:
    """The policy of a run; other attributes are those of the policy itself."""

    world: World
    in_test: bool

    def set_eps(self, eps: float) -> None:
        """Set the exploration rate ε from now on: of tests where a test callback calls it, else of training."""
        algorithm: Any = self.world.algorithm
        if not hasattr(algorithm, "eps_schedule"):
            raise UsageError(f"{type(algorithm).__name__} has no exploration rate ε; leave out set_eps.")
        if self.in_test:
            algorithm.policy.eps_inference = eps
        else:
            algorithm.eps_schedule = LinearEps(eps)
            algorithm.policy.eps_training = eps

    def __getattr__(self, name: str) -> Any:
        return getattr(self.world.policy, name)


@frozen(eq=False)
class TrainingContext:
    """Objects of the run that a callback may use."""

    policy: Any
    envs: Environments
    logger: Any

    @classmethod
    def of(cls, world: World, *, in_test: bool = False) -> TrainingContext:
        """The context of a world."""
        return cls(PolicyView(world, in_test), Environments.viewing(world.envs), world.logger)


def steps_before_epochs(world: World) -> int:
    """Warm-up steps, which Tianshou does not count."""
    sampling = world.sampling
    return 0 if sampling.count_start_timesteps else sampling.start_timesteps
