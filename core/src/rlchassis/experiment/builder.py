"""Builders of experiments; every `with_*` method returns the builder."""

from __future__ import annotations

import copy
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

import attrs

from rlchassis.config import ExperimentConfig, SamplingConfig
from rlchassis.config.config_part import ConfigPart
from rlchassis.config.fields import value_repr, with_article
from rlchassis.config.tianshou_names import no_attribute, refuses_old_names
from rlchassis.envs import EnvFactory, env_factory_from
from rlchassis.errors import UsageError
from rlchassis.experiment.collection import ExperimentCollection
from rlchassis.experiment.experiment import Experiment
from rlchassis.experiment.parts import require_kinds
from rlchassis.experiment.settings import of_others
from rlchassis.learning.optimizer import OptimizerFactory
from rlchassis.registry import Component, find
from rlchassis.registry.demands import agent_class_shortfall
from rlchassis.storage.names import name_parts
from rlchassis.storage.spec.values import made
from rlchassis.training.agent import AgentFactory, PolicyWrapperFactory
from rlchassis.training.buffer_factory import BufferFactory
from rlchassis.training.callbacks import Callbacks, EpochStopCallback, EpochTestCallback, EpochTrainCallback
from rlchassis.training.hook_manager import hook_manager
from rlchassis.training.loggers import LoggerFactory, LoggerFactorySeveral

Agent = TypeVar("Agent", bound=AgentFactory)
Kind = TypeVar("Kind")


