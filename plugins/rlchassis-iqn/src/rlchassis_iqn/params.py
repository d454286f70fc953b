"""Hyperparameters of IQN."""

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
    """Hyperparameters of IQN; the defaults are the paper's, with a learning rate and target network updates for small environments."""

    lr: float = number(1e-3, above=0)
    """Learning rate."""
    lr_scheduler_factory: LRSchedulerFactory | None = instance(LRSchedulerFactory)
    """Learning rate schedule; None: constant."""
    gamma: float = number(0.99, at_least=0, at_most=1)
    """Discount factor γ: 0 counts the next reward alone, 1 all rewards equally."""
    n_step: int = whole(1)
    """Steps n of an n-step target: 1 is one-step TD."""
    target_update_freq: int = whole(500, counts_rounds=True)
    """Updates between two copies of the network to the target network."""
    huber_loss_delta: float = number(1.0, above=0)
    """Huber loss threshold κ, beyond which the loss is linear in the TD error."""
    sample_size: int = whole(32)
    """Quantile samples K for selecting actions, both when acting and in targets."""
    online_sample_size: int = whole(8)
    """Quantile samples N of the online network per transition and update."""
    target_sample_size: int = whole(8)
    """Quantile samples N′ of the target network per transition and update."""
    num_cosines: int = whole(64)
    """Cosine features n in the embedding of a quantile fraction τ."""
    hidden_sizes: tuple[int, ...] = field(default=(), converter=_widths)
    """Widths of the hidden layers of the quantile head; empty: one linear layer."""
    eps_training: float | None = number(None, at_least=0, at_most=1, or_none=True)
    """Exploration rate ε in training, constant unless eps_training_final is set; None: 1, with linear decay to 0.05."""
    eps_training_final: float | None = number(None, at_least=0, at_most=1, or_none=True)
    """Final exploration rate ε of the linear decay; None: constant where eps_training is set."""
    eps_decay_fraction: float | None = number(None, above=0, at_most=1, or_none=True)
    """Fraction of the run over which ε decays; None: 0.1."""
    eps_inference: float = number(0.0, at_least=0, at_most=1)
    """Exploration rate ε in evaluation: 0 is greedy."""

    def __attrs_post_init__(self) -> None:
        """Raise UsageError for settings that would have no effect."""
        _ = self.eps_schedule

    @property
    def eps_schedule(self) -> LinearEps:
        """Schedule of the exploration rate ε over the run."""
        return LinearEps.of_params(self.eps_training, self.eps_training_final, self.eps_decay_fraction)
