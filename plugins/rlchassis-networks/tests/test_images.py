from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete

from rlchassis.api import Environments, UnsupportedSpaceError
from rlchassis_networks import ImpalaCNN, NatureCNN, NetworkFactoryImpalaCNN, NetworkFactoryNatureCNN
from rlchassis_networks.images import ResidualBlock
from rlchassis_toolkit import image_layout

ATARI = Box(0, 255, (84, 84, 4), np.uint8)
SMALL = Box(0, 255, (3, 9, 7), np.uint8)


def size_of(module):
    return sum(p.numel() for p in module.parameters())


def images(space, count=2):
    return torch.from_numpy(np.stack([space.sample() for _ in range(count)]))


def created(factory, space):
    return factory.create_module(Environments.from_spaces(space, Discrete(2)), torch.device("cpu"))


def test_the_nature_cnn_has_the_shapes_and_the_number_of_parameters_of_the_paper():
    network = created(NetworkFactoryNatureCNN(), ATARI)
    convolutions = 4 * 64 * 32 + 32, 32 * 16 * 64 + 64, 64 * 9 * 64 + 64
    assert network.layers[2].in_features == 3136 == 64 * 7 * 7
    assert size_of(network) == sum(convolutions) + 3136 * 512 + 512 == 1_684_128
    assert network(images(ATARI)).shape == (2, 512)


def test_the_impala_cnn_has_the_shapes_and_the_number_of_parameters_of_the_paper():
    def section(before, channels):
        return before * 9 * channels + channels + 4 * (channels * 9 * channels + channels)

    network = created(NetworkFactoryImpalaCNN(), ATARI)
    assert network.layers[2].in_features == 32 * 11 * 11  # 84 → 42 → 21 → 11
    assert size_of(network) == section(4, 16) + section(16, 32) + section(32, 32) + 3872 * 256 + 256 == 1_089_232
    assert network(images(ATARI)).shape == (2, 256)
    assert created(NetworkFactoryImpalaCNN(width=2), ATARI).layers[2].in_features == 64 * 11 * 11


def test_a_residual_block_by_hand():
    block = ResidualBlock(1)
    first, second = block.layers[1], block.layers[3]
    with torch.no_grad():
        for layer, weight, bias in ((first, 2.0, -1.0), (second, 3.0, 0.5)):
            layer.weight.zero_()[0, 0, 1, 1] = weight
            layer.bias.fill_(bias)
    x = torch.tensor([[[[2.0, -5.0]]]])
    assert block(x).tolist() == [[[[2 + 3 * 3 + 0.5, -5 + 0.5]]]]  # relu(2 · 2 − 1) = 3, relu(2 · 0 − 1) = 0


@pytest.mark.parametrize(("factory", "space"), [(NetworkFactoryNatureCNN(), ATARI), (NetworkFactoryImpalaCNN(), SMALL)])
def test_a_gradient_reaches_every_parameter(factory, space):
    network = created(factory, space)
    network(images(space, 8)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


@pytest.mark.parametrize("kind", [NatureCNN, ImpalaCNN])
def test_images_with_channels_first_last_and_stacked_are_seen_alike(kind):
    last, first, stack = (Box(0, 255, shape, np.uint8) for shape in ((40, 36, 3), (3, 40, 36), (2, 40, 36, 3)))
    image = images(last, 1)
    torch.manual_seed(0)
    network = kind(image_layout(last), size=4)
    other = kind(image_layout(first), size=4)
    other.load_state_dict(network.state_dict())
    assert torch.equal(network(image), other(image.permute(0, 3, 1, 2)))
    assert kind(image_layout(stack), size=4)(images(stack)).shape == (2, 4)


def test_each_image_of_a_dict_has_a_cnn_and_other_parts_are_encoded_by_their_space():
    space = Dict(camera=SMALL, map=SMALL, state=Box(-1, 1, (2,), np.float32))
    network = created(NetworkFactoryImpalaCNN(size=5), space)
    obs = {"camera": images(SMALL), "map": images(SMALL), "state": torch.zeros(2, 2)}
    assert network(obs).shape == (2, 5 + 5 + 2)
    assert sum(isinstance(module, ImpalaCNN) for module in network.modules()) == 2


def test_a_vector_and_a_small_image_are_refused_in_a_sentence():
    with pytest.raises(
        UnsupportedSpaceError, match=r"^NetworkFactoryNatureCNN needs an image, .* got Box\(-1.0, 1.0, \(2,\), float32\); choose"
    ):
        created(NetworkFactoryNatureCNN(), Box(-1, 1, (2,), np.float32))
    with pytest.raises(UnsupportedSpaceError, match=r"at least 36 × 36 pixels, got 9 × 7; choose impala-cnn"):
        created(NetworkFactoryNatureCNN(), SMALL)
