from __future__ import annotations

from copy import deepcopy

import pytest
import torch

from rlchassis.api import Experience, gradient_step
from rlchassis_redq import REDQ, REDQAgentFactory, REDQBatch, REDQParams
from rlchassis_testkit.tiny_runs import weights_of
from rlchassis_toolkit import ActionCriticFactory, ActionCriticFactoryReuseActor, CriticEnsemble, SquashedGaussianPolicy

SHARED = REDQAgentFactory(params=REDQParams(ensemble_size=3), critic_ensemble_factory=ActionCriticFactoryReuseActor((8,)))


def prepared(algorithm: REDQ, experience: Experience, seed: int = 0) -> REDQBatch:
    return algorithm.prepare(experience, torch.Generator().manual_seed(seed))


def weights(algorithm: REDQ) -> torch.Tensor:
    return weights_of(algorithm.policy, algorithm.critics, algorithm.target_critics)


@pytest.mark.parametrize("mode", ["min", "mean"])
def test_targets_are_made_by_the_subset_of_the_round_and_by_no_other_critic(mode, redq, windows):
    algorithm = redq(gamma=0.9, alpha=0.3, target_mode=mode)
    batch = prepared(algorithm, windows())
    step, chosen = batch.transition, batch.subset.tolist()
    with torch.no_grad():
        for p in algorithm.target_critics.parameters():
            p.mul_(1.5)
        actions, log_probs = algorithm.policy.distribution(step.next_obs).at(batch.next_noise)
        first, second = algorithm.target_critics(step.next_obs, actions)[chosen]
        values = torch.minimum(first, second) if mode == "min" else (first + second) / 2
        targets = step.rewards + step.discounts * (values - 0.3 * log_probs)
        errors = algorithm.critics(step.obs, step.actions) - targets
    learned = algorithm.update(batch, 0)
    assert learned.metrics["critic_loss"].item() == pytest.approx(errors.square().mean(1).sum().item(), rel=1e-4)
    assert torch.allclose(learned.priorities, errors.abs().mean(0), atol=1e-5)


def test_a_subset_is_drawn_anew_for_each_round_without_repetition(redq, windows):
    algorithm, rng = redq(ensemble_size=4, subset_size=3), torch.Generator().manual_seed(0)
    drawn = [algorithm.prepare(windows(), rng).subset.tolist() for _ in range(40)]
    assert all(len(set(subset)) == 3 for subset in drawn)
    assert len({frozenset(subset) for subset in drawn}) == 4


def test_the_members_that_are_not_chosen_are_not_computed(redq, windows):
    algorithm, answered = redq(), []
    for layer in algorithm.target_critics.networks:
        layer.register_forward_hook(lambda layer, given, answer: answered.append(len(answer)))
    algorithm._targets(prepared(algorithm, windows()))
    assert answered == [2] * len(algorithm.target_critics.networks)


def test_critic_targets_have_no_gradient(redq, windows):
    algorithm = redq(SHARED)
    algorithm.target_critics.requires_grad_()
    assert not algorithm._targets(prepared(algorithm, windows())).requires_grad


def test_the_policy_loss_uses_the_mean_of_all_critics_after_their_update(redq, windows):
    algorithm, twin = redq(actor_delay=1, alpha=0.3), redq(actor_delay=1, alpha=0.3)
    batch = prepared(algorithm, windows())
    gradient_step(twin.critic_optimizer, twin._critic_loss, batch)
    actions, log_probs = twin.policy.distribution(batch.transition.obs).at(batch.noise)
    values = twin.critics(batch.transition.obs, actions)
    metrics = algorithm.update(batch, 0).metrics
    assert metrics["policy_loss"].item() == pytest.approx((0.3 * log_probs - sum(values) / 5).mean().item(), rel=1e-4)
    assert metrics["entropy"].item() == pytest.approx(-log_probs.mean().item(), rel=1e-4)
    assert not any(metric.requires_grad for metric in metrics.values())


def test_the_actors_step_raises_what_the_critics_think_of_it(redq, windows):
    algorithm = redq(alpha=0.0, actor_lr=1e-3)
    batch = prepared(algorithm, windows())
    obs = batch.transition.obs

    def worth() -> float:
        actions, _ = algorithm.policy.distribution(obs).at(batch.noise)
        return algorithm.critics(obs, actions).mean().item()

    before = worth()
    gradient_step(algorithm.actor_optimizer, algorithm._policy_loss, batch)
    assert worth() > before


