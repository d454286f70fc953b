from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple
from torch import nn

from rlchassis.envs import allocate
from rlchassis.errors import UsageError
from rlchassis_toolkit.networks.actors_and_critics import (
    MLP,
    CategoricalActor,
    Critic,
    Features,
    GaussianActor,
    encoder_for,
    orthogonal_,
    unique_parameters,
)

VECTOR = Box(-1, 1, (3,), np.float32)
IMAGE = Box(0, 255, (2, 2, 1), np.uint8)


@pytest.mark.parametrize(
    ("space", "obs", "encoded"),
    [
        (VECTOR, torch.tensor([[1.0, 2.0, 3.0]]), [[1, 2, 3]]),
        (Box(-1, 1, (2, 2)), torch.tensor([[[1.0, 2.0], [3.0, 4.0]]]), [[1, 2, 3, 4]]),
        (Box(0, 10, (2,), np.int64), torch.tensor([[1, 2]]), [[0.1, 0.2]]),
        (Box(-1, 1, ()), torch.tensor([0.5, 0.25]), [[0.5], [0.25]]),
        (Box(0, 255, (2, 2), np.uint8), torch.tensor([[[0, 51], [102, 255]]], dtype=torch.uint8), [[0, 0.2, 0.4, 1]]),
        (Discrete(3), torch.tensor([0, 2]), [[1, 0, 0], [0, 0, 1]]),
        (Discrete(3, start=-1), torch.tensor([-1, 1]), [[1, 0, 0], [0, 0, 1]]),
        (MultiDiscrete([2, 3]), torch.tensor([[1, 2]]), [[0, 1, 0, 0, 1]]),
        (MultiBinary(3), torch.tensor([[1, 0, 1]], dtype=torch.int8), [[1, 0, 1]]),
        (Tuple([Discrete(2, start=1), VECTOR]), {"0": torch.tensor([1]), "1": torch.tensor([[1.0, 2.0, 3.0]])}, [[1, 0, 1, 2, 3]]),
        (Dict(b=Discrete(2), a=Discrete(2)), {"a": torch.tensor([1]), "b": torch.tensor([0])}, None),
    ],
    ids=str,
)
def test_observations_become_vectors(space, obs, encoded):
    encoder = encoder_for(space)
    vectors = encoder(obs)
    if encoded is None:
        encoded = torch.cat([torch.tensor([[1, 0] if key == "b" else [0, 1]]) for key in space.spaces], -1).tolist()
    assert vectors.dtype == torch.float32
    assert vectors.tolist() == [pytest.approx(row) for row in encoded]
    assert vectors.shape[1] == encoder.output_dim


@pytest.mark.parametrize(
    "space", [VECTOR, IMAGE, Discrete(4), MultiBinary(2), Box(0, 9, (2,), np.int64), Dict({"a.b": VECTOR, "keys": Discrete(2)})], ids=str
)
def test_features_take_observations_as_they_are_stored(space):
    stored = allocate(space, 5)
    obs = {key: torch.from_numpy(part) for key, part in stored.items()} if isinstance(stored, dict) else torch.from_numpy(stored)
    features = Features(space, (8, 6), nn.Tanh)
    assert features(obs).shape == (5, features.output_dim) == (5, 6)


def test_a_network_that_does_not_tell_its_width_is_refused():
    with pytest.raises(UsageError, match="Linear is to give features but does not say how many"):
        Critic(nn.Linear(3, 8))


def test_an_image_is_left_as_it_was():
    image = torch.full((1, 2, 2, 1), 200, dtype=torch.uint8)
    encoder_for(IMAGE)(image)
    assert image.unique().tolist() == [200]


def test_an_mlp_has_an_activation_behind_each_hidden_layer_and_none_behind_its_output():
    kinds = [type(layer) for layer in MLP(3, (4, 5), nn.ReLU, 2)]
    assert kinds == [nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]
    assert [type(layer) for layer in MLP(3, (4,), nn.Tanh)] == [nn.Linear, nn.Tanh]
    assert (MLP(3, (4,), nn.Tanh).output_dim, MLP(3, (4,), nn.Tanh, 2).output_dim) == (4, 2)


