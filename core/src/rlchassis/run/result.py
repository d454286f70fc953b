"""What a run hands back."""

from __future__ import annotations

from attrs import frozen

from rlchassis.training.info import InfoStats
from rlchassis.training.world import World


@frozen(eq=False)
class ExperimentResult:
    """The world as the run left it, and what came of training; a copy, and one from another process, has a copy of the world."""

    world: World
    trainer_result: InfoStats | None
    """None exactly when the configuration said not to train."""
