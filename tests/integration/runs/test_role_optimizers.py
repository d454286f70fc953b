"""Optimizers of single roles: in builders, by name, in files, and in the run itself."""

from __future__ import annotations

import json

import pytest

from rlchassis.errors import UsageError
from rlchassis.experiment import Experiment, PPOExperimentBuilder, SACExperimentBuilder, SamplingConfig, plan
from rlchassis.registry import Component, split_role
from rlchassis_adam import OptimizerFactoryAdam

SMALL = SamplingConfig(num_epochs=1, step_per_epoch=8, batch_size=4, step_per_collect=4, num_test_episodes=1, buffer_size=20)
PENDULUM = {"steps": 64, "recipe": "none", "settings": {"env": {"max_episode_steps": 5}}}


def eps_by_role(world):
    """ε of each role's optimizer."""
    return {optimizer.role: optimizer.torch_optimizer.param_groups[0]["eps"] for optimizer in world.optimizers}


def sac():
    return SACExperimentBuilder("Pendulum-v1", sampling_config=SMALL)


def test_each_role_is_stepped_by_its_own_optimizer():
    builder = sac().with_optim_factory(OptimizerFactoryAdam(eps=0.1)).with_optim_factory(OptimizerFactoryAdam(eps=0.2), role="critic")
    world = builder.build().create_experiment_world()
    assert eps_by_role(world) == {"actor": 0.1, "critic": 0.2, "temperature": 0.1}


def test_an_unknown_role_is_refused_with_those_that_there_are():
    builder = sac().with_optim_factory(OptimizerFactoryAdam(), role="alpha")
    with pytest.raises(UsageError, match=r'SACAgentFactory has no optimizer of role "alpha"\. Its roles are: actor, critic, temperature\.'):
        builder.build().create_experiment_world()
    builder = PPOExperimentBuilder("CartPole-v1").with_optim_factory(OptimizerFactoryAdam(), role="critic")
    with pytest.raises(UsageError, match='Did you mean "actor_critic"'):
        builder.build().create_experiment_world()


def test_an_empty_role_is_refused():
    with pytest.raises(UsageError, match="expected a name or name:option=value for an optimizer"):
        plan("sac", "Pendulum-v1", optimizer=["=adam"], **PENDULUM)


def test_roles_given_by_name_add_up_with_their_options():
    names = [{"name": "adam", "eps": 0.1}, "critic=adam:eps=0.2"]
    experiment = plan(
        "sac", "Pendulum-v1", optimizer=names, **PENDULUM | {"settings": {"role_optimizers": {"critic": {"betas": [0.5, 0.6]}}}}
    )
    assert experiment.agent_factory.optim_factory == OptimizerFactoryAdam(eps=0.1)
    assert experiment.agent_factory.role_optimizers == {"critic": OptimizerFactoryAdam((0.5, 0.6), 0.2)}


@pytest.mark.parametrize(
    "layers",
    [
        [{"role_optimizers": {"actor": "adam:eps=0.1"}}, {"role_optimizers": {"critic": "adam:eps=0.2"}}],
        [
            {"role_optimizers": {"actor": {"name": "adam", "eps": 0.1}, "critic": "adam:eps=3"}},
            {"role_optimizers": {"critic": {"eps": 0.2}}},
        ],
    ],
    ids=["roles of two layers", "options over a name"],
)
def test_layers_of_settings_add_up_role_by_role(layers):
    agent = plan("sac", "Pendulum-v1", **PENDULUM | {"settings": layers}).agent_factory
    assert agent.role_optimizers == {"actor": OptimizerFactoryAdam(eps=0.1), "critic": OptimizerFactoryAdam(eps=0.2)}


def test_an_optimizer_given_for_a_role_replaces_that_of_a_file():
    settings = {"optimizer": "adam:eps=0.1", "role_optimizers": {"critic": "adam:eps=0.2", "actor": "adam:eps=0.3"}}
    agent = plan("sac", "Pendulum-v1", optimizer="critic=adam:eps=0.4", **PENDULUM | {"settings": settings}).agent_factory
    assert agent.optim_factory == OptimizerFactoryAdam(eps=0.1)
    assert agent.role_optimizers == {"critic": OptimizerFactoryAdam(eps=0.4), "actor": OptimizerFactoryAdam(eps=0.3)}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["adam", "adam:eps=1"], "two optimizers of all roles are given, 'adam' and 'adam:eps=1'"),
        (["critic=adam", "critic=adam"], 'two optimizers of role "critic" are given'),
        (["critic=adam:epz=1"], 'optimizer "adam" has no option "epz". Did you mean "eps"?'),
        (["critic=adm"], 'no optimizer "adm". Did you mean "adam"?'),
    ],
)
def test_an_optimizer_that_cannot_be_is_refused(names, message):
    with pytest.raises(UsageError) as caught:
        plan("sac", "Pendulum-v1", optimizer=names, **PENDULUM)
    assert message in str(caught.value)


def test_optimizers_of_roles_are_stored_restored_and_part_of_provenance(tmp_path):
    builder = PPOExperimentBuilder(
        "CartPole-v1", sampling_config=SamplingConfig(num_epochs=1, step_per_epoch=8, batch_size=4, step_per_collect=8)
    )
    role = Component("optimizer", "adam", {"eps": 0.2})
    experiment = builder.with_optim_factory(role, role="actor_critic").build()
    experiment.with_config(persistence_base_dir=str(tmp_path), watch=False).run("run")
    assert Experiment.from_directory(tmp_path / "run").agent_factory.role_optimizers == {"actor_critic": role}
    stored = json.loads((tmp_path / "run" / "experiment.json").read_text())
    assert stored["agent_factory"]["options"]["role_optimizers"] == {
        "actor_critic": {"component": "optimizer/adam", "options": {"eps": 0.2}}
    }


def test_options_of_a_roles_optimizer_are_changed_in_a_stored_run(tmp_path):
    experiment = sac().with_optim_factory(OptimizerFactoryAdam(eps=0.2), role="critic").build()
    experiment.save(tmp_path)
    again = plan(experiment=tmp_path, settings={"role_optimizers": {"critic": {"betas": [0.5, 0.6]}, "actor": "adam:eps=0.3"}})
    assert again.agent_factory.role_optimizers == {"critic": OptimizerFactoryAdam((0.5, 0.6), 0.2), "actor": OptimizerFactoryAdam(eps=0.3)}


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("critic=adam:eps=1", ("critic", "adam:eps=1")),
        ("adam:eps=1", ("", "adam:eps=1")),
        ("adam", ("", "adam")),
        ({"name": "adam"}, ("", {"name": "adam"})),
    ],
)
def test_a_role_stands_before_the_name(written, parts):
    assert split_role(written) == parts
