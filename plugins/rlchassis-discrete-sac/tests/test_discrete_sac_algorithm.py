from __future__ import annotations

import math
from copy import deepcopy

import pytest
import torch

from rlchassis.api import Experience, Transition, gradient_step
from rlchassis_discrete_sac import DiscreteSAC, DiscreteSACAgentFactory
from rlchassis_testkit.tiny_runs import weights_of
from rlchassis_toolkit import ActionCriticFactoryDefault, ActionCriticFactoryReuseActor, DiscreteCriticEnsemble

SHARED = (ActionCriticFactoryReuseActor((8,)), ActionCriticFactoryReuseActor((8,)))
DIFFERENT = (ActionCriticFactoryDefault((8,)), ActionCriticFactoryDefault((9,)))


def weights(algorithm: DiscreteSAC) -> torch.Tensor:
    return weights_of(algorithm.policy, algorithm.critics, algorithm.target_critics)


def prepared(algorithm: DiscreteSAC, experience: Experience) -> Transition:
    return algorithm.prepare(experience, torch.Generator().manual_seed(0))


def decided(algorithm: DiscreteSAC) -> DiscreteSAC:
    """With a policy that is far from even."""
    with torch.no_grad():
        algorithm.policy.actor.head.weight.mul_(4000)
    return algorithm


def soft_values_by_hand(values: torch.Tensor, logits: torch.Tensor, alpha: float) -> list[float]:
    """Σ π (min q − α log π) row by row and action by action, from the logits on."""
    answers = []
    for row, scores in enumerate(logits.tolist()):
        total = sum(math.exp(score) for score in scores)
        probs = [math.exp(score) / total for score in scores]
        answers.append(
            sum(p * (min(values[0, row, a].item(), values[1, row, a].item()) - alpha * math.log(p)) for a, p in enumerate(probs))
        )
    return answers


def test_critics_learn_targets_that_the_target_critics_give_and_hand_back_how_wrong_they_were(sac, windows):
    algorithm, experience = decided(sac(gamma=0.9, alpha=0.3)), windows()
    with torch.no_grad():
        for p in algorithm.target_critics.parameters():
            p.mul_(1.5)
    next_obs, actions = experience.next_obs[0], experience.actions[0]
    to_come = soft_values_by_hand(algorithm.target_critics(next_obs), algorithm.policy.actor(next_obs).logits, 0.3)
    goes_on = (~experience.terminated[0]).float()
    targets = experience.rewards[0] + 0.9 * goes_on * torch.tensor(to_come)
    values = torch.stack([critic[range(16), actions] for critic in algorithm.critics(experience.obs[0])]).detach()
    learned = algorithm.update(prepared(algorithm, experience), 0)
    errors = (values - targets).abs()
    assert learned.metrics["critic_loss"].item() == pytest.approx(errors.square().mean(1).sum().item(), rel=1e-4)
    assert torch.allclose(learned.priorities, errors.mean(0), atol=1e-5)


def test_the_policy_loss_uses_the_critics_after_their_update(sac, windows):
    algorithm, twin = decided(sac(alpha=0.3)), decided(sac(alpha=0.3))
    batch = prepared(algorithm, windows())
    gradient_step(twin.critic_optimizer, twin._critic_loss, batch)
    logits = twin.policy.actor(batch.obs).logits
    expected = soft_values_by_hand(twin.critics(batch.obs), logits, 0.3)
    metrics = algorithm.update(batch, 0).metrics
    assert metrics["policy_loss"].item() == pytest.approx(-sum(expected) / 16, rel=1e-4)
    assert metrics["entropy"].item() == pytest.approx(torch.distributions.Categorical(logits=logits).entropy().mean().item(), rel=1e-4)
    assert metrics["entropy"] < 1.0 < math.log(3), "else even odds would hide a softmax too many"
    assert not any(metric.requires_grad for metric in metrics.values())


def test_the_policy_samples_what_its_logits_say(sac):
    policy = decided(sac()).policy
    obs = torch.full((20_000, 3), 0.7)
    actions, _ = policy.act(obs, explore=True, rng=torch.Generator().manual_seed(0))
    found = torch.bincount(actions, minlength=3) / len(actions)
    assert found.tolist() == pytest.approx(policy.actor(obs[:1]).logits[0].softmax(-1).tolist(), abs=0.015)


def test_a_row_of_no_weight_changes_nothing(sac, windows):
    experience, other = windows(), windows()
    experience.weights[0, 5:] = other.weights[0, 5:] = 0
    for part in (other.obs, other.next_obs, other.rewards):
        part[0, 5:] = -0.5
    other.actions[0, 5:] = 0
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
    transition = prepared(algorithm, experience)
    rewards = experience.rewards
    assert transition.rewards[5].item() == pytest.approx((rewards[0, 5] + 0.5 * rewards[1, 5] + 0.25 * rewards[2, 5]).item())
    assert transition.discounts[:4].tolist() == [0, 0, 0.5, 0.125]
    assert transition.rewards[:3].tolist() == rewards[0, :3].tolist(), "the first row is the last of its episode"


