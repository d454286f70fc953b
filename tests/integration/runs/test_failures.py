"""How a run ends when it is interrupted or something goes wrong."""

from __future__ import annotations

import logging
import math
import signal

import gymnasium as gym
import numpy as np
import pytest
import torch

import rlchassis
from rlchassis.errors import EnvironmentFailure, UsageError
from rlchassis.experiment import EnvFactoryCallable, EnvMode, EpochTestCallback, EpochTrainCallback, LoggerFactory, PPOExperimentBuilder
from rlchassis.reporting.loggers import Logger
from rlchassis.storage.policy_file import read_policy
from rlchassis_ppo import PPOParams
from rlchassis_testkit.stored_runs import rows_of, tiny_config, tiny_sampling
from rlchassis_testkit.torch_processes import TorchProcess


def on_cartpole(base):
    return PPOExperimentBuilder("CartPole-v1", tiny_config(base), tiny_sampling())


class Interrupts(EpochTestCallback):
    def __init__(self, epoch):
        self.epoch = epoch

    def callback(self, epoch, env_step, context):
        if epoch == self.epoch:
            raise KeyboardInterrupt


@pytest.mark.parametrize("epoch", [1, 2])
def test_an_interrupted_run_leaves_a_policy_and_a_readable_directory(epoch, tmp_path):
    builder = on_cartpole(tmp_path).with_epoch_test_callback(Interrupts(epoch))
    with pytest.raises(KeyboardInterrupt):
        builder.build().run("run")
    assert rlchassis.load_policy(tmp_path / "run")(np.zeros(4)) in (0, 1)
    assert len(rlchassis.evaluate(tmp_path / "run", episodes=2).returns) == 2
    assert rows_of(tmp_path / "run")
    if epoch == 1:
        with pytest.raises(UsageError, match="has no recorded test to repeat"):
            rlchassis.evaluate(tmp_path / "run")


class NoScreen(gym.Wrapper):
    def reset(self, **options):
        raise RuntimeError("the window is gone")


def without_screen(mode):
    env = gym.make("CartPole-v1")
    return NoScreen(env) if mode is EnvMode.WATCH else env


def test_a_run_that_is_trained_is_not_lost_because_it_cannot_be_watched(tmp_path, caplog):
    experiment = PPOExperimentBuilder(without_screen, tiny_config(tmp_path, watch=True), tiny_sampling()).build()
    result = experiment.run("run")
    assert result.trainer_result.env_steps == 64
    (message,) = [
        record.getMessage() for record in caplog.records if record.levelno == logging.WARNING and "watched" in record.getMessage()
    ]
    assert message.startswith("The policy could not be watched; the run is unaffected: environment 0")
    assert "the window is gone" in message
    with pytest.raises(EnvironmentFailure, match="the window is gone"):
        experiment.with_config(train=False).run()


class Fails(EpochTrainCallback):
    def callback(self, epoch, env_step, context):
        raise ArithmeticError("on purpose")


def test_environments_and_files_are_closed_when_a_run_fails(tmp_path):
    closed = []

    class Noisy(gym.Wrapper):
        def close(self):
            closed.append(self)
            super().close()

    builder = PPOExperimentBuilder(lambda: Noisy(gym.make("CartPole-v1")), tiny_config(tmp_path), tiny_sampling())
    with pytest.raises(ArithmeticError, match="on purpose"):
        builder.with_epoch_train_callback(Fails()).build().run("run")
    assert len(closed) == len(set(map(id, closed))) == 3
    assert logging.getLogger("rlchassis").handlers == []


class Bomb(gym.Wrapper):
    """Raises in the step with which the counter, which all of its kind share, is used up."""

    left = 0

    def step(self, action):
        Bomb.left -= 1
        if Bomb.left == 0:
            raise ValueError("the sky fell")
        return super().step(action)


def exploding():
    return Bomb(gym.make("CartPole-v1"))


def test_an_environment_that_raises_is_named_with_index_seed_and_step(tmp_path):
    Bomb.left = 6
    builder = PPOExperimentBuilder(EnvFactoryCallable(exploding), tiny_config(tmp_path), tiny_sampling())
    with pytest.raises(EnvironmentFailure, match=r"the sky fell") as caught:
        builder.build().run("run")
    said = str(caught.value)
    assert "environment 1" in said
    assert "seed" in said
    assert "step 3" in said


@pytest.mark.parametrize(("tests", "step"), [(0, 48), (1, 32)])
def test_a_run_whose_environment_fails_leaves_its_best_policy_or_its_latest_and_says_where(tests, step, tmp_path, caplog):
    sampling = tiny_sampling(num_test_envs=tests, num_test_episodes=1, max_test_episode_steps=5)
    Bomb.left = 50 + 5 * tests
    with pytest.raises(EnvironmentFailure):
        PPOExperimentBuilder(EnvFactoryCallable(exploding), tiny_config(tmp_path), sampling).build().run("run")
    assert read_policy(tmp_path / "run").record["env_step"] == step
    which = "the latest" if tests == 0 else "that of the best test, at step 32"
    path = tmp_path / "run" / "policy.pt"
    assert f"The run failed (EnvironmentFailure) at environment step 48; the policy is stored in {path} ({which})." in caplog.messages


