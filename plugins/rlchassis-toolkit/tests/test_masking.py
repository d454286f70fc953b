from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from torch import nn

from rlchassis.envs import Environments
from rlchassis.errors import UsageError
from rlchassis_toolkit import (
    ActorFactoryDefault,
    Categorical,
    CriticFactoryReuseActor,
    EpsilonGreedyPolicy,
    MaskedActor,
    MaskedValues,
    StochasticPolicy,
    WithoutMask,
    detached,
    fisher_vector_product,
    infer,
    masked,
    seen_by_networks,
)

VECTOR = spaces.Box(-1, 1, (2,), np.float32)
ENVS = Environments.from_spaces(spaces.Dict({"observation": VECTOR, "action_mask": spaces.MultiBinary(3)}), spaces.Discrete(3))
CPU = torch.device("cpu")
LOGITS = torch.tensor([[math.log(1.0), math.log(2.0), math.log(3.0)]])
MASK = torch.tensor([[1, 0, 1]], dtype=torch.int8)


class Echo(nn.Module):
    """The observations are the outputs, or the logits of a Categorical."""

    def __init__(self, make: Any = lambda obs: obs) -> None:
        super().__init__()
        self.make = make

    def forward(self, obs: Any) -> Any:
        return self.make(obs)


def masked_obs(rows: torch.Tensor = LOGITS, mask: torch.Tensor = MASK) -> dict[str, torch.Tensor]:
    return {"observation": rows, "action_mask": mask.expand(len(rows), -1)}


def policy() -> StochasticPolicy:
    return StochasticPolicy(MaskedActor(Echo(Categorical)))


def test_log_probability_and_entropy_are_those_of_the_allowed_actions():
    entropy = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    log_prob, entropies = policy().log_prob_and_entropy(masked_obs(), torch.tensor([2]))
    assert log_prob.item() == pytest.approx(math.log(0.75))
    assert entropies.item() == pytest.approx(entropy)
    assert policy().log_prob(masked_obs(), torch.tensor([0])).item() == pytest.approx(math.log(0.25))
    assert policy().log_prob(masked_obs(), torch.tensor([1])).item() == -math.inf


def test_divergence_is_that_of_the_allowed_actions():
    one, other = policy().distribution(masked_obs()), policy().distribution(masked_obs(torch.zeros(1, 3)))
    assert one.kl(other).item() == pytest.approx(0.25 * math.log(0.25 / 0.5) + 0.75 * math.log(0.75 / 0.5))


def test_forbidden_actions_are_neither_sampled_nor_the_mode():
    act, rng = policy().act, torch.Generator().manual_seed(0)
    actions, _ = act(masked_obs(LOGITS.expand(4000, 3)), explore=True, rng=rng)
    assert (torch.bincount(actions, minlength=3) / 4000).tolist() == pytest.approx([0.25, 0, 0.75], abs=0.02)
    assert act(masked_obs(LOGITS, torch.tensor([[1, 1, 0]])), explore=False, rng=rng)[0].tolist() == [1]


def test_gradients_are_finite_and_zero_where_an_action_is_forbidden():
    logits = LOGITS.clone().requires_grad_()
    log_prob, entropy = policy().log_prob_and_entropy(masked_obs(logits), torch.tensor([2]))
    kl = detached(policy().distribution(masked_obs(logits))).kl(policy().distribution(masked_obs(logits + 1)))
    for quantity in (log_prob, entropy, kl):
        (slope,) = torch.autograd.grad(quantity.sum(), logits, retain_graph=True)
        assert slope.isfinite().all()
        assert slope[0, 1] == 0
    (slope,) = torch.autograd.grad(log_prob.sum(), logits)
    assert slope[0].tolist() == pytest.approx([-0.25, 0, 0.25])


def test_the_fisher_matrix_of_a_masked_policy_is_finite_and_has_no_forbidden_actions():
    """Of a softmax it is diag(p) − p pᵀ."""
    logits = nn.Parameter(LOGITS.clone())
    product = fisher_vector_product(policy().distribution(masked_obs(logits)), [logits], damping=0.0)
    rows = torch.stack([product(row) for row in torch.eye(3)])
    p = torch.tensor([0.25, 0.0, 0.75])
    assert torch.allclose(rows, p.diag() - p[:, None] * p, atol=1e-6)


def test_values_of_forbidden_actions_are_minus_infinity():
    network = MaskedValues(Echo())
    assert network(masked_obs(torch.tensor([[1.0, 3.0, 2.0]]))).tolist() == [[1.0, -math.inf, 2.0]]


@pytest.mark.parametrize(("explore", "eps"), [(True, {"eps_training": 0.5}), (False, {"eps_inference": 0.5, "eps_training": 1.0})])
def test_an_epsilon_greedy_policy_explores_among_the_allowed_actions_alike(explore, eps):
    acting = EpsilonGreedyPolicy(MaskedValues(Echo()), **{"eps_training": 0.0, **eps})
    values = torch.tensor([[1.0, 4.0, 3.0, 2.0]]).expand(6000, 4)
    obs = masked_obs(values, torch.tensor([[1, 0, 1, 1]]))
    actions, _ = acting.act(obs, explore=explore, rng=torch.Generator().manual_seed(0))
    parts = (torch.bincount(actions, minlength=4) / 6000).tolist()
    assert parts == pytest.approx([1 / 6, 0, 2 / 3, 1 / 6], abs=0.02)


def test_a_greedy_policy_takes_the_best_allowed_action():
    acting = EpsilonGreedyPolicy(MaskedValues(Echo()), eps_training=0.0)
    assert acting.act(masked_obs(torch.tensor([[1.0, 3.0, 2.0]])), explore=True, rng=torch.Generator())[0].tolist() == [2]


def test_networks_are_created_for_the_spaces_without_mask():
    seen = seen_by_networks(ENVS)
    assert (seen.observation_space, seen.action_space) == (VECTOR, spaces.Discrete(3))
    plain = Environments.from_spaces(VECTOR, spaces.Discrete(3))
    assert seen_by_networks(plain) is plain
    network = Echo()
    assert masked(network, plain, MaskedActor) is network


def test_small_networks_under_a_mask_act_in_numpy_as_the_module_does():
    actor = masked(ActorFactoryDefault().create_module(seen_by_networks(ENVS), CPU), ENVS, MaskedActor)
    obs = masked_obs(torch.rand(4, 2), torch.tensor([[1, 0, 1]]))
    with torch.no_grad():
        assert torch.allclose(infer(actor, obs).logits, actor(obs).logits, atol=1e-6)
        assert infer(actor, obs).logits[:, 1].tolist() == [-math.inf] * 4


def test_a_critic_shares_the_features_of_an_actor_under_a_mask():
    actor = masked(ActorFactoryDefault().create_module(seen_by_networks(ENVS), CPU), ENVS, MaskedActor)
    critic = masked(CriticFactoryReuseActor().create_module(seen_by_networks(ENVS), CPU, actor=actor), ENVS)
    assert isinstance(critic, WithoutMask)
    assert critic.network.features is actor.network.features
    assert critic(masked_obs(torch.rand(4, 2))).shape == (4,)


def test_a_distribution_that_cannot_be_masked_is_refused():
    with pytest.raises(UsageError, match=r"expected a distribution with a method masked\(mask\)"):
        policy_of(lambda obs: SimpleNamespace(logits=obs)).distribution(masked_obs())


def policy_of(make: Any) -> StochasticPolicy:
    return StochasticPolicy(MaskedActor(Echo(make)))
