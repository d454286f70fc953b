from __future__ import annotations

from copy import deepcopy

import pytest
import torch

from rlchassis.api import Experience, Transition
from rlchassis_dqn import DQN
from rlchassis_testkit.experiences import experience_of
from rlchassis_testkit.tiny_runs import weights_of
from rlchassis_toolkit import EpsilonGreedyPolicy


class FixedValues(torch.nn.Module):
    """Answers for x the values (x, 3 · x − 4) times a weight, so that the second action is the better one beyond x = 2."""

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(weight))

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        return self.weight * torch.cat([obs, 3 * obs - 4], -1)


def configured(dqn, *, weight: float = 1.0, target: float = 1.0, **params) -> DQN:
    algorithm = dqn(**params)
    algorithm.policy.network, algorithm.target = FixedValues(weight), FixedValues(target)
    algorithm.optimizer = Still()
    return algorithm


class Still:
    """Steps nothing, but leaves the gradients to be looked at."""

    def descend(self, loss: torch.Tensor, max_norm: float | None = None) -> None:
        loss.backward()


def transition(**changes) -> Transition:
    """From 1 by action 0 to 4, which pays 2; from 3 by action 1 to the end, which pays −1."""
    rows = {
        "obs": torch.tensor([[1.0], [3.0]]),
        "actions": torch.tensor([0, 1]),
        "rewards": torch.tensor([2.0, -1.0]),
        "next_obs": torch.tensor([[4.0], [9.0]]),
        "discounts": torch.tensor([0.5, 0.0]),
        "weights": torch.ones(2),
    }
    return Transition(**rows | changes)


def learn(algorithm: DQN, batch: Experience, count: int = 0):
    return algorithm.update(algorithm.prepare(batch, torch.Generator()), count)


def weights(algorithm: DQN) -> torch.Tensor:
    return weights_of(algorithm.policy)


def test_the_squared_error_to_the_target_is_as_by_hand(dqn):
    learned = configured(dqn, huber_loss_delta=None).update(transition(), 0)
    errors = [2 + 0.5 * (3 * 4 - 4) - 1, 5 + 1]  # targets 6 and −1, values 1 and 5
    assert learned.priorities.tolist() == errors
    assert learned.metrics["loss"].item() == pytest.approx((errors[0] ** 2 + errors[1] ** 2) / 2)
    assert learned.metrics["q_value"].item() == (1 + 5) / 2


def test_beyond_delta_the_loss_grows_in_a_straight_line(dqn):
    loss = configured(dqn, huber_loss_delta=5.5).update(transition(), 0).metrics["loss"].item()
    assert loss == pytest.approx((5**2 / 2 + 5.5 * (6 - 5.5 / 2)) / 2)


def test_a_row_counts_as_much_as_its_weight_and_keeps_its_priority(dqn):
    learned = configured(dqn, huber_loss_delta=None).update(transition(weights=torch.tensor([0.5, 0.0])), 0)
    assert learned.metrics["loss"].item() == pytest.approx(0.5 * 5**2 / 2)
    assert learned.priorities.tolist() == [5, 6]


@pytest.mark.parametrize("is_double", [True, False])
def test_where_both_networks_agree_double_and_plain_learning_are_the_same(is_double, dqn):
    learned = configured(dqn, weight=-1.0, target=-1.0, is_double=is_double).update(transition(), 0)
    assert learned.priorities[0].item() == abs(2 + 0.5 * -4 - -1)


def test_double_q_learning_selects_by_the_online_network_and_evaluates_by_the_target_network(dqn):
    chosen_by_learned = configured(dqn, target=-1.0).update(transition(), 0)
    chosen_by_target = configured(dqn, target=-1.0, is_double=False).update(transition(), 0)
    assert chosen_by_learned.priorities[0].item() == abs(2 + 0.5 * -8 - 1)
    assert chosen_by_target.priorities[0].item() == abs(2 + 0.5 * -4 - 1)


def test_targets_get_no_gradient(dqn):
    algorithm = configured(dqn, huber_loss_delta=None)
    algorithm.update(transition(), 0)
    by_values_alone = (2 * -5 * 1 + 2 * 6 * 5) / 2  # ∂(v − y)²/∂w with v = w · x and y held still
    assert algorithm.policy.network.weight.grad.item() == pytest.approx(by_values_alone)
    assert algorithm.target.weight.grad is None


def test_the_target_network_has_no_parameter_that_could_be_stepped(dqn):
    algorithm = dqn()
    assert not any(p.requires_grad for p in algorithm.target.parameters())
    assert {id(p) for p in algorithm.optimizer.parameters} == {id(p) for p in algorithm.policy.parameters()}