class Broken(EpochTrainCallback):
    """Breaks the policy before the second epoch."""

    def __init__(self, then):
        self.then = then

    def callback(self, epoch, env_step, context):
        if epoch == 2:
            with torch.no_grad():
                next(context.policy.parameters()).fill_(math.nan)
            raise self.then


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ArithmeticError("on purpose")], ids=["interrupted", "failed"])
def test_a_policy_that_is_not_finite_is_not_stored_and_that_is_said(error, tmp_path, caplog):
    builder = PPOExperimentBuilder("CartPole-v1", tiny_config(tmp_path), tiny_sampling(num_test_envs=0))
    with caplog.at_level(logging.INFO, "rlchassis"), pytest.raises(type(error)):
        builder.with_epoch_train_callback(Broken(error)).build().run("run")
    assert not (tmp_path / "run" / "policy.pt").exists()
    assert "at environment step 32; no policy is stored: the policy was not stored: " in caplog.text


def test_a_run_refused_before_the_first_step_leaves_no_policy(tmp_path):
    builder = on_cartpole(tmp_path).with_epoch_train_callback(Refuses())
    with pytest.raises(UsageError, match="not today"):
        builder.build().run("run")
    assert not (tmp_path / "run" / "policy.pt").exists()


class Refuses(EpochTrainCallback):
    def callback(self, epoch, env_step, context):
        raise UsageError("not today.")


TERMINATED = """
import os, signal, sys
from rlchassis.experiment import EpochTrainCallback, ExperimentConfig, PPOExperimentBuilder, SamplingConfig

class Kills(EpochTrainCallback):
    def callback(self, epoch, env_step, context):
        if epoch == 2:
            os.kill(os.getpid(), signal.SIGTERM)

sampling = SamplingConfig(num_epochs=9, step_per_epoch=32, step_per_collect=32, batch_size=16, num_train_envs=1, num_test_envs=0)
builder = PPOExperimentBuilder("CartPole-v1", ExperimentConfig(watch=False, persistence_base_dir=sys.argv[1]), sampling)
print("begun")
builder.with_epoch_train_callback(Kills()).build().run("run")
print("not reached")
"""


def test_a_script_that_is_terminated_ends_its_run_first_and_dies_by_the_signal(tmp_path):
    with TorchProcess.start(TERMINATED, tmp_path) as process:
        printed, errors = process.communicate()
    assert (process.returncode, printed) == (-signal.SIGTERM, "begun\n")
    assert "Traceback" not in errors
    assert read_policy(tmp_path / "run").record["env_step"] == 32
    assert not (tmp_path / "run" / "run.lock").exists()


class Unmade(LoggerFactory):
    def create_logger(self, log_dir, experiment_name, run_id, config_dict):
        raise UsageError("no such server.")


def test_a_logger_that_cannot_be_made_leaves_no_directory(tmp_path):
    with pytest.raises(UsageError, match="no such server"):
        on_cartpole(tmp_path).with_logger_factory(Unmade()).build().run("run")
    assert list(tmp_path.iterdir()) == []


class Frail(Logger):
    def __init__(self, log):
        self.calls = log

    def log(self, metrics, step):
        self.calls.append(step)
        if len(self.calls) == 2:
            raise OSError("no space left on device")

    def close(self):
        raise OSError("still none")


class FrailFactory(LoggerFactory):
    calls: list[int] = []  # noqa: RUF012  shared by all instances, since recipes hold no state

    def create_logger(self, log_dir, experiment_name, run_id, config_dict):
        self.calls.clear()
        assert run_id == "id-7"
        assert experiment_name == "run"
        assert config_dict["agent_factory"]["part"] == "algorithm/ppo"
        return Frail(self.calls)


def test_a_failing_logger_is_dropped_and_the_metrics_file_goes_on(tmp_path, caplog):
    builder = on_cartpole(tmp_path).with_logger_factory(FrailFactory())
    with caplog.at_level(logging.WARNING, "rlchassis"):
        result = builder.build().run("run", "id-7")
    assert len(FrailFactory.calls) == 2
    assert "Frail failed and is no longer used" in caplog.text
    assert rows_of(tmp_path / "run")[-1]["step"] == result.trainer_result.env_steps


def test_a_run_that_diverges_stores_no_policy_that_is_not_finite(tmp_path):
    builder = on_cartpole(tmp_path).with_ppo_params(PPOParams(lr=1e38, max_grad_norm=None))
    with pytest.raises((FloatingPointError, ValueError, RuntimeError)):
        builder.build().run("run")
    if (tmp_path / "run" / "policy.pt").exists():
        assert all(math.isfinite(p.sum()) for p in rlchassis.load_policy(tmp_path / "run").policy.parameters())
