from __future__ import annotations

import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple

from rlchassis.data.experience import Observation
from rlchassis.errors import UsageError
from rlchassis.learning.output_checks import require_action, require_values
from rlchassis_toolkit.distributions import Categorical, DiagonalGaussian
from rlchassis_toolkit.policies.distribution_checks import require_distribution, require_gaussian
from rlchassis_toolkit.policies.squashed import SquashedGaussian
from rlchassis_toolkit.product_distributions import MixedDistribution, MultiCategorical

OBS = torch.zeros(3, 4)
MIXED = Dict(a=Discrete(3, start=5), b=Box(0, 7, (1,)))
MULTI = MultiCategorical.of(torch.zeros(3, 5), (3, 2))
NESTED: Observation = {"a": {"b": OBS}}


def values(answer, *sizes, **options):
    require_values(answer, OBS, *sizes, meaning="so many", **options)


EXPECTED = "expected float32 of shape"


@pytest.mark.parametrize(
    ("answer", "sizes", "said"),
    [
        (torch.zeros(3, 1), (), f"returns float32 of shape [3, 1], {EXPECTED} [3]: so many; drop its last dimension with .squeeze(-1)"),
        (torch.zeros(3, 2).double(), (2,), f"returns float64 of shape [3, 2], {EXPECTED} [3, 2]: so many; end it with .float()"),
        (torch.zeros(3).long(), (), f"returns int64 of shape [3], {EXPECTED} [3]: so many"),
        (torch.zeros(2, 3), (2,), f"returns float32 of shape [2, 3], {EXPECTED} [3, 2]: so many"),
        (
            torch.zeros(3, device="meta"),
            (),
            "returns a tensor on device meta, expected cpu; move the network in its factory with .to(device)",
        ),
        (torch.tensor([0.0, torch.inf, 0.0]), (), "returns non-finite numbers for observations of the space, expected float32"),
        (None, (), f"returns an object of class NoneType, {EXPECTED} [3]: so many"),
    ],
)
def test_errors_say_what_was_got_what_was_expected_and_what_to_do(answer, sizes, said):
    with pytest.raises(UsageError) as caught:
        values(answer, *sizes)
    assert str(caught.value).startswith(said)


def test_expected_outputs_are_accepted_also_for_nested_observations_and_ensembles():
    values(torch.zeros(3))
    values(torch.zeros(2, 3, 5), 5, members=2)
    require_values(torch.zeros(3), NESTED, meaning="so many")


@pytest.mark.parametrize(
    ("answer", "space"),
    [
        (torch.tensor([0, 1, 1]), Discrete(2)),
        (torch.tensor([0, 1, 1], dtype=torch.int32), Discrete(2, start=5)),
        (torch.zeros(3, 4), Box(-1, 1, (2, 2))),
        (torch.zeros(3, 2, 2), Box(-1, 1, (2, 2))),
        (torch.zeros(3, 1), Box(-1, 1, ())),
        (torch.zeros(3), Box(-1, 1, ())),
        (torch.tensor([[0, 1], [1, 2], [1, 0]]), MultiDiscrete([2, 3], start=[4, 4])),
        (torch.tensor([[0, 1], [1, 1], [1, 0]], dtype=torch.int32), MultiBinary((2, 1))),
        (torch.tensor([[0], [1], [1]]), Dict(a=Discrete(2))),
        (torch.tensor([[2, 0.5], [0, -0.5], [1, 2]]), MIXED),
        (torch.zeros(3, 3), Tuple([Box(-1, 1, (2,)), Box(-1, 1, ())])),
    ],
)
def test_actions_of_a_space_are_taken(answer, space):
    require_action(answer, OBS, space)


