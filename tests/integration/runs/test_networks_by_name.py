"""Networks by name in short runs: each in every place that takes one, stored, read back and resumed."""

from __future__ import annotations

import json

import pytest
import torch
from attrs import evolve

from rlchassis.api import UsageError
from rlchassis.experiment import (
    DQNExperimentBuilder,
    Experiment,
    PPOExperimentBuilder,
    REDQExperimentBuilder,
    SACExperimentBuilder,
    load_policy,
    plan,
)
from rlchassis_dqn.network import QNetworkFactoryDefault
from rlchassis_networks import NetworkFactoryImpalaCNN, NetworkFactorySimBa
from rlchassis_testkit.entity_envs import SPACES, Drawn
from rlchassis_testkit.resuming import Stop, assert_same, final_state, run_stopped, run_through, with_checkpoints
from rlchassis_toolkit import (
    ActionCriticFactoryDefault,
    ActorFactoryDefault,
    CriticFactoryDefault,
    DeterministicActorFactoryDefault,
    IntermediateModuleFactoryDefault,
    MemoryFactoryGRU,
)

SIMBA, OTHER = NetworkFactorySimBa(size=8), NetworkFactorySimBa(size=16)
SAMPLING = {"num_train_envs": 2, "num_test_envs": 1, "num_test_episodes": 1, "batch_size": 8, "step_per_collect": 16}
ON_POLICY, OFF_POLICY = {"repeat_per_collect": 1}, {"start_timesteps": 16, "update_per_step": 0.25}


def planned(algorithm, env="vector", *, continuous=True, **networks):
    sampling = {**SAMPLING, **(ON_POLICY if algorithm in ("ppo", "trpo") else OFF_POLICY)}
    settings = {"sampling": sampling, "env": {"seen": env, "continuous": continuous}, "config": {"log_file_enabled": False}}
    return plan(algorithm, "rlchassis_testkit.entity_envs:Drawn", recipe="none", steps=48, settings={**settings, **networks})


@pytest.mark.parametrize(
    ("algorithm", "continuous", "setting", "default"),
    [
        ("ppo", False, "actor_factory", ActorFactoryDefault()),
        ("trpo", True, "critic_factory", CriticFactoryDefault()),
        ("sac", True, "actor_factory", ActorFactoryDefault((256, 256), torch.nn.ReLU, True, True)),
        ("td3", True, "actor_factory", DeterministicActorFactoryDefault()),
        ("ddpg", True, "critic_factory", ActionCriticFactoryDefault()),
        ("redq", True, "critic_ensemble_factory", ActionCriticFactoryDefault()),
    ],
)
def test_a_network_takes_the_place_of_the_layers_of_the_default(algorithm, continuous, setting, default):
    agent = planned(algorithm, continuous=continuous, **{setting: "simba:size=8"}).agent_factory
    assert getattr(agent, setting) == evolve(default, network=SIMBA, hidden_sizes=())
    assert getattr(evolve(agent, **{setting: SIMBA}), setting) == getattr(agent, setting)


def test_two_critics_share_a_name_and_each_can_be_given_one():
    agent = planned("sac", critic="simba:size=8").agent_factory
    assert agent.critic_factories == (ActionCriticFactoryDefault((), network=SIMBA),) * 2
    one = planned("sac", critic_factories=["simba:size=8", "mlp-action-critic"]).agent_factory
    assert one.critic_factories == (ActionCriticFactoryDefault((), network=SIMBA), ActionCriticFactoryDefault())


def test_builders_take_a_network_wherever_they_take_a_factory():
    sac = SACExperimentBuilder("Pendulum-v1").with_actor_factory(SIMBA).with_common_critic_factory(SIMBA).with_critic2_factory(OTHER)
    agent = sac.build().agent_factory
    assert agent.actor_factory.network == SIMBA
    assert [critic.network for critic in agent.critic_factories] == [SIMBA, OTHER]
    dqn = DQNExperimentBuilder("CartPole-v1").with_model_factory(SIMBA).build().agent_factory
    assert dqn.model_factory == QNetworkFactoryDefault((), network=SIMBA)
    redq = REDQExperimentBuilder("Pendulum-v1").with_critic_ensemble_factory(SIMBA).build().agent_factory
    assert redq.critic_ensemble_factory.network == SIMBA
    ppo = PPOExperimentBuilder("CartPole-v1").with_critic_factory(SIMBA).build().agent_factory
    assert ppo.critic_factory == CriticFactoryDefault((), network=SIMBA)


