from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete, Tuple
from torch import nn

from rlchassis.data.experience import as_tensors
from rlchassis.envs import Environments, examples
from rlchassis_toolkit.factories.action_critics import ActionCriticFactoryDefault, ActionCriticFactoryReuseActor, create_critics
from rlchassis_toolkit.factories.networks import ActorFactoryDefault
from rlchassis_toolkit.networks.actors_and_critics import Features
from rlchassis_toolkit.networks.encoders import DictEncoder, ScaledEncoder, VectorEncoder, encoder_for
from rlchassis_toolkit.networks.ensembles import CriticEnsemble
from rlchassis_toolkit.networks.images import CNN, image_layout
from rlchassis_toolkit.targets import polyak_update, target_copy

CPU = torch.device("cpu")
SMALL = Box(0, 255, (8, 8, 3), np.uint8)
CAMERA = Dict(camera=SMALL, more=Dict(grid=Box(0, 10, (2, 2), np.uint8), kind=Discrete(3)), state=Box(-1.0, 1.0, (5,), np.float32))


def bytes_of(*shape: int) -> Box:
    return Box(0, 255, shape, np.uint8)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((84, 84, 3), (1, 84, 84, 3, False)),
        ((3, 84, 96), (1, 84, 96, 3, True)),
        ((4, 84, 84), (1, 84, 84, 4, True)),
        ((84, 84, 2), (1, 84, 84, 2, False)),
        ((10, 10, 7), (1, 10, 10, 7, False)),
        ((6, 10, 10), (1, 10, 10, 6, True)),
        ((5, 5, 5), (1, 5, 5, 5, False)),
        ((1, 8, 3), (1, 8, 3, 1, True)),
        ((4, 84, 84, 3), (4, 84, 84, 3, False)),
        ((4, 3, 84, 84), (4, 84, 84, 3, True)),
        ((84, 84), (1, 84, 84, 1, True)),
        ((5, 5), None),
        ((25,), None),
        ((2, 2, 2, 2, 3), None),
        ((0, 8, 3), None),
    ],
)
def test_an_image_is_known_by_its_axes(shape, expected):
    layout = image_layout(bytes_of(*shape))
    assert expected == (None if layout is None else (layout.frames, layout.height, layout.width, layout.channels, layout.channels_first))


def test_bytes_of_other_bounds_are_no_image():
    assert image_layout(Box(0, 1, (8, 8, 3), np.uint8)) is None
    assert image_layout(Box(0, 254, (8, 8, 3), np.uint8)) is None
    assert image_layout(Box(0, 255, (8, 8, 3), np.int16)) is None


@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (8, 8, 3), (3, 2, 2), (3, 35, 36), (36, 36, 1), (4, 84, 84), (2, 9, 9, 3), (210, 160, 3), (7, 300, 1)]
)
def test_images_of_any_size_become_features(shape):
    encoder = encoder_for(bytes_of(*shape))
    assert isinstance(encoder, CNN)
    assert encoder(as_tensors(examples(bytes_of(*shape), 2), CPU)).shape == (2, encoder.output_dim)
    assert encoder.output_dim == (512 if min(encoder.layout.height, encoder.layout.width) >= 36 else 256)


def test_the_network_of_the_paper_reads_large_images():
    layers = [tuple(p.shape) for p in encoder_for(bytes_of(4, 84, 84)).parameters() if p.dim() > 1]
    assert layers == [(32, 4, 8, 8), (64, 32, 4, 4), (64, 64, 3, 3), (512, 3136)]


def test_large_images_get_further_convolutions_so_that_the_linear_layer_stays_small():
    *_, linear, _ = encoder_for(bytes_of(600, 800, 3)).layers
    assert linear.in_features == 64 * 9 * 12


