"""Video of watched episodes, recorded with gymnasium's RecordVideo, into a given file."""

from __future__ import annotations

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

from rlchassis.envs import EnvMode
from rlchassis.errors import UsageError
from rlchassis.hookspecs import hookimpl

SUFFIX = ".mp4"
WITHOUT_IMAGES = (None, "human", "ansi")


@contextmanager
def recording_into(file: Path, episodes: int) -> Iterator[Recorder]:
    """Context with a recording observer; the file is replaced only after successful recording."""
    _require_possible(file)
    with tempfile.TemporaryDirectory(prefix=".video-", dir=file.parent) as folder:
        recorder = Recorder(Path(folder) / "made", episodes)
        yield recorder
        made = sorted(recorder.folder.glob(f"*{SUFFIX}"))
        if not made:
            raise UsageError(f"the environment rendered no image, so {file} was not written; check its render mode.")
        made[0].replace(file)


def _require_possible(file: Path) -> None:
    if file.suffix != SUFFIX or file.is_dir() or not file.parent.is_dir():
        raise UsageError(f"cannot write a video to {file}; expected a file name ending with {SUFFIX} in an existing directory.")
    if find_spec("moviepy") is None:
        raise UsageError("a video needs moviepy, which is not installed; try: python -m pip install moviepy")


@define(eq=False)
class Recorder:
    """Observer that records the watch environment."""

    folder: Path
    """Output directory of RecordVideo; does not exist yet."""
    episodes: int
    """Number of episodes in the video."""

    @hookimpl
    def rlchassis_env_wrappers(self, mode: EnvMode) -> list[Callable[[Any], Any]]:
        """Wrap the watch environment."""
        return [self._around] if mode is EnvMode.WATCH else []

    def _around(self, env: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
        if env.render_mode in WITHOUT_IMAGES:
            raise UsageError(f"a video needs an environment that renders images, got render mode {env.render_mode}; use rgb_array.")
        return OneVideo(env, self.folder, self.episodes)


class OneVideo(gym.Wrapper[Any, Any, Any, Any]):
    """Recording from the first step to the end of the last episode, without the following reset."""

    def __init__(self, env: gym.Env[Any, Any], folder: Path, episodes: int) -> None:
        self._recorder: Any = RecordVideo(
            env, str(folder), episode_trigger=lambda episode: episode == 0, video_length=sys.maxsize, disable_logger=True
        )
        self._left = episodes
        super().__init__(self._recorder)

    def step(self, action: Any) -> Any:
        """Step; stop recording after the last episode."""
        answer = self.env.step(action)
        if answer[2] or answer[3]:
            self._left -= 1
            if self._left == 0 and self._recorder.recording:
                self._recorder.stop_recording()
        return answer