def test_an_action_joins_the_features_of_an_image_before_the_hidden_layers():
    agent = planned("sac", "image", critic="impala-cnn:size=8").agent_factory
    assert agent.critic_factories[0] == ActionCriticFactoryDefault((256, 256), network=NetworkFactoryImpalaCNN(size=8))


def test_features_and_memories_take_a_network_as_it_is():
    agent = planned("iqn", continuous=False, preprocess_network="simba:size=8").agent_factory
    assert agent.preprocess_network_factory == SIMBA
    remembering = planned("dqn", continuous=False, memory="gru:network='simba:size=8'").agent_factory
    assert remembering.memory == MemoryFactoryGRU(network=SIMBA)
    layers = planned("iqn", continuous=False, preprocess_network="mlp-features:network='simba:size=8',hidden_sizes=[]").agent_factory
    assert layers.preprocess_network_factory == IntermediateModuleFactoryDefault((), network=SIMBA)


def test_a_mistyped_name_and_option_are_refused_with_the_nearest():
    with pytest.raises(UsageError, match=r'^actor_factory: no component "impala-cn". Did you mean "impala-cnn"\?$'):
        planned("ppo", actor_factory="impala-cn")
    with pytest.raises(UsageError, match=r'^critic_factory: component "simba" has no option "num_block". Did you mean "num_blocks"\?$'):
        planned("ppo", critic="simba:num_block=3")


@pytest.mark.parametrize(
    ("algorithm", "networks", "env", "said"),
    [
        ("ppo", {"actor": "nature-cnn", "critic": "simba"}, "vector", r"^NetworkFactoryNatureCNN needs an image, .* got Box"),
        ("sac", {"critic": "entity-attention"}, "vector", r"NetworkFactoryEntityAttention needs entities, .* got Box"),
        ("sac", {"actor": "batch-renorm-mlp"}, "vector", r"NetworkFactoryBatchRenormMLP is made for critics .*, got a place for"),
        ("td3", {"critic": "nature-cnn"}, "image", r"NetworkFactoryNatureCNN needs images of .*, got 12 × 10"),
        (
            "ppo",
            {"memory": "gru", "actor": "impala-cnn"},
            "image",
            r"ImpalaCNN needs .*, got Box.* set it as memory\.network",
        ),
    ],
)
def test_a_network_that_cannot_read_the_observations_is_refused_before_the_first_step(algorithm, networks, env, said, monkeypatch):
    monkeypatch.setattr(Drawn, "step", None)
    with pytest.raises(UsageError, match=said) as refusal:
        planned(algorithm, env, **networks).with_config(persistence_enabled=False).run()
    assert "\n" not in str(refusal.value)


CNN, ATTENTION = "impala-cnn:size=8", "entity-attention:size=8,num_layers=1"
RUNS = {
    "ppo on images": ("ppo", False, "image", {"actor": CNN, "critic": CNN}),
    "sac on entities": ("sac", True, "entities", {"actor": ATTENTION, "critic": "batch-renorm-mlp:hidden_sizes=[8],warm_up=2"}),
    "dqn with a memory": ("dqn", False, "image", {"memory": f"gru:size=8,sequence_length=4,network='{CNN}'", "model": "simba:size=8"}),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_resumed_run_ends_as_one_that_was_never_stopped_and_is_read_back(name, tmp_path):
    algorithm, continuous, env, networks = RUNS[name]
    run = with_checkpoints(planned(algorithm, env, continuous=continuous, **networks), 16)
    through = run_through(run, tmp_path / "whole")
    stopped = run_stopped(run, tmp_path / "stopped", Stop("learning", 3), allow=[Drawn])
    assert_same(final_state(stopped), final_state(through))
    assert Experiment.from_directory(through, allow=[Drawn]).agent_factory == run.agent_factory
    observation = SPACES[env].sample()
    assert load_policy(through)(observation).tolist() == load_policy(stopped)(observation).tolist()


def test_the_run_directory_names_the_network_and_its_options(tmp_path):
    directory = run_through(planned("sac", critic="simba:size=8"), tmp_path)
    agent = json.loads((directory / "experiment.json").read_text(encoding="utf-8"))["agent_factory"]
    for critic in agent["options"]["critic_factories"]:
        assert critic["part"] == "component/mlp-action-critic"
        assert critic["options"]["network"] == {"part": "component/simba", "options": {"size": 8, "num_blocks": 1, "expansion": 4}}


def test_the_log_says_what_reads_the_observations():
    world = planned("ppo", actor="simba:size=8").create_experiment_world()
    world.close()
    assert world.policy.actor.features.encoding == "vector of 3, SimBa → 8"
