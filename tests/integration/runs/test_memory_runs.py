from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from attrs import evolve
from gymnasium.spaces import Discrete, MultiDiscrete

from rlchassis.api import UsageError
from rlchassis.experiment import (
    A2CExperimentBuilder,
    DQNExperimentBuilder,
    DQNParams,
    NPGExperimentBuilder,
    PGExperimentBuilder,
    PPOExperimentBuilder,
    SACExperimentBuilder,
    SACParams,
    TD3ExperimentBuilder,
    TRPOExperimentBuilder,
    evaluate,
    load_policy,
    plan,
)
from rlchassis.training.checks.memory import ReplayMemory
from rlchassis_obs_norm import PolicyWrapperFactoryObsNorm
from rlchassis_testkit.masked_envs import Forbidding
from rlchassis_testkit.memory_envs import TMaze
from rlchassis_testkit.tiny_runs import tiny_run, weights_of
from rlchassis_toolkit import MemoryFactoryGRU, MemoryFactoryLSTM, NoiseFactoryOrnsteinUhlenbeck

GRU = MemoryFactoryGRU(size=8, sequence_length=4, hidden_sizes=(8,))
LSTM = MemoryFactoryLSTM(size=8, sequence_length=4, hidden_sizes=(8,))
MAZE = partial(TMaze, 3)
ON_POLICY = [A2CExperimentBuilder, NPGExperimentBuilder, PGExperimentBuilder, PPOExperimentBuilder, TRPOExperimentBuilder]


def remembering(memory: Any) -> Any:
    return lambda builder: builder.with_memory(memory)


@pytest.mark.parametrize("rows", [4, 5, 8])
def test_rollouts_of_any_number_of_rows_are_cut_into_sequences(rows):
    world = tiny_run(PPOExperimentBuilder, MAZE, configure=remembering(GRU), step_per_collect=2 * rows, batch_size=4)
    assert world.state.updates > 0


@pytest.mark.parametrize("memory", [GRU, LSTM], ids=["GRU", "LSTM"])
@pytest.mark.parametrize("builder", ON_POLICY, ids=lambda builder: builder.__name__.removesuffix("ExperimentBuilder"))
def test_an_algorithm_learns_with_a_memory(builder, memory):
    world = tiny_run(builder, MAZE, configure=remembering(memory))
    fresh = builder(MAZE).with_memory(memory).build().agent_factory.create_policy(world.envs, world.device)
    assert world.state.updates > 0
    for ours, theirs in zip(world.policy.memory.parameters(), fresh.memory.parameters(), strict=True):
        assert not torch.equal(ours, theirs)


SETTINGS = {"step_per_collect": 2, "start_timesteps": 20, "start_timesteps_random": True, "update_per_step": 0.2}


DEEP = evolve(LSTM, burn_in=3, num_layers=2)


@pytest.mark.parametrize(("memory", "prioritized"), [(GRU, False), (DEEP, True)], ids=["GRU", "LSTM with burn-in and priorities"])
@pytest.mark.parametrize(("builder", "env"), [(DQNExperimentBuilder, MAZE), (SACExperimentBuilder, "Pendulum-v1")], ids=["DQN", "SAC"])
def test_an_algorithm_learns_from_sequences_of_replay(builder, env, memory, prioritized):
    settings = {**SETTINGS, "replay_buffer_prioritized": prioritized, "buffer_size": 80}
    world = tiny_run(builder, env, configure=remembering(memory), **settings)
    fresh = builder(env).with_memory(memory).build().agent_factory.create_policy(world.envs, world.device)
    assert world.state.updates > 0
    for module in (world.policy.memory, world.algorithm.target_memory if builder is SACExperimentBuilder else world.policy.memory):
        for ours, theirs in zip(module.parameters(), fresh.memory.parameters(), strict=True):
            assert not torch.equal(ours, theirs)


def test_a_target_memory_is_copied_together_with_the_target_network():
    world = tiny_run(
        DQNExperimentBuilder, MAZE, configure=lambda b: b.with_memory(GRU).with_dqn_params(DQNParams(target_update_freq=1)), **SETTINGS
    )
    assert torch.equal(weights_of(world.algorithm.target_memory), weights_of(world.policy.memory))
    assert torch.equal(weights_of(world.algorithm.target), weights_of(world.policy.network))


def test_noise_and_memory_of_a_policy_each_have_their_state():
    params = SACParams(exploration_noise=NoiseFactoryOrnsteinUhlenbeck())
    world = tiny_run(SACExperimentBuilder, "Pendulum-v1", configure=lambda b: b.with_memory(GRU).with_sac_params(params), **SETTINGS)
    window = world.buffer.sample(64, 1, torch.Generator()).window
    assert window.columns["memory"].shape == (1, 64, 8)
    assert world.train_collector._acting.state.keys() == {"memory", "noise"}