@pytest.mark.parametrize(
    ("answer", "space", "said"),
    [
        (torch.tensor([0, 2, 1]), Discrete(2), "returns the action 2, expected int64 of shape [3]: the index of one of 2 actions"),
        (torch.tensor([0, -1, 1]), Discrete(2), "returns the action -1"),
        (torch.tensor([[0], [1], [1]]), Discrete(2), "returns int64 of shape [3, 1], expected int64 of shape [3]"),
        (torch.zeros(3), Discrete(2), "returns float32 of shape [3]"),
        (torch.zeros(3, dtype=torch.bool), Discrete(2), "returns bool of shape [3]"),
        (torch.zeros(3, dtype=torch.long, device="meta"), Discrete(2), "returns a tensor on device meta"),
        (
            torch.tensor([[0, 1], [1, 3], [1, 0]]),
            MultiDiscrete([2, 3]),
            "returns the action 3, expected int64 of shape [3, 2]",
        ),
        (torch.zeros(3, 2), MultiDiscrete([2, 3]), "returns float32 of shape [3, 2], expected int64 of shape [3, 2]"),
        (torch.tensor([0, 1, 5]), MultiDiscrete([2, 3]), "returns int64 of shape [3], expected int64 of shape [3, 2]"),
        (torch.zeros(3, 2, dtype=torch.int64), MIXED, "returns int64 of shape [3, 2], expected float32 of shape [3, 2]"),
        (torch.tensor([[0.5, 0], [0, 0], [0, 0]]), MIXED, "returns 0.5 for a discrete part of an action, expected a whole number"),
        (torch.tensor([[3.0, 0], [0, 0], [0, 0]]), MIXED, "returns the action 3, expected int64 of shape [3, 1]: indices of 3"),
        (torch.zeros(3, 3), Box(-1, 1, (2, 2)), "returns float32 of shape [3, 3], expected float32 of shape [3, 4]"),
    ],
)
def test_actions_that_are_not_of_the_space_are_refused(answer, space, said):
    with pytest.raises(UsageError) as caught:
        require_action(answer, OBS, space)
    assert str(caught.value).startswith(said)


def test_distributions_of_the_house_are_taken_for_the_spaces_that_they_are_made_for():
    require_distribution(Categorical(torch.zeros(3, 2)), OBS, Discrete(2))
    require_distribution(DiagonalGaussian(torch.zeros(3, 2), torch.zeros(2)), OBS, Box(-1, 1, (2,)))
    require_distribution(MULTI, OBS, MultiDiscrete([3, 2]))
    require_distribution(MixedDistribution(*MULTI, torch.zeros(3, 1), torch.zeros(1)), OBS, Tuple([MultiDiscrete([3, 2]), Box(-1, 1, ())]))
    require_distribution(DiagonalGaussian(torch.zeros(3, 2), torch.zeros(2)), OBS, Dict(a=Box(-1, 1, (2,))))
    require_gaussian(SquashedGaussian(torch.zeros(3, 2), torch.zeros(3, 2)), OBS, 2)


@pytest.mark.parametrize(
    ("answer", "space", "said"),
    [
        (Categorical(torch.zeros(3, 2)), Box(-1, 1, (2,)), "such as rlchassis_toolkit.DiagonalGaussian"),
        (torch.zeros(3, 2), Discrete(2), "such as rlchassis_toolkit.Categorical"),
        (Categorical(torch.zeros(3, 6)), MultiDiscrete([3, 2]), "such as rlchassis_toolkit.MultiCategorical"),
        (MULTI, MIXED, "such as rlchassis_toolkit.MixedDistribution"),
        (MULTI, MultiDiscrete([3, 2, 2]), "expected float32 of shape [3, 3, 3]: logits of each discrete part"),
        (
            MixedDistribution(*MULTI, torch.zeros(3, 2), torch.zeros(2)),
            Tuple([MultiDiscrete([3, 2]), Box(-1, 1, ())]),
            "the mean of one action",
        ),
    ],
)
def test_a_distribution_of_another_space_is_refused(answer, space, said):
    with pytest.raises(UsageError) as refused:
        require_distribution(answer, OBS, space)
    assert said in str(refused.value)
