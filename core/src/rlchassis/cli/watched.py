"""Watch the stored policy of a run directory: the same episodes as after training, on the screen or as a video."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import attrs

from rlchassis.cli.recording import recording_into
from rlchassis.collecting.evaluation import Evaluation
from rlchassis.config.limits import MOST_EPISODES
from rlchassis.errors import StoredFileError
from rlchassis.experiment.experiment import Experiment
from rlchassis.experiment.stored import making, require_some, stored_experiment
from rlchassis.experiment.stored_bounds import no_larger_than
from rlchassis.run.build import create_world
from rlchassis.run.threads import threads
from rlchassis.run.watching import rendering_images, watch
from rlchassis.storage.policy_file import read_policy
from rlchassis.training.hook_manager import tear_down


def watch_stored(
    directory: str | Path, episodes: int | None = None, *, video: str | Path | None = None, allow: Iterable[Any] = ()
) -> Evaluation:
    """Play the policy stored in a run directory in the watch environment of its configuration, rendered if there is a display.

    episodes: default watch_num_episodes of the configuration, or 1 for a video. video: path of the file to write.
    """
    experiment = stored_experiment(directory, allow, "watch_stored")
    count = episodes if episodes is not None else _num_watched(experiment, directory) if video is None else 1
    require_some(count)
    experiment = experiment.with_config(train=False, watch=True, watch_num_episodes=count, policy_restore_directory=str(directory))
    if video is None:
        return _watch(experiment, directory)
    with recording_into(Path(video), count) as recorder:
        return _watch(attrs.evolve(experiment, env_factory=rendering_images(experiment.env_factory)), directory, [recorder])


def _watch(experiment: Experiment, directory: str | Path, observers: Sequence[object] = ()) -> Evaluation:
    stored = read_policy(Path(directory))
    with making(directory), no_larger_than(stored, directory):
        world = create_world(experiment, observers)
    try:
        with threads(experiment.config.num_threads, world.policy):
            return watch(world)
    finally:
        tear_down(world.hooks, world)
        world.close()


def _num_watched(experiment: Experiment, directory: str | Path) -> int:
    """Configured number of episodes to watch."""
    asked = experiment.config.watch_num_episodes
    if asked > MOST_EPISODES:
        raise StoredFileError(
            f"the configuration in {directory} requests {asked} episodes to watch, at most {MOST_EPISODES} are allowed; set their number."
        )
    return asked
