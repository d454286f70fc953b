from __future__ import annotations

import numpy as np
import pytest
import torch
from attrs import frozen
from torch import Tensor

from rlchassis.data.experience import TensorStruct, as_tensors, by_row, first_tensor, map_tensors
from rlchassis_testkit.experiences import experience_of


@frozen(eq=False)
class Pairs(TensorStruct):
    left: Tensor
    right: dict[str, Tensor]


def pairs(size: int) -> Pairs:
    return Pairs(torch.arange(size), {"in": {"deep": torch.arange(size) * 10}})


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_function_reaches_every_leaf_of_a_tree():
    doubled = map_tensors(lambda tensor: tensor * 2, pairs(3))
    assert doubled.left.tolist() == [0, 2, 4]
    assert doubled.right["in"]["deep"].tolist() == [0, 20, 40]


def test_leaves_at_one_place_of_several_trees_meet():
    added = map_tensors(torch.add, pairs(2), pairs(2))
    assert (added.left.tolist(), added.right["in"]["deep"].tolist()) == ([0, 2], [0, 20])


def test_nothing_stays_nothing():
    assert map_tensors(torch.neg, None) is None


@pytest.mark.parametrize("tree", [(torch.zeros(1),), [torch.zeros(1)], 3])
def test_a_field_that_is_no_tree_of_tensors_is_refused(tree):
    with pytest.raises(TypeError, match="tensor, a dict or a TensorStruct"):
        map_tensors(torch.neg, tree)


def test_a_part_of_a_struct_has_the_rows_asked_for():
    part = pairs(4)[1:3]
    assert (len(part), part.left.tolist(), part.right["in"]["deep"].tolist()) == (2, [1, 2], [10, 20])


def test_flattening_goes_through_the_environments_of_one_step_before_the_next_step():
    assert Pairs(torch.tensor([[1, 2], [3, 4]]), {}).flatten().left.tolist() == [1, 2, 3, 4]


def test_flattening_keeps_only_the_marked_rows():
    keep = torch.tensor([[True, False], [False, True]])
    struct = Pairs(torch.tensor([[1, 2], [3, 4]]), {"deep": torch.tensor([[5, 6], [7, 8]])}).flatten(keep)
    assert (struct.left.tolist(), struct.right["deep"].tolist()) == ([1, 4], [5, 8])


@pytest.mark.parametrize(("size", "sizes"), [(8, [4, 4]), (10, [4, 6]), (7, [7]), (3, [3]), (15, [4, 4, 7])])
def test_rows_left_over_join_the_last_minibatch(size, sizes):
    assert [len(batch) for batch in pairs(size).minibatches(4, rng())] == sizes


@pytest.mark.parametrize("size", [3, 8, 15])
def test_every_row_is_in_one_minibatch_with_all_its_parts(size):
    batches = list(pairs(size).minibatches(4, rng()))
    left = torch.cat([batch.left for batch in batches])
    assert sorted(left.tolist()) == list(range(size))
    assert torch.equal(torch.cat([batch.right["in"]["deep"] for batch in batches]), left * 10)


def test_minibatches_are_shuffled_by_the_generator_alone():
    def order(seed: int) -> list[int]:
        return torch.cat([batch.left for batch in pairs(50).minibatches(5, rng(seed))]).tolist()

    assert order(1) == order(1) != order(2)
    assert order(1) != list(range(50))


def test_without_a_size_all_rows_are_one_minibatch():
    assert [len(batch) for batch in pairs(50).minibatches(None, rng())] == [50]


def test_a_function_of_batches_answers_for_steps_and_environments():
    grid = torch.arange(6.0).reshape(3, 2, 1)
    assert torch.equal(by_row(lambda obs: obs.squeeze(-1) + 1, grid), grid.squeeze(-1) + 1)
    assert torch.equal(by_row(lambda obs, more: obs["a"].squeeze(-1) + more, {"a": grid}, grid[..., 0]), 2 * grid.squeeze(-1))


def test_arrays_become_tensors_over_the_same_memory():
    array = np.zeros(2, np.float32)
    tensors = as_tensors({"a": array}, torch.device("cpu"))
    array[0] = 1
    assert tensors["a"].tolist() == [1, 0]
    assert first_tensor(tensors) is tensors["a"]


def test_rows_of_an_experience_by_hand_are_valid_unless_marked():
    assert experience_of([1, 1, 1], invalid=[1]).valid.flatten().tolist() == [True, False, True]


def test_a_trajectory_breaks_off_where_its_episode_ends_or_the_next_row_is_no_transition():
    experience = experience_of([1] * 6, terminated=[0], truncated=[2], invalid=[5])
    assert experience.ended.flatten().tolist() == [True, False, True, False, True, False]
    assert experience.terminated.flatten().tolist() == [True, *[False] * 5], "asking changes nothing"