def test_actor_and_temperature_step_once_every_actor_delay_updates(redq, windows):
    algorithm = redq(actor_delay=3)
    moved = []
    for count in range(6):
        before, alpha = weights_of(algorithm.policy).clone(), algorithm.temperature.alpha
        metrics = algorithm.update(prepared(algorithm, windows()), count).metrics
        moved.append(not torch.equal(weights_of(algorithm.policy), before))
        assert (algorithm.temperature.alpha != alpha) == ("policy_loss" in metrics) == moved[-1]
    assert moved == [False, False, True, False, False, True]


def test_critics_begin_apart_and_stay_apart(redq, learned, windows):
    for algorithm in (redq(), learned()):
        values = algorithm.critics(windows().obs[0], windows().actions[0])
        assert values[:, 0].unique().numel() == 5


def test_targets_begin_as_copies(redq):
    algorithm = redq()
    assert torch.equal(weights_of(algorithm.critics), weights_of(algorithm.target_critics))


def test_targets_follow_at_a_distance_and_get_no_gradient(redq, windows):
    algorithm = redq(tau=0.25)
    before = weights_of(algorithm.target_critics).clone()
    algorithm.update(prepared(algorithm, windows()), 1)
    assert torch.allclose(weights_of(algorithm.target_critics), 0.75 * before + 0.25 * weights_of(algorithm.critics), atol=1e-6)
    assert all(p.grad is None and not p.requires_grad for p in algorithm.target_critics.parameters())


def test_the_actors_step_works_out_no_gradients_of_critics(redq, windows):
    algorithm, twin = redq(actor_delay=1), redq(actor_delay=10)
    for each in (algorithm, twin):
        each.update(prepared(each, windows()), 0)
    for p, expected in zip(algorithm.critics.parameters(), twin.critics.parameters(), strict=True):
        assert torch.equal(p.grad, expected.grad)


def test_a_row_of_no_weight_changes_nothing(redq, windows):
    first, second, experience, other = redq(actor_delay=1), redq(actor_delay=1), windows(), windows()
    experience.weights[0, 5:] = other.weights[0, 5:] = 0
    for part in (other.obs, other.next_obs, other.actions, other.rewards):
        part[0, 5:] = -0.5
    for algorithm, seen in ((first, experience), (second, other)):
        algorithm.update(prepared(algorithm, seen), 0)
    assert torch.allclose(weights(first), weights(second), atol=1e-6)


def test_where_no_row_has_weight_nothing_is_learned_neither_a_temperature(redq, windows):
    algorithm, experience = redq(actor_delay=1, tau=1.0), windows()
    experience.weights[:] = 0
    before = weights(algorithm)
    algorithm.update(prepared(algorithm, experience), 0)
    assert torch.equal(weights(algorithm), before)
    assert algorithm.temperature.alpha.item() == 1


@pytest.mark.parametrize("loss", ["_critic_loss", "_policy_loss"])
def test_a_weight_is_a_factor_on_what_its_row_costs(loss, redq, windows):
    def cost(rows: slice, weight: float) -> float:
        algorithm, experience = redq(), windows()
        experience.weights[:] = 0
        experience.weights[0, rows] = weight
        return getattr(algorithm, loss)(prepared(algorithm, experience))[0].item()

    assert cost(slice(0, 16), 1.0) == pytest.approx(cost(slice(0, 8), 1.0) + 2 * cost(slice(8, 16), 0.5), rel=1e-4)


def test_windows_of_n_rows_become_one_step(redq, windows):
    algorithm, experience = redq(n_step=3, gamma=0.5), windows(3)
    assert algorithm.n_step == 3
    transition = prepared(algorithm, experience).transition
    rewards = experience.rewards
    assert transition.rewards[5].item() == pytest.approx((rewards[0, 5] + 0.5 * rewards[1, 5] + 0.25 * rewards[2, 5]).item())
    assert transition.discounts[:4].tolist() == [0, 0, 0.5, 0.125]
    assert transition.rewards[:3].tolist() == rewards[0, :3].tolist(), "the first row is the last of its episode"


