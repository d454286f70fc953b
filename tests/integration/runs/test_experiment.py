"""What a run leaves behind, and what can be done with it."""

from __future__ import annotations

import json
import logging
import shutil

import gymnasium as gym
import numpy as np
import pytest
import torch
from attrs import evolve

import rlchassis
from rlchassis.errors import StoredFileError, UsageError
from rlchassis.experiment import DQNExperimentBuilder, EpochTrainCallback, Experiment, Mode, PPOExperimentBuilder, VectorEnvType
from rlchassis.storage.policy_file import read_policy, write_policy
from rlchassis_obs_norm import PolicyWrapperFactoryObsNorm
from rlchassis_testkit.compiled import default_dtype
from rlchassis_testkit.stored_runs import listing, rows_of, tiny_config, tiny_sampling


def cartpole(base, *, sampling=None, **config):
    return PPOExperimentBuilder("CartPole-v1", tiny_config(base, **config), sampling or tiny_sampling())


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """One run with a wrapper and optimizer options, for all that only looks at it."""
    builder = cartpole(tmp_path_factory.mktemp("log"), watch=True, watch_num_episodes=1)
    builder.with_policy_wrapper_factory(PolicyWrapperFactoryObsNorm()).with_optim_factory_default(betas=(0.8, 0.99))
    return builder.build().run("some/run")


def test_a_run_directory_holds_what_the_contract_says(trained):
    names = {path.name for path in trained.world.directory.iterdir()}
    assert names == {"experiment.json", "experiment.pkl", "provenance.json", "policy.pt", "metrics.jsonl", "log.txt", "tb", "checkpoints"}


def test_provenance_says_with_what_the_run_was_made(trained):
    said = json.loads((trained.world.directory / "provenance.json").read_text("utf-8"))
    assert said["versions"]["torch"] == torch.__version__
    assert said["seed"] == 42
    used = {(row["kind"], row["name"]) for row in said["plugins"] if row["used"]}
    assert used == {("algorithm", "ppo"), ("optimizer", "adam"), ("policy_wrapper", "obs-norm"), ("env", "registered"),
                    ("component", "mlp-actor"), ("component", "mlp-critic")}  # fmt: skip


def test_the_rows_of_metrics_have_steps_that_never_go_back(trained):
    rows = rows_of(trained.world.directory)
    steps = [row["step"] for row in rows]
    assert steps == sorted(steps)
    assert steps[-1] == trained.trainer_result.env_steps == 64
    assert {"learn/loss", "test/return", "test/best_return"} <= {tag for row in rows for tag in row}


def test_the_best_test_is_repeated_number_by_number(trained):
    again = rlchassis.evaluate(trained.world.directory)
    assert again == trained.trainer_result.best
    assert again.matches is True
    assert rlchassis.evaluate(trained.world.directory, episodes=1).matches is None


def test_returns_that_differ_from_the_recorded_ones_are_reported_with_likely_causes(trained, tmp_path, caplog):
    copy = shutil.copytree(trained.world.directory, tmp_path / "copy")
    stored, best = read_policy(copy), trained.trainer_result.best
    returns = [best.returns[0] - 1, *best.returns[1:]]
    write_policy(copy, evolve(stored, record={**stored.record, "test": {**best.as_data(), "returns": returns}}))
    again = rlchassis.evaluate(copy)
    assert again.matches is False
    assert again.returns == best.returns
    (said,) = caplog.messages
    first = f"seed {best.seeds[0]}: {returns[0]:g} recorded, {best.returns[0]:g} now"
    assert said.startswith(f"The returns of 1 of 2 episodes differ from those recorded ({first}). Likely causes: a policy, wrapper")


def test_other_episodes_are_played_on_seeds_that_no_run_uses(trained):
    scored = rlchassis.evaluate(trained.world.directory, episodes=3)
    assert scored.seeds == (10_000, 10_001, 10_002)
    assert rlchassis.evaluate(trained.world.directory, episodes=3) == scored
    with pytest.raises(UsageError, match="episodes must be"):
        rlchassis.evaluate(trained.world.directory, episodes=0)


def test_evaluating_changes_nothing_in_the_directory(trained):
    before = listing(trained.world.directory)
    rlchassis.evaluate(trained.world.directory)
    rlchassis.load_policy(trained.world.directory)
    Experiment.from_directory(trained.world.directory)
    assert listing(trained.world.directory) == before


def test_a_restored_experiment_that_is_not_to_train_only_watches(trained, caplog):
    before = listing(trained.world.directory)
    with caplog.at_level(logging.INFO, "rlchassis"):
        result = Experiment.from_directory(trained.world.directory).with_config(train=False, watch_num_episodes=2).run()
    assert result.trainer_result is None
    assert "Watched 2 episodes" in caplog.text
    assert listing(trained.world.directory) == before
    stored = rlchassis.load_policy(trained.world.directory).policy.state_dict()
    assert all(torch.equal(stored[name], tensor) for name, tensor in result.world.policy.state_dict().items())


def test_a_restored_experiment_trains_on_from_the_stored_policy(trained, tmp_path):
    again = Experiment.from_directory(trained.world.directory).with_config(persistence_base_dir=str(tmp_path), watch=False)
    assert again.run("more").trainer_result.env_steps == 64
    assert Experiment.from_directory(tmp_path / "more", False).config.policy_restore_directory == str(trained.world.directory)


