from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch
from attrs import evolve
from gymnasium.spaces import Box
from torch.distributions import Categorical, Normal, kl_divergence

from rlchassis_testkit.experiences import example_rollout, experience_of
from rlchassis_testkit.making import make_algorithm
from rlchassis_testkit.tiny_runs import fingerprint, weights_of
from rlchassis_toolkit import (
    ActorFactoryDefault,
    CriticFactoryReuseActor,
    StochasticPolicy,
    compute_gae,
    conjugate_gradient,
    fisher_vector_product,
    flat_gradient,
    normalized,
)
from rlchassis_trpo import TRPO, TRPOAgentFactory, TRPOBatch, TRPOParams
from rlchassis_trpo.loss import surrogate_loss

SHARED = TRPOAgentFactory(critic_factory=CriticFactoryReuseActor())
FAR = {"max_kl": 0.1, "damping": 0.001}


def batch_of(algorithm: TRPO) -> TRPOBatch:
    rollout = example_rollout()
    return algorithm.prepare(rollout, torch.Generator()).flatten(rollout.valid)


def divergence(before: StochasticPolicy, after: StochasticPolicy, obs: torch.Tensor) -> float:
    with torch.no_grad():
        old, new = (Categorical(logits=policy.actor(obs).logits) for policy in (before, after))
        return kl_divergence(old, new).mean().item()


def loss_of(algorithm: TRPO, batch: TRPOBatch) -> float:
    return surrogate_loss(algorithm.policy.log_prob(batch.obs, batch.actions), batch.old_log_probs, normalized(batch.advantages)).item()


def test_log_probs_and_advantages_are_those_before_the_update(trpo):
    algorithm, rollout = trpo(gamma=0.9, gae_lambda=0.7), example_rollout()
    batch = algorithm.prepare(rollout, torch.Generator())
    expected = compute_gae(rollout, algorithm.critic, 0.9, 0.7)
    assert torch.equal(batch.returns, expected.returns)
    assert torch.equal(batch.advantages, expected.advantages)
    log_probs = algorithm.policy.log_prob(rollout.obs.flatten(0, 1), rollout.actions.flatten())
    assert torch.equal(batch.old_log_probs.flatten(), log_probs)
    assert not any(part.requires_grad for part in (batch.old_log_probs, batch.returns, batch.advantages))


def test_by_hand_what_a_time_limit_cuts_off_is_worth_what_the_critic_says_and_nothing_of_the_next_episode(trpo):
    algorithm, nowhere = trpo(gamma=0.5, gae_lambda=1.0), torch.zeros(3, 3)
    with torch.no_grad():
        algorithm.critic.head.weight.zero_()
        algorithm.critic.head.bias.fill_(8)
    rollout = experience_of([1, 2, 4], obs=nowhere, next_obs=nowhere, truncated=[1], terminated=[2])
    batch = algorithm.prepare(rollout, torch.Generator())
    assert batch.returns.flatten().tolist() == [1 + 0.5 * 2 + 0.25 * 8, 2 + 0.5 * 8, 4]
    assert batch.advantages.flatten().tolist() == [4 - 8, 6 - 8, 4 - 8]


@pytest.mark.parametrize("params", [{}, FAR, {"max_kl": 0.03, "damping": 1e-4}], ids=str)
def test_every_step_makes_the_loss_smaller_within_the_trust_region_or_is_not_taken(params, trpo):
    algorithm = trpo(**params)
    taken = []
    for count in range(8):
        batch, before = batch_of(algorithm), deepcopy(algorithm.policy)
        loss = loss_of(algorithm, batch)
        metrics = algorithm.update(batch, count).metrics
        moved = divergence(before, algorithm.policy, batch.obs)
        assert moved <= algorithm.params.max_kl * (1 + 1e-5)
        assert metrics["kl"].item() == pytest.approx(moved, rel=1e-3, abs=1e-6)
        taken.append(metrics["step_size"].item())
        if taken[-1]:
            assert metrics["policy_loss"] < loss
            assert loss_of(algorithm, batch) == pytest.approx(metrics["policy_loss"].item(), rel=1e-4)
        else:
            assert fingerprint(algorithm.policy) == fingerprint(before)
    assert any(taken)