def test_a_replay_buffers_memory_counts_recorded_states():
    plain, remembered = (tiny_run(DQNExperimentBuilder, MAZE, configure=each, **SETTINGS) for each in (lambda b: b, remembering(GRU)))
    per_transition = [ReplayMemory.of(world.buffer, world.envs, None, world.policy).per_transition for world in (plain, remembered)]
    assert per_transition[1] - per_transition[0] == 8 * 4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"buffer_size": 24}, "sequences of 14 rows are longer than a replay buffer, which has 12 rows of each environment; lower"),
        (
            {"replay_buffer_stack_num": 4, "replay_buffer_save_only_last_obs": True},
            "a policy with a memory does not learn from rebuilt stacks",
        ),
    ],
)
def test_settings_of_replay_that_sequences_do_not_fit_are_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        tiny_run(DQNExperimentBuilder, MAZE, configure=remembering(evolve(GRU, burn_in=10)), **SETTINGS, **settings)


def normalizing(builder: Any) -> Any:
    return builder.with_memory(GRU).with_policy_wrapper_factory(PolicyWrapperFactoryObsNorm())


@pytest.mark.parametrize("configure", [remembering(GRU), normalizing], ids=["bare", "under normalized observations"])
def test_a_stored_policy_remembers_from_call_to_call_until_it_is_reset(configure, tmp_path):
    files = {"persistence_enabled": True, "persistence_base_dir": str(tmp_path)}
    world = tiny_run(PPOExperimentBuilder, "CartPole-v1", configure=configure, **files)
    loaded = load_policy(world.directory)
    policy = loaded.policy
    seen, state = np.random.default_rng(0).random((3, 4), np.float32), None
    for obs in seen:
        with torch.no_grad():
            action, state = policy.act(torch.from_numpy(obs[None]), state, explore=False, rng=torch.Generator())
        assert loaded(obs) == action.item()
        assert torch.equal(loaded._state, state)
    loaded.reset()
    loaded(seen[0])
    with torch.no_grad():
        assert torch.equal(loaded._state, policy.act(torch.from_numpy(seen[:1]), None, explore=False, rng=torch.Generator())[1])
    assert evaluate(world.directory, episodes=2).returns == evaluate(world.directory, episodes=2).returns


def test_a_stored_policy_that_remembers_refuses_a_batch_of_another_size_until_it_is_reset(tmp_path):
    world = tiny_run(PPOExperimentBuilder, MAZE, configure=remembering(GRU), persistence_enabled=True, persistence_base_dir=str(tmp_path))
    loaded = load_policy(world.directory)
    loaded(np.zeros((3, 2), np.float32))
    message = "expected 3 observations, as in the call before, since this policy remembers what it saw, got 2; call reset"
    for _ in range(2):
        with pytest.raises(UsageError, match=message):
            loaded(np.zeros((2, 2), np.float32))
    loaded.reset()
    assert len(loaded(np.zeros((2, 2), np.float32))) == 2


@pytest.mark.parametrize("actions", [Discrete(4), MultiDiscrete([3, 2])], ids=["Discrete", "MultiDiscrete"])
@pytest.mark.parametrize("builder", [PPOExperimentBuilder, DQNExperimentBuilder], ids=["PPO", "DQN"])
def test_a_memory_sees_observations_and_its_policy_action_masks(builder, actions):
    mistakes: list[Any] = []
    env = partial(Forbidding, action_space=actions, mistakes=mistakes)
    world = tiny_run(builder, env, configure=remembering(GRU), **({} if builder is PPOExperimentBuilder else SETTINGS))
    assert world.state.updates > 0
    assert world.policy.memory.encoder.network[0].in_features == 3
    assert mistakes == []


def test_sequences_longer_than_a_rollout_are_refused():
    message = "sequences of 13 rows are longer than a rollout, which has 12 rows of each environment; lower memory.sequence_length or raise"
    with pytest.raises(UsageError, match=message):
        tiny_run(PPOExperimentBuilder, MAZE, configure=remembering(MemoryFactoryGRU(sequence_length=13)))


def test_burn_in_is_refused_on_policy():
    with pytest.raises(UsageError, match=r"memory\.burn_in has no effect on policy"):
        PPOExperimentBuilder(MAZE).with_memory(MemoryFactoryGRU(burn_in=4))


def test_a_memory_is_set_by_name_with_options():
    settings = {"memory": "lstm:sequence_length=4,size=8"}
    agent = plan("ppo", "CartPole-v1", steps=5000, recipe="none", settings=settings).agent_factory
    assert agent.memory == MemoryFactoryLSTM(size=8, sequence_length=4)


def test_a_builder_without_a_method_names_the_algorithms_that_have_it():
    with pytest.raises(AttributeError) as refused:
        TD3ExperimentBuilder("Pendulum-v1").with_memory(GRU)
    assert str(refused.value) == "TD3ExperimentBuilder has no 'with_memory'. Algorithms that have it: a2c, dqn, npg, pg, ppo, sac, trpo."


def test_an_algorithm_without_memory_names_those_that_have_one():
    with pytest.raises(UsageError, match="Algorithms that have it: a2c, dqn, npg, pg, ppo, sac, trpo"):
        plan("td3", "Pendulum-v1", steps=5000, recipe="none", settings={"memory": "gru"})
