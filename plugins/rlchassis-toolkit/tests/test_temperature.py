from __future__ import annotations

import math

import pytest
import torch
from gymnasium.spaces import Box, Discrete
from torch import nn

from rlchassis.data.randomness import RandomStreams
from rlchassis.envs import Environments
from rlchassis.errors import UsageError
from rlchassis.learning.optimizer import OptimizerFactory
from rlchassis.learning.setup import Setup
from rlchassis_toolkit.temperature import AutoAlphaFactoryDefault, Temperature

CPU = torch.device("cpu")


class Descent(OptimizerFactory):
    elementwise = True

    def create_optimizer_for_params(self, params, lr):
        return torch.optim.SGD(params, lr)


def learned(actions, **options) -> tuple[Temperature, Setup]:
    setup = Setup(CPU, RandomStreams(0), 100, lambda role: Descent())
    envs = Environments.from_spaces(Box(-1, 1, (3,)), actions)
    return AutoAlphaFactoryDefault(**options).create_temperature(envs, setup), setup


def test_a_fixed_temperature_learns_nothing_and_tells_itself_alone():
    temperature = Temperature.fixed(0.2, CPU)
    assert temperature.learn(torch.ones(3), torch.ones(3)) == {"alpha": temperature.alpha}
    assert temperature.alpha.item() == pytest.approx(0.2)
    assert Temperature.fixed(0.0, CPU).alpha.item() == 0


@pytest.mark.parametrize(
    ("actions", "target"),
    [(Box(-1, 1, (6,)), -6), (Box(-1, 1, (2, 3)), -6), (Box(-1, 1, ()), -1), (Discrete(4), 0.98 * math.log(4))],
)
def test_by_hand_the_target_entropy_is_minus_the_dimensions_or_a_positive_share_of_the_largest(actions, target):
    assert learned(actions)[0].target_entropy == pytest.approx(target)


def test_a_target_entropy_that_is_given_is_kept():
    assert learned(Box(-1, 1, (2,)), target_entropy=-0.5)[0].target_entropy == -0.5


@pytest.mark.parametrize("target", [-1.0, -0.01, 1.4])
def test_discrete_actions_have_no_entropy_below_0_or_above_the_logarithm_of_their_number(target):
    with pytest.raises(UsageError, match=r"^target_entropy must be between 0 and 1.386, the largest of these discrete actions, not"):
        learned(Discrete(4), target_entropy=target)
    assert learned(Discrete(4), target_entropy=1.3)[0].target_entropy == 1.3


def test_by_hand_log_alpha_falls_by_the_excess_of_entropy_over_its_target():
    temperature, _ = learned(Box(-1, 1, (2,)), lr=0.1, initial_alpha=0.5)
    metrics = temperature.learn(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.5]))
    excess = (1.0 * (1 + 2) + 0.5 * (2 + 2)) / 2
    assert temperature.log_alpha.item() == pytest.approx(math.log(0.5) - 0.1 * excess)
    assert metrics["alpha"].item() == pytest.approx(math.exp(math.log(0.5) - 0.1 * excess))
    assert metrics["alpha_loss"].item() == pytest.approx(math.log(0.5) * excess)
    temperature.learn(torch.tensor([-9.0]), torch.ones(1))
    assert temperature.log_alpha.item() > math.log(0.5) - 0.1 * excess, "too little entropy makes it worth more"


def test_its_optimizer_is_part_of_the_setup_and_nothing_flows_into_the_policy():
    temperature, setup = learned(Box(-1, 1, (2,)))
    assert setup.optimizers == [temperature.optimizer]
    entropies = nn.Parameter(torch.zeros(3))
    temperature.learn(entropies * 2, torch.ones(3))
    assert entropies.grad is None
    assert not temperature.alpha.requires_grad


def test_a_learned_temperature_can_be_restored():
    temperature, _ = learned(Box(-1, 1, (2,)), lr=0.1)
    temperature.learn(torch.tensor([5.0]), torch.ones(1))
    other, _ = learned(Box(-1, 1, (2,)), lr=0.1)
    other.load_state_dict(temperature.state_dict())
    for each in (temperature, other):
        each.learn(torch.tensor([5.0]), torch.ones(1))
    assert other.alpha.item() == temperature.alpha.item() != 1


@pytest.mark.parametrize("options", [{"lr": 0.0}, {"initial_alpha": 0.0}, {"discrete_fraction": 0.0}, {"discrete_fraction": 1.1}])
def test_impossible_temperature_settings_are_refused(options):
    with pytest.raises(UsageError, match=next(iter(options))):
        AutoAlphaFactoryDefault(**options)