@pytest.mark.parametrize("conditioned", [False, True])
def test_a_gaussian_stays_within_the_trust_region_with_its_deviation(conditioned):
    actor = ActorFactoryDefault((8,), continuous_conditioned_sigma=conditioned)
    algorithm = make_algorithm(TRPOAgentFactory(params=TRPOParams(**FAR), actor_factory=actor), Box(-1, 1, (2,), np.float32))
    rollout, rng = example_rollout(), torch.Generator().manual_seed(0)
    rollout = evolve(rollout, actions=torch.randn(12, 2, 2, generator=rng))
    taken = []
    for count in range(5):
        batch, before = algorithm.prepare(rollout, rng).flatten(rollout.valid), deepcopy(algorithm.policy)
        metrics = algorithm.update(batch, count).metrics
        with torch.no_grad():
            old, new = (Normal(mean, log_std.exp()) for mean, log_std in (policy.actor(batch.obs) for policy in (before, algorithm.policy)))
        moved = kl_divergence(old, new).sum(-1).mean().item()
        assert moved <= 0.1 * (1 + 1e-5)
        assert metrics["kl"].item() == pytest.approx(moved, rel=1e-3, abs=1e-6)
        taken.append(metrics["step_size"].item())
    assert any(taken)


def test_the_step_is_the_first_shortening_of_the_longest_natural_one_that_may_be_taken(trpo):
    algorithm = trpo(**FAR)
    algorithm.update(batch_of(algorithm), 0)
    batch, before = batch_of(algorithm), deepcopy(algorithm.policy)
    start, loss = weights_of(before), loss_of(algorithm, batch)
    step = natural_step(before, batch, **FAR)
    metrics = algorithm.update(batch, 1).metrics
    assert metrics["backtracks"] > 0
    fraction = 0.8 ** metrics["backtracks"].item()
    assert metrics["step_size"].item() * natural_direction(before, batch, 0.001).norm() == pytest.approx(
        fraction * step.norm().item(), rel=1e-4
    )
    assert torch.allclose(weights_of(algorithm.policy), start + fraction * step, atol=1e-5)
    longer = deepcopy(algorithm)
    torch.nn.utils.vector_to_parameters(start + fraction / 0.8 * step, longer.policy.parameters())
    assert divergence(before, longer.policy, batch.obs) > 0.1 or loss_of(longer, batch) >= loss


def natural_step(policy: StochasticPolicy, batch: TRPOBatch, max_kl: float, damping: float) -> torch.Tensor:
    direction = natural_direction(policy, batch, damping)
    product = fisher_vector_product(policy.actor(batch.obs), list(policy.parameters()), damping)
    return (2 * max_kl / (direction @ product(direction))).sqrt() * direction


def natural_direction(policy: StochasticPolicy, batch: TRPOBatch, damping: float) -> torch.Tensor:
    parameters, distribution = list(policy.parameters()), policy.actor(batch.obs)
    gradient = flat_gradient(-(distribution.log_prob(batch.actions) * normalized(batch.advantages)).mean(), parameters)
    return conjugate_gradient(fisher_vector_product(distribution, parameters, damping), -gradient, 10)


@pytest.mark.parametrize("agent", [TRPOAgentFactory(), SHARED], ids=["apart", "shared"])
@pytest.mark.parametrize("advantage", [0.0, torch.nan, torch.inf])
def test_where_no_step_may_be_taken_the_policy_stays_the_same_to_the_last_bit_and_the_critic_still_learns(agent, advantage, trpo):
    algorithm = trpo(agent)
    algorithm.update(batch_of(algorithm), 0)
    batch = batch_of(algorithm)
    before, head = fingerprint(algorithm.policy), weights_of(algorithm.critic.head)
    metrics = algorithm.update(evolve(batch, advantages=torch.full_like(batch.advantages, advantage)), 1).metrics
    assert fingerprint(algorithm.policy) == before
    assert not torch.equal(weights_of(algorithm.critic.head), head)
    assert (metrics["step_size"], metrics["kl"], metrics["backtracks"]) == (0, 0, algorithm.params.max_backtracks)


def test_a_step_is_shortened_as_often_as_allowed_and_then_not_taken(trpo):
    def step(max_backtracks: int) -> tuple[int, bool]:
        """How often it was shortened, and whether it was taken."""
        algorithm = trpo(damping=0.0, backtrack_coeff=0.5, max_backtracks=max_backtracks)
        before = fingerprint(algorithm.policy)
        metrics = algorithm.update(batch_of(algorithm), 0).metrics
        taken = bool(metrics["step_size"] > 0)
        assert (fingerprint(algorithm.policy) == before) is not taken
        return metrics["backtracks"].item(), taken

    assert [step(allowed) for allowed in (0, 1, 2, 10)] == [(0, False), (1, False), (2, True), (2, True)]
    whole = trpo(max_backtracks=0).update(batch_of(trpo()), 0).metrics
    assert whole["step_size"] > 0, "the whole step needs no shortening"


@pytest.mark.parametrize("agent", [TRPOAgentFactory(), SHARED], ids=["apart", "shared"])
def test_the_optimizer_steps_what_is_the_critics_alone_and_each_parameter_once(agent, trpo):
    algorithm = trpo(agent)
    listed = [id(p) for p in algorithm.optimizer.parameters]
    policy, critic = ({id(p) for p in module.parameters()} for module in (algorithm.policy, algorithm.critic))
    assert len(listed) == len(set(listed))
    assert set(listed) == critic - policy
    algorithm.update(batch_of(algorithm), 0)
    assert all(p.grad is None for p in algorithm.policy.parameters()), "the critic's gradients stop at what it shares"


