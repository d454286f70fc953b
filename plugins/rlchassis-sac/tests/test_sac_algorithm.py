from __future__ import annotations

from copy import deepcopy

import pytest
import torch

from rlchassis.api import Experience, gradient_step
from rlchassis_sac import SAC, SACAgentFactory, SACBatch
from rlchassis_testkit.tiny_runs import weights_of
from rlchassis_toolkit import ActionCriticFactoryDefault, ActionCriticFactoryReuseActor, CriticEnsemble

SHARED = (ActionCriticFactoryReuseActor((8,)), ActionCriticFactoryReuseActor((8,)))
DIFFERENT = (ActionCriticFactoryDefault((8,)), ActionCriticFactoryDefault((9,)))


def weights(algorithm: SAC) -> torch.Tensor:
    return weights_of(algorithm.policy, algorithm.critics, algorithm.target_critics)


def prepared(algorithm: SAC, experience: Experience) -> SACBatch:
    return algorithm.prepare(experience, torch.Generator().manual_seed(0))


def targets_by_hand(algorithm: SAC, experience: Experience, batch: SACBatch, gamma: float, alpha: float) -> torch.Tensor:
    """Row by row, and with torch's own distributions."""
    mean, log_std = algorithm.policy.actor(experience.next_obs[0])
    unsquashed = mean + log_std.exp() * batch.next_noise
    log_probs = torch.distributions.Normal(mean, log_std.exp()).log_prob(unsquashed) - (1 - unsquashed.tanh() ** 2).log()
    first, second = algorithm.target_critics(experience.next_obs[0], unsquashed.tanh())
    targets = []
    for row in range(16):
        soft_value = min(first[row], second[row]) - alpha * log_probs[row].sum()
        targets.append(experience.rewards[0, row] + (0 if experience.terminated[0, row] else gamma * soft_value))
    return torch.stack(targets).detach()


def test_critics_learn_targets_that_the_target_critics_give_and_hand_back_how_wrong_they_were(sac, windows):
    algorithm, experience = sac(gamma=0.9, alpha=0.3), windows()
    with torch.no_grad():
        for p in algorithm.target_critics.parameters():
            p.mul_(1.5)
    batch = prepared(algorithm, experience)
    targets = targets_by_hand(algorithm, experience, batch, 0.9, 0.3)
    values = algorithm.critics(experience.obs[0], experience.actions[0]).detach()
    learned = algorithm.update(batch, 0)
    errors = (values - targets).abs()
    assert learned.metrics["critic_loss"].item() == pytest.approx(errors.square().mean(1).sum().item(), rel=1e-4)
    assert torch.allclose(learned.priorities, errors.mean(0), atol=1e-5)


def test_the_policy_loss_uses_the_critics_after_their_update(sac, windows):
    algorithm, twin, batch = sac(alpha=0.3), sac(alpha=0.3), prepared(sac(), windows())
    gradient_step(twin.critic_optimizer, twin._critic_loss, batch)
    actions, log_probs = twin.policy.distribution(batch.transition.obs).at(batch.noise)
    expected = (0.3 * log_probs - twin.critics(batch.transition.obs, actions).amin(0)).mean()
    metrics = algorithm.update(batch, 0).metrics
    assert metrics["policy_loss"].item() == pytest.approx(expected.item(), rel=1e-5)
    assert metrics["entropy"].item() == pytest.approx(-log_probs.mean().item(), rel=1e-5)
    assert not any(metric.requires_grad for metric in metrics.values())


def test_a_row_of_no_weight_changes_nothing(sac, windows):
    experience = windows()
    experience.weights[0, 5:] = 0
    other = windows()
    other.weights[0, 5:] = 0
    for part in (other.obs, other.next_obs, other.actions, other.rewards):
        part[0, 5:] = -0.5
    first, second = sac(), sac()
    for algorithm, rows in ((first, experience), (second, other)):
        algorithm.update(prepared(algorithm, rows), 0)
    assert torch.allclose(weights(first), weights(second), atol=1e-6)