def test_targets_follow_at_a_distance_and_get_no_gradient(sac, windows):
    algorithm = sac(tau=0.25)
    before = weights_of(algorithm.target_critics)
    algorithm.update(prepared(algorithm, windows()), 0)
    assert torch.allclose(weights_of(algorithm.target_critics), 0.75 * before + 0.25 * weights_of(algorithm.critics))
    assert not any(p.requires_grad or p.grad is not None for p in algorithm.target_critics.parameters())


def test_critic_targets_have_no_gradient(sac, windows):
    algorithm = sac()
    batch = prepared(algorithm, windows())
    assert not algorithm._targets(batch).requires_grad
    gradient_step(algorithm.critic_optimizer, algorithm._critic_loss, batch)
    assert all(p.grad is None or not p.grad.any() for p in algorithm.policy.parameters())


def test_the_actors_step_works_out_no_gradients_of_critics(sac, windows):
    algorithm, twin, batch = sac(), sac(), prepared(sac(), windows())
    gradient_step(twin.critic_optimizer, twin._critic_loss, batch)
    algorithm.update(batch, 0)
    for p, expected in zip(algorithm.critics.parameters(), twin.critics.parameters(), strict=True):
        assert torch.equal(p.grad, expected.grad)


@pytest.mark.parametrize("critic_factories", [SHARED, DIFFERENT, (SHARED[0], DIFFERENT[0])])
def test_each_parameter_is_stepped_by_exactly_one_optimizer(critic_factories, sac, windows):
    algorithm = sac(DiscreteSACAgentFactory(critic_factories=critic_factories))
    stepped = [*algorithm.actor_optimizer.parameters, *algorithm.critic_optimizer.parameters]
    assert len(stepped) == len({id(p) for p in stepped})
    assert {id(p) for p in stepped} == {id(p) for module in (algorithm.policy, algorithm.critics) for p in module.parameters()}
    before = [p.detach().clone() for p in stepped]
    algorithm.update(prepared(algorithm, windows()), 0)
    assert all((p != old).any() for p, old in zip(stepped, before, strict=True))


def test_features_that_are_shared_are_the_critics_to_learn(sac, windows):
    algorithm = sac(DiscreteSACAgentFactory(critic_factories=SHARED))
    features = list(algorithm.policy.actor.features.parameters())
    assert {id(p) for p in features} <= {id(p) for p in algorithm.critic_optimizer.parameters}
    gradient_step(algorithm.actor_optimizer, algorithm._policy_loss, prepared(algorithm, windows()))
    assert all((p.grad == 0).all() for p in features)


def test_equal_critics_are_computed_as_one_and_different_ones_side_by_side(sac, windows):
    assert isinstance(sac().critics, DiscreteCriticEnsemble)
    algorithm = sac(DiscreteSACAgentFactory(critic_factories=DIFFERENT))
    assert not isinstance(algorithm.critics, DiscreteCriticEnsemble)
    assert algorithm.critics(windows().obs[0]).shape == (2, 16, 3)


def test_the_two_critics_begin_with_weights_of_their_own_and_targets_as_copies(sac, windows):
    algorithm = sac()
    first, second = algorithm.critics(windows().obs[0])
    assert not torch.allclose(first, second)
    assert torch.equal(weights_of(algorithm.critics), weights_of(algorithm.target_critics))


def test_a_temperature_falls_where_there_is_more_entropy_than_wanted_and_a_fixed_one_stays(sac, windows):
    algorithm, fixed = sac(), sac(alpha=0.2)
    assert algorithm.temperature.target_entropy == pytest.approx(0.98 * math.log(3))
    batch = prepared(algorithm, windows())
    metrics = algorithm.update(batch, 0).metrics
    assert metrics["entropy"] > 0.98 * math.log(3)
    assert metrics["alpha"] < 1
    assert fixed.update(batch, 0).metrics["alpha"].item() == pytest.approx(0.2)
    assert fixed.temperature.alpha.item() == pytest.approx(0.2)
    certain = decided(sac())
    assert certain.update(batch, 0).metrics["alpha"] > 1


def test_an_algorithm_goes_on_from_the_state_of_another_to_the_last_bit(sac, learned, windows):
    first, second = learned(), sac()
    state = deepcopy(first.state_dict())
    assert set(state) == {"policy", "critics", "target_critics", "actor_optimizer", "critic_optimizer", "temperature"}
    second.load_state_dict(state)
    for algorithm in (first, second):
        algorithm.update(prepared(algorithm, windows()), 3)
    assert torch.equal(weights(first), weights(second))
    assert first.temperature.alpha == second.temperature.alpha


def test_preparing_moves_no_weight_and_draws_nothing(sac, windows):
    algorithm, rng = sac(), torch.Generator().manual_seed(0)
    before, state = weights(algorithm), rng.get_state()
    algorithm.prepare(windows(), rng)
    assert torch.equal(weights(algorithm), before)
    assert torch.equal(rng.get_state(), state)


def test_the_policy_that_is_stored_holds_no_critic(sac):
    assert {name.split(".")[0] for name in sac().policy.state_dict()} == {"actor"}
