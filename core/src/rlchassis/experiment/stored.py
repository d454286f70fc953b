"""Evaluate and load the policy of a run directory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch

from rlchassis.collecting.collector import Collector
from rlchassis.collecting.evaluation import Evaluation, evaluate_policy
from rlchassis.config import Mode
from rlchassis.config.info_metrics import info_metrics_from
from rlchassis.data.randomness import RandomStreams
from rlchassis.envs import Environments, environments_of, space_from_data
from rlchassis.errors import StoredFileError, UsageError
from rlchassis.experiment.experiment import Experiment, require_allowed
from rlchassis.experiment.loaded_policy import LoadedPolicy
from rlchassis.experiment.stored_bounds import no_larger_than, num_envs_of, recorded_test, with_bounded_threads
from rlchassis.learning.policy import Policy
from rlchassis.registry import used_in
from rlchassis.run.build import require_device, sampling_of
from rlchassis.run.hooks import create_hooks, env_wrappers
from rlchassis.run.threads import threads
from rlchassis.storage.policy_file import StoredPolicy, read_policy
from rlchassis.storage.provenance import used_by
from rlchassis.storage.spec.decoding import from_data
from rlchassis.storage.spec.values import brief
from rlchassis.storage.stored_configuration import read_configuration
from rlchassis.training.agent import AgentFactory

FIRST_EVALUATION_SEED = 10_000


def evaluate(directory: str | Path, episodes: int | None = None, *, allow: Iterable[Any] = ()) -> Evaluation:
    """Evaluate the policy stored in a run directory, in the environment of its configuration.

    Without `episodes` the best test is repeated on its recorded seeds, which should reproduce its returns; a warning is logged if they
    differ. With `episodes`, seeds are 10000, 10001, …, which neither training nor tests use.
    """
    experiment = stored_experiment(directory, allow, "evaluate")
    with making(directory):
        device, hooks = require_device(experiment.config.device), create_hooks(experiment).hook
    stored = read_policy(Path(directory), device)
    recorded = None if episodes is not None else recorded_test(stored, directory)
    seeds = recorded.seeds if recorded is not None else _fresh_seeds(episodes)
    with making(directory):
        sampling = sampling_of(experiment)
        num_envs = num_envs_of(sampling, directory, episodes)
        envs = environments_of(experiment.env_factory, 0, num_envs, False, env_wrappers(experiment, hooks))
    try:
        assert envs.test is not None
        envs.read_infos({}, info_metrics_from(experiment.config.info_metrics))
        make_policy = partial(hooks.rlchassis_make_policy, experiment=experiment, envs=envs, device=device)
        policy = _restored(experiment.agent_factory, stored, envs, device, directory, make_policy)
        rng = RandomStreams(0).generator("evaluation", device=device)
        collector = Collector(policy, envs.test, rng, device, sampling.max_test_episode_steps)
        with threads(experiment.config.num_threads, policy):
            result = evaluate_policy(collector, seeds, _env_step(stored, directory))
        return result if recorded is None else result.compared(recorded)
    finally:
        envs.close()


@contextmanager
def making(directory: str | Path) -> Iterator[None]:
    """Context in which errors of building from a stored configuration become StoredFileError."""
    try:
        yield
    except StoredFileError:
        raise
    except Exception as error:
        raise StoredFileError(f"the configuration in {directory} cannot be built here: {brief(error)}") from error


def stored_experiment(directory: str | Path, allow: Iterable[Any], function: str) -> Experiment:
    """The configuration without callbacks and loggers, so that evaluation needs no `allow` for the callbacks of a run."""
    data = read_configuration(directory)
    if isinstance(data, dict):
        data = {key: value for key, value in data.items() if key != "callbacks"} | {"logger_factory": None}
    return with_bounded_threads(Experiment.from_stored(data, directory, allow, f"{function}({str(directory)!r}"))


def _fresh_seeds(episodes: int | None) -> Sequence[int]:
    assert episodes is not None
    require_some(episodes)
    return range(FIRST_EVALUATION_SEED, FIRST_EVALUATION_SEED + episodes)


def require_some(episodes: object) -> None:
    """UsageError unless it is a positive int."""
    if not isinstance(episodes, int) or episodes < 1:
        raise UsageError(f"episodes must be a whole number of at least 1, got {episodes!r}.")


def _env_step(stored: StoredPolicy, directory: str | Path) -> int:
    env_step = stored.record.get("env_step", 0)
    if not isinstance(env_step, int):
        raise StoredFileError(
            f"expected env_step in the record in {directory} to be a whole number, got {env_step!r}; restore it from a copy."
        )
    return env_step


def _restored(
    agent: AgentFactory,
    stored: StoredPolicy,
    envs: Environments,
    device: torch.device,
    directory: str | Path,
    make_policy: Callable[[], Policy],
) -> Policy:
    with making(directory), no_larger_than(stored, directory), RandomStreams(0).initialisation():
        policy = agent.create_wrapped(make_policy(), envs, device)
    stored.restore_into(policy, str(directory))
    return policy.eval()


def load_policy(directory: str | Path, device: str = "cpu", *, allow: Iterable[Any] = ()) -> LoadedPolicy:
    """Load the stored policy of a run for inference; a policy.pt of Mode.POLICY needs neither environment nor configuration."""
    torch_device, allow = require_device(device), list(allow)
    stored = read_policy(Path(directory), torch_device)
    if stored.mode is Mode.POLICY:
        agent, envs = _recorded_agent(stored, directory, allow)
    else:
        agent, envs = _configured_agent(directory, allow)
    policy = _restored(agent, stored, envs, torch_device, directory, partial(agent.create_policy, envs, torch_device))
    return LoadedPolicy(policy, envs, torch_device)


def _recorded_agent(stored: StoredPolicy, directory: str | Path, allow: Iterable[Any]) -> tuple[AgentFactory, Environments]:
    try:
        data, spaces = stored.record["agent"], stored.record["spaces"]
        require_allowed(data, allow, f"the policy in {directory}", f"load_policy({str(directory)!r}")
        envs = Environments.from_spaces(space_from_data(spaces["observation"]), space_from_data(spaces["action"]))
        return from_data(data, AgentFactory, allow, used_in(stored.record.get("plugins")) or used_by(directory)), envs
    except (KeyError, TypeError, RecursionError) as error:
        raise StoredFileError(f"the record in {directory} lacks the agent or the spaces of its policy; restore it from a copy.") from error
    except StoredFileError:
        raise
    except UsageError as error:
        raise StoredFileError(f"the policy in {directory} cannot be built: {brief(error)}") from error


def _configured_agent(directory: str | Path, allow: Iterable[Any]) -> tuple[AgentFactory, Environments]:
    """Agent and spaces from the configuration; its environment is created once to read the spaces, and closed."""
    experiment = stored_experiment(directory, allow, "load_policy")
    with making(directory):
        hooks = create_hooks(experiment).hook
        envs = environments_of(experiment.env_factory, 0, 1, False, env_wrappers(experiment, hooks))
    envs.close()
    return experiment.agent_factory, envs.without_any()
