from __future__ import annotations

from copy import deepcopy

import pytest
import torch

from rlchassis.api import Experience, gradient_step
from rlchassis_td3 import TD3, TD3AgentFactory, TD3Batch
from rlchassis_testkit.tiny_runs import weights_of
from rlchassis_toolkit import (
    ActionCriticFactoryDefault,
    ActionCriticFactoryReuseActor,
    CriticEnsemble,
    DeterministicActorFactoryDefault,
    first_of,
)

SHARED = (ActionCriticFactoryReuseActor((8,)), ActionCriticFactoryReuseActor((8,)))
DIFFERENT = (ActionCriticFactoryDefault((8,)), ActionCriticFactoryDefault((9,)))


def weights(algorithm: TD3) -> torch.Tensor:
    return weights_of(algorithm.policy, algorithm.critics, algorithm.target_actor, algorithm.target_critics)


def prepared(algorithm: TD3, experience: Experience) -> TD3Batch:
    return algorithm.prepare(experience, torch.Generator().manual_seed(0))


@torch.no_grad()
def move_targets(algorithm: TD3) -> None:
    """Away from what they are copies of, so that it matters which is asked."""
    for p in (*algorithm.target_actor.parameters(), *algorithm.target_critics.parameters()):
        p.mul_(1.5)


def targets_by_hand(algorithm: TD3, experience: Experience, batch: TD3Batch, gamma: float, std: float, clip: float) -> torch.Tensor:
    """Row by row, and with python's own min and max."""
    targets = []
    for row in range(16):
        obs = experience.next_obs[0, row : row + 1]
        wanted = algorithm.target_actor(obs)[0].tolist()
        noise = [min(clip, max(-clip, std * n)) for n in batch.noise[row].tolist()]
        actions = [min(1.0, max(-1.0, a + n)) for a, n in zip(wanted, noise, strict=True)]
        first, second = algorithm.target_critics(obs, torch.tensor([actions])).flatten().tolist()
        following = 0 if experience.terminated[0, row] else gamma * min(first, second)
        targets.append(experience.rewards[0, row].item() + following)
    return torch.tensor(targets)


def test_critics_learn_targets_that_the_targets_give_and_hand_back_how_wrong_they_were(td3, windows):
    algorithm, experience = td3(gamma=0.9, policy_noise=1.0, noise_clip=0.7), windows()
    move_targets(algorithm)
    batch = prepared(algorithm, experience)
    targets = targets_by_hand(algorithm, experience, batch, 0.9, 1.0, 0.7)
    values = algorithm.critics(experience.obs[0], experience.actions[0]).detach()
    learned = algorithm.update(batch, 0)
    errors = (values - targets).abs()
    assert learned.metrics["critic_loss"].item() == pytest.approx(errors.square().mean(1).sum().item(), rel=1e-4)
    assert torch.allclose(learned.priorities, errors.mean(0), atol=1e-5)


def test_the_policy_loss_uses_the_first_critic_after_its_update(td3, windows):
    algorithm, twin = td3(), td3()
    batch = prepared(algorithm, windows())
    gradient_step(twin.critic_optimizer, twin._critic_loss, batch)
    first, second = twin.critics(batch.transition.obs, twin.policy.actor(batch.transition.obs))
    metrics = algorithm.update(batch, 1).metrics
    assert metrics["policy_loss"].item() == pytest.approx(-first.mean().item(), rel=1e-5)
    assert not torch.allclose(first, second, atol=1e-3)
    assert not any(metric.requires_grad for metric in metrics.values())


def test_the_actors_step_raises_what_the_first_critic_thinks_of_it(td3, windows):
    algorithm, obs = td3(actor_lr=1e-3), windows().obs[0]
    batch = prepared(algorithm, windows())
    before = first_of(algorithm.critics, obs, algorithm.policy.actor(obs)).mean()
    algorithm._learn_actor(batch)
    assert first_of(algorithm.critics, obs, algorithm.policy.actor(obs)).mean() > before


