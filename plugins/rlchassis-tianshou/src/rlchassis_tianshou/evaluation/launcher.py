"""Names of tianshou.evaluation.launcher; experiments run one after another in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

from rlchassis_tianshou.highlevel.experiments import Experiment
from rlchassis_tianshou.translation.notes import note


def run_and_keep_statistics(experiment: Experiment) -> Any:
    """Run an experiment; returns its training statistics."""
    return experiment.run().trainer_result


class ExpLauncher:
    """Runs experiments one after another."""

    def __init__(self, experiment_runner: Callable[[Experiment], Any] = run_and_keep_statistics) -> None:
        self.experiment_runner = experiment_runner

    def launch(self, experiments: Sequence[Experiment]) -> list[Any]:
        """What the runner returned for each experiment; an error of one ends all."""
        return [self.experiment_runner(each) for each in experiments]


class SequentialExpLauncher(ExpLauncher):
    """Runs experiments one after another."""


@dataclass
class JoblibConfig:
    """How many jobs run at once in Tianshou."""

    n_jobs: int = -1
    backend: Literal["loky", "multiprocessing", "threading"] | None = "loky"
    verbose: int = 10


class JoblibExpLauncher(ExpLauncher):
    """Runs experiments one after another."""

    def __init__(
        self, joblib_cfg: JoblibConfig | None = None, experiment_runner: Callable[[Experiment], Any] = run_and_keep_statistics
    ) -> None:
        super().__init__(experiment_runner)
        note("JoblibExpLauncher", "experiments run one after another; start several processes to run them at once.")


class RegisteredExpLauncher(Enum):
    """Launchers by name."""

    joblib = "joblib"
    sequential = "sequential"

    def create_launcher(self) -> ExpLauncher:
        """Create the launcher."""
        return JoblibExpLauncher() if self is RegisteredExpLauncher.joblib else SequentialExpLauncher()
