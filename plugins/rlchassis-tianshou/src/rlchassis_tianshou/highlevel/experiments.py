"""Experiments: configurations with Tianshou's names that run as experiments of rlchassis."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import attrs
import torch
from attrs import define, frozen

from rlchassis import experiment as native
from rlchassis.api import EnvFactory, UsageError
from rlchassis_tianshou.highlevel.config import SamplingConfig
from rlchassis_tianshou.highlevel.env import takes_wrappers
from rlchassis_tianshou.highlevel.results import ExperimentResult
from rlchassis_tianshou.highlevel.world import World
from rlchassis_tianshou.translation.notes import note

SECONDS = 1000
"""Milliseconds in what Tianshou sleeps between rendered frames."""


@dataclass
class ExperimentConfig:
    """Run configuration, which may be changed until the experiment runs; watch_render is in seconds."""

    seed: int = 42
    device: str | torch.device = "cuda" if torch.cuda.is_available() else "cpu"
    policy_restore_directory: str | None = None
    train: bool = True
    watch: bool = True
    watch_num_episodes: int = 10
    watch_render: float = 0.0
    persistence_base_dir: str = "log"
    persistence_enabled: bool = True
    log_file_enabled: bool = True
    policy_persistence_mode: native.Mode = native.Mode.POLICY

    def translated(self) -> native.ExperimentConfig:
        """The configuration of rlchassis."""
        return native.ExperimentConfig(**{**asdict(self), "watch_render": self.watch_render * SECONDS})

    @classmethod
    def of(cls, config: native.ExperimentConfig) -> ExperimentConfig:
        """From a configuration of rlchassis."""
        values = {name: getattr(config, name) for name in cls.__dataclass_fields__}
        return cls(**{**values, "watch_render": config.watch_render / SECONDS})


@define(eq=False)
class Experiment:
    """Complete configuration of a run. Its parts may be exchanged until it runs."""

    EXPERIMENT_PICKLE_FILENAME: ClassVar[str] = native.Experiment.EXPERIMENT_PICKLE_FILENAME
    LOG_FILENAME: ClassVar[str] = native.Experiment.LOG_FILENAME

    config: ExperimentConfig
    env_factory: EnvFactory
    agent_factory: Any
    """The agent of rlchassis."""
    sampling_config: SamplingConfig | native.SamplingConfig
    name: str | None = None
    logger_factory: Any = None
    callbacks: native.Callbacks = attrs.field(factory=native.Callbacks, kw_only=True)
    extensions: tuple[Any, ...] = attrs.field(default=(), kw_only=True)

    @property
    def native(self) -> native.Experiment:
        """The experiment of rlchassis that runs."""
        sampling, on_policy = self.sampling_config, "repeat_per_collect" in self.agent_factory.default_sampling
        config = self.config.translated()
        if config.watch_render and not takes_wrappers(self.env_factory):
            note("ExperimentConfig.watch_render", "no effect where create_venv or create_envs is overridden and takes no wrappers.")
            config = attrs.evolve(config, watch_render=0.0)
        return native.Experiment(
            config,
            self.env_factory,
            self.agent_factory,
            sampling.translated(on_policy=on_policy) if isinstance(sampling, SamplingConfig) else sampling,
            self.logger_factory,
            name=self.name,
            callbacks=self.callbacks,
            extensions=self.extensions,
        )

    def run(
        self,
        run_name: str | None = None,
        logger_run_id: str | None = None,
        raise_error_on_dirname_collision: bool = True,
        *,
        experiment_name: str | None = None,
    ) -> ExperimentResult:
        """Train, store the policy and watch it, as configured."""
        if run_name is not None and experiment_name is not None:
            raise UsageError(f"run_name is {run_name!r} and experiment_name {experiment_name!r}, but both name the run; leave one out.")
        if not raise_error_on_dirname_collision:
            note(
                "Experiment.run.raise_error_on_dirname_collision", 'no run is written into the directory of another; it is called "NAME-2".'
            )
        named = run_name if run_name is not None else experiment_name
        return ExperimentResult.of(self.native.run(named, logger_run_id, suffix_if_exists=not raise_error_on_dirname_collision))

    def create_experiment_world(
        self, override_experiment_name: str | None = None, logger_run_id: str | None = None, **ignored: Any
    ) -> World:
        """Build the objects of a run without training."""
        for each in ignored:
            note(f"Experiment.create_experiment_world.{each}", "a world is made anew each time, in a directory of its own.")
        name = override_experiment_name or self.name
        directory = None if name is None or not self.config.persistence_enabled else Path(self.config.persistence_base_dir) / name
        return World(self.native.create_experiment_world(directory, logger_run_id))

    def save(self, directory: str) -> None:
        """Write the configuration into a directory."""
        self.native.save(directory)

    @classmethod
    def from_directory(cls, directory: str, restore_policy: bool = True, *, allow: Iterable[Any] = ()) -> Experiment:
        """Load the experiment of a run directory; classes and functions of your own in it are passed in `allow`."""
        stored = native.Experiment.from_directory(directory, restore_policy, allow=allow)
        parts = (stored.env_factory, stored.agent_factory, stored.sampling_config, stored.name, stored.logger_factory)
        return cls(ExperimentConfig.of(stored.config), *parts, callbacks=stored.callbacks, extensions=stored.extensions)


@frozen
class ExperimentCollection:
    """Experiments to run one after another, or as a launcher does."""

    experiments: list[Experiment]

    def run(self, launcher: Any = None) -> list[Any]:
        """Run all; returns their training statistics."""
        if launcher is None:
            return [experiment.run().trainer_result for experiment in self.experiments]
        launch: Callable[[list[Experiment]], list[Any]] = getattr(launcher, "create_launcher", lambda: launcher)().launch
        return launch(self.experiments)
