from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from gymnasium.spaces import Box
from torch import nn

from rlchassis_toolkit.networks.actors_and_critics import CategoricalActor, Features, GaussianActor, MixedActor, MultiCategoricalActor
from rlchassis_toolkit.numpy_inference import LARGE_BATCH, DenseStack, infer


@pytest.fixture(params=[nn.Tanh, nn.ReLU])
def actor(request):
    torch.manual_seed(0)
    return CategoricalActor(Features(box(5), (16, 8), request.param), 3)


def box(size):
    return Box(-1, 1, (size,))


def observations(rows=4):
    return torch.randn(rows, 5)


def outputs(network, obs):
    with torch.no_grad():
        return infer(network, obs)[0], network(obs)[0]


def is_lean(network):
    return bool(DenseStack.of(network).layers)


def test_a_plain_network_acts_as_the_module_does(actor):
    assert is_lean(actor)
    for rows in (1, 4, LARGE_BATCH, LARGE_BATCH + 1):
        lean, full = outputs(actor, observations(rows))
        assert torch.allclose(lean, full, atol=1e-6)


@pytest.mark.parametrize("unbounded", [False, True])
@pytest.mark.parametrize("conditioned", [False, True])
def test_a_gaussian_actor_acts_as_the_module_does(unbounded, conditioned):
    actor = GaussianActor(Features(box(5), (16,), nn.Tanh), 2, unbounded=unbounded, conditioned_sigma=conditioned)
    obs = observations()
    with torch.no_grad():
        lean, full = infer(actor, obs), actor(obs)
    assert is_lean(actor)
    assert torch.allclose(lean.mean, full.mean, atol=1e-6)
    assert torch.allclose(lean.log_std, full.log_std, atol=1e-6)


@pytest.mark.parametrize("sizes", [(3, 3), (2, 4, 1)])
def test_actors_of_several_parts_act_as_the_modules_do(sizes):
    obs = observations()
    multi = MultiCategoricalActor(Features(box(5), (16,), nn.Tanh), sizes)
    mixed = MixedActor(Features(box(5), (16,), nn.Tanh), sizes, 2, conditioned_sigma=True)
    with torch.no_grad():
        for actor in (multi, mixed):
            assert is_lean(actor)
            for lean, full in zip(infer(actor, obs), actor(obs), strict=True):
                assert torch.allclose(lean, full, atol=1e-6)


def moved(actor):
    for p in actor.parameters():
        p.data = torch.randn_like(p)


def stepped(actor):
    with torch.no_grad():
        for p in actor.parameters():
            p.add_(1)


def loaded(actor):
    actor.load_state_dict({name: torch.randn_like(p) for name, p in actor.state_dict().items()})


def other_head(actor):
    actor.head = nn.Linear(8, 3)


def other_layer(actor):
    actor.features[0] = nn.Linear(5, 16)


def other_weight(actor):
    actor.head.weight = nn.Parameter(torch.randn(3, 8))


def hooked(actor):
    actor.features[0].register_forward_hook(lambda module, inputs, output: output + 1)


def wider(actor):
    actor.double().float()


@pytest.mark.parametrize("changed", [moved, stepped, loaded, other_head, other_layer, other_weight, hooked, wider])
def test_a_change_is_noticed(actor, changed):
    obs = observations()
    before, _ = outputs(actor, obs)
    changed(actor)
    lean, full = outputs(actor, obs)
    assert torch.allclose(lean, full, atol=1e-6)
    assert changed is wider or not torch.allclose(before, lean)


def test_a_copy_acts_by_its_own_weights(actor):
    obs = observations()
    before, _ = outputs(actor, obs)
    copy = deepcopy(actor)
    stepped(copy)
    assert torch.equal(outputs(actor, obs)[0], before)
    assert not torch.allclose(outputs(copy, obs)[0], before)


class Louder(CategoricalActor):
    def forward(self, obs):
        return self.interpret(2 * self.head(self.features(obs)))


@pytest.mark.parametrize(
    "network",
    [
        Louder(Features(box(5), (8,), nn.Tanh), 3),
        CategoricalActor(Features(box(5), (8,), nn.SiLU), 3),
        CategoricalActor(Features(box(5), (8,), nn.Tanh), 3).double(),
        nn.Sequential(nn.Linear(5, 8, bias=False)),
    ],
    ids=["another forward", "another activation", "double precision", "no bias"],
)
def test_any_other_network_acts_as_the_module_that_it_is(network):
    assert not is_lean(network)


def test_a_plain_stack_without_a_head_acts_as_the_module_does():
    network, obs = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 2)), observations()
    assert is_lean(network)
    with torch.no_grad():
        assert torch.allclose(infer(network, obs), network(obs), atol=1e-6)
        network.append(nn.Tanh())
        assert torch.allclose(infer(network, obs), network(obs), atol=1e-6)
        network.append(nn.Softplus())
        assert torch.equal(infer(network, obs), network(obs))


def test_gradients_flow_where_they_are_wanted(actor):
    infer(actor, observations())[0].sum().backward()
    assert actor.head.weight.grad is not None
