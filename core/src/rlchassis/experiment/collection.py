"""Collections of experiments, such as one per seed."""

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
        """Iterate over the experiments."""
        return iter(self.experiments)

    def __len__(self) -> int:
        """Number of experiments."""
        return len(self.experiments)

    def run(self, experiment_name: str | None = None) -> list[ExperimentResult]:
        """Run all experiments, in directories "<name>/seed-<seed>"; returns their results in order. Ctrl-C makes it the last."""
        name = experiment_name if experiment_name is not None else self.experiments[0].name or timestamp_name()
        results: list[ExperimentResult] = []
        for experiment in self.experiments:
            results.append(experiment.run(f"{name}/seed-{experiment.config.seed}"))
            if results[-1].interrupted:
                break
        return results
