from __future__ import annotations

from copy import deepcopy

import pytest
import torch

from rlchassis.api import Experience, Transition
from rlchassis_iqn import IQN, IQNBatch, QuantilePolicy
from rlchassis_testkit.experiences import experience_of
from rlchassis_testkit.tiny_runs import weights_of


class FixedValues(torch.nn.Module):
    """Answers for x and τ the quantiles (x + τ, 3 · x − 4) times a weight, so that the second action is the better one beyond x = 2.5."""

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(weight))

    def forward(self, obs: torch.Tensor, fractions: torch.Tensor) -> torch.Tensor:
        first = obs + fractions
        return self.weight * torch.stack([first, (3 * obs - 4).expand_as(first)], -1)


class Still:
    """Steps nothing, but leaves the gradients to be looked at."""

    def descend(self, loss: torch.Tensor, max_norm: float | None = None) -> None:
        loss.backward()


def configured(iqn, *, weight: float = 1.0, target: float = 1.0, **params) -> IQN:
    algorithm = iqn(target_sample_size=2, **params)
    algorithm.policy.network, algorithm.target = FixedValues(weight), FixedValues(target)
    algorithm.optimizer = Still()
    return algorithm


def batch(**changes) -> IQNBatch:
    """From 1 by action 0 to 4, which pays 2; from 3 by action 1 to the end, which pays −1.

    Fractions ¼ and ¾ are learned; of the next ones the first two judge and the last chooses.
    """
    rows = {
        "obs": torch.tensor([[1.0], [3.0]]),
        "actions": torch.tensor([0, 1]),
        "rewards": torch.tensor([2.0, -1.0]),
        "next_obs": torch.tensor([[4.0], [9.0]]),
        "discounts": torch.tensor([0.5, 0.0]),
        "weights": torch.ones(2),
    }
    return IQNBatch(Transition(**rows | changes), torch.tensor([[0.25, 0.75]] * 2), torch.tensor([[0.2, 0.6, 0.5]] * 2))


def prepared(algorithm: IQN, experience: Experience) -> IQNBatch:
    return algorithm.prepare(experience, torch.Generator().manual_seed(0))


def learn(algorithm: IQN, experience: Experience, count: int = 0):
    return algorithm.update(prepared(algorithm, experience), count)


def weights(algorithm: IQN) -> torch.Tensor:
    return weights_of(algorithm.policy)


def test_by_hand_the_loss_is_that_of_quantiles_against_the_targets(iqn):
    learned = configured(iqn).update(batch(), 0)
    # quantiles 1.25 and 1.75 against 2 + 0.5 · 8 = 6, twice; 5 and 5 against −1, twice; all beyond δ = 1
    first = 0.25 * (4.75 - 0.5) + 0.75 * (4.25 - 0.5)
    second = (0.75 + 0.25) * (6 - 0.5)
    assert learned.metrics["loss"].item() == pytest.approx((first + second) / 2)
    assert learned.metrics["q_value"].item() == (1.5 + 5) / 2
    assert learned.priorities.tolist() == [6 - 1.5, 5 + 1]


def test_the_targets_are_all_quantiles_of_the_chosen_action(iqn):
    still = {"next_obs": torch.tensor([[2.0], [9.0]])}  # where the first action is the better one
    targets = configured(iqn)._targets(batch(**still))
    assert targets[0].tolist() == pytest.approx([2 + 0.5 * 2.2, 2 + 0.5 * 2.6])
    assert targets[1].tolist() == [-1, -1]


def test_the_next_action_is_chosen_by_fractions_of_its_own(iqn):
    close = {
        "next_obs": torch.tensor([[2.225], [9.0]])
    }  # first action 2.725 at τ = 0.5, and 2.625 at the mean of 0.2 and 0.6; second 2.675
    targets = configured(iqn)._targets(batch(**close))
    assert targets[0].tolist() == pytest.approx([2 + 0.5 * 2.425, 2 + 0.5 * 2.825])


def test_the_target_network_selects_and_evaluates_the_next_action(iqn):
    learned = configured(iqn, target=-1.0).update(batch(), 0)  # to it the first action, −4.2 and −4.6, is better than the second, −8
    assert learned.priorities[0].item() == pytest.approx(abs(2 + 0.5 * -4.4 - 1.5))


def test_delta_is_where_costs_begin_to_grow_in_a_straight_line(iqn):
    loss = configured(iqn, huber_loss_delta=10.0).update(batch(), 0).metrics["loss"].item()
    first = (0.25 * 4.75**2 + 0.75 * 4.25**2) / 2 / 10
    assert loss == pytest.approx((first + (0.75 + 0.25) * 36 / 2 / 10) / 2)


def test_a_row_counts_as_much_as_its_weight_and_keeps_its_priority(iqn):
    learned = configured(iqn).update(batch(weights=torch.tensor([0.5, 0.0])), 0)
    assert learned.metrics["loss"].item() == pytest.approx(0.5 * (0.25 * 4.25 + 0.75 * 3.75) / 2)
    assert learned.priorities.tolist() == [4.5, 6]


def test_targets_get_no_gradient(iqn):
    algorithm = configured(iqn)
    algorithm.update(batch(), 0)
    by_quantiles_alone = (-(0.25 * 1.25 + 0.75 * 1.75) + (0.75 + 0.25) * 5) / 2  # ∂/∂w of z = w · x, with targets held still
    assert algorithm.policy.network.weight.grad.item() == pytest.approx(by_quantiles_alone)
    assert algorithm.target.weight.grad is None


