from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch
from attrs import evolve
from gymnasium.spaces import Box
from torch.distributions import Categorical, Normal, kl_divergence

from rlchassis_npg import NPG, NPGAgentFactory, NPGBatch, NPGParams
from rlchassis_testkit.experiences import example_rollout, experience_of
from rlchassis_testkit.making import make_algorithm
from rlchassis_testkit.tiny_runs import fingerprint, weights_of
from rlchassis_toolkit import ActorFactoryDefault, CriticFactoryReuseActor, StochasticPolicy, compute_gae

SHARED = NPGAgentFactory(critic_factory=CriticFactoryReuseActor())


def batch_of(algorithm: NPG) -> NPGBatch:
    rollout = example_rollout()
    return algorithm.prepare(rollout, torch.Generator()).flatten(rollout.valid)


def test_advantages_are_those_of_the_critic_before_the_update(npg):
    algorithm, rollout = npg(gamma=0.9, gae_lambda=0.7), example_rollout()
    batch = algorithm.prepare(rollout, torch.Generator())
    expected = compute_gae(rollout, algorithm.critic, 0.9, 0.7)
    assert torch.equal(batch.returns, expected.returns)
    assert torch.equal(batch.advantages, expected.advantages)
    assert not any(part.requires_grad for part in (batch.returns, batch.advantages))


def test_by_hand_what_a_time_limit_cuts_off_is_worth_what_the_critic_says_and_nothing_of_the_next_episode(npg):
    algorithm, nowhere = npg(gamma=0.5, gae_lambda=1.0), torch.zeros(3, 3)
    with torch.no_grad():
        algorithm.critic.head.weight.zero_()
        algorithm.critic.head.bias.fill_(8)
    rollout = experience_of([1, 2, 4], obs=nowhere, next_obs=nowhere, truncated=[1], terminated=[2])
    batch = algorithm.prepare(rollout, torch.Generator())
    assert batch.returns.flatten().tolist() == [1 + 0.5 * 2 + 0.25 * 8, 2 + 0.5 * 8, 4]
    assert batch.advantages.flatten().tolist() == [4 - 8, 6 - 8, 4 - 8]


@pytest.mark.parametrize(("step_size", "damping"), [(0.1, 0.1), (0.7, 0.02)])
def test_the_step_is_the_gradient_divided_by_the_dense_fisher_matrix(step_size, damping, npg):
    params = NPGParams(actor_step_size=step_size, damping=damping, cg_iterations=30)
    algorithm = npg(NPGAgentFactory(params=params, actor_factory=ActorFactoryDefault((2,))))
    algorithm.update(batch_of(algorithm), 0)
    batch, start = batch_of(algorithm), weights_of(algorithm.policy)
    dense, gradient = dense_fisher(algorithm.policy, batch), gradient_of(algorithm.policy, batch)
    direction = torch.linalg.solve(dense + damping * torch.eye(len(dense)), gradient)
    algorithm.update(batch, 1)
    assert torch.allclose(weights_of(algorithm.policy), start + step_size * direction, atol=1e-4)
    assert not torch.allclose(weights_of(algorithm.policy), start + step_size * gradient, atol=0.01), "no plain gradient"


def score(policy: StochasticPolicy, obs: torch.Tensor, action: int) -> torch.Tensor:
    """∇ log π(a|s) as one vector."""
    log_prob = policy.log_prob(obs[None], torch.tensor([action]))
    return torch.cat([part.flatten() for part in torch.autograd.grad(log_prob, list(policy.parameters()))])


def dense_fisher(policy: StochasticPolicy, batch: NPGBatch) -> torch.Tensor:
    """E[ ∇ log π ∇ log πᵀ ] over observations and what the policy would do there."""
    chances = policy.actor(batch.obs).logits.softmax(-1).detach()
    scores = [[score(policy, obs, action) for action in range(2)] for obs in batch.obs]
    outer = [sum(p * torch.outer(g, g) for p, g in zip(row, each, strict=True)) for row, each in zip(chances, scores, strict=True)]
    return torch.stack(outer).mean(0)