@pytest.mark.parametrize("deterministic", [True, False])
@pytest.mark.parametrize("venv_type", [VectorEnvType.DUMMY, VectorEnvType.SUBPROC_SHARED_MEM], ids=lambda kind: kind.value)
def test_tests_are_repeated_exactly_whatever_runs_the_environments_and_acts(venv_type, deterministic, tmp_path):
    from rlchassis.experiment import EnvFactoryRegistered
    from rlchassis_ppo import PPOParams

    factory = EnvFactoryRegistered("Pendulum-v1", venv_type=venv_type, max_episode_steps=20)
    builder = PPOExperimentBuilder(factory, tiny_config(tmp_path), tiny_sampling(num_test_envs=2, num_test_episodes=3))
    result = builder.with_ppo_params(PPOParams(deterministic_eval=deterministic)).build().run("run")
    assert rlchassis.evaluate(result.world.directory) == result.trainer_result.best


def test_a_run_with_a_best_test_watches_the_policy_of_that_test(tmp_path):
    result = cartpole(tmp_path, watch=True, watch_num_episodes=1).build().run("run")
    stored = rlchassis.load_policy(result.world.directory).policy.state_dict()
    assert all(torch.equal(stored[name], tensor) for name, tensor in result.world.policy.state_dict().items())


class NeverBegins(EpochTrainCallback):
    def callback(self, epoch, env_step, context):
        raise AssertionError("the run began")


def wide(low=-1.0, size=3):
    class Wide(gym.Env):
        observation_space = gym.spaces.Box(low, 1.0, (size,), np.float32)
        action_space = gym.spaces.Discrete(2)

        def reset(self, *, seed=None, options=None):
            return np.zeros(size, np.float32), {}

        def step(self, action):
            return np.zeros(size, np.float32), 0.0, True, False, {}

    return Wide()


def test_a_policy_of_other_spaces_is_refused_before_anything_is_collected(trained, tmp_path):
    for env in (wide, "Pendulum-v1"):
        config = tiny_config(tmp_path, policy_restore_directory=trained.world.directory)
        builder = PPOExperimentBuilder(env, config, tiny_sampling()).with_epoch_train_callback(NeverBegins())
        with pytest.raises(StoredFileError, match=r"another|it lacks|it has|there and") as caught:
            builder.build().run("run")
        assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_policy_for_other_bounds_is_refused_though_its_weights_would_fit(tmp_path):
    def run(name, low, **config):
        return PPOExperimentBuilder(lambda: wide(low), tiny_config(tmp_path, **config), tiny_sampling()).build().run(name)

    stored = run("a", -1.0)
    with pytest.raises(StoredFileError, match="another observation space"):
        run("b", -2.0, policy_restore_directory=stored.world.directory)
    assert not (tmp_path / "b").exists()
    run("c", -1.0, policy_restore_directory=stored.world.directory)


def test_a_restore_directory_without_a_policy_is_refused_before_anything_is_collected(tmp_path):
    for directory in (tmp_path, tmp_path / "nowhere"):
        builder = cartpole(tmp_path, policy_restore_directory=directory).with_epoch_train_callback(NeverBegins())
        with pytest.raises(StoredFileError, match=r"holds no policy\.pt; name the directory of a run that has stored a policy\.$"):
            builder.build().run("run")
    assert list(tmp_path.iterdir()) == []


def test_a_run_in_state_dict_mode_is_evaluated_and_restored_like_any(tmp_path):
    result = cartpole(tmp_path, policy_persistence_mode=Mode.POLICY_STATE_DICT).build().run("run")
    assert rlchassis.evaluate(tmp_path / "run") == result.trainer_result.best
    cartpole(tmp_path, policy_restore_directory=tmp_path / "run").build().run("more")


def test_a_collection_runs_one_experiment_per_seed(tmp_path):
    collection = cartpole(tmp_path, seed=5).build_seeded_collection(2)
    assert [experiment.config.seed for experiment in collection] == [5, 6]
    results = collection.run("both")
    assert [result.world.directory for result in results] == [tmp_path / "both" / "seed-5", tmp_path / "both" / "seed-6"]
    with pytest.raises(UsageError, match="expected a number of experiments of at least 1, got 0"):
        cartpole(tmp_path).build_seeded_collection(0)


@pytest.mark.parametrize("builder", [DQNExperimentBuilder, PPOExperimentBuilder])
def test_a_run_is_made_of_the_numbers_that_torch_makes_by_default(builder, tmp_path):
    sampling = tiny_sampling(repeat_per_collect=None)
    with default_dtype(torch.float64):
        world = builder("CartPole-v1", tiny_config(tmp_path), sampling).build().run("run").world
        assert {parameter.dtype for parameter in world.policy.parameters()} == {torch.float64}
        assert rlchassis.evaluate(world.directory) == world.state.best
    with pytest.raises(StoredFileError, match="another kind of policy"):
        rlchassis.load_policy(world.directory)


def test_a_world_can_be_had_without_a_run(tmp_path):
    world = cartpole(tmp_path).build().create_experiment_world()
    try:
        assert world.directory is None
        assert world.state.info().env_steps == 0
        assert world.envs.train.num_envs == 2
    finally:
        world.close()
    assert list(tmp_path.iterdir()) == []
