from __future__ import annotations

from copy import deepcopy

import pytest
import torch

from rlchassis_ppo import PPO, PPOAgentFactory, PPOBatch, PPOParams
from rlchassis_ppo.loss import clipped_surrogate_loss, clipped_value_loss
from rlchassis_testkit.experiences import example_rollout
from rlchassis_testkit.tiny_runs import weights_of
from rlchassis_toolkit import CriticFactoryReuseActor, StochasticPolicy, normalized, value_loss


def weights(algorithm: PPO) -> torch.Tensor:
    return weights_of(algorithm.policy, algorithm.critic)


def prepared(algorithm: PPO) -> PPOBatch:
    return algorithm.prepare(example_rollout(), torch.Generator())


def judged_by_hand(algorithm: PPO, gamma: float, lam: float) -> torch.Tensor:
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


def test_log_probs_and_advantages_are_by_hand_those_before_the_update(ppo):
    algorithm, rollout = ppo(gamma=0.9, gae_lambda=0.7), example_rollout()
    batch = prepared(algorithm)
    rows = rollout.valid
    advantages = judged_by_hand(algorithm, 0.9, 0.7)
    assert torch.allclose(batch.advantages[rows], advantages[rows], atol=1e-4)
    assert torch.allclose(batch.returns[rows], (advantages + batch.old_values)[rows], atol=1e-4)
    assert torch.equal(batch.old_values.flatten(), algorithm.critic(rollout.obs.flatten(0, 1)))
    expected = algorithm.policy.log_prob(rollout.obs.flatten(0, 1), rollout.actions.flatten())
    assert torch.equal(batch.old_log_probs.flatten(), expected)


def test_recomputed_advantages_use_the_current_critic_and_keep_old_log_probs(ppo):
    algorithm = ppo(recompute_advantage=True, lr=0.1)
    before = prepared(algorithm)
    algorithm.update(before.flatten(), 0)
    after = algorithm.refresh(before, example_rollout())
    fresh = prepared(algorithm)
    assert torch.equal(after.old_log_probs, before.old_log_probs)
    assert not torch.equal(fresh.old_log_probs, before.old_log_probs)
    for name in ("old_values", "returns", "advantages"):
        assert torch.equal(getattr(after, name), getattr(fresh, name))
        assert not torch.equal(getattr(after, name), getattr(before, name))


def test_without_recompute_advantage_a_batch_keeps_its_advantages(ppo):
    algorithm = ppo()
    batch = prepared(algorithm)
    assert algorithm.refresh(batch, example_rollout()) is batch


@pytest.mark.parametrize("value_clip", [False, True])
@pytest.mark.parametrize("normalization", [False, True])
def test_the_loss_is_the_sum_of_its_weighted_parts(value_clip, normalization, ppo):
    algorithm = ppo(vf_coef=0.3, ent_coef=0.2, value_clip=value_clip, advantage_normalization=normalization, lr=0.1)
    batch = prepared(algorithm).flatten(example_rollout().valid)
    algorithm.update(batch, 0)
    log_probs, entropies = algorithm.policy.log_prob_and_entropy(batch.obs, batch.actions)
    values = algorithm.critic(batch.obs)
    advantages = normalized(batch.advantages) if normalization else batch.advantages
    actor = clipped_surrogate_loss(log_probs, batch.old_log_probs, advantages, 0.2)
    critic = clipped_value_loss(values, batch.old_values, batch.returns, 0.2) if value_clip else value_loss(values, batch.returns)
    metrics = algorithm.update(batch, 1).metrics
    expected = {"policy_loss": actor, "value_loss": critic, "entropy": entropies.mean()}
    assert {name: metrics[name].item() for name in expected} == pytest.approx({name: part.item() for name, part in expected.items()})
    assert metrics["loss"].item() == pytest.approx((actor + 0.3 * critic - 0.2 * entropies.mean()).item())


