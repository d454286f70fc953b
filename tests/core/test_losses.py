from __future__ import annotations

import pytest
import torch

from rlchassis.losses import normalized


def test_normalized_values_have_mean_0_and_the_standard_deviation_1_of_a_population():
    assert normalized(torch.tensor([1.0, 3.0])).tolist() == pytest.approx([-1, 1])
    assert normalized(torch.tensor([0.0, 0.0, 0.0, 4.0])).tolist() == pytest.approx([-1 / 3**0.5] * 3 + [3**0.5])


def test_one_value_or_equal_values_become_0():
    assert normalized(torch.tensor([7.0])).tolist() == [0]
    assert normalized(torch.tensor([7.0, 7.0])).tolist() == [0, 0]
