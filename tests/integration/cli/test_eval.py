from __future__ import annotations

import json
import sys

import gymnasium as gym
import pytest

from rlchassis.experiment import PPOExperimentBuilder
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling


def best_test(run):
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text("utf-8").splitlines()]
    return max(row["test/return"] for row in rows if "test/return" in row)


def test_the_best_test_is_repeated_number_by_number(rlchassis, run):
    scored = json.loads(rlchassis("eval", run, "--json").out)
    assert scored["mean"] == pytest.approx(best_test(run), abs=1e-4)
    assert scored["episodes"] == len(scored["returns"]) == len(scored["seeds"]) == len(scored["lengths"]) == 2
    assert scored["matches"] is True
    assert json.loads(rlchassis("eval", run, "--json").out) == scored


def test_a_number_of_episodes_is_played_with_seeds_of_their_own(rlchassis, run):
    scored = json.loads(rlchassis("eval", run, "--episodes", 3, "--json").out)
    assert scored["seeds"] == [10000, 10001, 10002]
    assert "matches" not in scored


def test_people_get_a_sentence(rlchassis, run):
    scored = json.loads(rlchassis("eval", run, "--episodes", 3, "--json").out)
    said = rlchassis("eval", run, "--episodes", 3)
    assert said.code == 0
    assert said.out == f"return {scored['mean']:.2f} ± {scored['std']:.2f} over 3 episodes with seeds 10000 to 10002\n"
    assert rlchassis("eval", run, "--episodes", 1).out.endswith(" over 1 episode with seed 10000\n")
    assert rlchassis("eval", run).out.endswith("with the seeds of its best test, return for return as recorded\n")


def without(name):
    return lambda run: (run / name).unlink()


def with_content(name, content):
    return lambda run: (run / name).write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "hint"),
    [
        (without("policy.pt"), "holds no policy.pt"),
        (with_content("policy.pt", b"not a policy"), "no policy file"),
        (with_content("experiment.json", b"{"), "is damaged"),
        (with_content("experiment.json", b"[]"), "configuration"),
        (with_content("experiment.json", b"\xff"), "not text"),
    ],
)
def test_a_damaged_run_is_refused_and_not_touched(rlchassis, run, damage, hint):
    damage(run)
    before = {file: file.read_bytes() for file in run.iterdir() if file.is_file()}
    done = rlchassis("eval", run)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert hint in done.err
    assert {file: file.read_bytes() for file in run.iterdir() if file.is_file()} == before


@pytest.mark.parametrize("words", [("nowhere",), (".",)])
def test_eval_refuses_a_directory_that_is_no_run(rlchassis, words):
    done = rlchassis("eval", *words)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "is this the directory of a run?" in done.err


@pytest.mark.parametrize("episodes", [0, -1])
def test_no_episodes_are_no_score(rlchassis, run, episodes):
    done = rlchassis("eval", run, "--episodes", episodes)
    assert (done.code, done.out) == (2, "")
    assert "at least 1" in done.err


MODULE = """
import gymnasium as gym
from gymnasium.envs.classic_control import CartPoleEnv

gym.register("Mine-v0", CartPoleEnv, max_episode_steps=10)


def make():
    return gym.make("CartPole-v1", max_episode_steps=10)
"""


@pytest.fixture
def own_module(tmp_path, monkeypatch):
    """A module of the user's, and a function that forgets that it was imported."""
    (tmp_path / "own_environments.py").write_text(MODULE, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    def forget():
        sys.modules.pop("own_environments", None)
        gym.registry.pop("Mine-v0", None)

    yield forget
    forget()


def test_a_module_that_a_recipe_names_is_imported_only_where_it_is_allowed(rlchassis, train, own_module):
    assert train("--name", "mine", env="own_environments:Mine-v0").code == 0
    own_module()
    refused = rlchassis("eval", "log/mine")
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert "--allow own_environments" in refused.err
    assert "own_environments" not in sys.modules
    assert rlchassis("eval", "log/mine", "--allow", "own_environments").code == 0
    assert rlchassis("eval", "log/mine").code == 0


def test_a_function_that_a_recipe_uses_is_allowed_by_its_name(rlchassis, own_module, tmp_path):
    import own_environments

    builder = PPOExperimentBuilder(own_environments.make, tiny_config(tmp_path / "log"), tiny_sampling())
    builder.build().run("mine")
    for verb in ("eval", "watch"):
        refused = rlchassis(verb, "log/mine")
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert refused.err.endswith("if you trust this code, add --allow own_environments:make\n")
    assert rlchassis("eval", "log/mine", "--allow", "own_environments:make").code == 0


@pytest.mark.parametrize("word", ["no_such_module", "json:nothing", ":make", ".x"])
def test_names_given_to_allow_must_exist(rlchassis, run, word):
    done = rlchassis("eval", run, "--allow", word)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert f"--allow {word} cannot be imported" in done.err
