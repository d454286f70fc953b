from __future__ import annotations

import copy

import torch
from attrs import frozen
from torch import Tensor, nn

from rlchassis.api import TensorStruct
from rlchassis_testkit.tiny_optimizers import Adam
from rlchassis_toolkit import OwnLearner


@frozen(eq=False)
class Rows(TensorStruct):
    inputs: Tensor


def learner(batch_size: int = 4) -> OwnLearner[nn.Linear]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return OwnLearner.create(nn.Linear(2, 1), Adam(), 0.1, batch_size)


def learn(learner: OwnLearner[nn.Linear], seed: int) -> float:
    rows = Rows(torch.randn(12, 2, generator=torch.Generator().manual_seed(seed)))
    return learner.learn(rows, lambda batch: (learner.module(batch.inputs).square().mean(), {}))["loss"].item()


def test_a_copy_that_gets_its_state_goes_on_with_the_same_bits():
    one, other = learner(), learner()
    learn(one, seed=1)
    other.module.load_state_dict(one.module.state_dict())
    other.optimizer.load_state_dict(copy.deepcopy(one.optimizer.state_dict()))
    other.rng.set_state(one.rng.get_state())
    assert [learn(one, seed) for seed in (2, 3)] == [learn(other, seed) for seed in (2, 3)]


def test_the_state_from_before_the_first_step_makes_no_optimizer():
    one, other = learner(), learner()
    other.optimizer.load_state_dict(one.optimizer.state_dict())
    assert other.optimizer._made is None
    assert learn(one, 1) == learn(other, 1)


def test_minibatches_are_shuffled_by_a_generator_whose_seed_is_drawn_from_that_of_torch():
    assert learn(learner(), 1) == learn(learner(), 1)
    another = learner()
    another.rng.manual_seed(5)
    assert learn(another, 1) != learn(learner(), 1)


def test_each_minibatch_is_one_step():
    one = learner(batch_size=4)
    learn(one, 1)
    assert [state["step"].item() for state in one.optimizer.made.torch_optimizer.state.values()] == [3, 3]
