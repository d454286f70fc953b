"""`train --config experiment.json`: a stored experiment, run again with what is said otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rlchassis import Experiment
from rlchassis import train as train_in_python
from rlchassis.errors import UsageError
from rlchassis.experiment import EpochStopCallback, PPOExperimentBuilder, plan
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling

FILE = "log/mine/experiment.json"


class Never(EpochStopCallback):
    """A user's own."""

    def should_stop(self, mean_rewards, context):
        return False


@pytest.fixture
def first(rlchassis):
    """A stored experiment, as if it had been run."""
    sampling = {name: getattr(tiny_sampling(), name) for name in ("step_per_epoch", "step_per_collect", "batch_size", "num_train_envs")}
    settings = {"sampling": sampling, "critic": {"hidden_sizes": [8]}}
    chosen = {"wrappers": ["obs-norm:clip=5"], "stop": ["reward=475"], "settings": settings}
    plan("ppo", "CartPole-v1", recipe="none", steps=64, **chosen).save("log/mine")


def experiment(name):
    return Experiment.from_directory(f"log/{name}", restore_policy=False)


def test_a_stored_experiment_is_run_again_with_another_seed(rlchassis, first):
    done = rlchassis("train", "--config", FILE, "--seed", "7", "--name", "again")
    assert (done.code, done.err.splitlines()[0]) == (0, f"using the experiment in {FILE}")
    assert experiment("again") == experiment("mine").with_config(seed=7)


def test_options_of_rerun_change_or_extend_the_stored_configuration(rlchassis, first):
    words = ("--set", "params.lr=0.5", "--set", "env.sutton_barto_reward=true", "--steps", "40", "--stop", "no-improvement")
    done = rlchassis("train", "ppo", "CartPole-v1", "--config", FILE, "--name", "again", "--optimizer", "adam:eps=1e-5", *words)
    assert done.code == 0, done
    before, after = experiment("mine"), experiment("again")
    assert (after.agent_factory.params.lr, after.agent_factory.optim_factory.eps) == (0.5, 1e-5)
    assert (after.sampling_config.total_steps, after.sampling_config.step_per_epoch) == (40, 32)
    assert after.env_factory.make_kwargs == {"sutton_barto_reward": True}
    assert after.callbacks.stop[:-1] == before.callbacks.stop
    assert len(after.callbacks.stop) == 2
    assert after.agent_factory.policy_wrappers == before.agent_factory.policy_wrappers


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("sac",), "the stored experiment uses algorithm ppo, got sac; leave ALGORITHM out."),
        (("ppo", "Acrobot-v1"), "the stored experiment uses environment CartPole-v1, got Acrobot-v1; leave ENV out."),
        (("--recipe", "none"), "so the recipe 'none' would be ignored; leave it out."),
        (("--set", "params.lrr=1"), 'Did you mean "lr"?'),
        (("--set", "sampling.num_epochs=3"), "sampling.num_epochs follows from steps"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_rerun_refuses_options_that_contradict_the_stored_configuration(rlchassis, first, words, message):
    done = rlchassis("train", *words, "--config", FILE, "--name", "again")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert message in done.err
    assert not Path("log/again").exists()


def test_code_of_a_user_in_it_must_be_allowed(rlchassis, tmp_path, monkeypatch):
    builder = PPOExperimentBuilder("CartPole-v1", tiny_config(tmp_path / "log"), tiny_sampling())
    builder.with_epoch_stop_callback(Never()).build().save("log/mine")
    (own,) = json.loads(Path(FILE).read_text("utf-8"))["callbacks"]["stop"]
    refused = rlchassis("train", "--config", FILE, "--name", "again")
    assert (refused.code, refused.err.count("\n"), own["class"] in refused.err) == (2, 1, True)
    with pytest.raises(UsageError, match="if you trust this code, pass it in allow"):
        train_in_python(experiment=FILE, name="again")
    done = train_in_python(experiment=FILE, name="again", allow=[Never], seed=3)
    assert (Path("log/again/policy.pt").exists(), done.world.config.seed) == (True, 3)


def test_in_python_an_experiment_or_its_directory_will_do(first):
    for name, place in (("directory", "log/mine"), ("object", experiment("mine"))):
        assert plan(experiment=place, seed=5) == experiment("mine").with_config(seed=5), name


def test_a_damaged_file_is_refused(rlchassis):
    Path("experiment.json").write_text('{"format": 1}', "utf-8")
    done = rlchassis("train", "--config", "experiment.json")
    assert (done.code, done.err.count("\n"), "the configuration in experiment.json cannot be used" in done.err) == (2, 1, True)
