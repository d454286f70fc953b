"""The hyperparameters of DQN."""

from __future__ import annotations

from attrs import frozen

from rlchassis.api import LRSchedulerFactory, instance, number, refuses_old_names, switch, whole
from rlchassis_toolkit import LinearEps


@refuses_old_names
@frozen(kw_only=True)
class DQNParams:
    """What DQN may be told; by default it is the paper's with double Q-learning, at the pace of small environments."""

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
    is_double: bool = switch(True)
    """Whether the network being learned chooses the action that the target network judges."""
    huber_loss_delta: float | None = number(1.0, above=0, or_none=True)
    """Error δ from which the loss grows in a straight line; None: the squared error."""
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