@refuses_old_names
class ExperimentBuilder(Generic[Agent]):
    """Builder of an Experiment; algorithms subclass it and add methods for their params and networks."""

    agent_class: ClassVar[type[AgentFactory]]
    """The algorithm's AgentFactory class, which this builder configures."""

    def __init__(
        self, env_factory: Any, experiment_config: ExperimentConfig | None = None, sampling_config: SamplingConfig | None = None
    ) -> None:
        """env_factory: an EnvFactory, a gymnasium id or SOURCE/TASK, a callable that makes an Env, or a gymnasium VectorEnv."""
        self._env_factory: EnvFactory = env_factory_from(env_factory)
        self._config = _of_kind(ExperimentConfig, experiment_config, ExperimentConfig())
        self._sampling = _of_kind(SamplingConfig, sampling_config, SamplingConfig())
        if problem := agent_class_shortfall(type(self)):
            raise UsageError(f"{type(self).__name__} {problem}.")
        self._agent: Agent = self.agent_class()  # type: ignore[assignment]  # each builder names the class it is generic in
        self._logger_factory: LoggerFactory | Component | None = None
        self._callbacks = Callbacks()
        self._extensions: tuple[Component, ...] = ()
        self._name: str | None = None
        self._built: tuple[Component, ...] = ()

    @classmethod
    def going_on_from(cls, experiment: Experiment, *, built: tuple[Component, ...] = ()) -> Self:
        """Builder that starts from an experiment; build hooks of the extensions in `built` are not called again."""
        builder = cls(experiment.env_factory, experiment.config, experiment.sampling_config)
        builder._agent = experiment.agent_factory  # type: ignore[assignment]  # of the class that the builder edits
        builder._logger_factory, builder._callbacks = experiment.logger_factory, experiment.callbacks
        builder._extensions, builder._built, builder._name = experiment.extensions, built, experiment.name
        return builder

    def build(self) -> Experiment:
        """The experiment as configured so far; the builder can be used further."""
        new = [each for each in self._extensions if each not in self._built]
        hooks = hook_manager((find(each.kind, each.name).label, each.create()) for each in new).hook
        hooks.rlchassis_before_build(builder=self)
        experiment = Experiment(
            self._config,
            self._env_factory,
            self._agent,
            self._sampling,
            self._logger_factory,
            name=self._name,
            callbacks=self._callbacks,
            extensions=self._extensions,
        )
        hooks.rlchassis_after_build(experiment=experiment)
        return experiment

    def build_seeded_collection(self, num_experiments: int) -> ExperimentCollection:
        """Experiments that differ only in their seed: seed, seed + 1, …, seed + num_experiments − 1."""
        if type(num_experiments) is not int or num_experiments < 1:
            raise UsageError(f"expected a number of experiments of at least 1, got {num_experiments!r}.")
        base, seed = self.build(), self._config.seed
        return ExperimentCollection(tuple(base.with_config(seed=seed + i) for i in range(num_experiments)))

    def copy(self) -> Self:
        """An independent builder with the same configuration."""
        return copy.copy(self)

    def with_name(self, name: str) -> Self:
        """Set the name of the run directory; an argument of `run` overrides it."""
        name_parts(name)
        self._name = name
        return self

    def with_extension(self, name: str, **options: Any) -> Self:
        """Add an installed extension by name; its hooks are called after those of extensions added before."""
        if not isinstance(name, str):
            raise UsageError(f"expected the name of an installed extension, got {value_repr(name)}; pass an object as run(observers=[…]).")
        find("extension", name)
        if name in (each.name for each in self._extensions):
            raise UsageError(f'extension "{name}" was already added; pass all its options in one call.')
        self._extensions = (*self._extensions, Component("extension", name, options))
        return self

    def with_compile(self, enabled: bool = True) -> Self:
        """Compile each update with torch.compile; where that is not possible, a warning is logged and updates run eagerly."""
        return self._with_agent(compile=enabled)

    def with_logger_factory(self, logger_factory: LoggerFactory) -> Self:
        """Add a logger; metrics go to every logger that was added."""
        _require(logger_factory, LoggerFactory)
        match self._logger_factory:
            case None:
                self._logger_factory = logger_factory
            case LoggerFactorySeveral(factories):
                self._logger_factory = LoggerFactorySeveral((*factories, logger_factory))
            case before:
                self._logger_factory = LoggerFactorySeveral((before, logger_factory))
        return self

    def with_optim_factory(self, optim_factory: OptimizerFactory, role: str | None = None) -> Self:
        """Set the optimizer of one role, such as "critic"; None: of all roles without one of their own."""
        _require(optim_factory, OptimizerFactory)
        if role is None:
            return self._with_agent(optim_factory=optim_factory)
        return self._with_agent(role_optimizers={**self._agent.role_optimizers, role: optim_factory})

    def with_optim_factory_default(self, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-08, weight_decay: float = 0) -> Self:
        """Set the optimizer named "adam", with these options."""
        options = {"betas": betas, "eps": eps, "weight_decay": weight_decay}
        return self._with_agent(optim_factory=Component("optimizer", "adam", options))

    def with_policy_wrapper_factory(self, policy_wrapper_factory: PolicyWrapperFactory) -> Self:
        """Wrap the policy; the wrapper goes around those added before."""
        _require(policy_wrapper_factory, PolicyWrapperFactory)
        return self._with_agent(policy_wrappers=(*self._agent.policy_wrappers, policy_wrapper_factory))

    def with_buffer_factory(self, buffer_factory: BufferFactory) -> Self:
        """Set the replay buffer, in place of that of the sampling settings."""
        _require(buffer_factory, BufferFactory)
        return self._with_agent(buffer_factory=buffer_factory)

    def with_epoch_train_callback(self, callback: EpochTrainCallback) -> Self:
        """Add a callback for the start of every epoch, called after those added before."""
        return self._with_callback("train", callback)

    def with_epoch_test_callback(self, callback: EpochTestCallback) -> Self:
        """Add a callback for the start of every test, called after those added before."""
        return self._with_callback("test", callback)

    def with_epoch_stop_callback(self, callback: EpochStopCallback) -> Self:
        """Add an early stopping criterion, checked after every test; training stops as soon as one returns True."""
        return self._with_callback("stop", callback)

    def _with_callback(self, kind: str, callback: object) -> Self:
        self._callbacks = self._callbacks.adding(kind, callback)
        return self

    if not TYPE_CHECKING:  # a type checker would take every name for one that exists

        def __getattr__(self, name: str) -> Any:
            """AttributeError; for a method that builders of other algorithms have, with their names."""
            if name.startswith("with_") and (having := of_others(lambda builder: hasattr(builder, name))):
                raise AttributeError(f"{type(self).__name__} has no {name!r}.{having}", name=name, obj=None)
            raise no_attribute(self, name, type(self).__name__, dir(type(self)))

    def _with_agent(self, **changes: Any) -> Self:
        self._agent = made(partial(attrs.evolve, self._agent), changes, "")
        require_kinds(type(self._agent), changes)
        return self


def _of_kind(kind: type[Kind], given: Any, default: Kind) -> Kind:
    if given is None or isinstance(given, kind):
        return default if given is None else given
    raise UsageError(
        f"expected {with_article(kind)}, got {value_repr(given)}; the arguments are env_factory, experiment_config, sampling_config."
    )


def _require(given: Any, contract: type[ConfigPart]) -> None:
    if isinstance(given, contract) or (isinstance(given, Component) and given.kind == contract.kind):
        return
    if isinstance(given, type) and issubclass(given, contract):
        raise UsageError(f"expected an object, got the class {given.__name__}; write {given.__name__}().")
    raise UsageError(
        f"expected {with_article(contract)}, got {value_repr(given)}; derive its class from rlchassis.api.{contract.__name__}."
    )
