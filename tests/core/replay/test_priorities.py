from __future__ import annotations

import numpy as np
import pytest
import torch

from rlchassis.data.step import Step
from rlchassis.replay import Priorities, ReplayBuffer
from rlchassis.replay.priorities import FAN, SMALLEST, SumTree
from rlchassis_toolkit.losses import squared_loss

DRAWS = 4000


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def cells(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


def row(number: float) -> Step:
    obs, no = np.array([[number]], np.float32), np.zeros(1, bool)
    return Step(obs, np.zeros(1, np.int64), np.ones(1), obs + 1, no, no, ~no)


def frequencies(priorities: Priorities, size: int) -> list[float]:
    drawn = np.concatenate([priorities.draw(100, rng(seed))[0] for seed in range(DRAWS // 100)])
    return (np.bincount(drawn, minlength=size) / len(drawn)).tolist()


def test_by_hand_a_share_of_the_total_falls_on_the_number_that_covers_it():
    tree = SumTree(200)
    tree[cells(3, 70, 199)] = np.array([1.0, 2.0, 5.0])
    shares = np.array([0.0, 0.124, 0.125, 0.374, 0.375, 0.9999999999999999])
    assert tree.find(shares).tolist() == [3, 3, 70, 70, 199, 199]


def test_rows_of_priority_0_are_never_sampled():
    generator = np.random.default_rng(0)
    tree = SumTree(3 * FAN + 5)
    chosen = generator.permutation(3 * FAN + 5)[:20]
    tree[chosen] = generator.random(20) * 10.0 ** generator.integers(-12, 12, 20)
    found = tree.find(np.concatenate([generator.random(5000), [0.0, np.nextafter(1, 0)]]))
    assert set(found.tolist()) <= set(chosen.tolist())


def test_sums_do_not_drift_however_often_numbers_change():
    generator = np.random.default_rng(0)
    tree = SumTree(100)
    for _ in range(2000):
        tree[generator.integers(0, 100, 8)] = generator.random(8) * 10.0 ** generator.integers(-8, 8)
    assert tree._sums.tolist() == tree._leaves.sum(1).tolist()


def test_by_hand_rows_are_drawn_by_their_priority():
    priorities = Priorities(4, alpha=1.0, beta=1.0)
    priorities.update(cells(0, 1, 2), np.array([1.0, 2.0, 5.0]))
    assert frequencies(priorities, 4) == pytest.approx([1 / 8, 2 / 8, 5 / 8, 0], abs=0.01)


@pytest.mark.parametrize(("alpha", "shares"), [(0.0, [0.5, 0.5]), (0.5, [1 / 3, 2 / 3]), (1.0, [0.2, 0.8])])
def test_alpha_says_how_much_errors_matter(alpha, shares):
    priorities = Priorities(2, alpha, beta=1.0)
    priorities.update(cells(0, 1), np.array([1.0, -4.0]))
    assert frequencies(priorities, 2) == pytest.approx(shares, abs=0.01)


@pytest.mark.parametrize(
    ("progress", "beta"),
    [(0.0, 0.4), (0.5, 0.7), (1.0, 1.0), (1.5, 1.0)],
)
def test_by_hand_weights_make_up_for_uneven_draws_fully_in_the_end(progress, beta):
    priorities = Priorities(2, alpha=1.0, beta=0.4)
    priorities.update(cells(0, 1), np.array([1.0, 4.0]))
    priorities.set_progress(progress)
    drawn, weights = priorities.draw(100, rng())
    likeliest = (2 * 0.8) ** -beta
    largest = (2 * 0.2) ** -beta
    by_cell = dict(zip(drawn.tolist(), weights.tolist(), strict=True))
    assert by_cell == {0: 1.0, 1: pytest.approx(likeliest / largest, rel=1e-5)}


def test_with_full_weights_the_expected_loss_is_that_of_even_draws_but_for_a_factor():
    errors = torch.tensor([1.0, 2.0, 5.0])
    priorities = Priorities(3, alpha=1.0, beta=1.0)
    priorities.update(cells(0, 1, 2), errors.double().numpy())
    drawn, weights = priorities.draw(80_000, rng())
    loss = squared_loss(errors[drawn], torch.zeros(len(drawn)), torch.from_numpy(weights))
    even = squared_loss(errors, torch.zeros(3), torch.ones(3))
    largest_weight = 1 / (3 * (1 / 8))
    assert (loss * largest_weight).item() == pytest.approx(even.item(), rel=0.01)


def test_new_rows_are_as_urgent_as_the_most_urgent_so_far():
    priorities = Priorities(3, alpha=1.0, beta=1.0)
    priorities.add(cells(0))
    priorities.update(cells(0), np.array([3.0]))
    priorities.update(cells(0), np.array([1.0]))
    priorities.add(cells(1))
    assert frequencies(priorities, 3) == pytest.approx([0.25, 0.75, 0], abs=0.01)


def test_a_row_without_error_is_drawn_still():
    priorities = Priorities(2, alpha=1.0, beta=1.0)
    priorities.update(cells(0, 1), np.array([0.0, SMALLEST]))
    assert frequencies(priorities, 2) == pytest.approx([1 / 3, 2 / 3], abs=0.01)


def test_draws_are_spread_evenly_over_the_total():
    priorities = Priorities(100, alpha=1.0, beta=1.0)
    priorities.update(np.arange(100), np.ones(100))
    assert sorted(priorities.draw(100, rng())[0].tolist()) == list(range(100))


@pytest.mark.parametrize("error", [float("nan"), float("inf")])
def test_an_error_that_is_no_number_is_not_taken(error):
    priorities = Priorities(2, alpha=1.0, beta=1.0)
    priorities.add(cells(0, 1))
    with pytest.raises(FloatingPointError, match="learning diverged"):
        priorities.update(cells(1), np.array([error]))
    assert frequencies(priorities, 2) == pytest.approx([0.5, 0.5], abs=0.01)


def test_the_buffer_draws_by_the_priorities_that_are_handed_back():
    buffer = ReplayBuffer.create(4, alpha=1.0, beta=0.5)
    for number in range(6):
        buffer.add(row(number))
    sample = buffer.sample(64, 1, rng())
    assert set(sample.window.obs.flatten().tolist()) == {2, 3, 4, 5}
    buffer.update_priorities(sample.indices, torch.where(sample.window.obs.flatten() == 3, 100.0, 0.0))
    window = buffer.sample(64, 1, rng()).window
    assert window.obs.unique().tolist() == [3]
    assert window.weights.unique().tolist() == [1]


def test_all_rows_of_a_window_have_the_importance_weight_of_its_first():
    buffer = ReplayBuffer.create(4, alpha=1.0, beta=1.0)
    for number in range(3):
        buffer.add(row(number))
    buffer.update_priorities(cells(0, 1, 2), torch.tensor([1.0, 2.0, 4.0]))
    window = buffer.sample(64, 2, rng()).window
    weights = dict(zip(window.obs[0, :, 0].tolist(), window.weights.T.tolist(), strict=True))
    assert weights == {0: [1, 1], 1: pytest.approx([0.5, 0.5]), 2: pytest.approx([0.25, 0.25])}
    assert window.valid[1].tolist() == (window.obs[0, :, 0] != 2).tolist()


def test_a_buffer_without_priorities_takes_none():
    buffer = ReplayBuffer.create(4)
    buffer.add(row(1))
    buffer.update_priorities(cells(0), torch.ones(1))
    buffer.set_progress(0.5)
    assert buffer.sample(3, 1, rng()).window.weights.tolist() == [[1, 1, 1]]