@pytest.mark.parametrize("frequency", [1, 2, 3])
def test_actor_and_targets_move_in_every_dth_round_alone_and_critics_in_each(frequency, td3, windows):
    algorithm = td3(update_actor_freq=frequency)
    batch = prepared(algorithm, windows())
    moved = []
    for count in range(6):
        parts = (algorithm.critics, algorithm.policy, algorithm.target_actor, algorithm.target_critics)
        before = [weights_of(part) for part in parts]
        actor_updated = "policy_loss" in algorithm.update(batch, count).metrics
        moved.append([*(not torch.equal(weights_of(part), old) for part, old in zip(parts, before, strict=True)), actor_updated])
    assert moved == [[True] + [(count + 1) % frequency == 0] * 4 for count in range(6)]


def test_targets_follow_at_a_distance_and_get_no_gradient(td3, windows):
    algorithm = td3(tau=0.25, actor_lr=0.01, critic_lr=0.01)
    pairs = [(algorithm.target_actor, algorithm.policy.actor), (algorithm.target_critics, algorithm.critics)]
    before = [weights_of(target) for target, _ in pairs]
    algorithm.update(prepared(algorithm, windows()), 1)
    for old, (target, source) in zip(before, pairs, strict=True):
        assert torch.allclose(weights_of(target), 0.75 * old + 0.25 * weights_of(source), atol=1e-7)
        assert not torch.equal(weights_of(target), old)
        assert not any(p.requires_grad or p.grad is not None for p in target.parameters())


def test_targets_are_numbers_to_learn_and_nothing_to_be_learned_by(td3, windows):
    algorithm = td3()
    algorithm.target_critics.requires_grad_()
    assert not algorithm._targets(prepared(algorithm, windows())).requires_grad


def test_a_row_of_no_weight_changes_nothing(td3, windows):
    experience, other = windows(), windows()
    for rows in (experience, other):
        rows.weights[0, 5:] = 0
    for part in (other.obs, other.next_obs, other.actions, other.rewards):
        part[0, 5:] = -0.5
    first, second = td3(), td3()
    for algorithm, rows in ((first, experience), (second, other)):
        algorithm.update(prepared(algorithm, rows), 1)
    assert torch.allclose(weights(first), weights(second), atol=1e-6)


@pytest.mark.parametrize("loss", ["_critic_loss", "_policy_loss"])
def test_a_weight_is_a_factor_on_what_its_row_costs(loss, td3, windows):
    def cost(rows: slice, weight: float) -> float:
        algorithm, experience = td3(), windows()
        experience.weights[:] = 0
        experience.weights[0, rows] = weight
        return getattr(algorithm, loss)(prepared(algorithm, experience))[0].item()

    assert cost(slice(0, 16), 1.0) == pytest.approx(cost(slice(0, 8), 1.0) + 2 * cost(slice(8, 16), 0.5), rel=1e-4)


def test_windows_of_n_rows_become_one_step(td3, windows):
    algorithm, experience = td3(n_step=3, gamma=0.5), windows(3)
    assert algorithm.n_step == 3
    transition = prepared(algorithm, experience).transition
    rewards = experience.rewards
    assert transition.rewards[5].item() == pytest.approx((rewards[0, 5] + 0.5 * rewards[1, 5] + 0.25 * rewards[2, 5]).item())
    assert transition.discounts[:4].tolist() == [0, 0, 0.5, 0.125]
    assert transition.rewards[:3].tolist() == rewards[0, :3].tolist(), "the first row is the last of its episode"


def test_the_actors_step_works_out_no_gradients_of_critics(td3, windows):
    algorithm, twin, batch = td3(), td3(), prepared(td3(), windows())
    gradient_step(twin.critic_optimizer, twin._critic_loss, batch)
    algorithm.update(batch, 1)
    for p, expected in zip(algorithm.critics.parameters(), twin.critics.parameters(), strict=True):
        assert p.requires_grad
        assert torch.equal(p.grad, expected.grad)