def test_a_temperature_falls_where_there_is_more_entropy_than_wanted_and_a_fixed_one_stays(redq, windows):
    algorithm, fixed = redq(actor_delay=1), redq(actor_delay=1, alpha=0.2)
    assert algorithm.temperature.target_entropy == -2
    batch = prepared(algorithm, windows())
    metrics = algorithm.update(batch, 0).metrics
    assert metrics["entropy"] > -2
    assert metrics["alpha"] < 1
    assert fixed.update(batch, 0).metrics["alpha"].item() == pytest.approx(0.2)
    assert fixed.temperature.alpha.item() == pytest.approx(0.2)


def test_each_parameter_is_stepped_by_one_optimizer_also_where_features_are_shared(redq, windows):
    algorithm = redq(SHARED)
    stepped = [*algorithm.actor_optimizer.parameters, *algorithm.critic_optimizer.parameters]
    assert len(stepped) == len({id(p) for p in stepped})
    assert {id(p) for p in stepped} == {id(p) for module in (algorithm.policy, algorithm.critics) for p in module.parameters()}
    before = [p.detach().clone() for p in stepped]
    algorithm.update(prepared(algorithm, windows()), 19)
    assert all((p != old).any() for p, old in zip(stepped, before, strict=True))


def test_features_that_are_shared_are_the_critics_to_learn(redq, windows):
    algorithm = redq(SHARED)
    features = algorithm.policy.actor.features
    assert algorithm.critics.encoder is features
    before = weights_of(features)
    gradient_step(algorithm.actor_optimizer, algorithm._policy_loss, prepared(algorithm, windows()))
    assert torch.equal(weights_of(features), before)


def test_preparing_draws_noise_and_subset_from_the_stream_it_is_given_and_moves_no_weight(redq, windows):
    algorithm, rng = redq(), torch.Generator().manual_seed(0)
    before = weights(algorithm)
    first, again, later = prepared(algorithm, windows()), algorithm.prepare(windows(), rng), algorithm.prepare(windows(), rng)
    for name in ("noise", "next_noise", "subset"):
        assert torch.equal(getattr(first, name), getattr(again, name))
    assert first.noise.shape == first.next_noise.shape == (16, 2)
    drawn = [first.noise, first.next_noise, later.noise, later.next_noise]
    assert len(torch.cat(drawn).unique(dim=0)) == 4 * 16
    assert torch.equal(weights(algorithm), before)


def test_critics_of_any_make_stand_side_by_side(redq, windows):
    class Plain(ActionCriticFactory):
        def create_module(self, envs, device, actor=None):
            return Sum()

    class Sum(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = torch.nn.Parameter(torch.rand(1))

        def forward(self, obs, actions):
            return self.scale * (obs.sum(-1) + actions.sum(-1))

    assert isinstance(redq().critics, CriticEnsemble)
    algorithm = redq(REDQAgentFactory(params=REDQParams(ensemble_size=3), critic_ensemble_factory=Plain()))
    before = weights_of(algorithm.critics).clone()
    algorithm.update(prepared(algorithm, windows()), 0)
    assert (weights_of(algorithm.critics) != before).all()


def test_an_algorithm_goes_on_from_the_state_of_another_to_the_last_bit(redq, learned, windows):
    first, second = learned(), redq()
    state = deepcopy(first.state_dict())
    assert set(state) == {"policy", "critics", "target_critics", "actor_optimizer", "critic_optimizer", "temperature"}
    second.load_state_dict(state)
    for algorithm in (first, second):
        algorithm.update(prepared(algorithm, windows()), 3)
    assert torch.equal(weights(first), weights(second))
    assert first.temperature.alpha == second.temperature.alpha


def test_the_policy_that_is_stored_holds_no_critic(redq):
    policy = redq().policy
    assert isinstance(policy, SquashedGaussianPolicy)
    assert {name.split(".")[0] for name in policy.state_dict()} == {"actor"}


def test_mean_and_sigma_of_the_recipes_actor_depend_on_the_observation_and_know_no_bounds(redq, windows):
    actor = redq().policy.actor
    with torch.no_grad():
        mean, log_std = actor(windows().obs[0] * 10_000)
    assert mean.abs().max() > 1
    assert (log_std.std(0) > 1).all()
