from __future__ import annotations

import pytest
import torch
from attrs import frozen
from gymnasium.spaces import Box, Dict, Discrete
from torch import nn

from rlchassis.envs import Environments
from rlchassis.errors import UnsupportedSpaceError, UsageError
from rlchassis_toolkit.factories.action_critics import (
    ActionCriticFactory,
    ActionCriticFactoryDefault,
    ActionCriticFactoryReuseActor,
    create_critics,
    two_critics,
)
from rlchassis_toolkit.factories.networks import ActorFactoryDefault, DeterministicActorFactoryDefault, IntermediateModuleFactoryDefault
from rlchassis_toolkit.networks.ensembles import CriticEnsemble, DiscreteCriticEnsemble, EnsembleLinear, EnsembleMLP, SideBySide, first_of
from rlchassis_toolkit.targets import polyak_update, target_copy

CPU = torch.device("cpu")
VECTORS = torch.randn(7, 3, generator=torch.Generator().manual_seed(0))
ACTIONS = torch.randn(7, 2, generator=torch.Generator().manual_seed(1))


def envs(actions=None, observations=None) -> Environments:
    return Environments.from_spaces(observations or Box(-1, 1, (3,)), actions or Box(-1, 1, (2,)))


def test_members_answer_what_each_would_alone():
    networks = EnsembleMLP(4, 3, (5, 6), nn.Tanh, 2)
    together = networks(VECTORS)
    assert together.shape == (4, 7, 2)
    for member in range(4):
        vectors = VECTORS
        for layer in networks:
            vectors = vectors @ layer.weight[member] + layer.bias[member] if isinstance(layer, EnsembleLinear) else layer(vectors)
        assert torch.allclose(together[member], vectors, atol=1e-6)


def test_members_are_initialised_by_themselves_as_torchs_linear_layers_are():
    layer = EnsembleLinear(50, 16, 40)
    for parameter in (layer.weight, layer.bias):
        assert len(parameter.flatten(1).unique(dim=0)) == 50
        assert parameter.abs().max().item() == pytest.approx(16**-0.5, rel=0.01)
        assert parameter.mean().item() == pytest.approx(0, abs=0.01)


def test_the_gradient_of_one_member_leaves_the_others_alone():
    networks = EnsembleMLP(3, 3, (5,), nn.ReLU, 1)
    networks(VECTORS)[1].sum().backward()
    for parameter in networks.parameters():
        assert [bool(parameter.grad[member].any()) for member in range(3)] == [False, True, False]


@pytest.mark.parametrize("hidden_sizes", [((8,), (8,)), ((8,), (4, 4))])
def test_the_first_of_several_critics_can_be_asked_alone(hidden_sizes):
    critics = create_critics([ActionCriticFactoryDefault(sizes) for sizes in hidden_sizes], envs(), CPU)
    values = critics(VECTORS, ACTIONS)
    assert torch.allclose(first_of(critics, VECTORS, ACTIONS), values[0], atol=1e-6)
    alone, together = (
        torch.autograd.grad(v.sum(), critics.parameters(), materialize_grads=True) for v in (first_of(critics, VECTORS, ACTIONS), values[0])
    )
    for one, other in zip(alone, together, strict=True):
        assert torch.allclose(one, other, atol=1e-6)


@pytest.mark.parametrize(
    ("actions", "kind", "shape"), [(Box(-1, 1, (2,)), CriticEnsemble, (2, 7)), (Discrete(5), DiscreteCriticEnsemble, (2, 7, 5))]
)
def test_equal_descriptions_make_one_network(actions, kind, shape):
    critics = create_critics([ActionCriticFactoryDefault((8,)), ActionCriticFactoryDefault((8,))], envs(actions), CPU)
    assert isinstance(critics, kind)
    arguments = (VECTORS, ACTIONS) if isinstance(actions, Box) else (VECTORS,)
    values = critics(*arguments)
    assert values.shape == shape
    assert not torch.equal(values[0], values[1])


@frozen
class HasTwo:
    critics: tuple[ActionCriticFactory, ActionCriticFactory] = two_critics()


@pytest.mark.parametrize(
    "critics", [(), (ActionCriticFactoryDefault(),), [ActionCriticFactoryDefault()] * 2, (ActionCriticFactoryDefault(), "mlp")]
)
def test_two_critics_are_a_tuple_of_two_descriptions(critics):
    assert HasTwo().critics == (ActionCriticFactoryDefault(), ActionCriticFactoryDefault())
    with pytest.raises(UsageError, match=r"^critics must be a tuple of two ActionCriticFactory, not "):
        HasTwo(critics=critics)