def gradient_of(policy: StochasticPolicy, batch: NPGBatch) -> torch.Tensor:
    """E[ ∇ log π(a|s) A ] over what was done, with A of mean 0 and deviation 1."""
    advantages = (batch.advantages - batch.advantages.mean()) / batch.advantages.std(correction=0)
    weighed = [a * score(policy, obs, int(action)) for obs, action, a in zip(batch.obs, batch.actions, advantages, strict=True)]
    return torch.stack(weighed).mean(0)


def test_the_divergence_of_a_step_and_the_entropy_before_it_are_reported(npg):
    algorithm = npg()
    algorithm.update(batch_of(algorithm), 0)
    batch, before = batch_of(algorithm), deepcopy(algorithm.policy)
    metrics = algorithm.update(batch, 1).metrics
    old, new = (Categorical(logits=policy.actor(batch.obs).logits.detach()) for policy in (before, algorithm.policy))
    assert metrics["kl"].item() == pytest.approx(kl_divergence(old, new).mean().item(), rel=1e-3)
    assert metrics["kl"] > 0
    assert metrics["entropy"].item() == pytest.approx(old.entropy().mean().item(), rel=1e-5)


def test_the_divergence_of_a_gaussian_counts_its_deviation_too():
    algorithm = make_algorithm(NPGAgentFactory(), Box(-1, 1, (2,), np.float32))
    rollout, rng = example_rollout(), torch.Generator().manual_seed(0)
    rollout = evolve(rollout, actions=torch.randn(12, 2, 2, generator=rng))
    batch, before = algorithm.prepare(rollout, rng).flatten(rollout.valid), deepcopy(algorithm.policy)
    metrics = algorithm.update(batch, 0).metrics
    with torch.no_grad():
        old, new = (Normal(mean, log_std.exp()) for mean, log_std in (policy.actor(batch.obs) for policy in (before, algorithm.policy)))
    assert not torch.equal(old.stddev, new.stddev)
    assert metrics["kl"].item() == pytest.approx(kl_divergence(old, new).sum(-1).mean().item(), rel=1e-3)
    assert metrics["entropy"].item() == pytest.approx(old.entropy().sum(-1).mean().item(), rel=1e-5)


@pytest.mark.parametrize("agent", [NPGAgentFactory(), SHARED], ids=["apart", "shared"])
def test_where_no_action_is_better_than_another_the_policy_stays_and_the_critic_still_learns(agent, npg):
    algorithm = npg(agent)
    algorithm.update(batch_of(algorithm), 0)
    batch = batch_of(algorithm)
    before, head = fingerprint(algorithm.policy), weights_of(algorithm.critic.head)
    algorithm.update(evolve(batch, advantages=torch.ones_like(batch.advantages)), 1)
    assert fingerprint(algorithm.policy) == before
    assert not torch.equal(weights_of(algorithm.critic.head), head)


@pytest.mark.parametrize("agent", [NPGAgentFactory(), SHARED], ids=["apart", "shared"])
def test_the_optimizer_steps_what_is_the_critics_alone_and_each_parameter_once(agent, npg):
    algorithm = npg(agent)
    listed = [id(p) for p in algorithm.optimizer.parameters]
    policy, critic = ({id(p) for p in module.parameters()} for module in (algorithm.policy, algorithm.critic))
    assert len(listed) == len(set(listed))
    assert set(listed) == critic - policy
    algorithm.update(batch_of(algorithm), 0)
    assert all(p.grad is None for p in algorithm.policy.parameters()), "the critic's gradients stop at what it shares"


