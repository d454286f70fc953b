"""Recording an environment with ffmpeg, frame by frame, so that an episode is never in memory."""

from __future__ import annotations

import random
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gymnasium as gym
import imageio_ffmpeg
import numpy as np
import torch

from rlchassis.api import UsageError

FORMATS = ("mp4", "gif")
CODECS: dict[str, dict[str, Any]] = {
    "mp4": {"codec": "libx264", "macro_block_size": 2},
    "gif": {"codec": "gif", "pix_fmt_out": "rgb8", "macro_block_size": 1},
}
"""Arguments of ffmpeg; H.264 needs even sizes."""
USUAL_FPS = 30


class Recording(gym.Wrapper[Any, Any, Any, Any]):
    """Wrapper that writes a frame after the first reset and every step of one episode into a file."""

    def __init__(self, env: gym.Env[Any, Any], file: Path) -> None:
        super().__init__(require_images(env))
        self._file = file
        self._writer: Generator[None, Any, None] | None = None
        self._is_over = False

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        """Reset, and write the first frame."""
        answer = self.env.reset(seed=seed, options=options)
        self._write()
        return answer

    def step(self, action: Any) -> Any:
        """Step, and write a frame; the last one of the episode ends the recording."""
        answer = self.env.step(action)
        self._write()
        if answer[2] or answer[3]:
            self.finish()
        return answer

    def finish(self) -> None:
        """Close the file; may be called twice."""
        self._is_over = True
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _write(self) -> None:
        if self._is_over:
            return
        frame = np.ascontiguousarray(self.env.render(), dtype=np.uint8)
        if self._writer is None:
            height, width, _ = frame.shape
            fps = self.env.metadata.get("render_fps") or USUAL_FPS
            codec = CODECS[self._file.suffix.removeprefix(".")]
            self._writer = imageio_ffmpeg.write_frames(str(self._file), (width, height), fps=fps, ffmpeg_log_level="error", **codec)
            self._writer.send(None)
        self._writer.send(frame)


def require_images(env: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
    """The environment; UsageError unless it renders images."""
    if env.render_mode != "rgb_array":
        raise UsageError(f"videos need an environment that renders images, got render mode {env.render_mode}; use rgb_array.")
    return env


@contextmanager
def global_generators_kept() -> Iterator[None]:
    """Context that puts the global random generators back, which an environment may draw from."""
    python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002  the global one
    with torch.random.fork_rng(devices=[]):
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(legacy)  # noqa: NPY002  the global one
