"""Videos of test episodes: an extension that plays the first episode of a test again and records it."""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from attrs import define, field

from rlchassis.api import Environments, World, choice, hookimpl, playing_rendered, whole
from rlchassis_videos.recording import FORMATS, Recording, global_generators_kept, require_images

log = logging.getLogger("rlchassis.videos")  # below the one whose messages log.txt and the command line show


@define(eq=False)
class Videos:
    """Records an episode of every `every`-th test, from the first, into videos/step-<step>, and hands it to the loggers.

    The episode is played again in an environment of its own: training does not depend on it.
    """

    every: int = whole(1)
    """Number of tests from one video to the next."""
    format: str = choice("mp4", FORMATS)
    """"mp4", or "gif", which TensorBoard shows."""
    _env_factory: Any = field(default=None, init=False)
    _has_failed: bool = field(default=False, init=False)

    @hookimpl(wrapper=True)
    def rlchassis_make_envs(self, experiment: Any) -> Generator[None, Environments, Environments]:
        """Remember how environments are made."""
        self._env_factory = experiment.env_factory
        return (yield)

    @hookimpl
    def rlchassis_world_ready(self, world: World) -> None:
        """UsageError if the environment cannot be recorded."""
        if world.config.train and world.directory is not None:
            with playing_rendered(world, self._env_factory, require_images):
                pass

    @hookimpl
    def rlchassis_test_end(self, world: World, result: Any) -> None:
        """Record the first episode of a test; a failure is a warning, once."""
        if world.directory is None or self._has_failed or (len(world.state.tests) - 1) % self.every:
            return
        file = world.directory / "videos" / f"step-{result.env_step}.{self.format}"
        try:
            file.parent.mkdir(exist_ok=True)
            self._record(world, file, result.seeds[:1])
        except Exception as error:  # noqa: BLE001  whatever it is, the run is worth more
            self._has_failed = True
            log.warning("No more videos are recorded (%s: %s); the run continues.", type(error).__name__, error)
            return
        world.logger.log_video("test/video", str(file), result.env_step)

    def _record(self, world: World, file: Path, seeds: Sequence[int]) -> None:
        recordings: list[Recording] = []

        def around(env: Any) -> Recording:
            recordings.append(Recording(env, file))
            return recordings[-1]

        with global_generators_kept(), playing_rendered(world, self._env_factory, around) as play:
            try:
                play(seeds)
            finally:
                for recording in recordings:
                    recording.finish()
