"""Building a World from a configuration, through the hooks of hooks.py."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import attrs
import torch

from rlchassis.collecting.collector import Collector
from rlchassis.config import ResolvedSampling, SamplingConfig, resolve_sampling
from rlchassis.config.info_metrics import info_metrics_from
from rlchassis.data.randomness import RandomStreams
from rlchassis.envs import Environments, VectorEnvironment
from rlchassis.errors import UsageError
from rlchassis.learning.algorithm import Algorithm
from rlchassis.learning.optimizer import OptimizerFactory
from rlchassis.learning.policy import Policy
from rlchassis.learning.setup import Setup, resolve
from rlchassis.reporting.loggers import LoggerGroup
from rlchassis.run.checks.before_training import require_sound
from rlchassis.run.checks.made import networks_made, require_made, require_n_step, require_roles, require_sequences
from rlchassis.run.hooks import create_hooks, env_wrappers
from rlchassis.run.spec import ExperimentSpec
from rlchassis.storage.spec.encoding import to_data
from rlchassis.training.agent import check_spaces
from rlchassis.training.callback_hooks import by_name
from rlchassis.training.hook_manager import call_if_implemented
from rlchassis.training.loggers import LoggerFactory
from rlchassis.training.loop import TrainingLoop
from rlchassis.training.persistence import PolicyPersistence, restore_policy
from rlchassis.training.policy_tests import PolicyTests
from rlchassis.training.world import World


def require_device(device: str | torch.device) -> torch.device:
    """The torch device; UsageError if it is not available."""
    try:
        there = torch.zeros(1, device=device).device
        torch.Generator(there)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = re.split(r"\.?\s*\n|\. ", str(error))[0]
        raise UsageError(f"device {str(device)!r} is not available ({reason}). Run `rlchassis doctor` to list devices.") from error
    return there


def sampling_of(experiment: ExperimentSpec) -> ResolvedSampling:
    """Resolve the sampling settings; UsageError if they are invalid."""
    agent, asked, factory = experiment.agent_factory, experiment.sampling_config, experiment.env_factory
    if factory.fixed_num_train_envs is not None and asked.num_train_envs == -1:
        asked = attrs.evolve(asked, num_train_envs=factory.fixed_num_train_envs)
    if factory.fixed_num_test_envs is not None and asked.num_test_envs == attrs.fields(SamplingConfig).num_test_envs.default:
        asked = attrs.evolve(asked, num_test_envs=factory.fixed_num_test_envs)
    sampling = resolve_sampling(asked, agent.default_sampling)
    agent.trainer_class.check_sampling(sampling)
    return sampling


def create_world(experiment: ExperimentSpec, observers: Sequence[object] = ()) -> World:
    """Build the World without a run directory; the caller calls rlchassis_world_ready."""
    device = require_device(experiment.config.device)
    sampling = sampling_of(experiment)
    resolve(experiment.logger_factory, LoggerFactory)
    hooks = create_hooks(experiment, observers).hook
    made = hooks.rlchassis_make_envs(experiment=experiment, sampling=sampling, wrappers=env_wrappers(experiment, hooks))
    envs = require_made(made, Environments, "rlchassis_make_envs")
    try:
        envs.read_infos(experiment.agent_factory.info_columns, info_metrics_from(experiment.config.info_metrics))
        return _create_agent(experiment, device, sampling, hooks, envs)
    except BaseException:
        envs.close()
        raise


def _create_agent(experiment: ExperimentSpec, device: torch.device, sampling: ResolvedSampling, hooks: Any, envs: Environments) -> World:
    """Create policy, algorithm and collectors; the policy is restored before the algorithm, whose target networks copy it."""
    agent, streams = experiment.agent_factory, RandomStreams(experiment.config.seed)
    check_spaces(agent, envs)
    setup = Setup(
        device,
        streams,
        sampling.total_steps,
        lambda role: require_made(
            hooks.rlchassis_make_optimizer(experiment=experiment, role=role), OptimizerFactory, "rlchassis_make_optimizer"
        ),
        for_graph=agent.compile and experiment.config.train,
    )
    with streams.initialisation(), networks_made(envs):
        innermost = require_made(
            hooks.rlchassis_make_policy(experiment=experiment, envs=envs, device=device), Policy, "rlchassis_make_policy"
        )
        policy = agent.create_wrapped(innermost, envs, device)
        extensions = len(hooks.rlchassis_make_policy.get_hookimpls()) - 1
        require_sound(agent, policy, envs, device, from_factory=not extensions)
        numbers = restore_policy(policy, envs, experiment.config, device)
        algorithm = hooks.rlchassis_make_algorithm(experiment=experiment, policy=innermost, envs=envs, setup=setup)
    require_made(algorithm, Algorithm, "rlchassis_make_algorithm")
    require_roles(agent, setup.optimizers)
    algorithm.restore_numbers_of_policy(numbers)
    require_n_step(agent, algorithm)
    require_sequences(agent, algorithm, sampling)
    if setup.for_graph:
        algorithm.compile(setup.optimizers)
    world = World(
        config=experiment.config,
        sampling=sampling,
        device=device,
        streams=streams,
        envs=envs,
        policy=policy,
        algorithm=algorithm,
        train_collector=_collector(policy, envs.train, streams, "exploration", device),  # type: ignore[arg-type]  # missing only where nothing trains
        test_collector=_collector(policy, envs.test, streams, "evaluation", device, sampling.max_test_episode_steps),
        buffer=agent.create_buffer(sampling, envs, experiment.env_factory),
        sampler_rng=streams.generator("sampler"),
        learner_rng=streams.generator("learner", device=device),
        logger=LoggerGroup([]),
        hooks=hooks,
        callbacks=by_name(experiment.callbacks),
        optimizers=setup.optimizers,
    )
    world.logger.look = lambda metrics, step: call_if_implemented(hooks.rlchassis_metrics, world=world, metrics=metrics, step=step)
    return world


def create_loop(experiment: ExperimentSpec, world: World) -> TrainingLoop:
    """Create the training loop for a World, with the trainer of the agent factory."""
    agent = experiment.agent_factory
    return TrainingLoop(agent.trainer_class(world), PolicyTests(world, PolicyPersistence(to_data(agent))))


def _collector(
    policy: Policy,
    envs: VectorEnvironment | None,
    streams: RandomStreams,
    stream: str,
    device: torch.device,
    max_episode_steps: float = math.inf,
) -> Collector | None:
    return None if envs is None else Collector(policy, envs, streams.generator(stream, device=device), device, max_episode_steps)
