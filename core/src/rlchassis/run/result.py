"""Result of a run."""

from __future__ import annotations

from attrs import frozen

from rlchassis.training.info import InfoStats
from rlchassis.training.world import World


@frozen(eq=False)
class ExperimentResult:
    """Result of a run: its World and training statistics; a copied or pickled result has a copy of the World."""

    world: World
    trainer_result: InfoStats | None
    """Training statistics; None if config.train is False."""

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended training early; `Experiment.resume` goes on from the checkpoint."""
        return self.trainer_result is not None and self.trainer_result.interrupted
