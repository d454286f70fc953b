"""New experiments based on a stored one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rlchassis.envs import name_of_task
from rlchassis.errors import UsageError
from rlchassis.experiment.builder import ExperimentBuilder
from rlchassis.experiment.experiment import Experiment
from rlchassis.registry import load, name_of
from rlchassis.storage.reading import read_json
from rlchassis.storage.stored_configuration import read_configuration


def stored_at(place: Experiment | str | Path, allow: Iterable[Any]) -> Experiment:
    """Load the experiment of a run directory or an experiment.json; StoredFileError if it is not readable or not safe to open."""
    if isinstance(place, Experiment):
        return place
    data = (
        read_configuration(place) if Path(place).is_dir() else read_json(Path(os.path.realpath(place)))
    )  # a link to a file is the user's own choice
    return Experiment.from_stored(data, place, allow, f"train(experiment={str(place)!r}")


def require_same_names(experiment: Experiment, algorithm: object, env: object, recipe: object) -> None:
    """UsageError if algorithm, environment or recipe is given and differs from the stored experiment."""
    agent_class = type(experiment.agent_factory)
    if algorithm is not None and getattr(load("algorithm", str(algorithm)), "agent_class", None) is not agent_class:
        raise UsageError(f"the stored experiment uses algorithm {_algorithm_of(experiment)}, got {algorithm}; leave ALGORITHM out.")
    task = name_of_task(experiment.env_factory)
    if env is not None and env != task:
        raise UsageError(f"the stored experiment uses environment {task}, got {env}; leave ENV out.")
    if recipe is not None:
        raise UsageError(f"a stored experiment contains all settings, so the recipe {recipe!r} would be ignored; leave it out.")


def _algorithm_of(experiment: Experiment) -> str:
    agent_class = type(experiment.agent_factory)
    return (name_of(agent_class) or ("", agent_class.__name__))[1]


def continued(before: Experiment, after: Experiment) -> Experiment:
    """The changed experiment, built with the build hooks of its new extensions."""
    if after.extensions == before.extensions:
        return after
    registered = name_of(type(after.agent_factory))
    own = type("OwnExperimentBuilder", (ExperimentBuilder,), {"agent_class": type(after.agent_factory)})
    builder_class: type[ExperimentBuilder[Any]] = load(*registered) if registered else own
    return builder_class.going_on_from(after, built=before.extensions).build()
