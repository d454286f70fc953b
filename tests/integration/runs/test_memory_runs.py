from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from rlchassis.api import UsageError
from rlchassis.experiment import (
    A2CExperimentBuilder,
    NPGExperimentBuilder,
    PGExperimentBuilder,
    PPOExperimentBuilder,
    TRPOExperimentBuilder,
    evaluate,
    load_policy,
)
from rlchassis_testkit.masked_envs import Forbidding
from rlchassis_testkit.memory_envs import TMaze
from rlchassis_testkit.tiny_runs import tiny_run
from rlchassis_toolkit import MemoryFactoryGRU, MemoryFactoryLSTM

GRU = MemoryFactoryGRU(size=8, sequence_length=4, hidden_sizes=(8,))
LSTM = MemoryFactoryLSTM(size=8, sequence_length=4, hidden_sizes=(8,))
MAZE = partial(TMaze, 3)
ON_POLICY = [A2CExperimentBuilder, NPGExperimentBuilder, PGExperimentBuilder, PPOExperimentBuilder, TRPOExperimentBuilder]


def remembering(memory: Any) -> Any:
    return lambda builder: builder.with_memory(memory)


@pytest.mark.parametrize("memory", [GRU, LSTM], ids=["GRU", "LSTM"])
@pytest.mark.parametrize("builder", ON_POLICY, ids=lambda builder: builder.__name__.removesuffix("ExperimentBuilder"))
def test_an_algorithm_learns_with_a_memory(builder, memory):
    world = tiny_run(builder, MAZE, configure=remembering(memory))
    fresh = builder(MAZE).with_memory(memory).build().agent_factory.create_policy(world.envs, world.device)
    assert world.state.updates > 0
    for ours, theirs in zip(world.policy.memory.parameters(), fresh.memory.parameters(), strict=True):
        assert not torch.equal(ours, theirs)


def test_a_stored_policy_remembers_from_call_to_call_until_it_is_reset(tmp_path):
    files = {"persistence_enabled": True, "persistence_base_dir": str(tmp_path)}
    world = tiny_run(PPOExperimentBuilder, "CartPole-v1", configure=remembering(GRU), **files)
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


def test_a_memory_sees_observations_and_its_policy_action_masks():
    mistakes: list[Any] = []
    world = tiny_run(PPOExperimentBuilder, partial(Forbidding, mistakes=mistakes), configure=remembering(GRU), num_epochs=10)
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
