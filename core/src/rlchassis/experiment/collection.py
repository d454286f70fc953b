"""Several experiments that belong together, such as one per seed."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from rlchassis.experiment.experiment import Experiment
from rlchassis.run.result import ExperimentResult
from rlchassis.storage.names import timestamp_name


@frozen
class ExperimentCollection:
    """Experiments to run one after another."""

    experiments: tuple[Experiment, ...]

    def __iter__(self) -> Iterator[Experiment]:
        """Each in turn."""
        return iter(self.experiments)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.experiments)

    def run(self, experiment_name: str | None = None) -> list[ExperimentResult]:
        """Run all, in directories "<name>/seed-<seed>"; the results in the same order."""
        name = experiment_name if experiment_name is not None else self.experiments[0].name or timestamp_name()
        return [experiment.run(f"{name}/seed-{experiment.config.seed}") for experiment in self.experiments]
