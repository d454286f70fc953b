"""A video of watched episodes, by gymnasium's own recorder, in exactly the file that was asked for."""

from __future__ import annotations

import copy
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gymnasium as gym
from attrs import define
from gymnasium.wrappers import RecordVideo

from rlchassis.envs import EnvFactory, EnvMode
from rlchassis.errors import UsageError
from rlchassis.hookspecs import hookimpl

SUFFIX = ".mp4"
WITHOUT_IMAGES = (None, "human", "ansi")


@contextmanager
def recording_into(file: Path, episodes: int) -> Iterator[Recorder]:
    """Within it an observer that records; afterwards the file is whole, or as it was before where something failed."""
    _require_possible(file)
    with tempfile.TemporaryDirectory(prefix=".video-", dir=file.parent) as folder:
        recorder = Recorder(Path(folder) / "made", episodes)
        yield recorder
        made = sorted(recorder.folder.glob(f"*{SUFFIX}"))
        if not made:
            raise UsageError(f"the environment rendered no picture, so there is no {file}; does its render mode give images?")
        made[0].replace(file)


def _require_possible(file: Path) -> None:
    if file.suffix != SUFFIX or file.is_dir() or not file.parent.is_dir():
        raise UsageError(f"a video cannot be written as {file}; name a file that ends with {SUFFIX}, in a directory that exists.")
    if find_spec("moviepy") is None:
        raise UsageError("a video needs moviepy, which is not installed; try: python -m pip install moviepy")


def rendering_images(env_factory: EnvFactory) -> EnvFactory:
    """The same environments, watched as images where their configuration has a say in it."""
    if not hasattr(env_factory, "watch_render_mode"):
        return env_factory
    changed = copy.copy(env_factory)  # not evolved: a subclass may be made in another way than by its fields
    object.__setattr__(changed, "watch_render_mode", "rgb_array")
    return changed


@define(eq=False)
class Recorder:
    """An observer that records the watched environment."""

    folder: Path
    """Where the recorder puts its files; not there yet."""
    episodes: int
    """After how many the video ends."""

    @hookimpl
    def rlchassis_env_wrappers(self, mode: EnvMode) -> list[Callable[[Any], Any]]:
        """Around the environment that is watched."""
        return [self._around] if mode is EnvMode.WATCH else []

    def _around(self, env: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
        if env.render_mode in WITHOUT_IMAGES:
            raise UsageError(f"a video needs an environment that renders images, but the render mode of this one is {env.render_mode}.")
        return OneVideo(env, self.folder, self.episodes)


class OneVideo(gym.Wrapper[Any, Any, Any, Any]):
    """A recording from the first step to the end of the last episode, without the reset that follows."""

    def __init__(self, env: gym.Env[Any, Any], folder: Path, episodes: int) -> None:
        self._recorder: Any = RecordVideo(
            env, str(folder), episode_trigger=lambda episode: episode == 0, video_length=sys.maxsize, disable_logger=True
        )
        self._left = episodes
        super().__init__(self._recorder)

    def step(self, action: Any) -> Any:
        """Step, and put the recording away with the last episode."""
        answer = self.env.step(action)
        if answer[2] or answer[3]:
            self._left -= 1
            if self._left == 0 and self._recorder.recording:
                self._recorder.stop_recording()
        return answer
