from __future__ import annotations

import pytest
import torch
from attrs import evolve
from gymnasium.spaces import Discrete

from rlchassis_dqn import DQNAgentFactory
from rlchassis_dqn.params import DQNParams
from rlchassis_ppo import PPOAgentFactory
from rlchassis_testkit.compiled import assert_one_graph_is_the_same_update
from rlchassis_testkit.experiences import example_rollout
from rlchassis_testkit.making import windows_of
from rlchassis_toolkit import MemoryFactoryGRU, MemoryFactoryLSTM

GRU = MemoryFactoryGRU(size=4, sequence_length=3, hidden_sizes=(4,))
LSTM = MemoryFactoryLSTM(size=4, sequence_length=3, hidden_sizes=(4,))


@pytest.mark.compiled
@pytest.mark.parametrize("memory", [GRU, LSTM], ids=["GRU", "LSTM"])
def test_a_compiled_update_from_sequences_of_a_rollout_equals_the_eager_one(memory):
    rollout = evolve(example_rollout(), columns={"memory": torch.rand(12, 2, 8 if memory is LSTM else 4)})
    assert_one_graph_is_the_same_update(PPOAgentFactory(memory=memory), Discrete(2), rollout, flat=True)


@pytest.mark.compiled
@pytest.mark.parametrize("n_step", [1, 2])
def test_a_compiled_update_from_sequences_of_replay_equals_the_eager_one(n_step):
    rows = 2 + 2 + n_step - 1
    windows = evolve(windows_of(rows, Discrete(2)), columns={"memory": torch.rand(rows, 16, 4)})
    agent = DQNAgentFactory(memory=evolve(GRU, sequence_length=2, burn_in=2), params=DQNParams(n_step=n_step))
    assert_one_graph_is_the_same_update(agent, Discrete(2), windows, flat=False)
