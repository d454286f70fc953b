"""Environment sources: tasks of a plugin by name, with recipes of their own. Two tiny runs."""

from __future__ import annotations

import gymnasium as gym
import pytest

import rlchassis
from rlchassis.cli.used_recipe import recipe_line
from rlchassis.errors import PluginError, UsageError
from rlchassis.experiment import EnvFactoryRegistered, PPOExperimentBuilder, plan
from rlchassis.registry import kinds
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling, write_metadata

CODE = """
import gymnasium as gym
from attrs import frozen
from rlchassis.api import EnvFactory

@frozen
class EnvFactoryWorlds(EnvFactory):
    task: str
    length: int = 5

    def create_env(self, mode):
        return gym.make("CartPole-v1", max_episode_steps=self.length)
"""
RECIPES = """
[ppo.flat]
steps = 96
env = { length = 7 }
[ppo.default]
steps = 64
[dqn.flat]
steps = 32
"""


@pytest.fixture
def worlds(install):
    """A distribution with an environment source and recipes; a second one cannot be imported."""

    def write(folder):
        for name, code in (("acme_worlds", CODE), ("acme_ruins", "raise RuntimeError('no ruins')")):
            (folder / name).mkdir()
            (folder / name / "__init__.py").write_text(code, "utf-8")
            entry = f"[rlchassis.env]\n{name.replace('_', '.')} = {name}:EnvFactoryWorlds\n"
            write_metadata(folder, name.replace("_", "-"), entry)
        (folder / "acme_worlds" / "recipes.toml").write_text(RECIPES, "utf-8")

    install(write)


def named(env="acme.worlds/flat", algorithm="ppo", **options):
    return plan(algorithm, env, **options)


@pytest.mark.usefixtures("worlds")
def test_a_source_and_a_task_name_an_environment_whose_options_are_settings():
    factory = named(settings={"env": {"length": 3}}).env_factory
    assert (type(factory).__name__, factory.task, factory.length) == ("EnvFactoryWorlds", "flat", 3)
    assert PPOExperimentBuilder("acme.worlds/hills").build().env_factory.task == "hills"
    with pytest.raises(UsageError, match=r"no field 'lengths'. Did you mean .length"):
        named(settings={"env": {"lengths": 3}})


@pytest.mark.usefixtures("worlds")
def test_a_source_brings_recipes_by_algorithm_and_task_and_one_for_all_other_tasks():
    assert (named().sampling_config.total_steps, named().env_factory.length) == (96, 7)
    assert named("acme.worlds/hills").sampling_config.total_steps == 64
    assert named(algorithm="dqn").sampling_config.total_steps == 32
    assert named("acme.worlds/hills", recipe="acme.worlds/flat").sampling_config.total_steps == 96
    assert named(recipe="none", steps=8).env_factory.length == 5
    assert recipe_line("ppo", "acme.worlds/flat", None, named()) == "using recipe acme.worlds/flat: steps=96, env.length=7"
    with pytest.raises(UsageError, match=r"dqn has no recipe for acme.worlds/hills, so"):
        named("acme.worlds/hills", "dqn")
    with pytest.raises(UsageError, match=r'ppo has no recipe "acme.worlds/flats".'):
        named(recipe="acme.worlds/flats")


@pytest.mark.usefixtures("worlds")
def test_a_run_in_a_task_of_a_source_is_stored_by_its_names_and_run_again(tmp_path):
    result = PPOExperimentBuilder("acme.worlds/flat", tiny_config(tmp_path), tiny_sampling()).build().run("one")
    directory = result.world.directory
    assert '"env/acme.worlds"' in (directory / "experiment.json").read_text("utf-8")
    again = rlchassis.train("ppo", "acme.worlds/flat", experiment=directory, name="two", seed=3)
    assert again.trainer_result.env_steps == result.trainer_result.env_steps
    with pytest.raises(UsageError, match=r"uses environment acme.worlds/flat, got flat; leave ENV out"):
        plan(env="flat", experiment=directory)
    assert rlchassis.evaluate(directory, episodes=2).mean == 5.0


@pytest.mark.usefixtures("worlds")
def test_a_gymnasium_id_that_reads_like_a_task_of_a_source_stays_one_of_gymnasium(monkeypatch):
    monkeypatch.setitem(gym.registry, "acme.worlds/flat", gym.spec("CartPole-v1"))
    assert PPOExperimentBuilder("acme.worlds/flat").build().env_factory == EnvFactoryRegistered("acme.worlds/flat")


@pytest.mark.usefixtures("worlds")
def test_a_source_that_cannot_be_imported_fails_where_it_is_named_alone():
    with pytest.raises(PluginError, match=r'env "acme.ruins" of "acme-ruins" .*no ruins'):
        named("acme.ruins/flat")
    assert named("CartPole-v1", steps=8).env_factory == EnvFactoryRegistered("CartPole-v1")


def test_a_source_of_ours_that_is_not_installed_is_named_with_its_distribution(monkeypatch):
    monkeypatch.setitem(kinds.FIRST_PARTY["env"], "moon", "rlchassis-moon")
    with pytest.raises(PluginError, match=r'It is provided by "rlchassis-moon": python -m pip install rlchassis-moon'):
        named("moon/crater")


def test_a_name_of_no_source_is_looked_up_in_gymnasium():
    with pytest.raises(UsageError, match=r"Namespace nowhere not found"):
        named("nowhere/flat")