def test_n_steps_are_folded_up_to_a_termination_and_count_what_follows_a_truncation(dqn):
    algorithm = dqn(n_step=3, gamma=0.5)
    assert algorithm.n_step == 3
    whole = algorithm.prepare(experience_of([1, 2, 4]), torch.Generator())
    assert (whole.rewards.tolist(), whole.discounts.tolist(), whole.next_obs.flatten().tolist()) == ([1 + 1 + 1], [0.125], [3])
    ended = algorithm.prepare(experience_of([1, 2, 4], terminated=[1]), torch.Generator())
    assert (ended.rewards.tolist(), ended.discounts.tolist()) == ([1 + 1], [0])
    cut = algorithm.prepare(experience_of([1, 2, 4], truncated=[1]), torch.Generator())
    assert (cut.rewards.tolist(), cut.discounts.tolist(), cut.next_obs.flatten().tolist()) == ([1 + 1], [0.25], [2])


def test_the_target_network_is_copied_after_every_so_many_rounds_and_stands_still_between(dqn, windows):
    algorithm = dqn(target_update_freq=3)
    assert torch.equal(weights_of(algorithm.target), weights(algorithm))
    stood = weights_of(algorithm.target)
    for count in range(7):
        learn(algorithm, windows(algorithm), count)
        if count in (2, 5):
            stood = weights(algorithm)
        assert torch.equal(weights_of(algorithm.target), stood)
        assert torch.equal(weights(algorithm), stood) == (count in (2, 5))


def test_exploration_follows_its_schedule_and_learning_leaves_it_alone(dqn, windows):
    algorithm = dqn(eps_training=0.9, eps_training_final=0.1, eps_decay_fraction=0.5)
    seen = []
    for progress in (0.0, 0.25, 0.5, 0.75):
        algorithm.set_progress(progress)
        learn(algorithm, windows(algorithm))
        seen.append(algorithm.policy.eps_training)
    assert seen == pytest.approx([0.9, 0.5, 0.1, 0.1])


@pytest.mark.parametrize("explore", [True, False])
def test_where_nothing_is_left_to_chance_the_action_of_the_highest_value_is_taken(explore, dqn):
    policy = dqn(eps_training=0.0).policy
    obs = torch.randn(50, 3, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        policy.network.head.bias.copy_(-policy.network(obs).mean(0))
        values = policy.network(obs)
        actions, _ = policy.act(obs, explore=explore, rng=torch.Generator())
    best = [int(second > first) for first, second in values.tolist()]
    assert set(best) == {0, 1}
    assert actions.tolist() == best


def test_without_a_final_value_exploration_stays_as_it_is(dqn):
    algorithm = dqn(eps_training=0.3, eps_training_final=None)
    algorithm.set_progress(0.5)
    assert algorithm.policy.eps_training == 0.3


def test_learning_brings_values_closer_to_what_actions_pay(dqn):
    algorithm = dqn(lr=0.01, gamma=0.0)
    obs, never = torch.eye(3).unsqueeze(0), torch.zeros(1, 3, dtype=torch.bool)
    paid = Experience(obs, torch.tensor([[0, 1, 0]]), torch.tensor([[1.0, 2, 3]]), obs, never, never, ~never, torch.ones(1, 3))
    for count in range(300):
        learn(algorithm, paid, count)
    values = algorithm.policy.network(torch.eye(3)).detach()
    assert [values[0, 0].item(), values[1, 1].item(), values[2, 0].item()] == pytest.approx([1, 2, 3], abs=0.05)


def test_an_algorithm_goes_on_from_the_state_of_another_to_the_last_bit(dqn, learned, windows):
    first, second = learned(target_update_freq=2), dqn(target_update_freq=2)
    state = deepcopy(first.state_dict())
    assert set(state) == {"policy", "target", "optimizer"}
    second.load_state_dict(state)
    for algorithm in (first, second):
        for count in range(3, 8):
            learn(algorithm, windows(algorithm), count)
    assert torch.equal(weights(first), weights(second))
    assert torch.equal(weights_of(first.target), weights_of(second.target))


def test_preparing_moves_no_weight_and_the_same_seed_learns_the_same(dqn, learned, windows):
    algorithm = dqn()
    before = weights(algorithm).clone()
    algorithm.prepare(windows(algorithm), torch.Generator())
    assert torch.equal(weights(algorithm), before)
    assert torch.equal(weights(learned()), weights(learned()))
    assert not torch.equal(weights(learned()), before)


def test_the_policy_that_is_stored_holds_the_network_and_no_target(dqn):
    policy = dqn().policy
    assert isinstance(policy, EpsilonGreedyPolicy)
    assert {name.split(".")[0] for name in policy.state_dict()} == {"network"}


def test_the_loss_of_one_row_is_the_same_alone_and_among_others(dqn):
    algorithm = configured(dqn)
    both = algorithm.update(transition(), 0).metrics["loss"]
    alone = [algorithm.update(transition()[[row]], 0).metrics["loss"] for row in (0, 1)]
    assert both.item() == pytest.approx(sum(loss.item() for loss in alone) / 2)
