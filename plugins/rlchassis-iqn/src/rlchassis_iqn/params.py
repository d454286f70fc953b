"""The hyperparameters of IQN."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import field, frozen

from rlchassis.api import LRSchedulerFactory, UsageError, instance, number, refuses_old_names, whole
from rlchassis_toolkit import LinearEps


def _widths(value: Sequence[int]) -> tuple[int, ...]:
    sizes = tuple(value) if isinstance(value, (list, tuple)) else (0,)
    if any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in sizes):
        raise UsageError(f"hidden_sizes must be positive whole numbers, such as (64,), or (), not {value!r}.")
    return sizes


@refuses_old_names
@frozen(kw_only=True)
class IQNParams:
    """What IQN may be told; by default it is the paper's at the pace of small environments."""

    lr: float = number(1e-3, above=0)
    """Learning rate."""
    lr_scheduler_factory: LRSchedulerFactory | None = instance(LRSchedulerFactory)
    """How the learning rate changes with progress; None: not at all."""
    gamma: float = number(0.99, at_least=0, at_most=1)
    """Discount factor γ of future rewards."""
    n_step: int = whole(1)
    """Rewards n that a target counts before it trusts the target network."""
    target_update_freq: int = whole(500, counts_rounds=True)
    """Rounds of learning from one copy of the network to the target network to the next."""
    huber_loss_delta: float = number(1.0, above=0)
    """Error κ from which the loss grows in a straight line."""
    sample_size: int = whole(32)
    """Quantiles K that actions are chosen by, in acting as in targets."""
    online_sample_size: int = whole(8)
    """Quantiles N that a round moves, of each row."""
    target_sample_size: int = whole(8)
    """Quantiles N′ that each of them is moved towards."""
    num_cosines: int = whole(64)
    """Cosines n that a fraction is described by."""
    hidden_sizes: tuple[int, ...] = field(default=(), converter=_widths)
    """Widths of the layers between the product of features and fractions and the quantiles; empty: one linear layer."""
    eps_training: float | None = number(None, at_least=0, at_most=1, or_none=True)
    """Probability ε of a random action in training, constant unless eps_training_final is set; None: 1, falling to 0.05."""
    eps_training_final: float | None = number(None, at_least=0, at_most=1, or_none=True)
    """What ε falls to in a straight line; None: it stays at eps_training where that is set."""
    eps_decay_fraction: float | None = number(None, above=0, at_most=1, or_none=True)
    """Part of the run after which ε stops falling; None: 0.1."""
    eps_inference: float = number(0.0, at_least=0, at_most=1)
    """Probability ε of a random action in evaluation."""

    def __attrs_post_init__(self) -> None:
        """Refuse what has no effect."""
        _ = self.eps_schedule

    @property
    def eps_schedule(self) -> LinearEps:
        """ε by progress."""
        return LinearEps.of_params(self.eps_training, self.eps_training_final, self.eps_decay_fraction)
