"""A policy with a memory acts the same wherever its environments run."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from rlchassis.experiment import (
    DQNExperimentBuilder,
    DQNParams,
    EnvFactoryCallable,
    EnvFactoryVector,
    PPOExperimentBuilder,
    VectorEnvType,
)
from rlchassis_testkit.memory_envs import TMaze
from rlchassis_testkit.tiny_envs import Counter
from rlchassis_testkit.tiny_runs import tiny_run, weights_of
from rlchassis_toolkit import MemoryFactoryGRU, MemoryFactoryLSTM


class Shorter(Counter):
    """A Counter of the spaces of a longer one."""

    def __init__(self) -> None:
        super().__init__(5, as_dict=True)
        self.length = 3


COUNTER = partial(Counter, 5, as_dict=True)
MAZE = partial(TMaze, 3)
GRU = MemoryFactoryGRU(size=8, sequence_length=4, hidden_sizes=(8,))
LSTM = MemoryFactoryLSTM(size=4, sequence_length=4, hidden_sizes=(8,))


def vectorised(mode: AutoresetMode) -> EnvFactoryVector:
    return EnvFactoryVector(SyncVectorEnv([COUNTER, Shorter], autoreset_mode=mode))


FACTORIES = {
    "this process": lambda: EnvFactoryCallable(COUNTER),
    "worker processes": lambda: EnvFactoryCallable(COUNTER, venv_type=VectorEnvType.SUBPROC),
    **{f"vectorised, {mode.value}": partial(vectorised, mode) for mode in AutoresetMode},
}


@pytest.mark.parametrize("memory", [GRU, LSTM], ids=["GRU", "LSTM"])
@pytest.mark.parametrize("place", FACTORIES)
def test_a_recorded_state_follows_from_the_one_before_and_is_zero_where_an_episode_begins(place, memory):
    """Replay is filled before the first update, so that all states are those of the weights at the end, up to rounding."""

    def configure(builder: Any) -> Any:
        return builder.with_memory(memory).with_dqn_params(DQNParams(lr=1e-12))

    settings = {"step_per_collect": 2, "start_timesteps": 40, "update_per_step": 0.1, "num_test_envs": 0}
    world = tiny_run(DQNExperimentBuilder, FACTORIES[place](), configure=configure, **settings)
    window = world.buffer.sample(300, 2, torch.Generator().manual_seed(0)).window
    states, followed = window.columns["memory"], window.valid[1]
    begins = window.obs["steps"][0] == 0
    assert followed.any()
    assert begins.any()
    assert not states[0][begins].any()
    with torch.no_grad():
        after = world.policy.memory({key: part[0] for key, part in window.obs.items()}, states[0])
    assert after[followed].abs().amax(-1).all()
    assert torch.allclose(states[1][followed], after[followed], atol=1e-5)


def test_a_recurrent_policy_learns_the_same_bits_in_worker_processes():
    def learned(venv_type: VectorEnvType) -> torch.Tensor:
        factory = EnvFactoryCallable(MAZE, venv_type=venv_type)
        return weights_of(tiny_run(PPOExperimentBuilder, factory, configure=lambda b: b.with_memory(GRU)).policy)

    assert torch.equal(learned(VectorEnvType.DUMMY), learned(VectorEnvType.SUBPROC))


@pytest.mark.parametrize("mode", list(AutoresetMode), ids=lambda mode: mode.value)
def test_a_rollout_of_a_vectorised_environment_is_learned_from_whatever_its_mode_of_autoreset(mode):
    world = tiny_run(PPOExperimentBuilder, vectorised(mode), configure=lambda b: b.with_memory(GRU), num_test_envs=0)
    assert world.state.updates > 0
    assert weights_of(world.policy).isfinite().all()
