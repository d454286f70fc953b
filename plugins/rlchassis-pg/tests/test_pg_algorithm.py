from __future__ import annotations

from copy import deepcopy

import pytest
import torch

from rlchassis.api import Experience
from rlchassis_pg import PG, PGBatch
from rlchassis_pg.returns import monte_carlo_returns
from rlchassis_testkit.experiences import example_rollout, experience_of
from rlchassis_testkit.making import learn_rollout
from rlchassis_testkit.tiny_runs import weights_of
from rlchassis_toolkit import StochasticPolicy


def prepared(algorithm: PG, rollout: Experience | None = None) -> PGBatch:
    return algorithm.prepare(rollout or example_rollout(), torch.Generator())


def test_plain_returns_are_learned_from_as_they_are(pg):
    batch = prepared(pg(gamma=0.9))
    assert torch.equal(batch.returns, monte_carlo_returns(example_rollout(), 0.9))


def test_standardized_returns_have_mean_0_and_deviation_1_over_the_transitions_of_a_rollout(pg):
    rollout = experience_of([1, 3, 1000, 1, 3], terminated=[0, 1, 3, 4], invalid=[2])
    returns = prepared(pg(return_standardization=True), rollout).returns.flatten().tolist()
    assert [returns[i] for i in (0, 1, 3, 4)] == pytest.approx([-1, 1, -1, 1])


@pytest.mark.parametrize("ent_coef", [0.0, 0.2])
def test_the_loss_is_by_hand_the_mean_over_actions_less_the_bonus(ent_coef, pg):
    algorithm = pg(ent_coef=ent_coef)
    batch = prepared(algorithm).flatten(example_rollout().valid)
    probabilities = algorithm.policy.actor(batch.obs).logits.softmax(-1)
    actor = -sum(probabilities[i, batch.actions[i]].log() * batch.returns[i] for i in range(len(batch))) / len(batch)
    entropy = -(probabilities * probabilities.log()).sum() / len(batch)
    metrics = algorithm.update(batch, 0).metrics
    expected = {"policy_loss": actor, "entropy": entropy, "loss": actor - ent_coef * entropy}
    assert {name: metrics[name].item() for name in expected} == pytest.approx(
        {name: part.item() for name, part in expected.items()}, rel=1e-4
    )


def entropy_after(ent_coef: float, pg) -> float:
    """Where nothing but entropy is learned, from a policy that prefers one action."""
    algorithm = pg(ent_coef=ent_coef, lr=0.05)
    with torch.no_grad():
        algorithm.policy.actor.head.bias.copy_(torch.tensor([1.0, -1.0]))
    batch = prepared(algorithm).flatten()
    batch = PGBatch(batch.obs, batch.actions, torch.zeros_like(batch.returns))
    for count in range(5):
        entropy = algorithm.update(batch, count).metrics["entropy"].item()
    return entropy


def test_a_bonus_on_entropy_makes_a_policy_less_decided(pg):
    assert entropy_after(0.5, pg) > entropy_after(0.0, pg) + 0.05


def test_an_update_makes_the_actions_that_returned_more_likelier(pg):
    algorithm, obs = pg(lr=0.01), torch.tensor([[[1.0, 0.0, 0.0]]] * 2 + [[[0.0, 1.0, 0.0]]] * 2)
    actions, returns = torch.tensor([[0], [1], [0], [1]]), torch.tensor([[3.0], [1.0], [1.0], [3.0]])
    batch = PGBatch(obs, actions, returns).flatten()
    for count in range(20):
        algorithm.update(batch, count)
    likely = algorithm.policy.log_prob(batch.obs, batch.actions).exp().tolist()
    assert likely[0] > 0.6 > likely[1]
    assert likely[3] > 0.6 > likely[2]


def test_gradients_beyond_the_norm_are_shrunk_to_it(pg):
    """Adam does not notice the length of a gradient, but what it remembers of the first one is a tenth of it."""

    def first_gradient(**params: float) -> float:
        algorithm = pg(**params)
        learn_rollout(algorithm, example_rollout(), rounds=1, passes=1)
        return 10 * algorithm.optimizer.torch_optimizer.state_dict()["state"][0]["exp_avg"].norm().item()

    assert first_gradient() > 0.5
    assert first_gradient(max_grad_norm=0.25) == pytest.approx(0.25, rel=1e-4)


def test_each_parameter_of_the_actor_is_once_in_the_one_optimizer_and_nothing_else(pg):
    algorithm = pg()
    assert [id(p) for p in algorithm.optimizer.parameters] == [id(p) for p in algorithm.policy.parameters()]


def test_the_policy_that_is_stored_is_the_actor_alone(pg):
    policy = pg().policy
    assert isinstance(policy, StochasticPolicy)
    assert {name.split(".")[0] for name in policy.state_dict()} == {"actor"}


def test_an_algorithm_goes_on_from_the_state_of_another_to_the_last_bit(pg, learned):
    first, second = learned(), pg()
    state = deepcopy(first.state_dict())
    assert set(state) == {"policy", "optimizer"}
    second.load_state_dict(state)
    for algorithm in (first, second):
        algorithm.update(prepared(algorithm).flatten(), 0)
    assert torch.equal(weights_of(first.policy), weights_of(second.policy))


def test_preparing_changes_neither_the_rollout_nor_a_weight(pg):
    algorithm, rollout = pg(return_standardization=True), example_rollout()
    before = weights_of(algorithm.policy)
    batch = prepared(algorithm, rollout)
    assert not batch.returns.requires_grad
    assert torch.equal(rollout.rewards, example_rollout().rewards)
    assert torch.equal(weights_of(algorithm.policy), before)
