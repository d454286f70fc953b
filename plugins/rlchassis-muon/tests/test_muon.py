from __future__ import annotations

import logging
import math

import pytest
import torch
from torch import nn

from rlchassis.api import Optimizer, UsageError, without_dynamo
from rlchassis.learning.optimizer.parameters import ParameterStorage
from rlchassis_muon import OptimizerFactoryMuon
from rlchassis_muon.orthogonal import orthogonalized
from rlchassis_testkit.optimizer_steps import LR, assert_resumes_exactly, descend

ROTATION = torch.tensor([[0.6, -0.8], [0.8, 0.6]])


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def parts() -> list[nn.Parameter]:
    """Weights and biases of a network with a hidden matrix, an ensemble of them and a kernel, all of four to eight on a side."""
    shapes = ((8, 3), (8,), (6, 8), (6,), (2, 6), (2,), (3, 4, 5), (4, 2, 2, 2))
    return [nn.Parameter(random(*shape, seed=i)) for i, shape in enumerate(shapes)]


def hidden_and_rest(factory: OptimizerFactoryMuon, params: list[nn.Parameter]) -> tuple[list[int], list[int]]:
    """Positions of the parameters that Muon and AdamW step."""
    found = {group["is_hidden"]: group["params"] for group in factory.create_optimizer_for_params(params, LR).param_groups}
    hidden, rest = ([i for i, p in enumerate(params) if any(p is each for each in found.get(kind, []))] for kind in (True, False))
    return hidden, rest


def test_matrices_that_are_wide_on_both_sides_are_hidden():
    assert hidden_and_rest(OptimizerFactoryMuon(min_width=4), parts()) == ([2, 6, 7], [0, 1, 3, 4, 5])
    assert hidden_and_rest(OptimizerFactoryMuon(min_width=6), parts()) == ([2], [0, 1, 3, 4, 5, 6, 7])


def test_in_a_network_the_layers_between_first_and_last_are_hidden():
    network = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 48), nn.Tanh(), nn.Linear(48, 2))
    assert hidden_and_rest(OptimizerFactoryMuon(), list(network.parameters())) == ([2], [0, 1, 3, 4, 5])


def test_a_rotation_by_hand_is_its_own_orthogonal_part():
    assert torch.allclose(orthogonalized(ROTATION * 7, 1) * math.sqrt(2), sum(orthogonal_once()) * ROTATION, atol=1e-5)


def orthogonal_once() -> list[float]:
    """Terms of a σ + b σ³ + c σ⁵ at σ = 1/√2, times √2: the singular values of a rotation divided by its norm √2."""
    a, b, c = 3.4445, -4.7750, 2.0315
    return [a, b / 2, c / 4]


@pytest.mark.parametrize("shape", [(6, 6), (3, 8), (8, 3), (2, 5, 7), (2, 7, 5)], ids=str)
def test_singular_values_come_near_1_and_singular_vectors_stay(shape):
    matrices = random(*shape)
    u, _, v = torch.linalg.svd(matrices, full_matrices=False)
    found = orthogonalized(matrices, 8)
    values = u.transpose(-2, -1) @ found @ v.transpose(-2, -1)
    diagonal = torch.diagonal(values, dim1=-2, dim2=-1)
    assert ((diagonal > 0.65) & (diagonal < 1.25)).all()
    assert torch.allclose(values, torch.diag_embed(diagonal), atol=1e-4)


def test_zero_stays_zero():
    assert torch.equal(orthogonalized(torch.zeros(4, 4), 5), torch.zeros(4, 4))


@pytest.mark.parametrize("match_adamw", [True, False])
@pytest.mark.parametrize("nesterov", [True, False])
def test_a_hidden_matrix_is_stepped_as_by_torchs_muon_to_its_half_precision(match_adamw, nesterov):
    factory = OptimizerFactoryMuon(min_width=4, match_adamw=match_adamw, nesterov=nesterov, weight_decay=0.1)
    first, second = nn.Parameter(random(8, 5)), nn.Parameter(random(8, 5))
    adjusted = "match_rms_adamw" if match_adamw else "original"
    torchs = without_dynamo(torch.optim.Muon)([second], LR, 0.1, nesterov=nesterov, adjust_lr_fn=adjusted)
    ours, theirs = Optimizer.create(factory, [first], LR), Optimizer(torchs, ParameterStorage([second]), LR)
    for step in range(6):
        ours.descend((first * random(8, 5, seed=step)).sum())
        theirs.descend((second * random(8, 5, seed=step)).sum())
    moved = (first - random(8, 5)).abs().mean()
    assert (first - second).abs().mean() < 0.02 * moved


