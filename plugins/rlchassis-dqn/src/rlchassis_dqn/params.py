"""Hyperparameters of DQN."""

from __future__ import annotations

from attrs import frozen

from rlchassis.api import LRSchedulerFactory, instance, number, refuses_old_names, switch, whole
from rlchassis_toolkit import LinearEps


@refuses_old_names
@frozen(kw_only=True)
class DQNParams:
    """Hyperparameters of DQN; the defaults are double Q-learning with a target network and learning rate for small environments."""

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
    is_double: bool = switch(True)
    """Double Q-learning: whether the online network selects the action that the target network evaluates."""
    huber_loss_delta: float | None = number(1.0, above=0, or_none=True)
    """Huber loss threshold δ, beyond which the loss is linear in the TD error; None: squared error."""
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