def actor_with(bias: float, **options: bool) -> GaussianActor:
    actor = GaussianActor(Features(VECTOR, (4,), nn.Tanh), 2, **options)
    nn.init.zeros_(actor.head.weight)
    nn.init.constant_(actor.head.bias, bias)
    return actor


def test_a_mean_stays_within_the_action_range_unless_unbounded():
    obs = torch.zeros(3, 3)
    assert actor_with(2.0)(obs).mean.unique().tolist() == pytest.approx([np.tanh(2.0)])
    assert actor_with(2.0, unbounded=True)(obs).mean.unique().tolist() == [2]


def test_the_spread_of_actions_is_one_parameter_or_read_from_the_observation():
    obs = torch.randn(3, 3, generator=torch.Generator().manual_seed(0))
    plain, conditioned = actor_with(0.0)(obs), GaussianActor(Features(VECTOR, (4,), nn.Tanh), 2, conditioned_sigma=True)(obs)
    assert plain.log_std.unique().tolist() == [-0.5]
    assert len(conditioned.log_std[:, 0].unique()) == 3


@pytest.mark.parametrize(("bias", "log_std"), [(-100.0, -20), (100.0, 2)])
def test_a_spread_that_is_read_is_kept_within_limits(bias, log_std):
    assert actor_with(bias, conditioned_sigma=True)(torch.zeros(1, 3)).log_std.tolist() == [[log_std] * 2]


def test_a_categorical_actor_answers_for_every_action_and_a_critic_with_one_value():
    features = Features(VECTOR, (4,), nn.Tanh)
    assert CategoricalActor(features, 5)(torch.zeros(3, 3)).mode().shape == (3,)
    assert Critic(features)(torch.zeros(3, 3)).shape == (3,)


def test_by_hand_what_a_categorical_actor_computes_are_logits_and_become_probabilities_once():
    actor = CategoricalActor(Features(VECTOR, (4,), nn.Tanh), 2)
    with torch.no_grad():
        actor.head.weight.zero_()
        actor.head.bias.copy_(torch.tensor([math.log(3), 0]))
    assert actor(torch.zeros(1, 3)).log_prob(torch.tensor([0])).exp().item() == pytest.approx(3 / (3 + 1))


def test_orthogonal_weights_keep_lengths_but_for_the_gain():
    layer = nn.Linear(4, 8)
    orthogonal_([layer, nn.Tanh()], gain=3.0)
    vector = torch.randn(4)
    assert (layer.weight @ vector).norm().item() == pytest.approx(3 * vector.norm().item(), rel=1e-5)
    assert layer.bias.tolist() == [0] * 8


def test_parameters_of_shared_features_are_listed_once_and_frozen_ones_not_at_all():
    features = Features(VECTOR, (4,), nn.Tanh)
    actor, critic = CategoricalActor(features, 2), Critic(features)
    listed = unique_parameters(actor, critic)
    assert len(listed) == len({id(p) for p in listed}) == 2 + 2 + 2
    assert unique_parameters(actor, critic, without=critic.parameters()) == [*actor.head.parameters()]
    critic.head.requires_grad_(requires_grad=False)
    assert {id(p) for p in unique_parameters(actor, critic)} == {id(p) for p in actor.parameters()}


def test_parameters_of_a_critic_are_listed_without_those_it_shares():
    features = Features(VECTOR, (4,), nn.Tanh)
    actor, critic = CategoricalActor(features, 2), Critic(features)
    assert {id(p) for p in unique_parameters(critic, without=actor.parameters())} == {id(p) for p in critic.head.parameters()}
    critic.head.bias.requires_grad_(requires_grad=False)
    assert unique_parameters(critic, without=actor.parameters()) == [critic.head.weight]