def test_members_of_an_ensemble_are_stepped_as_matrices_of_their_own():
    factory = OptimizerFactoryMuon(min_width=4, match_adamw=False)
    ensemble, members = nn.Parameter(random(2, 5, 9)), [nn.Parameter(each.T.contiguous()) for each in random(2, 5, 9)]
    descend(Optimizer.create(factory, [ensemble], LR), [ensemble], range(3))
    descend(Optimizer.create(factory, members, LR), members, range(3))
    assert torch.allclose(ensemble, torch.stack([each.T for each in members]), atol=1e-5)


def test_a_kernel_is_stepped_as_a_matrix_of_its_outputs():
    factory = OptimizerFactoryMuon(min_width=4)
    kernel, matrix = nn.Parameter(random(6, 2, 3, 3)), nn.Parameter(random(6, 2, 3, 3).flatten(1))
    descend(Optimizer.create(factory, [kernel], LR), [kernel], range(3))
    descend(Optimizer.create(factory, [matrix], LR), [matrix], range(3))
    assert torch.equal(kernel.flatten(1), matrix)


def test_the_rest_is_stepped_as_by_torchs_adamw():
    options = {"betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}
    first, second = ([nn.Parameter(random(7)), nn.Parameter(random(2, 9))] for _ in range(2))
    torchs = without_dynamo(torch.optim.AdamW)(second, 2 * LR, **options, fused=True)
    descend(Optimizer.create(OptimizerFactoryMuon(adamw_scale=2.0, **options), first, LR), first, range(5))
    descend(Optimizer(torchs, ParameterStorage(second), LR), second, range(5))
    assert all(torch.equal(p, q) for p, q in zip(first, second, strict=True))


def test_a_schedule_sets_the_learning_rate_of_both_groups():
    optimizer = Optimizer.create(OptimizerFactoryMuon(min_width=4), parts(), LR, lambda progress: 1 - progress)
    optimizer.set_progress(0.5)
    assert [group["lr"] for group in optimizer.torch_optimizer.param_groups] == [LR / 2, LR / 2]


def test_its_state_goes_on_to_the_last_bit():
    assert_resumes_exactly(OptimizerFactoryMuon(min_width=4), parts(), 6)


def test_parameters_without_gradient_stay():
    params = parts()
    factory = OptimizerFactoryMuon(min_width=4, weight_decay=0.1)
    made = factory.create_optimizer_for_params(params, LR)
    factory.step_of(made)(made)
    assert all(torch.equal(p, q) for p, q in zip(params, parts(), strict=True))


@pytest.mark.parametrize(
    ("params", "warnings"), [([(4, 4), (4,)], 1), ([(4,), (1,)], 0), ([(64, 64)], 0)], ids=["small matrices", "vectors", "a hidden matrix"]
)
def test_matrices_without_a_hidden_one_are_warned_of(params, warnings, caplog):
    with caplog.at_level(logging.WARNING):
        OptimizerFactoryMuon().create_optimizer_for_params([nn.Parameter(torch.zeros(shape)) for shape in params], LR)
    assert len(caplog.records) == warnings
    assert all("no matrix is 32 wide on both sides; set min_width lower" in record.message for record in caplog.records)


@pytest.mark.parametrize(
    "options",
    [{"min_width": 1}, {"momentum": 1.0}, {"num_iterations": 0}, {"betas": (0.9, 1.0)}, {"eps": 0.0}, {"adamw_scale": 0.0}],
    ids=str,
)
def test_an_option_out_of_range_is_refused_by_its_name(options):
    with pytest.raises(UsageError, match=f"^{next(iter(options))} must be"):
        OptimizerFactoryMuon(**options)
