from __future__ import annotations

import pytest
import torch

from rlchassis.errors import UsageError
from rlchassis_toolkit.policies.epsilon_greedy import EpsilonGreedyPolicy, LinearEps


class FixedValues(torch.nn.Module):
    """The observations are the values."""

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        return obs


def actions_of(values: torch.Tensor, *, explore: bool, **eps: float) -> torch.Tensor:
    policy = EpsilonGreedyPolicy(FixedValues(), **{"eps_training": 0.0, **eps})
    actions, state = policy.act(values, explore=explore, rng=torch.Generator().manual_seed(0))
    assert state is None
    return actions


VALUES = torch.tensor([[1.0, 3.0, 2.0], [0.0, -1.0, -2.0]])


@pytest.mark.parametrize("explore", [True, False])
def test_where_nothing_is_left_to_chance_the_action_of_the_highest_value_is_taken_and_nothing_drawn(explore):
    rng = torch.Generator().manual_seed(0)
    before = rng.get_state()
    actions, _ = EpsilonGreedyPolicy(FixedValues(), eps_training=0.0).act(VALUES, explore=explore, rng=rng)
    assert actions.tolist() == [1, 0]
    assert torch.equal(rng.get_state(), before)


@pytest.mark.parametrize(("explore", "eps"), [(True, {"eps_training": 0.3}), (False, {"eps_inference": 0.3, "eps_training": 1.0})])
def test_a_part_of_the_actions_is_any_of_them_alike(explore, eps):
    actions = actions_of(VALUES[:1].expand(6000, 3), explore=explore, **eps)
    parts = [(actions == k).float().mean().item() for k in range(3)]
    assert parts == pytest.approx([0.1, 0.8, 0.1], abs=0.015)


def test_each_environment_draws_by_itself():
    assert len(set(actions_of(VALUES[:1].expand(50, 3), explore=True, eps_training=1.0).tolist())) == 3


def test_equal_random_streams_draw_equal_actions():
    values = VALUES[:1].expand(50, 3)
    first, again = (actions_of(values, explore=True, eps_training=0.5) for _ in range(2))
    assert torch.equal(first, again)


def test_a_straight_line_ends_where_its_part_of_the_run_does():
    eps = LinearEps(1.0, 0.2, fraction=0.5)
    assert [eps(progress) for progress in (0.0, 0.25, 0.5, 1.0)] == pytest.approx([1.0, 0.6, 0.2, 0.2])


def test_without_a_last_value_nothing_changes():
    eps = LinearEps(0.3, fraction=0.5)
    assert [eps(progress) for progress in (0.0, 0.5, 1.0)] == [0.3, 0.3, 0.3]


@pytest.mark.parametrize(
    ("given", "schedule"),
    [
        ((None, None, None), LinearEps(1.0, 0.05, 0.1)),
        ((None, None, 0.5), LinearEps(1.0, 0.05, 0.5)),
        ((0.3, None, None), LinearEps(0.3)),
        ((1.0, None, None), LinearEps(1.0)),
        ((0.3, 0.1, None), LinearEps(0.3, 0.1, 0.1)),
        ((None, 0.2, 0.5), LinearEps(1.0, 0.2, 0.5)),
    ],
)
def test_by_params_eps_falls_unless_its_first_value_alone_is_given(given, schedule):
    made = LinearEps.of_params(*given)
    assert [made(progress) for progress in (0, 0.05, 0.3, 1)] == [schedule(progress) for progress in (0, 0.05, 0.3, 1)]


def test_how_long_eps_falls_is_refused_where_it_does_not_fall():
    with pytest.raises(UsageError, match=r"eps_decay_fraction=0\.2 has no effect, since eps_training=0\.3 alone is constant"):
        LinearEps.of_params(0.3, None, 0.2)
