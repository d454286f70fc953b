from __future__ import annotations

import numpy as np
import pytest
import torch

from rlchassis_toolkit.moments import RunningMoments


def test_before_anything_was_seen_mean_is_0_and_standard_deviation_1():
    moments = RunningMoments((2,))
    assert moments.std().tolist() == pytest.approx([1, 1])
    assert moments.normalized(torch.tensor([3.0, -4.0]), clip=10).tolist() == pytest.approx([3, -4])


@pytest.mark.parametrize("sizes", [[1000], [1, 999], [3, 500, 1, 0, 496]])
def test_moments_are_those_of_all_rows_however_they_came(sizes):
    rows = np.random.default_rng(0).normal([1e4, -3.0], [2.0, 0.1], (1000, 2)).astype(np.float32)
    moments = RunningMoments((2,))
    for part in np.split(rows, np.cumsum(sizes)[:-1]):
        moments.update(torch.from_numpy(part))
    assert moments.count == 1000
    assert moments.mean.numpy() == pytest.approx(rows.mean(0, dtype=np.float64), rel=1e-12)
    assert moments.variance.numpy() == pytest.approx(rows.var(0, dtype=np.float64), rel=1e-9)


def test_two_updates_by_hand():
    moments = RunningMoments()
    moments.update(torch.tensor([1.0, 3.0]))
    assert (moments.mean.item(), moments.variance.item()) == (2, 1)
    moments.update(torch.tensor([8.0]))
    assert (moments.mean.item(), moments.variance.item()) == pytest.approx((4, 26 / 3))


def test_values_are_shifted_scaled_and_clipped():
    moments = RunningMoments()
    moments.update(torch.tensor([8.0, 12.0]))
    assert moments.normalized(torch.tensor([10.0, 14.0, 100.0, -100.0]), clip=5).tolist() == pytest.approx([0, 2, 5, -5])


def test_moments_are_stored_with_the_module_that_holds_them():
    first, second = RunningMoments((2,)), RunningMoments((2,))
    first.update(torch.tensor([[1.0, 5.0], [3.0, 9.0]]))
    second.load_state_dict(first.state_dict())
    for moments in (first, second):
        moments.update(torch.tensor([[0.0, 0.0]]))
    assert torch.equal(first.mean, second.mean)
    assert torch.equal(first.variance, second.variance)


@pytest.mark.parametrize("dtype", [torch.bool, torch.int8, torch.uint16])
def test_whole_numbers_and_booleans_are_normalised_as_numbers(dtype):
    moments, rows = RunningMoments((1,)), torch.tensor([[0], [1]]).to(dtype)
    moments.update(rows)
    assert moments.normalized(rows, clip=10).tolist() == [[pytest.approx(-1)], [pytest.approx(1)]]
