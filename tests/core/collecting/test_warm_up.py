from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete, MultiDiscrete

from rlchassis.collecting.warm_up import UniformPolicy
from rlchassis.learning.policy import PolicyWrapper
from rlchassis.training.world import World
from rlchassis_testkit.replay_runs import trained
from rlchassis_testkit.tiny_envs import Counter, Receiver
from rlchassis_testkit.wrapping import Wrapping


def actions_of(world: World, steps: int) -> list[float]:
    storage = world.buffer._storage
    return storage.actions[:steps].ravel().tolist()


def test_the_warm_up_acts_at_random_for_exactly_its_steps():
    def configure(builder):
        return builder.with_policy_wrapper_factory(Wrapping(Two))

    world, _ = trained(
        ThirdAction, configure=configure, start_timesteps=30, start_timesteps_random=True, step_per_collect=7, num_train_envs=1
    )
    actions = actions_of(world, 96)
    assert set(actions[:30]) == {0, 1, 2}
    assert actions[30:] == [2] * 66


class ThirdAction(Counter):
    """Has one action more than the policy within ever takes."""

    def __init__(self):
        super().__init__()
        self.action_space = Discrete(3)


class Two(PolicyWrapper):
    """Takes action 2, which the policy within never takes."""

    def act(self, obs, state=None, *, explore, rng):
        actions, state = super().act(obs, state, explore=explore, rng=rng)
        return torch.full_like(actions, 2), state


def test_without_the_wish_for_it_the_policy_itself_acts_in_the_warm_up():
    world, _ = trained(ThirdAction, configure=lambda builder: builder.with_policy_wrapper_factory(Wrapping(Two)), start_timesteps=30)
    assert actions_of(world, 96) == [2] * 96


def test_the_warm_up_draws_from_a_stream_of_its_own():
    def explored(**settings: Any) -> list[float]:
        world, _ = trained(max_steps=60, **settings)
        return actions_of(world, 60)

    plain, warmed, other = explored(), explored(start_timesteps=20, start_timesteps_random=True), explored(seed=1)
    assert warmed[20:] == plain[:40], "exploration begins where it always does"
    assert warmed[:20] != plain[:20]
    assert plain != other


OBS = torch.zeros(4000, 3)


def uniform(space: Any, size: int = 4000) -> torch.Tensor:
    policy = UniformPolicy(space, np.random.default_rng(0))
    return policy.act(torch.zeros(size, 3), explore=True, rng=torch.Generator())[0]


def test_random_actions_are_uniform_and_shaped_as_a_policy_shapes_them():
    discrete = uniform(Discrete(3, start=5))
    assert (torch.bincount(discrete) / 4000).tolist() == pytest.approx([1 / 3] * 3, abs=0.04)
    continuous = uniform(Box(-7, 100, (2, 3)))
    assert continuous.shape == (4000, 6)
    assert continuous.dtype == torch.float32
    assert torch.quantile(continuous, torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0])).tolist() == pytest.approx([-1, -0.5, 0, 0.5, 1], abs=0.05)
    assert uniform(Box(0, 1, ())).shape == (4000, 1)
    parts = uniform(MultiDiscrete([2, 4], start=[5, 1]))
    assert (torch.bincount(2 * parts[:, 1] + parts[:, 0]) / 4000).tolist() == pytest.approx([1 / 8] * 8, abs=0.04)
    mixed = uniform(Dict(on=Discrete(2), at=Box(-7, 100, (3,))))
    assert mixed.shape == (4000, 4)
    assert mixed[:, 0].unique().tolist() == [0, 1]
    assert torch.quantile(mixed[:, 1:], torch.tensor([0.0, 0.5, 1.0])).tolist() == pytest.approx([-1, 0, 1], abs=0.05)


@pytest.mark.parametrize("is_masked", [False, True])
def test_random_joint_actions_are_uniform_over_what_is_allowed(is_masked):
    policy = UniformPolicy(MultiDiscrete([2, 3], start=[5, 1]), np.random.default_rng(0), is_masked=is_masked, joint_actions=True)
    obs = {"observation": torch.zeros(4000, 3), "action_mask": torch.tensor([[1, 1, 1, 0, 1]]).expand(4000, -1)} if is_masked else OBS
    actions, _ = policy.act(obs, explore=True, rng=torch.Generator())
    allowed = [0, 2, 3, 5] if is_masked else range(6)
    expected = [1 / len(allowed) if index in allowed else 0 for index in range(6)]
    assert (torch.bincount(actions, minlength=6) / 4000).tolist() == pytest.approx(expected, abs=0.04)


@pytest.mark.parametrize("shape", [(), (2,), (2, 3)])
def test_random_actions_and_those_of_a_policy_are_stored_side_by_side(shape):
    def configure(builder):
        return builder.with_policy_wrapper_factory(Wrapping(Halves))

    class Halves(PolicyWrapper):
        def act(self, obs, state=None, *, explore, rng):
            return torch.full((len(obs), int(np.prod(shape))), 0.5), None

    low = np.full(shape, -1.0)
    world, _ = trained(lambda: Receiver(low, -low), configure=configure, start_timesteps=30, start_timesteps_random=True)
    actions = world.buffer._storage.actions[:96]
    assert actions.shape == (96, int(np.prod(shape)))
    assert (actions[30:] == 0.5).all()
    assert not (actions[:30] == 0.5).any()