@pytest.mark.parametrize("critic_factories", [SHARED, DIFFERENT, (SHARED[0], DIFFERENT[0])])
def test_each_parameter_is_stepped_by_exactly_one_optimizer(critic_factories, td3, windows):
    algorithm = td3(TD3AgentFactory(critic_factories=critic_factories))
    stepped = [*algorithm.actor_optimizer.parameters, *algorithm.critic_optimizer.parameters]
    assert len(stepped) == len({id(p) for p in stepped})
    assert {id(p) for p in stepped} == {id(p) for module in (algorithm.policy, algorithm.critics) for p in module.parameters()}
    before = [p.detach().clone() for p in stepped]
    algorithm.update(prepared(algorithm, windows()), 1)
    assert all((p != old).any() for p, old in zip(stepped, before, strict=True))


def test_features_that_are_shared_are_the_critics_to_learn_and_their_copies_agree(td3, windows):
    algorithm = td3(TD3AgentFactory(critic_factories=SHARED))
    features = algorithm.policy.actor.features
    assert {id(p) for p in features.parameters()} <= {id(p) for p in algorithm.critic_optimizer.parameters}
    batch, before = prepared(algorithm, windows()), weights_of(features)
    algorithm._learn_actor(batch)
    assert torch.equal(weights_of(features), before)
    algorithm.update(batch, 1)
    assert torch.equal(weights_of(algorithm.target_actor.features), weights_of(algorithm.target_critics.encoder))


def test_equal_critics_are_computed_as_one_and_different_ones_side_by_side(td3, windows):
    assert isinstance(td3().critics, CriticEnsemble)
    algorithm = td3(TD3AgentFactory(critic_factories=DIFFERENT))
    assert not isinstance(algorithm.critics, CriticEnsemble)
    assert algorithm.critics(windows().obs[0], windows().actions[0]).shape == (2, 16)


def test_the_two_critics_begin_with_weights_of_their_own_and_targets_as_copies(td3, windows):
    algorithm = td3()
    first, second = algorithm.critics(windows().obs[0], windows().actions[0])
    assert not torch.allclose(first, second)
    assert torch.equal(weights_of(algorithm.critics), weights_of(algorithm.target_critics))
    assert torch.equal(weights_of(algorithm.policy.actor), weights_of(algorithm.target_actor))


def test_an_algorithm_goes_on_from_the_state_of_another_to_the_last_bit(td3, learned, windows):
    first, second = learned(), td3()
    state = deepcopy(first.state_dict())
    assert set(state) == {"policy", "critics", "target_actor", "target_critics", "actor_optimizer", "critic_optimizer"}
    second.load_state_dict(state)
    for algorithm in (first, second):
        algorithm.update(prepared(algorithm, windows()), 3)
    assert torch.equal(weights(first), weights(second))


def test_preparing_draws_the_noise_from_the_stream_it_is_given_and_changes_nothing(td3, windows):
    algorithm, rng = td3(), torch.Generator().manual_seed(0)
    before = weights(algorithm)
    assert torch.equal(prepared(algorithm, windows()).noise, prepared(algorithm, windows()).noise)
    first, second = (algorithm.prepare(windows(), rng).noise for _ in range(2))
    assert not torch.equal(first, second)
    assert first.shape == (16, 2)
    assert len(first.unique()) == 16 * 2, "each dimension of an action is disturbed by itself"
    assert not any(t.requires_grad for t in (first, prepared(algorithm, windows()).transition.rewards))
    assert torch.equal(weights(algorithm), before)


def test_equal_updates_on_equal_windows_give_equal_bits(learned):
    assert torch.equal(weights(learned()), weights(learned()))


def test_the_policy_that_is_stored_holds_no_critic(td3):
    assert {name.split(".")[0] for name in td3().policy.state_dict()} == {"actor"}


def test_an_actor_of_ones_own_size_reaches_policy_and_target(td3):
    algorithm = td3(TD3AgentFactory(actor_factory=DeterministicActorFactoryDefault((7, 5), torch.nn.Tanh)))
    for actor in (algorithm.policy.actor, algorithm.target_actor):
        assert [p.shape[0] for p in actor.parameters()] == [7, 7, 5, 5, 2, 2]
        assert sum(isinstance(part, torch.nn.Tanh) for part in actor.modules()) == 2
