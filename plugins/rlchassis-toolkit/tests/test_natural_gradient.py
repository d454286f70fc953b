from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple
from torch import distributions, nn
from torch.distributions import kl_divergence

from rlchassis.envs import Environments
from rlchassis_toolkit.distributions import ActionDistribution, Categorical, DiagonalGaussian
from rlchassis_toolkit.factories.networks import ActorFactoryDefault
from rlchassis_toolkit.natural_gradient import assign_, conjugate_gradient, fisher_vector_product, flat_gradient, flattened
from rlchassis_toolkit.product_distributions import MixedDistribution, MultiCategorical

OBS = torch.randn(7, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
ACTORS = {
    "categorical": (Discrete(3), {}),
    "gaussian": (Box(-1, 1, (2,), np.float32), {}),
    "unbounded": (Box(-1, 1, (2,), np.float32), {"continuous_unbounded": True}),
    "multi-categorical": (MultiDiscrete([3, 1, 2]), {}),
    "mixed": (Dict({"a": Discrete(3), "b": Box(-1, 1, (2,), np.float32), "c": Discrete(2)}), {}),
    "mixed and conditioned": (Tuple([MultiBinary(2), Box(-1, 1, (1,), np.float32)]), {"continuous_conditioned_sigma": True}),
    "conditioned": (Box(-1, 1, (2,), np.float32), {"continuous_conditioned_sigma": True}),
}


def actor_of(kind: str) -> nn.Module:
    space, options = ACTORS[kind]
    envs = Environments.from_spaces(Box(-1, 1, (4,), np.float32), space)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        actor = ActorFactoryDefault((3,), **options).create_module(envs, torch.device("cpu")).double()
        nn.init.normal_(actor.head.weight)  # decided, so that no two actions are alike
    return actor


def as_torchs(made: ActionDistribution) -> list[distributions.Distribution]:
    """The independent parts."""
    match made:
        case Categorical():
            return [distributions.Categorical(logits=made.logits)]
        case MultiCategorical():
            parts = [part[..., : int(part[0].isfinite().sum())] for part in made.logits.unbind(-2)]
            return [distributions.Categorical(logits=part) for part in parts]
        case MixedDistribution():
            return as_torchs(made.discrete) + as_torchs(made.continuous)
    return [distributions.Independent(distributions.Normal(made.mean, made.log_std.exp()), 1)]


def second_derivative_of_divergence(actor: nn.Module) -> torch.Tensor:
    """[P, P], by torch's own divergence and derivatives of the whole network."""
    parameters = dict(actor.named_parameters())
    old = as_torchs(type(actor(OBS))(*(part.detach() for part in actor(OBS))))

    def divergence(vector: torch.Tensor) -> torch.Tensor:
        parts = vector.split([p.numel() for p in parameters.values()])
        moved = {name: part.view_as(p) for (name, p), part in zip(parameters.items(), parts, strict=True)}
        new = as_torchs(torch.func.functional_call(actor, moved, (OBS,)))
        return sum(map(kl_divergence, old, new)).mean()

    return torch.autograd.functional.hessian(divergence, flattened(parameters.values()).detach())


@pytest.mark.parametrize("kind", ACTORS)
@pytest.mark.parametrize("damping", [0.0, 0.3])
def test_products_are_those_with_the_dense_second_derivative_of_the_divergence(kind, damping):
    actor = actor_of(kind)
    dense = second_derivative_of_divergence(actor)
    identity = torch.eye(len(dense), dtype=torch.float64)
    product = fisher_vector_product(actor(OBS), list(actor.parameters()), damping)
    products = torch.stack([product(vector) for vector in identity])
    assert torch.allclose(products, dense + damping * identity, rtol=1e-9, atol=1e-12)
    assert dense.abs().max() > 0.01


def test_products_are_those_with_the_expected_outer_product_of_scores():
    actor = actor_of("categorical")
    parameters = list(actor.parameters())
    dense = torch.zeros(len(flattened(parameters)), len(flattened(parameters)), dtype=torch.float64)
    for obs in OBS:
        for action in range(3):
            log_prob = actor(obs[None]).log_prob(torch.tensor([action]))
            score = flattened(torch.autograd.grad(log_prob, parameters))
            dense += log_prob.detach().exp() * torch.outer(score, score) / len(OBS)
    vector = torch.arange(len(dense), dtype=torch.float64)
    assert torch.allclose(fisher_vector_product(actor(OBS), parameters, 0.0)(vector), dense @ vector, rtol=1e-9)


def test_by_hand_the_fisher_matrix_of_a_coin_is_the_variance_of_its_side():
    theta = nn.Parameter(torch.tensor(math.log(3.0)))
    coins = Categorical(torch.stack([torch.stack([theta, torch.tensor(0.0)]), torch.tensor([1.0, 1.0])]))
    product = fisher_vector_product(coins, [theta], damping=0.5)
    assert product(torch.tensor([2.0])).item() == pytest.approx(2 * (0.75 * 0.25 / 2 + 0.5)), "the mean of two rows, one of them fixed"


def test_by_hand_the_fisher_matrix_of_a_gaussian_is_one_over_its_variance_and_two_for_its_log_deviation():
    mean, log_std = nn.Parameter(torch.tensor([[5.0]])), nn.Parameter(torch.tensor([[math.log(2.0)]]))
    product = fisher_vector_product(DiagonalGaussian(mean, log_std), [mean, log_std], damping=0.0)
    assert product(torch.tensor([1.0, 0.0])).tolist() == pytest.approx([1 / 4, 0])
    assert product(torch.tensor([0.0, 1.0])).tolist() == pytest.approx([0, 2])


def test_a_parameter_that_changes_nothing_is_only_damped_and_a_fixed_part_of_a_distribution_is_left_out():
    mean, idle = nn.Parameter(torch.zeros(1, 1)), nn.Parameter(torch.ones(2))
    product = fisher_vector_product(DiagonalGaussian(mean, torch.zeros(1, 1)), [mean, idle], damping=0.1)
    assert product(torch.tensor([1.0, 2.0, 3.0])).tolist() == pytest.approx([1.1, 0.2, 0.3])


def test_products_leave_no_gradient_behind():
    actor = actor_of("gaussian")
    product = fisher_vector_product(actor(OBS), list(actor.parameters()), 0.1)
    answer = product(torch.ones(len(flattened(actor.parameters())), dtype=torch.float64))
    assert not answer.requires_grad
    assert all(p.grad is None for p in actor.parameters())


def system(size: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(0)
    root = torch.randn(size, size, generator=rng, dtype=torch.float64)
    return root @ root.T + 0.1 * torch.eye(size, dtype=torch.float64), torch.randn(size, generator=rng, dtype=torch.float64)


@pytest.mark.parametrize("iterations", [6, 30])
def test_conjugate_gradients_solve_what_torch_solves(iterations):
    matrix, vector = system()
    assert torch.allclose(conjugate_gradient(lambda v: matrix @ v, vector, iterations), torch.linalg.solve(matrix, vector), rtol=1e-6)


def test_each_iteration_comes_closer_and_asks_for_one_product():
    matrix, vector = system()
    solution, asked = torch.linalg.solve(matrix, vector), []

    def product(v: torch.Tensor) -> torch.Tensor:
        asked.append(v)
        return matrix @ v

    misses = [conjugate_gradient(product, vector, iterations) - solution for iterations in range(1, 6)]
    distances = [(miss @ matrix @ miss).item() for miss in misses]
    assert distances == sorted(distances, reverse=True)
    assert len(asked) == 1 + 2 + 3 + 4 + 5


def test_by_hand_one_iteration_goes_as_far_along_the_vector_as_is_best():
    matrix, vector = torch.diag(torch.tensor([1.0, 3.0])), torch.tensor([1.0, 1.0])
    assert conjugate_gradient(lambda v: matrix @ v, vector, 1).tolist() == pytest.approx([2 / 4, 2 / 4])


def test_where_there_is_nothing_to_solve_the_solution_is_0():
    assert conjugate_gradient(lambda v: v, torch.zeros(3), 5).tolist() == [0, 0, 0]


def test_rounding_is_not_blown_up_where_the_matrix_is_singular():
    root = torch.randn(3, 8, generator=torch.Generator().manual_seed(0))
    matrix = root.T @ root
    vector = matrix @ torch.ones(8)
    solution = conjugate_gradient(lambda v: matrix @ v, vector, 50)
    assert torch.allclose(matrix @ solution, vector, rtol=1e-3)
    assert solution.norm() < 2 * torch.ones(8).norm()


def test_a_flat_gradient_has_a_0_for_what_the_loss_does_not_depend_on_and_can_be_asked_for_again():
    x, idle = nn.Parameter(torch.tensor([[1.0, 2.0]])), nn.Parameter(torch.ones(1))
    loss = x.square().sum()
    assert flat_gradient(loss, [idle, x]).tolist() == flat_gradient(loss, [idle, x]).tolist() == [0, 2, 4]


def test_flattened_parameters_are_assigned_back_exactly():
    parameters = [nn.Parameter(torch.tensor([[1.0, -0.0], [0.1, torch.inf]])), nn.Parameter(torch.tensor(3.0))]
    addresses = [p.data_ptr() for p in parameters]
    kept = flattened(parameters).detach()
    before = [p.detach().clone() for p in parameters]
    assign_(parameters, kept + 1)
    assert parameters[1].item() == 4
    assign_(parameters, kept)
    assert [p.detach().numpy().tobytes() for p in parameters] == [p.numpy().tobytes() for p in before]
    assert [p.data_ptr() for p in parameters] == addresses
