"""The same seed gives the same weights, bit for bit, and nothing that only looks on changes them."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from rlchassis.experiment import EnvFactoryRegistered, EpochTrainCallback, PPOExperimentBuilder, VectorEnvType
from rlchassis.reporting.loggers import Logger
from rlchassis.training.loggers import LoggerFactory
from rlchassis_obs_norm import PolicyWrapperFactoryObsNorm
from rlchassis_ppo import PPOParams
from rlchassis_testkit.stored_runs import in_another_process
from rlchassis_testkit.tiny_runs import fingerprint, tiny_run

CARTPOLE, PENDULUM = EnvFactoryRegistered("CartPole-v1"), EnvFactoryRegistered("Pendulum-v1", max_episode_steps=20)
CHILD = """
from rlchassis_testkit.tiny_runs import fingerprint, tiny_run
from rlchassis.experiment import EnvFactoryRegistered, PPOExperimentBuilder, VectorEnvType
if __name__ == "__main__":
    for venv_type in (VectorEnvType.DUMMY, VectorEnvType.SUBPROC):
        env = EnvFactoryRegistered("CartPole-v1", venv_type=venv_type)
        print(fingerprint(tiny_run(PPOExperimentBuilder, env, num_train_envs=3, num_test_episodes=2, seed=1).policy))
"""


class Quiet(Logger):
    def log(self, row, step):
        pass

    def close(self):
        pass


class QuietFactory(LoggerFactory):
    def create_logger(self, log_dir, experiment_name, run_id, config_dict):
        return Quiet()


class ReadingNothing(EpochTrainCallback):
    def callback(self, epoch, env_step, context):
        context.policy.state_dict()


def weights(env: Any = CARTPOLE, **settings: Any) -> str:
    return fingerprint(tiny_run(PPOExperimentBuilder, env, **{"num_train_envs": 3, "num_test_episodes": 2, "seed": 1, **settings}).policy)


@cache
def plain() -> str:
    """Of a run without tests, watching, logger and storage."""
    return weights(num_test_envs=0)


@pytest.fixture(scope="module")
def from_another_process(tmp_path_factory) -> list[str]:
    return in_another_process(CHILD, cwd=tmp_path_factory.mktemp("child")).split()


def test_two_processes_come_to_the_same_weights_with_environments_in_process_and_in_workers(from_another_process):
    in_workers = weights(EnvFactoryRegistered("CartPole-v1", venv_type=VectorEnvType.SUBPROC_SHARED_MEM))
    assert from_another_process == [plain()] * 2
    assert in_workers == plain()


def test_another_seed_comes_to_other_weights():
    assert len({weights(num_test_envs=0, seed=seed) for seed in (1, 2, 3)}) == 3


def test_continuous_actions_and_running_statistics_are_decided_by_the_seed_too():
    def run() -> str:
        return weights(PENDULUM, configure=lambda builder: builder.with_policy_wrapper_factory(PolicyWrapperFactoryObsNorm()))

    assert run() == run()


@pytest.mark.parametrize("num_test_envs", [1, 3])
def test_tests_change_no_weight(num_test_envs):
    assert weights(num_test_envs=num_test_envs) == plain()


@pytest.mark.parametrize(
    "settings",
    [
        {"watch": True, "watch_num_episodes": 2},
        {"persistence_enabled": True},
        {"persistence_enabled": True, "log_file_enabled": False},
        {"persistence_enabled": True, "configure": lambda builder: builder.with_logger_factory(QuietFactory())},
        {"configure": lambda builder: builder.with_epoch_train_callback(ReadingNothing())},
    ],
    ids=["watched", "stored", "stored without a log file", "another logger", "callback"],
)
def test_nothing_that_only_looks_on_changes_a_weight(settings, tmp_path):
    assert weights(num_test_envs=1, persistence_base_dir=str(tmp_path), **settings) == plain()


@pytest.mark.parametrize("persistence_enabled", [False, True])
def test_after_a_run_the_policy_is_the_one_that_was_trained_last_though_the_best_is_watched(persistence_enabled, tmp_path, monkeypatch):
    from rlchassis.collecting.evaluation import Evaluation
    from rlchassis.training import testing

    scores = iter((5.0, 1.0))
    monkeypatch.setattr(testing, "evaluate_policy", lambda _, seeds, step: Evaluation((next(scores),), (1,), (0,), step))
    settings = {"persistence_enabled": persistence_enabled, "persistence_base_dir": str(tmp_path)}
    assert weights(watch=True, watch_num_episodes=1, **settings) == plain()


@pytest.mark.parametrize("number", [1, 2])
def test_torchs_own_generator_and_number_of_threads_do_not_matter_and_are_left_alone(number):
    import torch

    threads, state = torch.get_num_threads(), torch.get_rng_state()
    try:
        torch.set_num_threads(number)
        torch.manual_seed(99)
        before = torch.get_rng_state()
        assert weights(num_test_envs=0) == plain()
        assert torch.equal(torch.get_rng_state(), before)
        assert torch.get_num_threads() == number
    finally:
        torch.set_num_threads(threads)
        torch.set_rng_state(state)


@pytest.mark.parametrize("num_train_envs", [1, 3, 8])
def test_the_number_of_environments_changes_no_budget(num_train_envs):
    world = tiny_run(PPOExperimentBuilder, CARTPOLE, num_train_envs=num_train_envs, max_steps=77, num_test_envs=0)
    info = world.state.info()
    assert info.env_steps == 77
    assert info.updates == sum(10 * max(1, steps // 12) for steps in (24, 24, 24, 5))


def test_a_setting_of_learning_changes_the_weights():
    assert weights(num_test_envs=0, configure=lambda builder: builder.with_ppo_params(PPOParams(gamma=0.9))) != plain()