def test_both_layouts_of_one_image_are_read_alike_and_bytes_as_fractions_of_255():
    last, first = encoder_for(bytes_of(8, 8, 3)), encoder_for(bytes_of(3, 8, 8))
    first.load_state_dict(last.state_dict())
    image = torch.randint(256, (2, 8, 8, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(last(image), first(image.movedim(-1, 1)))
    assert torch.allclose(last(image), last.layers(image.movedim(-1, 1) / 255), atol=1e-6)
    stack = encoder_for(bytes_of(2, 8, 8, 3))
    frames = torch.stack([image, 255 - image], 1)
    assert torch.allclose(stack(frames), stack.layers(torch.cat([image, 255 - image], -1).movedim(-1, 1) / 255), atol=1e-6)


@pytest.mark.parametrize(
    ("space", "kind", "obs", "encoded"),
    [
        (Box(0, 1, (2, 2), np.uint8), VectorEncoder, [[0, 1], [1, 0]], [0, 1, 1, 0]),
        (Box(0, 10, (3,), np.uint8), ScaledEncoder, [0, 5, 10], [0, 0.5, 1]),
        (Box(0, 10, (1, 1, 3), np.uint8), ScaledEncoder, [[[0, 5, 10]]], [0, 0.5, 1]),
        (Box(0, 255, (3,), np.uint8), ScaledEncoder, [0, 51, 255], [0, 0.2, 1]),
        (Box(0, 255, (1, 2), np.uint8), ScaledEncoder, [[51, 255]], [0.2, 1]),
        (Box(-4, 2, (2,), np.int8), ScaledEncoder, [-4, 2], [-1, 0.5]),
        (Box(np.array([0, -8]), np.array([1, 4]), dtype=np.int64), ScaledEncoder, [1, -8], [1, -1]),
        (Box(0, np.iinfo(np.int64).max, (1,), np.int64), VectorEncoder, [3], [3]),
        (Box(0, 1, (2,), np.bool_), VectorEncoder, [0, 1], [0, 1]),
        (Box(-2.0, 8.0, (2,), np.float32), VectorEncoder, [-2, 8], [-2, 8]),
    ],
    ids=str,
)
def test_by_hand_bounded_whole_numbers_are_divided_by_the_largest_that_their_bounds_allow(space, kind, obs, encoded):
    encoder = encoder_for(space)
    assert type(encoder) is kind
    assert encoder(torch.tensor([obs]))[0].tolist() == pytest.approx(encoded)
    assert not encoder.state_dict(), "what follows from the space is not stored"


def test_every_image_in_a_dict_has_a_cnn_beside_what_encodes_the_rest():
    encoder = encoder_for(CAMERA)
    assert isinstance(encoder, DictEncoder)
    assert encoder.output_dim == 256 + 5 + 3 + 4
    more = "'more': ('grid': vector of 4, divided by 10; 'kind': one-hot of 3)"
    assert encoder.description() == f"'camera': CNN 8x8x3 (channels last) → 256; {more}; 'state': vector of 5"
    assert Features(CAMERA, (7,), nn.ReLU)(as_tensors(examples(CAMERA, 2), CPU)).shape == (2, 7)


def test_a_network_says_what_becomes_of_each_part_of_an_observation():
    actor = ActorFactoryDefault().create_module(Environments.from_spaces(SMALL, Discrete(2)), CPU)
    assert {module.encoding for module in actor.modules() if hasattr(module, "encoding")} == {"CNN 8x8x3 (channels last) → 256"}


def test_a_cnn_is_orthogonal_where_linear_layers_are():
    actor = ActorFactoryDefault().create_module(Environments.from_spaces(SMALL, Discrete(2)), CPU)
    kernels = actor.features[0].layers[0].weight.flatten(1)  # 32 rows of 27 columns
    assert torch.allclose(kernels.T @ kernels, 2 * torch.eye(27), atol=1e-4)
    assert not actor.features[0].layers[0].bias.any()


def test_each_critic_of_several_has_a_cnn_of_its_own_that_its_target_follows():
    envs, obs, actions = Environments.from_spaces(SMALL, Box(-1, 1, (2,))), as_tensors(examples(SMALL, 4), CPU), torch.zeros(4, 2)
    critics = create_critics([ActionCriticFactoryDefault((8,))] * 3, envs, CPU)
    values = critics(obs, actions)
    assert values.shape == (3, 4)
    assert critics(obs, actions, members=torch.tensor([2, 0])).tolist() == values[[2, 0]].tolist()
    values[1].sum().backward()
    touched = [any(p.grad is not None and bool(p.grad.any()) for p in critic.parameters()) for critic in critics.critics]
    assert touched == [False, True, False]
    target = target_copy(critics)
    with torch.no_grad():
        for p in critics.parameters():
            p.add_(1)
    polyak_update(target, critics, 1.0)
    assert torch.equal(target(obs, actions), critics(obs, actions))


def test_critics_of_discrete_actions_and_of_the_actors_features_read_images_too():
    envs, obs = Environments.from_spaces(SMALL, Discrete(3)), as_tensors(examples(SMALL, 4), CPU)
    assert create_critics([ActionCriticFactoryDefault((8,))] * 2, envs, CPU)(obs).shape == (2, 4, 3)
    envs = Environments.from_spaces(SMALL, Box(-1, 1, (2,)))
    actor = ActorFactoryDefault((8,)).create_module(envs, CPU)
    shared = create_critics([ActionCriticFactoryReuseActor((8,))] * 2, envs, CPU, actor)
    assert isinstance(shared, CriticEnsemble)
    assert shared(obs, torch.zeros(4, 2)).shape == (2, 4)


def test_each_image_within_tuples_and_dicts_has_a_cnn_of_its_own():
    space = Tuple([SMALL, Dict(front=bytes_of(3, 40, 40), more=Tuple([SMALL, Discrete(3)]))])
    encoder = encoder_for(space)
    networks = [module for module in encoder.modules() if isinstance(module, CNN)]
    assert [network.output_dim for network in networks] == [256, 512, 256]
    assert len({id(p) for network in networks for p in network.parameters()}) == 3 * 8
    assert encoder(as_tensors(examples(space, 4), CPU)).shape == (4, 256 + 512 + 256 + 3)