def test_where_no_row_has_weight_nothing_is_learned_neither_a_temperature(sac, windows):
    algorithm, experience = sac(tau=1.0), windows()
    experience.weights[:] = 0
    before = weights(algorithm)
    algorithm.update(prepared(algorithm, experience), 0)
    assert torch.equal(weights(algorithm), before)
    assert algorithm.temperature.alpha.item() == 1


@pytest.mark.parametrize("loss", ["_critic_loss", "_policy_loss"])
def test_a_weight_is_a_factor_on_what_its_row_costs(loss, sac, windows):
    def cost(rows: slice, weight: float) -> float:
        algorithm, experience = sac(), windows()
        experience.weights[:] = 0
        experience.weights[0, rows] = weight
        return getattr(algorithm, loss)(prepared(algorithm, experience))[0].item()

    assert cost(slice(0, 16), 1.0) == pytest.approx(cost(slice(0, 8), 1.0) + 2 * cost(slice(8, 16), 0.5), rel=1e-4)


def test_windows_of_n_rows_become_one_step(sac, windows):
    algorithm, experience = sac(n_step=3, gamma=0.5), windows(3)
    assert algorithm.n_step == 3
    transition = prepared(algorithm, experience).transition
    rewards = experience.rewards
    assert transition.rewards[5].item() == pytest.approx((rewards[0, 5] + 0.5 * rewards[1, 5] + 0.25 * rewards[2, 5]).item())
    assert transition.discounts[:4].tolist() == [0, 0, 0.5, 0.125]


def test_targets_follow_at_a_distance_and_get_no_gradient(sac, windows):
    algorithm = sac(tau=0.25)
    before = weights_of(algorithm.target_critics)
    algorithm.update(prepared(algorithm, windows()), 0)
    assert torch.allclose(weights_of(algorithm.target_critics), 0.75 * before + 0.25 * weights_of(algorithm.critics))
    assert not any(p.requires_grad or p.grad is not None for p in algorithm.target_critics.parameters())


def test_critic_targets_have_no_gradient(sac, windows):
    algorithm = sac(SACAgentFactory(critic_factories=SHARED))
    algorithm.target_critics.requires_grad_()
    batch = prepared(algorithm, windows())
    assert not algorithm._targets(batch, batch.transition.next_obs).requires_grad


def test_the_actors_step_works_out_no_gradients_of_critics(sac, windows):
    algorithm, twin, batch = sac(), sac(), prepared(sac(), windows())
    gradient_step(twin.critic_optimizer, twin._critic_loss, batch)
    algorithm.update(batch, 0)
    for p, expected in zip(algorithm.critics.parameters(), twin.critics.parameters(), strict=True):
        assert torch.equal(p.grad, expected.grad)


@pytest.mark.parametrize("critic_factories", [SHARED, DIFFERENT, (SHARED[0], DIFFERENT[0])])
def test_each_parameter_is_stepped_by_exactly_one_optimizer(critic_factories, sac, windows):
    algorithm = sac(SACAgentFactory(critic_factories=critic_factories))
    stepped = [*algorithm.actor_optimizer.parameters, *algorithm.critic_optimizer.parameters]
    assert len(stepped) == len({id(p) for p in stepped})
    assert {id(p) for p in stepped} == {id(p) for module in (algorithm.policy, algorithm.critics) for p in module.parameters()}
    before = [p.detach().clone() for p in stepped]
    algorithm.update(prepared(algorithm, windows()), 0)
    assert all((p != old).any() for p, old in zip(stepped, before, strict=True))


def test_features_that_are_shared_are_the_critics_to_learn(sac, windows):
    algorithm = sac(SACAgentFactory(critic_factories=SHARED))
    features = list(algorithm.policy.actor.features.parameters())
    assert {id(p) for p in features} <= {id(p) for p in algorithm.critic_optimizer.parameters}
    gradient_step(algorithm.actor_optimizer, algorithm._policy_loss, prepared(algorithm, windows()))
    assert all((p.grad == 0).all() for p in features)


