from __future__ import annotations

from copy import deepcopy

import pytest
import torch

from rlchassis_a2c import A2C, A2CAgentFactory, A2CBatch, A2CParams
from rlchassis_testkit.experiences import example_rollout
from rlchassis_testkit.tiny_runs import weights_of
from rlchassis_toolkit import CriticFactoryReuseActor, StochasticPolicy


def weights(algorithm: A2C) -> torch.Tensor:
    return weights_of(algorithm.policy, algorithm.critic)


def prepared(algorithm: A2C) -> A2CBatch:
    return algorithm.prepare(example_rollout(), torch.Generator())


def judged_by_hand(algorithm: A2C, gamma: float, lam: float) -> torch.Tensor:
    """Advantages as sums of discounted temporal differences, step by step and environment by environment."""
    rollout = example_rollout()
    values, following = (algorithm.critic(obs.flatten(0, 1)).reshape(12, 2) for obs in (rollout.obs, rollout.next_obs))
    advantages = torch.zeros(12, 2)
    for env in range(2):
        carried = torch.tensor(0.0)
        for t in reversed(range(12)):
            if rollout.terminated[t, env] or rollout.truncated[t, env] or (t + 1 < 12 and not rollout.valid[t + 1, env]):
                carried = torch.tensor(0.0)
            beyond = 0 if rollout.terminated[t, env] else gamma * following[t, env]
            carried = rollout.rewards[t, env] + beyond - values[t, env] + gamma * lam * carried
            advantages[t, env] = carried
    return advantages


def test_advantages_are_by_hand_those_of_the_critic_before_the_update(a2c):
    algorithm, rows = a2c(gamma=0.9, gae_lambda=0.7), example_rollout().valid
    batch, advantages = prepared(algorithm), judged_by_hand(algorithm, 0.9, 0.7)
    values = algorithm.critic(example_rollout().obs.flatten(0, 1)).reshape(12, 2)
    assert torch.allclose(batch.advantages[rows], advantages[rows], atol=1e-4)
    assert torch.allclose(batch.returns[rows], (advantages + values)[rows], atol=1e-4)


@pytest.mark.parametrize("normalization", [False, True])
def test_the_loss_is_by_hand_the_sum_of_its_weighted_parts(normalization, a2c):
    algorithm = a2c(vf_coef=0.3, ent_coef=0.2, advantage_normalization=normalization)
    batch = prepared(algorithm).flatten(example_rollout().valid)
    probabilities, values = algorithm.policy.actor(batch.obs).logits.softmax(-1), algorithm.critic(batch.obs)
    rows = range(len(batch))
    mean, std = batch.advantages.mean(), batch.advantages.std(correction=0)
    advantages = [(a - mean) / std if normalization else a for a in batch.advantages]
    actor = -sum(probabilities[i, batch.actions[i]].log() * advantages[i] for i in rows) / len(batch)
    critic = sum((values[i] - batch.returns[i]) ** 2 for i in rows) / len(batch)
    entropy = -(probabilities * probabilities.log()).sum() / len(batch)
    metrics = algorithm.update(batch, 0).metrics
    expected = {"policy_loss": actor, "value_loss": critic, "entropy": entropy, "loss": actor + 0.3 * critic - 0.2 * entropy}
    assert {name: metrics[name].item() for name in expected} == pytest.approx(
        {name: part.item() for name, part in expected.items()}, rel=1e-4
    )


def entropy_after(ent_coef: float, a2c) -> float:
    """Where nothing but entropy is learned, from a policy that prefers one action."""
    algorithm = a2c(ent_coef=ent_coef, vf_coef=0.0, lr=0.05)
    with torch.no_grad():
        algorithm.policy.actor.head.bias.copy_(torch.tensor([1.0, -1.0]))
    batch = prepared(algorithm).flatten()
    batch = A2CBatch(batch.obs, batch.actions, batch.values, batch.returns, torch.zeros_like(batch.advantages))
    for count in range(5):
        entropy = algorithm.update(batch, count).metrics["entropy"].item()
    return entropy


def test_a_bonus_on_entropy_keeps_a_policy_undecided(a2c):
    assert entropy_after(0.5, a2c) > entropy_after(0.0, a2c) + 0.05


def test_an_update_makes_good_actions_likelier_and_values_closer(a2c):
    algorithm = a2c(lr=0.01, ent_coef=0.0)
    batch = prepared(algorithm).flatten(example_rollout().valid)
    old = algorithm.policy.log_prob(batch.obs, batch.actions).detach()
    first = algorithm.update(batch, 0).metrics
    for count in range(1, 20):
        last = algorithm.update(batch, count).metrics
    assert last["policy_loss"] < first["policy_loss"]
    assert last["value_loss"] < first["value_loss"]
    log_probs = algorithm.policy.log_prob(batch.obs, batch.actions)
    best, worst = batch.advantages.argmax(), batch.advantages.argmin()
    assert log_probs[best] > old[best]
    assert log_probs[worst] < old[worst]


def test_the_loss_of_the_actor_moves_no_weight_of_the_critic(a2c):
    algorithm = a2c(vf_coef=0.0, ent_coef=0.0)
    before = weights_of(algorithm.critic)
    algorithm.update(prepared(algorithm).flatten(), 0)
    assert torch.equal(weights_of(algorithm.critic), before)


def test_returns_are_scaled_by_those_seen_before_and_by_nothing_at_first(a2c):
    algorithm, rollout = a2c(return_scaling=True), example_rollout()
    plain, first, second = prepared(a2c()), prepared(algorithm), prepared(algorithm)
    std = plain.returns[rollout.valid].std(correction=0)
    assert torch.allclose(first.returns, plain.returns)
    assert torch.allclose(second.returns[rollout.terminated], rollout.rewards[rollout.terminated] / std)
    values = algorithm.critic(rollout.obs[rollout.terminated])
    assert torch.allclose(second.advantages[rollout.terminated], rollout.rewards[rollout.terminated] - values * std, atol=1e-4)


def test_a_critic_on_shared_features_has_each_parameter_once_in_the_one_optimizer(a2c):
    algorithm = a2c(A2CAgentFactory(critic_factory=CriticFactoryReuseActor()))
    assert algorithm.critic.features is algorithm.policy.actor.features
    listed = [id(p) for p in algorithm.optimizer.parameters]
    assert len(listed) == len(set(listed))
    assert set(listed) == {id(p) for module in (algorithm.policy, algorithm.critic) for p in module.parameters()}


def test_the_policy_that_is_stored_holds_no_critic(a2c):
    policy = a2c().policy
    assert isinstance(policy, StochasticPolicy)
    assert {name.split(".")[0] for name in policy.state_dict()} == {"actor"}


def test_an_algorithm_goes_on_from_the_state_of_another_to_the_last_bit(a2c, learned):
    first, second = learned(return_scaling=True), a2c(return_scaling=True)
    state = deepcopy(first.state_dict())
    assert set(state) == {"policy", "critic", "optimizer", "return_scale"}
    second.load_state_dict(state)
    for algorithm in (first, second):
        algorithm.update(prepared(algorithm).flatten(), 0)
    assert torch.equal(weights(first), weights(second))


def test_preparing_needs_no_gradients_and_moves_no_weight(a2c):
    algorithm = a2c(A2CAgentFactory(params=A2CParams(return_scaling=True)))
    before = weights(algorithm).clone()
    batch = prepared(algorithm)
    assert not any(part.requires_grad for part in (batch.returns, batch.advantages))
    assert torch.equal(weights(algorithm), before)