def test_the_target_network_has_no_parameter_that_could_be_stepped(iqn):
    algorithm = iqn()
    assert not any(p.requires_grad for p in algorithm.target.parameters())
    assert {id(p) for p in algorithm.optimizer.parameters} == {id(p) for p in algorithm.policy.parameters()}


def test_n_steps_are_folded_up_to_a_termination_and_count_what_follows_a_truncation(iqn):
    algorithm = iqn(n_step=3, gamma=0.5)
    assert algorithm.n_step == 3
    whole = prepared(algorithm, experience_of([1, 2, 4])).transition
    assert (whole.rewards.tolist(), whole.discounts.tolist(), whole.next_obs.flatten().tolist()) == ([1 + 1 + 1], [0.125], [3])
    ended = prepared(algorithm, experience_of([1, 2, 4], terminated=[1])).transition
    assert (ended.rewards.tolist(), ended.discounts.tolist()) == ([1 + 1], [0])
    cut = prepared(algorithm, experience_of([1, 2, 4], truncated=[1])).transition
    assert (cut.rewards.tolist(), cut.discounts.tolist(), cut.next_obs.flatten().tolist()) == ([1 + 1], [0.25], [2])


def test_preparing_draws_as_many_fractions_as_the_params_say_for_each_row_from_the_stream_it_is_given(iqn, windows):
    algorithm, rng = iqn(online_sample_size=3, target_sample_size=5, sample_size=7), torch.Generator().manual_seed(0)
    before = weights(algorithm)
    first, again, later = (
        prepared(algorithm, windows(algorithm)),
        algorithm.prepare(windows(algorithm), rng),
        algorithm.prepare(windows(algorithm), rng),
    )
    assert (first.fractions.shape, first.next_fractions.shape) == ((16, 3), (16, 5 + 7))
    assert torch.equal(first.fractions, again.fractions)
    assert not torch.equal(again.fractions, later.fractions)
    drawn = torch.cat([first.fractions.flatten(), first.next_fractions.flatten()])
    assert len(drawn.unique()) == len(drawn)
    assert 0 <= drawn.min() < 0.1 < 0.9 < drawn.max() <= 1
    assert torch.equal(weights(algorithm), before)


def test_the_target_network_is_copied_after_every_so_many_rounds_and_stands_still_between(iqn, windows):
    algorithm = iqn(target_update_freq=3)
    assert torch.equal(weights_of(algorithm.target), weights(algorithm))
    stood = weights_of(algorithm.target)
    for count in range(7):
        learn(algorithm, windows(algorithm), count)
        if count in (2, 5):
            stood = weights(algorithm)
        assert torch.equal(weights_of(algorithm.target), stood)
        assert torch.equal(weights(algorithm), stood) == (count in (2, 5))


def test_exploration_follows_its_schedule_and_learning_leaves_it_alone(iqn, windows):
    algorithm = iqn(eps_training=0.9, eps_training_final=0.1, eps_decay_fraction=0.5)
    seen = []
    for progress in (0.0, 0.25, 0.5, 0.75):
        algorithm.set_progress(progress)
        learn(algorithm, windows(algorithm))
        seen.append(algorithm.policy.eps_training)
    assert seen == pytest.approx([0.9, 0.5, 0.1, 0.1])


def test_learning_brings_quantiles_to_where_the_rewards_are(iqn):
    """One state whose reward is 0 or 10, as often: below the middle all quantiles are 0, above it 10."""
    algorithm = iqn(lr=0.01, gamma=0.0, online_sample_size=32, hidden_sizes=(32,))
    obs, rewards = torch.ones(1, 64, 3), torch.tensor([[0.0, 10.0] * 32])
    never = torch.zeros(1, 64, dtype=torch.bool)
    paid = Experience(obs, torch.zeros(1, 64, dtype=torch.long), rewards, obs, never, never, ~never, torch.ones(1, 64))
    rng = torch.Generator().manual_seed(0)
    for count in range(400):
        algorithm.update(algorithm.prepare(paid, rng), count)
    quantiles = algorithm.policy.network(obs[0, :1], torch.tensor([0.2, 0.35, 0.65, 0.8])).detach()[0, :, 0]
    assert quantiles.tolist() == pytest.approx([0, 0, 10, 10], abs=1.5)


def test_an_algorithm_goes_on_from_the_state_of_another_to_the_last_bit(iqn, learned, windows):
    first, second = learned(target_update_freq=2), iqn(target_update_freq=2)
    state = deepcopy(first.state_dict())
    assert set(state) == {"policy", "target", "optimizer"}
    second.load_state_dict(state)
    for algorithm in (first, second):
        for count in range(3, 8):
            learn(algorithm, windows(algorithm), count)
    assert torch.equal(weights(first), weights(second))
    assert torch.equal(weights_of(first.target), weights_of(second.target))


def test_equal_seeds_give_equal_updates(iqn, learned):
    assert torch.equal(weights(learned()), weights(learned()))
    assert not torch.equal(weights(learned()), weights(iqn()))


def test_the_policy_that_is_stored_holds_the_network_and_no_target(iqn):
    policy = iqn().policy
    assert isinstance(policy, QuantilePolicy)
    assert {name.split(".")[0] for name in policy.state_dict()} == {"network"}


def test_the_loss_of_one_row_is_the_same_alone_and_among_others(iqn):
    algorithm = configured(iqn)
    both = algorithm.update(batch(), 0).metrics["loss"]
    alone = [algorithm.update(batch()[[row]], 0).metrics["loss"] for row in (0, 1)]
    assert both.item() == pytest.approx(sum(loss.item() for loss in alone) / 2)
