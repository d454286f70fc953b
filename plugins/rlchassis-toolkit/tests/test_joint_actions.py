from __future__ import annotations

import logging

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple

from rlchassis.envs import ActionMap, Environments
from rlchassis.errors import UnsupportedSpaceError
from rlchassis_toolkit.networks.joint_actions import LARGEST_JOINT, joint_actions, joint_mask, joint_sizes, log_joint_actions

VECTOR = Box(-1, 1, (3,))


def spaces_of(actions):
    return Environments.from_spaces(VECTOR, actions)


def test_discrete_actions_are_left_as_they_are(caplog):
    envs = spaces_of(Discrete(5, start=3))
    assert joint_actions(envs, "DQN") is envs
    assert joint_sizes(envs) == ()
    caplog.set_level(logging.INFO)
    log_joint_actions(envs)
    assert not caplog.records


@pytest.mark.parametrize(
    ("actions", "sizes"),
    [
        (MultiDiscrete([5, 3, 2]), (5, 3, 2)),
        (MultiBinary((2, 2)), (2, 2, 2, 2)),
        (Dict(a=Discrete(3, start=1), b=Tuple([MultiDiscrete([2, 4]), Discrete(1)])), (3, 2, 4, 1)),
    ],
)
def test_actions_of_several_parts_become_one_discrete(actions, sizes):
    joint = joint_actions(spaces_of(actions), "DQN")
    assert joint.action_space == Discrete(int(np.prod(sizes)))
    assert joint.observation_space == VECTOR
    assert joint_sizes(joint) == sizes


def test_the_number_of_joint_actions_is_logged(caplog):
    caplog.set_level(logging.INFO)
    log_joint_actions(spaces_of(MultiDiscrete([5, 3, 2])))
    assert caplog.messages == ["Actions of several parts are chosen as one: 5 × 3 × 2 = 30 joint actions."]


def test_the_most_joint_actions_are_taken_and_one_more_is_refused():
    assert joint_actions(spaces_of(MultiDiscrete([64, LARGEST_JOINT // 64])), "DQN").action_space == Discrete(LARGEST_JOINT)
    with pytest.raises(UnsupportedSpaceError, match=r"^DQN estimates .* 17 × 241 = 4097 joint actions, more than 4096; choose"):
        joint_actions(spaces_of(MultiDiscrete([17, 241])), "DQN")


def test_joint_actions_of_many_parts_are_refused_in_a_short_sentence():
    with pytest.raises(UnsupportedSpaceError, match=r"has 2 × 2 × 2 × … \(64 parts\) = 1\.8e\+19 joint actions, more than 4096; choose"):
        joint_actions(spaces_of(MultiDiscrete([2] * 64)), "DQN")
    with pytest.raises(UnsupportedSpaceError, match=r"\(20000 parts\) = 4\.0e\+6020 joint actions"):
        joint_actions(spaces_of(MultiDiscrete([2] * 20_000)), "DQN")


@pytest.mark.parametrize("actions", [Box(-1, 1, (2,)), Dict(a=Discrete(2), b=Box(-1, 1, ()))])
def test_continuous_parts_are_refused(actions):
    with pytest.raises(UnsupportedSpaceError, match=r"IQN needs discrete actions, got .*; choose an algorithm for continuous actions"):
        joint_actions(spaces_of(actions), "IQN")


def test_a_joint_action_is_allowed_where_each_of_its_choices_is():
    space, sizes = MultiDiscrete([3, 1, 2]), (3, 1, 2)
    masks = torch.tensor([[1, 0, 1, 1, 0, 1], [1, 1, 1, 1, 1, 1], [0, 0, 1, 1, 1, 0]], dtype=torch.int8)
    chosen = ActionMap(space).to_env(np.arange(6))
    expected = [[int(all(mask[[a, 3 + b, 4 + c]])) for a, b, c in chosen] for mask in masks.numpy()]
    assert joint_mask(masks, sizes).tolist() == expected
    assert joint_mask(masks, sizes)[0].sum() == 2
    assert joint_mask(masks, ()) is masks