def entropy_after(ent_coef: float, ppo) -> float:
    """Where nothing but entropy is learned, from a policy that prefers one action."""
    algorithm = ppo(ent_coef=ent_coef, vf_coef=0.0, lr=0.05)
    with torch.no_grad():
        algorithm.policy.actor.head.bias.copy_(torch.tensor([1.0, -1.0]))
    batch = prepared(algorithm).flatten()
    batch = PPOBatch(batch.obs, batch.actions, batch.old_log_probs, batch.old_values, batch.returns, torch.zeros_like(batch.advantages))
    for count in range(5):
        entropy = algorithm.update(batch, count).metrics["entropy"].item()
    return entropy


def test_a_bonus_on_entropy_keeps_a_policy_undecided(ppo):
    assert entropy_after(0.5, ppo) > entropy_after(0.0, ppo) + 0.05


def test_an_update_makes_good_actions_likelier_and_values_closer(ppo):
    algorithm = ppo(lr=0.01)
    batch = prepared(algorithm).flatten(example_rollout().valid)
    first = algorithm.update(batch, 0).metrics
    for count in range(1, 20):
        last = algorithm.update(batch, count).metrics
    assert last["policy_loss"] < first["policy_loss"]
    assert last["value_loss"] < first["value_loss"]
    log_probs = algorithm.policy.log_prob(batch.obs, batch.actions)
    best, worst = batch.advantages.argmax(), batch.advantages.argmin()
    assert log_probs[best] > batch.old_log_probs[best]
    assert log_probs[worst] < batch.old_log_probs[worst]


def test_returns_are_scaled_by_those_seen_before_and_by_nothing_at_first(ppo):
    algorithm, rollout = ppo(return_scaling=True), example_rollout()
    plain = prepared(ppo())
    first = prepared(algorithm)
    assert torch.allclose(first.returns, plain.returns)
    std = plain.returns[rollout.valid].std(correction=0)
    assert algorithm.return_scale.moments.std().item() == pytest.approx(std.item(), rel=1e-5)
    second = prepared(algorithm)
    assert second.old_values.flatten().tolist() == first.old_values.flatten().tolist(), "the critic itself has not moved"
    assert torch.allclose(second.returns * std - second.old_values * std, second.advantages, atol=1e-4)
    last = rollout.terminated
    assert torch.allclose(second.returns[last], rollout.rewards[last] / std)


def test_a_critic_on_shared_features_has_each_parameter_once_in_the_one_optimizer(ppo):
    algorithm = ppo(PPOAgentFactory(critic_factory=CriticFactoryReuseActor()))
    assert algorithm.critic.features is algorithm.policy.actor.features
    listed = [id(p) for p in algorithm.optimizer.parameters]
    assert len(listed) == len(set(listed))
    assert set(listed) == {id(p) for module in (algorithm.policy, algorithm.critic) for p in module.parameters()}
    before = weights(algorithm).clone()
    algorithm.update(prepared(algorithm).flatten(), 0)
    assert (weights(algorithm) != before).float().mean() > 0.5


def test_the_policy_that_is_stored_holds_no_critic(ppo):
    policy = ppo().policy
    assert isinstance(policy, StochasticPolicy)
    assert {name.split(".")[0] for name in policy.state_dict()} == {"actor"}


def test_an_algorithm_goes_on_from_the_state_of_another_to_the_last_bit(ppo, learned):
    first, second = learned(return_scaling=True), ppo(return_scaling=True)
    state = deepcopy(first.state_dict())
    assert set(state) == {"policy", "critic", "optimizer", "return_scale"}
    second.load_state_dict(state)
    for algorithm in (first, second):
        algorithm.update(prepared(algorithm).flatten(), 0)
    assert torch.equal(weights(first), weights(second))


def test_preparing_needs_no_gradients_and_moves_no_weight(ppo):
    algorithm = ppo(PPOAgentFactory(params=PPOParams(return_scaling=True)))
    before = weights(algorithm).clone()
    batch = prepared(algorithm)
    assert not any(part.requires_grad for part in (batch.old_log_probs, batch.old_values, batch.returns, batch.advantages))
    assert torch.equal(weights(algorithm), before)
