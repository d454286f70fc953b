from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete

from rlchassis.envs import Environments, examples, is_masked, random_allowed, space_from_data, space_to_data, split_mask, without_mask
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.envs.masks import marked
from rlchassis.errors import EnvironmentFailure, UnsupportedSpaceError
from rlchassis.training.warm_up import UniformPolicy
from rlchassis_testkit.masked_envs import Forbidding

VECTOR = Box(-1, 1, (2,), np.float32)


def masked_space(size: int = 3, action_space: Any = None, **more: Any) -> Any:
    parts = Dict({"observation": VECTOR, "action_mask": MultiBinary(size), **more})
    return Environments.from_spaces(parts, action_space or Discrete(size)).observation_space


def test_a_key_action_mask_of_the_size_of_discrete_actions_is_an_action_mask():
    assert is_masked(masked_space())
    assert is_masked(marked(Dict({"observation": VECTOR, "action_mask": MultiBinary(5)}), MultiDiscrete([2, 3])))
    assert not is_masked(Environments.from_spaces(Dict({"observation": VECTOR, "action_mask": MultiBinary(3)}), VECTOR).observation_space)
    assert not is_masked(Environments.from_spaces(Dict({"observation": VECTOR}), Discrete(3)).observation_space)


def test_a_key_action_mask_of_another_size_is_refused():
    with pytest.raises(
        UnsupportedSpaceError, match=r"'action_mask' is MultiBinary\(4\), expected one entry for each action, MultiBinary\(3\)"
    ):
        masked_space(4, Discrete(3))
    with pytest.raises(UnsupportedSpaceError, match="no parts besides the action mask"):
        Environments.from_spaces(Dict({"action_mask": MultiBinary(3)}), Discrete(3))


def test_without_mask_a_single_part_named_observation_stands_for_itself():
    assert without_mask(masked_space()) == VECTOR
    assert without_mask(masked_space(kind=Discrete(2))) == Dict({"observation": VECTOR, "kind": Discrete(2)})
    assert without_mask(VECTOR) == VECTOR
    assert split_mask({"observation": 1, "action_mask": 2}) == (1, 2)
    assert split_mask({"kind": 0, "observation": 1, "action_mask": 2}) == ({"kind": 0, "observation": 1}, 2)


def test_a_stored_space_with_an_action_mask_is_read_back():
    assert is_masked(space_from_data(space_to_data(masked_space())))


def test_each_example_of_an_action_mask_allows_an_action_and_some_forbid_one():
    masks = examples(masked_space(5), 16)["action_mask"]
    assert masks.any(-1).all()
    assert not masks.all()


def test_random_actions_are_uniform_among_the_allowed():
    obs = {"observation": torch.zeros(6000, 2), "action_mask": torch.tensor([[0, 1, 1, 0, 1]] * 6000)}
    policy = UniformPolicy(Discrete(5), np.random.default_rng(0), is_masked=True)
    actions, _ = policy.act(obs, explore=True, rng=torch.Generator())
    assert (torch.bincount(actions, minlength=5) / 6000).tolist() == pytest.approx([0, 1 / 3, 1 / 3, 0, 1 / 3], abs=0.02)


def test_random_actions_of_several_parts_are_allowed_in_each():
    mask = np.array([[0, 1, 1, 0, 1]] * 4000, np.int8)
    chosen = random_allowed(MultiDiscrete([2, 3]), mask, np.random.default_rng(0))
    assert set(map(tuple, chosen.tolist())) == {(1, 0), (1, 2)}


class Masked(Forbidding):
    """Gives the masks of a list, one after another, or what `changed` makes of them."""

    def __init__(self, masks: Any, **more: Any) -> None:
        super().__init__(action_space=Discrete(3), **more)
        self.masks = iter(masks)

    def _answer(self, *, last: bool = False) -> Any:
        obs, info = super()._answer(last=last)
        self.mask = np.asarray(next(self.masks))
        return {**obs, "action_mask": self.mask}, info


def test_a_mask_that_allows_nothing_is_refused_with_environment_and_step():
    envs = InProcessEnvironment.open([partial(Masked, [[1, 1, 1]] * 5), partial(Masked, [[1, 1, 1], [1, 0, 0], [0, 0, 0]])])
    envs.reset([4, 5])
    envs.step(np.array([0, 0]))
    with pytest.raises(
        EnvironmentFailure, match=r"environment 1 \(seed 5\) answered an action mask that allows none of 3 actions.* step 2"
    ):
        envs.step(np.array([0, 0]))


def test_a_mask_that_allows_nothing_is_refused_at_a_reset_and_where_an_episode_is_truncated():
    envs = InProcessEnvironment.open([partial(Masked, [[0, 0, 0]])])
    with pytest.raises(EnvironmentFailure, match=r"allows none of 3 actions.* in its reset"):
        envs.reset([0])
    envs = InProcessEnvironment.open([partial(Masked, [[1, 0, 0], [0, 0, 0], [1, 0, 0]], length=1, cut=True)])
    envs.reset([0])
    with pytest.raises(EnvironmentFailure, match="allows none of 3 actions"):
        envs.step(np.array([0]))


def test_after_the_end_of_an_episode_a_mask_that_allows_nothing_counts_as_one_that_allows_everything():
    envs = InProcessEnvironment.open([partial(Masked, [[1, 0, 0], [0, 0, 0], [0, 1, 0]], length=1)])
    envs.reset([0])
    step, following = envs.step(np.array([0]))
    assert step.terminated.all()
    assert step.next_obs["action_mask"].tolist() == [[1, 1, 1]]
    assert following["action_mask"].tolist() == [[0, 1, 0]]


@pytest.mark.parametrize(("mask", "problem"), [([1, 0], "shape"), ([1, 2, 0], "2 at"), ([0.5, 1, 0], "0.5 at"), (["a", "b", "c"], "array")])
def test_a_mask_of_another_form_is_refused(mask, problem):
    envs = InProcessEnvironment.open([partial(Masked, [mask])])
    with pytest.raises(EnvironmentFailure, match=rf"answered .*{problem}.*'action_mask'|'action_mask'.*{problem}"):
        envs.reset([0])


@pytest.mark.parametrize("dtype", [bool, np.int8, np.int64, np.uint8, np.float32])
def test_masks_are_booleans_or_the_numbers_0_and_1_of_any_dtype(dtype):
    envs = InProcessEnvironment.open([partial(Masked, [np.array([1, 0, 1], dtype)])])
    assert envs.reset([0])["action_mask"].tolist() == [[1, 0, 1]]
