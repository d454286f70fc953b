from __future__ import annotations

from copy import deepcopy

import pytest
import torch

from rlchassis.api import Experience, Transition, gradient_step
from rlchassis_ddpg import DDPG, DDPGAgentFactory
from rlchassis_testkit.tiny_runs import weights_of
from rlchassis_toolkit import ActionCriticFactoryReuseActor, DeterministicActorFactoryDefault

SHARED = ActionCriticFactoryReuseActor((8,))


def weights(algorithm: DDPG) -> torch.Tensor:
    return weights_of(algorithm.policy, algorithm.critic, algorithm.target_actor, algorithm.target_critic)


def prepared(algorithm: DDPG, experience: Experience) -> Transition:
    return algorithm.prepare(experience, torch.Generator().manual_seed(0))


def test_the_critic_learns_targets_that_the_targets_give_and_hands_back_how_wrong_it_was(ddpg, windows):
    algorithm, experience = ddpg(gamma=0.9), windows()
    with torch.no_grad():
        for p in (*algorithm.target_actor.parameters(), *algorithm.target_critic.parameters()):
            p.mul_(1.5)
    targets = []
    for row in range(16):
        obs = experience.next_obs[0, row : row + 1]
        following = algorithm.target_critic(obs, algorithm.target_actor(obs)).item()
        targets.append(experience.rewards[0, row].item() + (0 if experience.terminated[0, row] else 0.9 * following))
    values = algorithm.critic(experience.obs[0], experience.actions[0]).detach()
    learned = algorithm.update(prepared(algorithm, experience), 0)
    errors = (values - torch.tensor(targets)).abs()
    assert learned.metrics["critic_loss"].item() == pytest.approx(errors.square().mean().item(), rel=1e-4)
    assert torch.allclose(learned.priorities, errors, atol=1e-5)


def test_the_policy_loss_uses_the_critic_after_its_update(ddpg, windows):
    algorithm, twin = ddpg(), ddpg()
    batch = prepared(algorithm, windows())
    gradient_step(twin.critic_optimizer, twin._critic_loss, batch)
    expected = -twin.critic(batch.obs, twin.policy.actor(batch.obs)).mean()
    metrics = algorithm.update(batch, 0).metrics
    assert metrics["policy_loss"].item() == pytest.approx(expected.item(), rel=1e-5)
    assert not any(metric.requires_grad for metric in metrics.values())


def test_the_actors_step_raises_what_the_critic_thinks_of_it(ddpg, windows):
    algorithm = ddpg()
    batch = prepared(algorithm, windows())
    before = algorithm.critic(batch.obs, algorithm.policy.actor(batch.obs)).mean()
    gradient_step(algorithm.actor_optimizer, algorithm._policy_loss, batch)
    assert algorithm.critic(batch.obs, algorithm.policy.actor(batch.obs)).mean() > before


def test_targets_follow_in_every_round_at_a_distance_and_get_no_gradient(ddpg, windows):
    algorithm = ddpg(tau=0.25)
    pairs = [(algorithm.target_actor, algorithm.policy.actor), (algorithm.target_critic, algorithm.critic)]
    for count in range(2):
        before = [weights_of(target) for target, _ in pairs]
        algorithm.update(prepared(algorithm, windows()), count)
        for old, (target, source) in zip(before, pairs, strict=True):
            assert torch.allclose(weights_of(target), 0.75 * old + 0.25 * weights_of(source), atol=1e-7)
            assert not torch.equal(weights_of(target), old)
            assert not any(p.requires_grad or p.grad is not None for p in target.parameters())


def test_targets_are_numbers_to_learn_and_nothing_to_be_learned_by(ddpg, windows):
    algorithm = ddpg()
    algorithm.target_critic.requires_grad_()
    assert not algorithm._targets(prepared(algorithm, windows())).requires_grad


def test_a_row_of_no_weight_changes_nothing(ddpg, windows):
    experience, other = windows(), windows()
    for rows in (experience, other):
        rows.weights[0, 5:] = 0
    for part in (other.obs, other.next_obs, other.actions, other.rewards):
        part[0, 5:] = -0.5
    first, second = ddpg(), ddpg()
    for algorithm, rows in ((first, experience), (second, other)):
        algorithm.update(prepared(algorithm, rows), 0)
    assert torch.allclose(weights(first), weights(second), atol=1e-6)


@pytest.mark.parametrize("loss", ["_critic_loss", "_policy_loss"])
def test_a_weight_is_a_factor_on_what_its_row_costs(loss, ddpg, windows):
    def cost(rows: slice, weight: float) -> float:
        algorithm, experience = ddpg(), windows()
        experience.weights[:] = 0
        experience.weights[0, rows] = weight
        return getattr(algorithm, loss)(prepared(algorithm, experience))[0].item()

    assert cost(slice(0, 16), 1.0) == pytest.approx(cost(slice(0, 8), 1.0) + 2 * cost(slice(8, 16), 0.5), rel=1e-4)


