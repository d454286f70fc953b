from __future__ import annotations

from copy import deepcopy

import pytest
import torch

from rlchassis.api import ActionCriticFactory, ActionCriticFactoryReuseActor, CriticEnsemble, Experience
from rlchassis_redq import REDQ, REDQAgentFactory, REDQBatch, REDQParams
from rlchassis_testkit.tiny_runs import weights_of


def prepared(algorithm: REDQ, experience: Experience, seed: int = 0) -> REDQBatch:
    return algorithm.prepare(experience, torch.Generator().manual_seed(seed))


def weights(algorithm: REDQ) -> torch.Tensor:
    return weights_of(algorithm.policy, algorithm.critics, algorithm.target_critics)


def test_targets_are_made_by_the_subset_of_the_round_and_by_no_other_critic(redq, windows):
    algorithm = redq(gamma=0.9, alpha=0.3)
    batch = prepared(algorithm, windows())
    step, chosen = batch.transition, batch.subset.tolist()
    with torch.no_grad():
        actions, log_probs = algorithm.policy.distribution(step.next_obs).at(batch.next_noise)
        values = algorithm.target_critics(step.next_obs, actions)[chosen].amin(0)
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
    algorithm, experience = redq(), windows()
    batch = prepared(algorithm, experience)
    with torch.no_grad():
        for member in set(range(5)) - set(batch.subset.tolist()):
            for p in algorithm.target_critics.parameters():
                p[member] = torch.nan
        values = algorithm.target_critics(experience.obs[0], experience.actions[0], members=batch.subset)
    assert values.shape == (2, 16)
    assert values.isfinite().all()


def test_actor_and_temperature_step_once_in_as_many_rounds_as_told(redq, windows):
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
    for each in (experience, other):
        each.weights[0, 5] = 0
    other.rewards[0, 5] = 100.0
    for algorithm, seen in ((first, experience), (second, other)):
        algorithm.update(prepared(algorithm, seen), 0)
    assert torch.equal(weights(first), weights(second))


def test_each_parameter_is_stepped_by_one_optimizer_also_where_features_are_shared(redq, windows):
    algorithm = redq(REDQAgentFactory(params=REDQParams(ensemble_size=3), critic_ensemble_factory=ActionCriticFactoryReuseActor((8,))))
    stepped = [id(p) for o in (algorithm.actor_optimizer, algorithm.critic_optimizer) for p in o.parameters]
    assert len(stepped) == len(set(stepped))
    assert set(stepped) == {id(p) for module in (algorithm.policy, algorithm.critics) for p in module.parameters()}
    algorithm.update(prepared(algorithm, windows()), 0)


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
    second.load_state_dict(deepcopy(first.state_dict()))
    for algorithm in (first, second):
        algorithm.update(prepared(algorithm, windows()), 3)
    assert torch.equal(weights(first), weights(second))
