from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete
from torch import nn

from rlchassis.api import Environments, UsageError
from rlchassis_networks import LayerNormMLP, NetworkFactoryLayerNormMLP, NetworkFactorySimBa, SimBa
from rlchassis_networks.vectors import SimBaBlock

VECTOR, ACTIONS = Box(-1, 1, (3,), np.float32), Box(-1, 1, (2,), np.float32)
FACTORIES = [NetworkFactoryLayerNormMLP((8, 6)), NetworkFactorySimBa(size=6, num_blocks=2)]


def created(factory, space, actions=ACTIONS):
    return factory.create_module(Environments.from_spaces(space, actions), torch.device("cpu"))


def test_layer_norm_stands_before_the_activation_by_hand():
    mlp = LayerNormMLP(1, (2,))
    with torch.no_grad():
        mlp[0].weight.copy_(torch.tensor([[1.0], [3.0]]))
        mlp[0].bias.zero_()
        mlp[1].weight.fill_(2.0)
        mlp[1].bias.fill_(0.5)
    [[below, above]] = mlp(torch.tensor([[5.0]])).tolist()  # 5 and 15 have mean 10 and deviation 5
    assert below == 0  # relu(2 · −1 + 0.5)
    assert above == pytest.approx(2.5, abs=1e-5)


def test_a_block_of_simba_by_hand():
    block = SimBaBlock(2, expansion=1)
    norm, first, _, second = block.layers
    with torch.no_grad():
        first.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 2.0]]))
        second.weight.copy_(torch.tensor([[0.0, 3.0], [1.0, 0.0]]))
        first.bias.zero_()
        second.bias.copy_(torch.tensor([0.25, -0.25]))
    norm.eps = 0.0
    assert block(torch.tensor([[1.0, 3.0]])).tolist() == [[1 + 3 * 2 + 0.25, 3 - 0.25]]  # norm gives −1 and 1, relu 0 and 2


def test_simba_has_the_number_of_parameters_of_its_layers():
    network, size, width = SimBa(17, 128, num_blocks=2), 128, 512
    block = 2 * size + size * width + width + width * size + size
    assert sum(p.numel() for p in network.parameters()) == 17 * size + size + 2 * block + 2 * size
    assert isinstance(network[-1], nn.LayerNorm)


@pytest.mark.parametrize("factory", FACTORIES, ids=repr)
def test_they_read_observations_of_any_space_and_actions_beside_them(factory):
    obs = {"a": torch.tensor([0, 2]), "b": torch.rand(2, 3)}
    envs = Environments.from_spaces(Dict(a=Discrete(3), b=VECTOR), ACTIONS)
    assert factory.create_module(envs, torch.device("cpu"))(obs).shape == (2, 6)
    joint = factory.create_joint(envs, torch.device("cpu"))
    features = joint(obs, torch.rand(2, 2))
    assert features.shape == (2, 6)
    assert not torch.equal(features, joint(obs, torch.zeros(2, 2)))


@pytest.mark.parametrize("factory", FACTORIES, ids=repr)
def test_a_gradient_reaches_every_parameter(factory):
    network = created(factory, VECTOR)
    (network(torch.rand(16, 3)) ** 3).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


@pytest.mark.parametrize(
    ("kind", "options"),
    [(NetworkFactoryLayerNormMLP, {"hidden_sizes": ()}), (NetworkFactorySimBa, {"size": 0}), (NetworkFactorySimBa, {"num_blocks": 1.5})],
)
def test_an_option_out_of_range_is_refused_by_its_name(kind, options):
    with pytest.raises(UsageError, match=f"^{next(iter(options))} must be"):
        kind(**options)
