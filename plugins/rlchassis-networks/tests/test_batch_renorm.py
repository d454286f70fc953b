from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box
from torch import nn
from torch.nn.functional import batch_norm

from rlchassis.api import Environments, UsageError
from rlchassis_networks import BatchRenorm, NetworkFactoryBatchRenormMLP
from rlchassis_toolkit import polyak_update, target_copy

ENVS = Environments.from_spaces(Box(-1, 1, (3,), np.float32), Box(-1, 1, (2,), np.float32))
BATCH = torch.tensor([[1.0], [3.0]])  # mean 2, standard deviation 1


def renorm(mean, std, **options):
    layer = BatchRenorm(1, **{"eps": 0.0, "warm_up": 0, **options})
    layer.mean.fill_(mean)
    layer.std.fill_(std)
    return layer


def critic(warm_up=0):
    return NetworkFactoryBatchRenormMLP((8,), warm_up=warm_up).create_joint(ENVS, torch.device("cpu"))


def test_within_its_bounds_it_normalizes_by_running_statistics_by_hand():
    assert renorm(1.0, 2.0)(BATCH).tolist() == [[0.0], [1.0]]  # r = 1/2, d = 1/2: (x − 1) / 2


def test_corrections_are_clipped_by_hand():
    assert renorm(0.0, 0.1, r_max=3.0, d_max=5.0)(BATCH).tolist() == [[-3 + 5.0], [3 + 5.0]]  # r = 10 and d = 20 without bounds
    assert renorm(7.0, 4.0, r_max=3.0, d_max=1.0)(BATCH).flatten().tolist() == pytest.approx([-1 / 3 - 1, 1 / 3 - 1])  # 1/4 and −5/4


def test_running_statistics_move_by_momentum_where_the_layer_learns_and_nowhere_else():
    layer = renorm(0.0, 2.0, momentum=0.25)
    with torch.no_grad():
        layer(BATCH)
    layer.eval()(BATCH)
    layer.train()(BATCH, fixed=True)
    assert (layer.mean.item(), layer.std.item(), layer.num_batches.item()) == (0, 2, 0)
    layer(BATCH)
    assert (layer.mean.item(), layer.std.item(), layer.num_batches.item()) == (0.25 * 2, 0.75 * 2 + 0.25 * 1, 1)


def test_it_is_batch_normalization_while_it_warms_up():
    layer, plain = renorm(5.0, 9.0, warm_up=1, momentum=1e-9, eps=1e-5), nn.BatchNorm1d(1, eps=1e-5)
    x = torch.rand(6, 1)
    assert torch.allclose(layer(x), plain(x), atol=1e-6)
    assert not torch.allclose(layer(x), plain(x), atol=1e-2)


def test_in_evaluation_it_equals_batch_normalization_with_the_same_statistics():
    layer, x = renorm(0.5, 3.0).eval(), torch.rand(6, 1)
    with torch.no_grad():
        layer.weight.fill_(2.0)
        layer.bias.fill_(-1.0)
    expected = batch_norm(x, layer.mean, layer.std**2, layer.weight, layer.bias, eps=0.0)
    assert torch.allclose(layer(x), expected, atol=1e-6)


def test_no_gradient_flows_through_the_corrections():
    x = BATCH.clone().requires_grad_()
    renorm(1.0, 2.0)(x)[0].sum().backward()
    other = BATCH.clone().requires_grad_()
    (((other - other.mean(0)) / other.std(0, unbiased=False)) * 0.5)[0].sum().backward()  # r = 1/2 is a constant
    assert torch.allclose(x.grad, other.grad, atol=1e-6)


def test_a_critic_learns_its_statistics_from_its_own_batches_and_not_from_those_of_the_policy():
    network, obs, actions = critic(), torch.rand(16, 3), torch.rand(16, 2)
    before = copy.deepcopy(network.state_dict())
    network(obs, actions.clone().requires_grad_()).sum().backward()
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())
    network(obs, actions)
    moved = [key for key, value in network.state_dict().items() if not torch.equal(before[key], value)]
    assert {key.rpartition(".")[2] for key in moved} == {"mean", "std", "num_batches"}


def test_a_gradient_reaches_every_parameter():
    network = critic()
    (network(torch.rand(16, 3), torch.rand(16, 2)) ** 3).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_a_target_network_has_the_running_statistics_of_its_critic():
    network = critic()
    target = target_copy(network)
    network(torch.rand(16, 3), torch.rand(16, 2))
    polyak_update(target, network, 0.5)
    assert [b.tolist() for b in target.buffers()] == [b.tolist() for b in network.buffers()]


def test_a_network_of_observations_alone_is_refused_in_a_sentence():
    with pytest.raises(UsageError, match=r"got a place for a network of observations alone; choose layer-norm-mlp there\.$"):
        NetworkFactoryBatchRenormMLP().create_module(ENVS, torch.device("cpu"))
