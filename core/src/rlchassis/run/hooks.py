"""Hook manager of a run, and core's default implementations, which extensions may wrap or replace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from rlchassis.config import ResolvedSampling
from rlchassis.envs import Environments, EnvMode, EnvWrapper, environments_of
from rlchassis.hookspecs import hookimpl
from rlchassis.learning.algorithm import Algorithm
from rlchassis.learning.optimizer import OptimizerFactory
from rlchassis.learning.policy import Policy
from rlchassis.learning.setup import Setup, resolve
from rlchassis.registry import find
from rlchassis.reporting.loggers import Logger
from rlchassis.run.checks.made import require_made
from rlchassis.run.spec import ExperimentSpec
from rlchassis.run.watching import RenderDelay
from rlchassis.training.callback_hooks import hooks_of
from rlchassis.training.hook_manager import hook_manager
from rlchassis.training.loggers import LoggerFactory, LoggerFactoryDefault


class CoreHooks:
    """Core's default implementations, called last: objects of the configuration."""

    @hookimpl(trylast=True)
    def rlchassis_make_envs(self, experiment: ExperimentSpec, sampling: ResolvedSampling, wrappers: Any) -> Environments:
        """Create environments with the configured factory."""
        train = sampling.num_train_envs if experiment.config.train else 0
        test = sampling.num_test_envs if experiment.config.train else 0
        return environments_of(experiment.env_factory, train, test, experiment.config.watch, wrappers)

    @hookimpl(trylast=True)
    def rlchassis_make_policy(self, experiment: ExperimentSpec, envs: Environments, device: torch.device) -> Policy:
        """Create it with the agent factory."""
        return experiment.agent_factory.create_policy(envs, device)

    @hookimpl(trylast=True)
    def rlchassis_make_algorithm(self, experiment: ExperimentSpec, policy: Policy, envs: Environments, setup: Setup) -> Algorithm[Any]:
        """Create it with the agent factory."""
        return experiment.agent_factory.create_algorithm(policy, envs, setup)

    @hookimpl(trylast=True)
    def rlchassis_make_optimizer(self, experiment: ExperimentSpec, role: str) -> OptimizerFactory:
        """The configuration's optimizer of this role, else that of all roles."""
        agent = experiment.agent_factory
        made: OptimizerFactory = resolve(agent.role_optimizers.get(role, agent.optim_factory), OptimizerFactory)
        return made

    @hookimpl(trylast=True)
    def rlchassis_make_logger(self, experiment: ExperimentSpec, directory: Path, name: str, run_id: str | None) -> Logger:
        """From the configuration's factory, or the default one."""
        factory = resolve(experiment.logger_factory, LoggerFactory) or LoggerFactoryDefault()
        made: Logger = factory.create_logger(str(directory), name, run_id, experiment.to_data())
        return made


def create_hooks(experiment: ExperimentSpec, observers: Sequence[object] = ()) -> Any:
    """The hook manager of one run: the configuration's extensions in their order, its callbacks, observers, and core's own answers."""
    extensions = [(find(each.kind, each.name).label, each.create()) for each in experiment.extensions]
    watching = [(f"observer {i} ({type(each).__name__})", each) for i, each in enumerate(observers, 1)]
    return hook_manager([*extensions, *hooks_of(experiment.callbacks), *watching, ("rlchassis-core", CoreHooks())])


def env_wrappers(experiment: ExperimentSpec, hooks: Any) -> Callable[[EnvMode], list[EnvWrapper]]:
    """What extensions, and the wish to follow an episode by eye, put around the environments of a mode."""

    def wrappers(mode: EnvMode) -> list[EnvWrapper]:
        answers = hooks.rlchassis_env_wrappers(mode=mode)
        wanted = [wrap for answer in answers for wrap in (answer if isinstance(answer, list | tuple) else [answer])]
        for wrap in wanted:
            require_made(wrap, Callable, "rlchassis_env_wrappers")  # type: ignore[arg-type]  # isinstance knows it
        delay = experiment.config.watch_render
        if mode is EnvMode.WATCH and delay > 0:
            wanted.append(partial(RenderDelay, milliseconds=delay))
        return wanted

    return wrappers
