"""A policy that was stored acts on as it did, whatever the mode of its file, and wherever its directory has gone."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch

import rlchassis
from rlchassis.cli import main
from rlchassis.experiment import DDPGExperimentBuilder, EpochTrainCallback, Experiment, Mode, PPOExperimentBuilder
from rlchassis.storage.policy_file import read_policy
from rlchassis_obs_norm import PolicyWrapperFactoryObsNorm
from rlchassis_testkit.stored_runs import in_another_process, tiny_config, tiny_sampling
from rlchassis_testkit.tiny_runs import fingerprint

OBSERVATIONS = np.random.default_rng(3).normal(size=(64, 4)).astype(np.float32)
ACT = """
import json, sys
import numpy as np
import rlchassis
observations = np.random.default_rng(3).normal(size=(64, 4)).astype(np.float32)
print(json.dumps(rlchassis.load_policy(sys.argv[1])(observations).tolist()))
"""


@pytest.fixture(scope="module", params=Mode, ids=lambda mode: mode.value)
def run(request, tmp_path_factory):
    config = tiny_config(tmp_path_factory.mktemp("log"), policy_persistence_mode=request.param)
    builder = PPOExperimentBuilder("CartPole-v1", config, tiny_sampling(num_test_envs=0))
    return builder.with_policy_wrapper_factory(PolicyWrapperFactoryObsNorm()).build().run("run")


def actions_of(policy):
    policy.eval()
    return policy.act(torch.from_numpy(OBSERVATIONS), explore=False, rng=torch.Generator())[0].tolist()


def test_the_file_says_its_mode_and_holds_every_weight_bit_for_bit(run):
    stored = read_policy(run.world.directory)
    own = run.world.policy.state_dict()
    assert stored.mode is run.world.config.policy_persistence_mode
    assert stored.state.keys() == own.keys()
    assert all(torch.equal(stored.state[name], own[name]) for name in own)
    assert ("agent" in stored.record, "spaces" in stored.record) == ((True, True) if stored.mode is Mode.POLICY else (False, False))


def test_a_loaded_policy_acts_as_the_one_that_was_stored_here_and_in_another_process(run, tmp_path):
    before = actions_of(run.world.policy)
    assert set(before) == {0, 1}
    assert rlchassis.load_policy(run.world.directory)(OBSERVATIONS).tolist() == before
    assert in_another_process(ACT, run.world.directory, cwd=tmp_path).strip() == str(before)


def test_a_restored_experiment_begins_with_the_stored_policy_and_trains_on(run, tmp_path):
    again = Experiment.from_directory(run.world.directory).with_config(persistence_base_dir=str(tmp_path))
    world = again.create_experiment_world()
    assert actions_of(world.policy) == actions_of(run.world.policy)
    world.close()
    result = again.run("more")
    assert result.trainer_result.env_steps == 64
    assert not all(map(torch.equal, result.world.policy.parameters(), run.world.policy.parameters()))
    assert read_policy(result.world.directory).mode is run.world.config.policy_persistence_mode


class Notes(EpochTrainCallback):
    """Which policy acts from which step on."""

    def __init__(self):
        self.seen = []

    def callback(self, epoch, env_step, context):
        self.seen.append((env_step, fingerprint(context.policy)))


def test_a_stored_policy_is_restored_before_the_first_step_of_a_warm_up(tmp_path):
    def ddpg(**config):
        sampling = tiny_sampling(repeat_per_collect=None, start_timesteps=16, num_test_envs=0)
        return DDPGExperimentBuilder("Pendulum-v1", tiny_config(tmp_path, **config), sampling)

    stored, notes = ddpg(seed=1).build().run("first").world, Notes()
    ddpg(seed=2, policy_restore_directory=stored.directory).with_epoch_train_callback(notes).build().run("second")
    assert notes.seen[0] == (0, fingerprint(stored.policy))


def test_a_run_directory_that_was_moved_opens_through_every_door(run, tmp_path, capsys):
    scored = rlchassis.evaluate(run.world.directory, episodes=2)
    moved = tmp_path / "elsewhere" / "renamed run"
    shutil.copytree(run.world.directory, tmp_path / "copy")
    moved.parent.mkdir()
    (tmp_path / "copy").rename(moved)
    assert rlchassis.evaluate(moved, episodes=2) == scored
    assert rlchassis.load_policy(moved)(OBSERVATIONS).tolist() == actions_of(run.world.policy)
    assert Experiment.from_directory(moved, restore_policy=False) == Experiment.from_directory(run.world.directory, restore_policy=False)
    assert Experiment.from_directory(moved).config.policy_restore_directory == str(moved)
    for words in (("inspect",), ("plot",), ("watch", "--episodes", "1"), ("eval", "--episodes", "1")):
        assert main([words[0], str(moved), *words[1:]]) == 0, capsys.readouterr().err
    assert (moved / "learning_curve.png").exists()
    assert not (run.world.directory / "learning_curve.png").exists()