def test_a_critic_on_shared_features_sees_them_as_the_actors_step_left_them(trpo):
    algorithm = trpo(TRPOAgentFactory(critic_factory=CriticFactoryReuseActor(), params=TRPOParams(optim_critic_iters=1)))
    features, head = algorithm.critic.features, deepcopy(algorithm.critic.head)
    batch, before = batch_of(algorithm), weights_of(features)
    assert features is algorithm.policy.actor.features
    metrics = algorithm.update(batch, 0).metrics
    assert not torch.equal(weights_of(features), before)
    expected = (head(features(batch.obs)).squeeze(-1) - batch.returns).square().mean()
    assert metrics["value_loss"].item() == pytest.approx(expected.item(), rel=1e-5)
    assert not torch.equal(weights_of(algorithm.critic.head), weights_of(head))


def test_the_learning_rate_is_the_critics_alone(trpo):
    slow, fast = trpo(lr=1e-3), trpo(lr=0.1)
    for algorithm in (slow, fast):
        algorithm.update(batch_of(algorithm), 0)
    assert fingerprint(slow.policy) == fingerprint(fast.policy)
    assert fingerprint(slow.critic) != fingerprint(fast.critic)


def test_the_critic_takes_optim_critic_iters_optimizer_steps_per_update(trpo):
    algorithm = trpo(optim_critic_iters=3, lr=0.01)
    batch, critic = batch_of(algorithm), deepcopy(algorithm.critic)
    adam = torch.optim.Adam(critic.parameters(), lr=0.01)
    for _ in range(3):
        loss = (critic(batch.obs) - batch.returns).square().mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    metrics = algorithm.update(batch, 0).metrics
    assert torch.allclose(weights_of(algorithm.critic), weights_of(critic), atol=1e-5)
    assert metrics["value_loss"].item() == pytest.approx(loss.item(), rel=1e-5)


@pytest.mark.parametrize("normalization", [False, True])
def test_advantages_are_normalized_within_the_batch_where_asked_for(normalization, trpo):
    algorithm, plain = trpo(advantage_normalization=normalization), trpo(advantage_normalization=False)
    batch = batch_of(algorithm)
    by_hand = (batch.advantages - batch.advantages.mean()) / batch.advantages.std(correction=0) if normalization else batch.advantages
    algorithm.update(batch, 0)
    plain.update(evolve(batch, advantages=by_hand), 0)
    assert torch.allclose(weights_of(algorithm.policy), weights_of(plain.policy), atol=1e-5)


def test_an_update_makes_good_actions_likelier_and_values_closer(trpo):
    algorithm = trpo(lr=0.01)
    batch = batch_of(algorithm)
    first = algorithm.update(batch, 0).metrics
    for count in range(1, 5):
        last = algorithm.update(batch, count).metrics
    assert last["policy_loss"] < first["policy_loss"] < 0
    assert last["value_loss"] < first["value_loss"]
    log_probs = algorithm.policy.log_prob(batch.obs, batch.actions)
    best, worst = batch.advantages.argmax(), batch.advantages.argmin()
    assert log_probs[best] > batch.old_log_probs[best]
    assert log_probs[worst] < batch.old_log_probs[worst]


def test_returns_are_scaled_by_those_seen_before_and_by_nothing_at_first(trpo):
    algorithm, rollout = trpo(return_scaling=True), example_rollout()
    plain = trpo().prepare(rollout, torch.Generator())
    first, second = (algorithm.prepare(rollout, torch.Generator()) for _ in range(2))
    std = plain.returns[rollout.valid].std(correction=0)
    assert torch.allclose(first.returns, plain.returns)
    assert torch.allclose(second.returns[rollout.terminated], rollout.rewards[rollout.terminated] / std)
    assert algorithm.return_scale.unit.item() == pytest.approx(std.item(), rel=1e-5)


def test_the_policy_that_is_stored_holds_no_critic(trpo):
    policy = trpo().policy
    assert isinstance(policy, StochasticPolicy)
    assert {name.split(".")[0] for name in policy.state_dict()} == {"actor"}


def test_an_algorithm_goes_on_from_the_state_of_another_to_the_last_bit(trpo, learned):
    first, second = learned(return_scaling=True), trpo(return_scaling=True)
    state = deepcopy(first.state_dict())
    assert set(state) == {"policy", "critic", "optimizer", "return_scale"}
    second.load_state_dict(state)
    for algorithm in (first, second):
        algorithm.update(batch_of(algorithm), 0)
    assert fingerprint(first.policy) == fingerprint(second.policy)
    assert fingerprint(first.critic) == fingerprint(second.critic)
