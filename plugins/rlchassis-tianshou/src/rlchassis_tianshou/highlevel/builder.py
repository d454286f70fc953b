"""Base class of the builders; highlevel/experiment.py has those of all algorithms."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar, Self

from gymnasium import spaces

from rlchassis import experiment as native
from rlchassis.api import Component, EnvFactory
from rlchassis_tianshou.highlevel.config import SamplingConfig
from rlchassis_tianshou.highlevel.env import EnvFactoryRegistered, normalizes_observations
from rlchassis_tianshou.highlevel.experiments import Experiment, ExperimentCollection, ExperimentConfig
from rlchassis_tianshou.highlevel.optim import OptimizerFactoryAdam
from rlchassis_tianshou.highlevel.trainer import EpochStopCallback, EpochTestCallback, EpochTrainCallback, StopCallbackOf
from rlchassis_tianshou.translation.values import action_space_of


class ExperimentBuilder(ABC):
    """Builder of an Experiment; every `with_*` method returns the builder, and replaces what an earlier call of it set."""

    native_builder: ClassVar[str]
    """Builder of rlchassis.experiment that makes the agent."""

    def __init__(
        self, env_factory: EnvFactory, experiment_config: ExperimentConfig | None = None, sampling_config: SamplingConfig | None = None
    ) -> None:
        self.env_factory = env_factory
        self.experiment_config = experiment_config or ExperimentConfig()
        self.sampling_config = sampling_config or SamplingConfig()
        self._name = f"{type(self).__name__.replace('Builder', '')}_{datetime.now(UTC).astimezone():%Y%m%d-%H%M%S}"
        self._logger_factory: Any = None
        self._optim_factory: Any = None
        self._policy_wrapper_factory: Any = None
        self._networks: dict[str, Any] = {}
        self._train: Any = None
        self._test: Any = None
        self._stop: Any = None

    def copy(self) -> Self:
        """An independent builder with the same configuration."""
        made = copy.copy(self)
        made._networks = dict(self._networks)
        return made

    def with_logger_factory(self, logger_factory: Any) -> Self:
        """Set the logger."""
        self._logger_factory = logger_factory
        return self

    def with_policy_wrapper_factory(self, policy_wrapper_factory: Any) -> Self:
        """Wrap the policy."""
        self._policy_wrapper_factory = policy_wrapper_factory
        return self

    def with_optim_factory(self, optim_factory: Any) -> Self:
        """Set the optimizer."""
        self._optim_factory = optim_factory
        return self

    def with_optim_factory_default(self, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-08, weight_decay: float = 0) -> Self:
        """Set Adam with these options."""
        return self.with_optim_factory(OptimizerFactoryAdam(betas, eps, weight_decay))

    def with_epoch_train_callback(self, callback: Any) -> Self:
        """Set the callback before every collection."""
        self._train = callback
        return self

    def with_epoch_test_callback(self, callback: Any) -> Self:
        """Set the callback before every test."""
        self._test = callback
        return self

    def with_epoch_stop_callback(self, callback: Any) -> Self:
        """Set the early stopping criterion."""
        self._stop = callback
        return self

    def with_name(self, name: str) -> Self:
        """Set the name of the run directory."""
        self._name = name
        return self

    def build(self) -> Experiment:
        """The experiment as configured so far."""
        factory = self.env_factory.translated() if isinstance(self.env_factory, EnvFactoryRegistered) else self.env_factory
        built = self._native(factory).build()
        return Experiment(
            copy.copy(self.experiment_config),
            built.env_factory,
            built.agent_factory,
            copy.copy(self.sampling_config),
            self._name,
            self._logger_factory,
            callbacks=built.callbacks,
            extensions=built.extensions,
        )

    def build_seeded_collection(self, num_experiments: int) -> ExperimentCollection:
        """Experiments that differ in their seed and name: seed, seed + 1, …"""
        made = []
        for index in range(num_experiments):
            experiment = self.build()
            experiment.config.seed += index
            experiment.name = f"{self._name}/seed_{experiment.config.seed}"
            made.append(experiment)
        return ExperimentCollection(made)

    def build_and_run(self, num_experiments: int = 1, launcher: Any = "sequential") -> Any:
        """Build and run, with as many seeds; the result of one run, or the list of training statistics of several."""
        from rlchassis_tianshou.evaluation.launcher import RegisteredExpLauncher

        if num_experiments == 1:
            return self.build().run()
        chosen = RegisteredExpLauncher(launcher) if isinstance(launcher, str) else launcher
        return self.build_seeded_collection(num_experiments).run(chosen)

    def _native(self, factory: Any) -> Any:
        builder = getattr(native, self.native_builder)(factory)
        self._configure(builder, cache(lambda: action_space_of(factory)))
        if self._optim_factory is not None:
            builder.with_optim_factory(self._optim_factory)
        if normalizes_observations(builder._env_factory):
            builder.with_policy_wrapper_factory(Component("policy_wrapper", "obs-norm"))
        if self._policy_wrapper_factory is not None:
            builder.with_policy_wrapper_factory(self._policy_wrapper_factory)
        if self._stop is not None:
            builder.with_epoch_stop_callback(StopCallbackOf(self._stop) if isinstance(self._stop, EpochStopCallback) else self._stop)
        hooked: dict[str, tuple[Any, ...]] = {"train_callbacks": (), "test_callbacks": ()}
        if isinstance(self._train, EpochTrainCallback):
            hooked["train_callbacks"] = (self._train,)
        elif self._train is not None:
            builder.with_epoch_train_callback(self._train)
        if isinstance(self._test, EpochTestCallback):
            hooked["test_callbacks"] = (self._test,)
        elif self._test is not None:
            builder.with_epoch_test_callback(self._test)
        return builder.with_extension("tianshou", **hooked)

    @abstractmethod
    def _configure(self, builder: Any, action_space: Callable[[], spaces.Space[Any]]) -> None:
        """Set hyperparameters and networks in a builder of rlchassis."""