def test_equal_critics_are_computed_as_one_and_different_ones_side_by_side(sac, windows):
    assert isinstance(sac().critics, CriticEnsemble)
    algorithm = sac(SACAgentFactory(critic_factories=DIFFERENT))
    assert not isinstance(algorithm.critics, CriticEnsemble)
    assert algorithm.critics(windows().obs[0], windows().actions[0]).shape == (2, 16)


def test_the_two_critics_begin_with_weights_of_their_own(sac, windows):
    first, second = sac().critics(windows().obs[0], windows().actions[0])
    assert not torch.allclose(first, second)


def test_a_temperature_falls_where_there_is_more_entropy_than_wanted_and_a_fixed_one_stays(sac, windows):
    algorithm, fixed = sac(), sac(alpha=0.2)
    assert algorithm.temperature.target_entropy == -2
    batch = prepared(algorithm, windows())
    metrics = algorithm.update(batch, 0).metrics
    assert metrics["entropy"] > -2
    assert metrics["alpha"] < 1
    assert fixed.update(batch, 0).metrics["alpha"].item() == pytest.approx(0.2)
    assert fixed.temperature.alpha.item() == pytest.approx(0.2)


def test_an_algorithm_goes_on_from_the_state_of_another_to_the_last_bit(sac, learned, windows):
    first, second = learned(), sac()
    state = deepcopy(first.state_dict())
    assert set(state) == {"policy", "critics", "target_critics", "actor_optimizer", "critic_optimizer", "temperature"}
    second.load_state_dict(state)
    for algorithm in (first, second):
        algorithm.update(prepared(algorithm, windows()), 3)
    assert torch.equal(weights(first), weights(second))
    assert first.temperature.alpha == second.temperature.alpha


def test_preparing_needs_no_gradients_and_draws_the_noise_from_the_stream_it_is_given(sac, windows):
    algorithm, rng = sac(), torch.Generator().manual_seed(0)
    before = weights(algorithm)
    first, again = prepared(algorithm, windows()), prepared(algorithm, windows())
    assert torch.equal(first.noise, again.noise)
    assert not torch.equal(first.noise, first.next_noise)
    assert not torch.equal(algorithm.prepare(windows(), rng).noise, algorithm.prepare(windows(), rng).noise)
    assert first.noise.shape == first.next_noise.shape == (16, 2)
    assert torch.equal(weights(algorithm), before)


def test_equal_updates_on_an_equal_batch_give_equal_bits(sac, windows):
    first, second = sac(), sac()
    for algorithm in (first, second):
        algorithm.update(prepared(algorithm, windows()), 0)
    assert torch.equal(weights(first), weights(second))


def test_the_policy_that_is_stored_holds_no_critic(sac):
    assert {name.split(".")[0] for name in sac().policy.state_dict()} == {"actor"}


def test_mean_and_sigma_of_the_recipes_actor_depend_on_the_observation_and_know_no_bounds(sac, windows):
    actor = sac().policy.actor
    with torch.no_grad():
        mean, log_std = actor(windows().obs[0] * 10_000)
    assert mean.abs().max() > 1
    assert (log_std.std(0) > 1).all()


def test_without_target_critics_targets_are_those_of_the_critics_themselves(sac, windows):
    alone, beside, batch = sac(target_critics=False, alpha=0.3), sac(alpha=0.3), prepared(sac(), windows())
    assert alone.target_critics is None
    for count in range(3):
        expected = beside.update(batch, count).metrics["critic_loss"].item()
        assert alone.update(batch, count).metrics["critic_loss"].item() == pytest.approx(expected, rel=1e-5)
        beside.target_critics.load_state_dict(beside.critics.state_dict())
    assert torch.allclose(weights_of(alone.policy, alone.critics), weights_of(beside.policy, beside.critics), atol=1e-6)


def test_without_target_critics_values_and_next_values_are_of_one_batch(sac, windows):
    algorithm, batch = sac(target_critics=False), prepared(sac(), windows())
    sizes = []
    algorithm.critics.register_forward_pre_hook(lambda _, inputs: sizes.append(len(inputs[1])))
    algorithm.update(batch, 0)
    assert sizes == [32, 16]  # the second is of the policy's loss