def test_a_critic_on_shared_features_sees_them_as_the_actors_step_left_them(npg):
    algorithm = npg(NPGAgentFactory(critic_factory=CriticFactoryReuseActor(), params=NPGParams(optim_critic_iters=1, actor_step_size=10.0)))
    features, head = algorithm.critic.features, deepcopy(algorithm.critic.head)
    batch, before = batch_of(algorithm), weights_of(features)
    assert features is algorithm.policy.actor.features
    metrics = algorithm.update(batch, 0).metrics
    assert not torch.equal(weights_of(features), before)
    expected = (head(features(batch.obs)).squeeze(-1) - batch.returns).square().mean()
    assert metrics["value_loss"].item() == pytest.approx(expected.item(), rel=1e-5)
    assert not torch.equal(weights_of(algorithm.critic.head), weights_of(head))


def test_the_learning_rate_is_the_critics_alone(npg):
    slow, fast = npg(lr=1e-3), npg(lr=0.1)
    for algorithm in (slow, fast):
        algorithm.update(batch_of(algorithm), 0)
    assert fingerprint(slow.policy) == fingerprint(fast.policy)
    assert fingerprint(slow.critic) != fingerprint(fast.critic)


def test_the_critic_takes_optim_critic_iters_optimizer_steps_per_update(npg):
    algorithm = npg(optim_critic_iters=3, lr=0.01)
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
def test_advantages_are_normalized_within_the_batch_where_asked_for(normalization, npg):
    algorithm, plain = npg(advantage_normalization=normalization), npg(advantage_normalization=False)
    batch = batch_of(algorithm)
    by_hand = (batch.advantages - batch.advantages.mean()) / batch.advantages.std(correction=0) if normalization else batch.advantages
    algorithm.update(batch, 0)
    plain.update(evolve(batch, advantages=by_hand), 0)
    assert torch.allclose(weights_of(algorithm.policy), weights_of(plain.policy), atol=1e-5)


def test_an_update_makes_good_actions_likelier_and_values_closer(npg):
    algorithm = npg(lr=0.01)
    batch = batch_of(algorithm)
    before = algorithm.policy.log_prob(batch.obs, batch.actions)
    first = algorithm.update(batch, 0).metrics
    for count in range(1, 5):
        last = algorithm.update(batch, count).metrics
    assert last["policy_loss"] < first["policy_loss"]
    assert last["value_loss"] < first["value_loss"]
    log_probs = algorithm.policy.log_prob(batch.obs, batch.actions)
    best, worst = batch.advantages.argmax(), batch.advantages.argmin()
    assert log_probs[best] > before[best]
    assert log_probs[worst] < before[worst]


def test_returns_are_scaled_by_those_seen_before_and_by_nothing_at_first(npg):
    algorithm, rollout = npg(return_scaling=True), example_rollout()
    plain = npg().prepare(rollout, torch.Generator())
    first, second = (algorithm.prepare(rollout, torch.Generator()) for _ in range(2))
    std = plain.returns[rollout.valid].std(correction=0)
    assert torch.allclose(first.returns, plain.returns)
    assert torch.allclose(second.returns[rollout.terminated], rollout.rewards[rollout.terminated] / std)
    assert algorithm.return_scale.unit.item() == pytest.approx(std.item(), rel=1e-5)


def test_the_policy_that_is_stored_holds_no_critic(npg):
    policy = npg().policy
    assert isinstance(policy, StochasticPolicy)
    assert {name.split(".")[0] for name in policy.state_dict()} == {"actor"}


def test_an_algorithm_goes_on_from_the_state_of_another_to_the_last_bit(npg, learned):
    first, second = learned(return_scaling=True), npg(return_scaling=True)
    state = deepcopy(first.state_dict())
    assert set(state) == {"policy", "critic", "optimizer", "return_scale"}
    second.load_state_dict(state)
    for algorithm in (first, second):
        algorithm.update(batch_of(algorithm), 0)
    assert fingerprint(first.policy) == fingerprint(second.policy)
    assert fingerprint(first.critic) == fingerprint(second.critic)