def test_windows_of_n_rows_become_one_step(ddpg, windows):
    algorithm, experience = ddpg(n_step=3, gamma=0.5), windows(3)
    assert algorithm.n_step == 3
    transition = prepared(algorithm, experience)
    rewards = experience.rewards
    assert transition.rewards[5].item() == pytest.approx((rewards[0, 5] + 0.5 * rewards[1, 5] + 0.25 * rewards[2, 5]).item())
    assert transition.discounts[:4].tolist() == [0, 0, 0.5, 0.125]
    assert transition.rewards[:3].tolist() == rewards[0, :3].tolist(), "the first row is the last of its episode"


def test_the_actors_step_works_out_no_gradients_of_the_critic(ddpg, windows):
    algorithm, twin, batch = ddpg(), ddpg(), prepared(ddpg(), windows())
    gradient_step(twin.critic_optimizer, twin._critic_loss, batch)
    algorithm.update(batch, 0)
    for p, expected in zip(algorithm.critic.parameters(), twin.critic.parameters(), strict=True):
        assert p.requires_grad
        assert torch.equal(p.grad, expected.grad)


@pytest.mark.parametrize("agent", [DDPGAgentFactory(), DDPGAgentFactory(critic_factory=SHARED)], ids=["apart", "shared"])
def test_each_parameter_is_stepped_by_exactly_one_optimizer(agent, ddpg, windows):
    algorithm = ddpg(agent)
    stepped = [*algorithm.actor_optimizer.parameters, *algorithm.critic_optimizer.parameters]
    assert len(stepped) == len({id(p) for p in stepped})
    assert {id(p) for p in stepped} == {id(p) for module in (algorithm.policy, algorithm.critic) for p in module.parameters()}
    before = [p.detach().clone() for p in stepped]
    algorithm.update(prepared(algorithm, windows()), 0)
    assert all((p != old).any() for p, old in zip(stepped, before, strict=True))


def test_features_that_are_shared_are_the_critics_to_learn_and_their_copies_agree(ddpg, windows):
    algorithm = ddpg(DDPGAgentFactory(critic_factory=SHARED))
    features = algorithm.policy.actor.features
    assert {id(p) for p in features.parameters()} <= {id(p) for p in algorithm.critic_optimizer.parameters}
    batch, before = prepared(algorithm, windows()), weights_of(features)
    gradient_step(algorithm.actor_optimizer, algorithm._policy_loss, batch)
    assert torch.equal(weights_of(features), before)
    algorithm.update(batch, 0)
    assert torch.equal(weights_of(algorithm.target_actor.features), weights_of(algorithm.target_critic.ensemble.encoder))


def test_targets_begin_as_copies(ddpg):
    algorithm = ddpg()
    assert torch.equal(weights_of(algorithm.critic), weights_of(algorithm.target_critic))
    assert torch.equal(weights_of(algorithm.policy.actor), weights_of(algorithm.target_actor))


def test_an_algorithm_goes_on_from_the_state_of_another_to_the_last_bit(ddpg, learned, windows):
    first, second = learned(), ddpg()
    state = deepcopy(first.state_dict())
    assert set(state) == {"policy", "critic", "target_actor", "target_critic", "actor_optimizer", "critic_optimizer"}
    second.load_state_dict(state)
    for algorithm in (first, second):
        algorithm.update(prepared(algorithm, windows()), 3)
    assert torch.equal(weights(first), weights(second))


def test_preparing_draws_nothing_and_changes_nothing(ddpg, windows):
    algorithm, rng = ddpg(), torch.Generator().manual_seed(0)
    before, state = weights(algorithm), rng.get_state()
    assert not algorithm.prepare(windows(), rng).rewards.requires_grad
    assert torch.equal(rng.get_state(), state)
    assert torch.equal(weights(algorithm), before)


def test_equal_updates_on_equal_windows_give_equal_bits(learned):
    assert torch.equal(weights(learned()), weights(learned()))


def test_the_policy_that_is_stored_holds_no_critic(ddpg):
    assert {name.split(".")[0] for name in ddpg().policy.state_dict()} == {"actor"}


def test_an_actor_of_ones_own_size_reaches_policy_and_target(ddpg):
    algorithm = ddpg(DDPGAgentFactory(actor_factory=DeterministicActorFactoryDefault((7, 5), torch.nn.Tanh)))
    for actor in (algorithm.policy.actor, algorithm.target_actor):
        assert [p.shape[0] for p in actor.parameters()] == [7, 7, 5, 5, 2, 2]
        assert sum(isinstance(part, torch.nn.Tanh) for part in actor.modules()) == 2
