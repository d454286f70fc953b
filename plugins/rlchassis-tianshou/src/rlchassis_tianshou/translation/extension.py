"""The extension of runs that were configured with Tianshou's names: when its callbacks and persistences are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import define, field

from rlchassis.api import World, hookimpl
from rlchassis.experiment import PersistEvent, RestoreEvent
from rlchassis_tianshou.env.norm_obs import VectorEnvNormObs
from rlchassis_tianshou.highlevel.environments import Environments
from rlchassis_tianshou.highlevel.world import World as WorldView
from rlchassis_tianshou.translation.context import TrainingContext, steps_before_epochs


@define(eq=False)
class TianshouHooks:
    """Calls train callbacks before every collection, test callbacks before every test, and persistences with the policy."""

    train_callbacks: Sequence[Any] = ()
    test_callbacks: Sequence[Any] = ()
    _epoch: int = field(default=1, init=False)

    @hookimpl
    def rlchassis_world_ready(self, world: World) -> None:
        """Hand the statistics of observations to VectorEnvNormObs, and restore what is stored beside the policy."""
        _share_statistics(world)
        if world.config.policy_restore_directory is not None:
            for each in _persistences(world):
                each.restore(RestoreEvent.RESTORE_POLICY, WorldView(world))

    @hookimpl
    def rlchassis_epoch_start(self, world: World, epoch: int, env_step: int) -> None:
        """Call train callbacks before the first collection of an epoch."""
        self._epoch = epoch
        self._before_collection(world)

    @hookimpl
    def rlchassis_learn_end(self, world: World, rounds: int) -> None:
        """Call train callbacks before the next collection, if there is one in this epoch."""
        if world.state.env_step < world.sampling.end_of_epoch(self._epoch) and world.state.stopped is None:
            self._before_collection(world)

    @hookimpl
    def rlchassis_test_start(self, world: World, epoch: int, env_step: int) -> None:
        """Call test callbacks."""
        for each in self.test_callbacks:
            each.callback(epoch, max(0, env_step - steps_before_epochs(world)), TrainingContext.of(world, in_test=True))

    @hookimpl
    def rlchassis_test_end(self, world: World, result: Any) -> None:
        """Store what belongs to the policy, where this test chose it."""
        if world.state.best is result:
            self._persist(world)

    @hookimpl
    def rlchassis_train_end(self, world: World, result: Any) -> None:
        """Store what belongs to the policy, where no test chose one."""
        if world.state.best is None:
            self._persist(world)

    @hookimpl
    def rlchassis_checkpoint_state(self, world: World) -> dict[str, int]:
        """The epoch."""
        return {"epoch": self._epoch}

    @hookimpl
    def rlchassis_restore_state(self, world: World, state: Any) -> None:
        """The epoch."""
        self._epoch = int(state["epoch"])

    def _before_collection(self, world: World) -> None:
        for each in self.train_callbacks:
            each.callback(self._epoch, max(0, world.state.env_step - steps_before_epochs(world)), TrainingContext.of(world))

    def _persist(self, world: World) -> None:
        if world.directory is not None:
            for each in _persistences(world):
                each.persist(PersistEvent.PERSIST_POLICY, WorldView(world))


def _share_statistics(world: World) -> None:
    """Statistics of the innermost policy wrapper that has some; a world without environments of that kind is left alone."""
    layer: Any = world.policy
    while (moments := getattr(getattr(layer, "scale", None), "moments", None)) is None and hasattr(layer, "inner"):
        layer = layer.inner
    for venv in (world.envs.train, world.envs.test, world.envs.watch):
        if isinstance(venv, VectorEnvNormObs) and moments is not None:
            venv.follow(moments)


def _persistences(world: World) -> Sequence[Any]:
    return world.envs.persistence if isinstance(world.envs, Environments) else ()