@pytest.mark.parametrize(("actions", "shape"), [(Box(-1, 1, (2,)), (2, 7)), (Discrete(5), (2, 7, 5))])
def test_different_descriptions_stand_side_by_side_and_answer_alike(actions, shape):
    critics = create_critics([ActionCriticFactoryDefault((8,)), ActionCriticFactoryDefault((4, 4))], envs(actions), CPU)
    assert isinstance(critics, SideBySide)
    assert critics(*((VECTORS, ACTIONS) if isinstance(actions, Box) else (VECTORS,))).shape == shape


def test_a_critic_of_ones_own_need_only_describe_one():
    class Own(ActionCriticFactory):
        def create_module(self, envs, device, actor=None):
            class Sum(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.scale = nn.Parameter(torch.rand(()))

                def forward(self, obs, actions):
                    return self.scale * (obs.sum(-1) + actions.sum(-1))

            return Sum()

    own = Own()
    values = create_critics([own, own], envs(), CPU)(VECTORS, ACTIONS)
    assert values.shape == (2, 7)
    assert not torch.equal(values[0], values[1])


@pytest.mark.parametrize("kind", [ActionCriticFactoryDefault, ActionCriticFactoryReuseActor])
def test_a_critic_that_a_subclass_makes_otherwise_is_made_so_for_several_too(kind):
    @frozen
    class Silent(kind):
        def create_module(self, envs, device, actor=None):
            critic = super().create_module(envs, device, actor)
            for parameter in critic.parameters():
                parameter.data.zero_()
            return critic

    actor = ActorFactoryDefault((8,), nn.ReLU).create_module(envs(), CPU)
    critics = Silent((8,)).create_ensemble(2, envs(), CPU, actor)
    assert critics(VECTORS, ACTIONS).tolist() == [[0.0] * 7] * 2


def test_critics_may_share_the_actors_features():
    actor = ActorFactoryDefault((8,), nn.ReLU).create_module(envs(), CPU)
    critics = create_critics([ActionCriticFactoryReuseActor((4,))] * 2, envs(), CPU, actor)
    assert critics.encoder is actor.features
    assert critics(VECTORS, ACTIONS).shape == (2, 7)
    with pytest.raises(UsageError, match="cannot reuse this actor's features"):
        create_critics([ActionCriticFactoryReuseActor()], envs(), CPU)


def test_critics_take_observations_and_actions_of_any_shape():
    space = Dict(at=Box(-1, 1, (3,)), on=Discrete(2))
    obs = {"at": VECTORS, "on": torch.ones(7, dtype=torch.long)}
    critics = create_critics([ActionCriticFactoryDefault((8,))], envs(Box(-1, 1, (2, 1)), space), CPU)
    assert critics(obs, ACTIONS).shape == (1, 7)
    assert torch.equal(critics(obs, ACTIONS), critics(obs, ACTIONS.unflatten(1, (2, 1))))


def test_a_deterministic_actor_answers_actions_in_range_and_only_continuous_ones():
    actor = DeterministicActorFactoryDefault((8,)).create_module(envs(Box(-3, 3, (2, 2))), CPU)
    assert actor(100 * VECTORS).shape == (7, 4)
    assert actor(100 * VECTORS).abs().max() <= 1
    with pytest.raises(UnsupportedSpaceError, match="choose another actor"):
        DeterministicActorFactoryDefault().create_module(envs(Discrete(2)), CPU)


def test_an_intermediate_module_tells_how_many_features_it_has():
    module = IntermediateModuleFactoryDefault((8, 5), nn.Tanh).create_module(envs(), CPU)
    assert module(VECTORS).shape == (7, module.output_dim) == (7, 5)
    assert sum(isinstance(part, nn.Tanh) for part in module.modules()) == 2


def test_by_hand_a_target_moves_by_a_fraction_of_the_way():
    source = nn.Linear(1, 2, bias=False)
    target = target_copy(source)
    before = source.weight.clone()
    with torch.no_grad():
        source.weight += torch.tensor([[1.0], [-2.0]])
    polyak_update(target, source, 0.25)
    assert torch.allclose(target.weight, before + torch.tensor([[0.25], [-0.5]]))
    polyak_update(target, source, 0.25)
    assert torch.allclose(target.weight, before + torch.tensor([[0.4375], [-0.875]]))
    polyak_update(target, source, 1.0)
    assert torch.equal(target.weight, source.weight)


def test_a_target_has_no_gradients_and_follows_buffers_at_once():
    source = nn.BatchNorm1d(3)
    target = target_copy(source)
    assert not any(parameter.requires_grad for parameter in target.parameters())
    assert all(parameter.requires_grad for parameter in source.parameters())
    source(VECTORS)
    polyak_update(target, source, 0.1)
    assert torch.equal(target.running_mean, source.running_mean)
    assert target.num_batches_tracked.item() == 1
