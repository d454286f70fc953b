"""Input that cannot be used: one sentence, exit code 2, nothing stepped, nothing written."""

from __future__ import annotations

from pathlib import Path

import gymnasium as gym
import pytest

CUDA_THAT_IS_NOT_THERE = "cuda:99"


class WordsAsActions(gym.Env):
    """Has actions that no algorithm here declares."""

    observation_space = gym.spaces.Box(-1, 1, (2,))
    action_space = gym.spaces.Text(3)


@pytest.fixture(autouse=True)
def nothing_is_stepped(monkeypatch):
    def collect(*_):
        raise AssertionError("an environment was stepped")

    monkeypatch.setattr("rlchassis.collecting.collector.Collector.collect", collect)


def is_refused(done, *hints):
    assert done.code == 2, done
    assert done.out == ""
    assert done.err.count("\n") == 1
    assert done.err.startswith("rlchassis: ")
    for hint in hints:
        assert hint in done.err


@pytest.mark.parametrize(
    ("words", "hints"),
    [
        (("--steps", "0"), ["steps", "at least 1"]),
        (("--steps", "-5"), ["steps", "at least 1"]),
        (("--steps", "many"), ["'many'"]),
        (("--seed", "-1"), ["seed"]),
        (("--set", "params.lrr=1"), ["lrr", "Did you mean", "lr"]),
        (("--set", "params.lr=fast"), ["lr", "number"]),
        (("--set", "params.lr=-1"), ["lr"]),
        (("--set", "params=3"), ["params"]),
        (("--set", "parms.lr=1"), ['"parms"', 'Did you mean "params"?']),
        (("--set", "sampling=3"), ["sampling", "table"]),
        (("--set", "sampling.num_train_env=2"), ["num_train_envs"]),
        (("--set", "sampling.num_train_envs=0"), ["num_train_envs"]),
        (("--set", "sampling.num_epochs=5"), ["num_epochs", "steps"]),
        (("--set", "sampling.batch_size=65"), ["minibatch of 65", "32 steps"]),
        (("--set", "sampling.buffer_size=1000"), ["buffer_size"]),
        (("--set", "config.sed=1"), ["Did you mean", "seed"]),
        (("--set", "env.gravity_on_mars=1"), ["gravity_on_mars"]),
        (("--set", "env.venv_type=thread"), ["venv_type", "thread"]),
        (("--set", "actor_factory.hidden_sizes=[0]"), ["hidden_sizes"]),
        (("--set", "actor_factory.hidden_sizes=64"), ["hidden_sizes", "a list", "64"]),
        (("--set", "actor_factory.hidden_activation=Tnah"), ["Tanh"]),
        (("--set", "optim_factory.betas=[0.9]"), ["betas", "2 numbers"]),
        (("--set", "actor_factory=nonsense"), ["nonsense"]),
        (("--set", "wrappers=obs-norm"), ["wrappers", "list"]),
        (("--set", "optim_factory.weigth_decay=1"), ["weight_decay"]),
        (("--set", "lr"), ["--set KEY=VALUE"]),
        (("--config", "missing.toml"), ["missing.toml"]),
        (("--recipe", "CartPole"), ["CartPole-v1"]),
        (("--set", "steps=5"), ["--steps and --set steps set the same thing"]),
        (("--seed", "1", "--set", "config.seed=2"), ["--seed and --set config.seed set the same thing"]),
        (("--optimizer", "adam", "--set", "optimizer=adam"), ["--optimizer and --set optimizer set the same thing"]),
        (("--optimizer", "adam", "--set", "optim_factory=adam"), ["the optimizer is given twice"]),
        (("--optimizer", "critic=adam:eps=1e-3"), ['PPOAgentFactory has no optimizer of role "critic"', 'Did you mean "actor_critic"?']),
        (("--optimizer", "alpha=adam"), ["Its roles are: actor_critic."]),
        (("--optimizer", "actor_critic=adam:epz=1"), ['optimizer "adam" has no option "epz"']),
        (("--optimizer", "adam", "--optimizer", "adam:eps=1"), ["two optimizers of all roles", "'adam' and 'adam:eps=1'"]),
        (("--optimizer", "critic=adam", "--optimizer", "critic=adam"), ['two optimizers of role "critic"']),
        (
            ("--optimizer", "critic=adam", "--set", "role_optimizers.critic=adam"),
            ["--optimizer and --set role_optimizers.critic set the same"],
        ),
        (("--set", "role_optimizers=adam"), ["expected role_optimizers to be a table", "set role_optimizers.ROLE"]),
        (("--set", "role_optimizers.actor_critic.eps=1"), ["role_optimizers: actor_critic: expected a description of OptimizerFactory"]),
        (("--wrapper", "obs-norm:clp=5"), ['Did you mean "clip"?']),
        (("--stop", "reward=high"), ["threshold: expected a number, not 'high'"]),
        (("--stop", "rewards=3"), ['no stop callback "rewards". Did you mean "reward"?']),
        (("--optimizer", "adm"), ['Did you mean "adam"?']),
        (("--optimizer", "lion"), ["Installed: adam"]),
        (("--logger", "tensorbord"), ['Did you mean "tensorboard"?']),
        (("--wrapper", "obsnorm"), ['Did you mean "obs-norm"?']),
        (("--buffer", "hindsight"), ['no buffer "hindsight" is installed']),
        (("--buffer", "hindsight", "--set", "buffer=other"), ["--buffer and --set buffer set the same thing"]),
        (("--wrapper", "chatter"), ["nor does rlchassis provide one. Installed: "]),
        (("--with", "acme.curriculum"), ["acme.curriculum"]),
        (("--device", "cuba"), ["cuba"]),
        (("--device", "meta"), ["meta", "rlchassis doctor"]),
        (("--device", CUDA_THAT_IS_NOT_THERE), [CUDA_THAT_IS_NOT_THERE, "rlchassis doctor"]),
        (("--name", "../out"), ["'../out'"]),
        (("--name", "/tmp/out"), ["'/tmp/out'"]),
        (("--name", "a//b"), ["'a//b'"]),
        (("--name", ""), ["''"]),
        (("--name", "~root"), ["~root"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_impossible_commands_are_refused_before_anything_is_done(train, words, hints):
    is_refused(train(*words), *hints)
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("words", "hints"),
    [
        (("poo", "CartPol-v1"), ['Did you mean "ppo"?']),
        (("ppo", "CartPol-v1", "--set", "parms.lr=1", "--optimizer", "adm"), ['Did you mean "CartPole-v1"?']),
        (("sac", "CartPole-v1"), ["sac does not support actions of Discrete; it takes Box"]),
        (("dqn", "Pendulum-v1", "--recipe", "none"), ["dqn does not support actions of Box; it takes Discrete"]),
        ((), ["required: ALGORITHM, ENV"]),
        (("ppo",), ["required: ENV"]),
        (("ppo", "CartPole-v1", "--allow", "json"), ["--allow is only used with a stored experiment"]),
        (("ppo", "CartPole-v1", "--optimizer", "lion"), ["Installed: adam"]),
        (("ppo", "CartPoel-v1"), ["CartPoel-v1"]),
        (("ppo", "no_such_module:Env-v0"), ["no_such_module"]),
        (("ppo", "MountainCar-v0"), ["ppo has no recipe for MountainCar-v0, so set the number of steps: --steps 100000."]),
        (("ppo", "CartPole-v1", "--recipe", "none"), ["rlchassis: without a recipe, set the number of steps: --steps 100000."]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_pair_that_cannot_be_trained_is_refused(rlchassis, words, hints):
    is_refused(rlchassis("train", *words), *hints)
    assert list(Path().iterdir()) == []


def test_an_unsupported_space_is_refused(train, monkeypatch):
    monkeypatch.setitem(gym.registry, "WordsAsActions-v0", gym.envs.registration.EnvSpec("WordsAsActions-v0", entry_point=WordsAsActions))
    is_refused(train(env="WordsAsActions-v0"), "the action space is Text", "convert it in a wrapper")
    assert list(Path().iterdir()) == []


def test_an_existing_run_is_refused_and_left_as_it_was(train):
    directory = Path("log/mine")
    directory.mkdir(parents=True)
    (directory / "policy.pt").write_bytes(b"precious")
    is_refused(train("--name", "mine"), "mine exists already", "--if-exists suffix")
    assert [file.name for file in directory.iterdir()] == ["policy.pt"]
    assert (directory / "policy.pt").read_bytes() == b"precious"


def test_a_base_directory_that_is_a_file_is_refused(train):
    Path("log").write_text("precious", "utf-8")
    is_refused(train("--name", "mine"), "log")
    assert Path("log").read_text("utf-8") == "precious"


def test_a_file_of_settings_that_is_no_toml_is_refused(train):
    Path("mine.toml").write_text("params = ", "utf-8")
    is_refused(train("--config", "mine.toml"), "mine.toml is not valid TOML")


def test_algorithm_and_environment_in_the_wrong_order_are_named_in_the_right_one(rlchassis):
    is_refused(rlchassis("train", "CartPole-v1", "ppo"), "the algorithm comes before the environment: rlchassis train ppo CartPole-v1.")


def test_a_file_in_place_of_a_module_is_refused_with_what_to_write(rlchassis):
    is_refused(rlchassis("train", "ppo", "./envs/mine.py:Mine"), "got the file ./envs/mine.py; write envs.mine:Mine.")
