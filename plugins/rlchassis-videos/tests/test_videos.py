"""Episodes of tests as files that ffmpeg can read, frame by frame, without a trace in the run."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import imageio_ffmpeg
import numpy as np
import pytest
from attrs import frozen

from rlchassis.api import Component, Logger, LoggerFactory, UsageError
from rlchassis.experiment import EnvFactoryRegistered
from rlchassis_testkit.recording_algorithm import RecordingExperimentBuilder
from rlchassis_testkit.stored_runs import rows_of, tiny_config, tiny_sampling
from rlchassis_videos import Videos

pytestmark = [  # imageio-ffmpeg leaves the pipes of its processes to the garbage collector
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class Coloured(gym.Env):
    """Each of its four steps has its own shade of grey; the first depends on the seed, and rewards come from numpy's global generator."""

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 25}  # noqa: RUF012  as gymnasium annotates it
    observation_space, action_space = gym.spaces.Box(-1, 1, (1,)), gym.spaces.Discrete(2)

    def __init__(self, render_mode=None):
        self.render_mode, self.shade = render_mode, 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps, self.shade = 0, int(self.np_random.integers(4)) * 10
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.steps, self.shade = self.steps + 1, self.shade + 50
        return np.zeros(1, np.float32), np.random.random(), self.steps == 4, False, {}  # noqa: NPY002  the global one

    def render(self):
        return np.full((32, 48, 3), self.shade, np.uint8)


SHOWN = []


class Showing(Logger):
    def log(self, metrics, step):
        pass

    def log_video(self, tag, file, step):
        SHOWN.append((tag, file, step))

    def close(self):
        pass


@frozen
class ShowingFactory(LoggerFactory):
    def create_logger(self, log_dir, experiment_name, run_id, config_dict):
        SHOWN.clear()
        return Showing()


@pytest.fixture(autouse=True)
def registered():
    """Coloured-v0, Blind-v0 and Breaking-v0, in this process."""
    for cls in (Coloured, Blind, Breaking):
        gym.register(f"{cls.__name__}-v0", cls)
    yield
    for cls in (Coloured, Blind, Breaking):
        del gym.registry[f"{cls.__name__}-v0"]


def run(base, make=Coloured, **options):
    env = EnvFactoryRegistered(f"{make.__name__}-v0")
    builder = RecordingExperimentBuilder(env, tiny_config(base), tiny_sampling(num_epochs=3, num_train_envs=1))
    if options:
        builder.with_extension("videos", **options)
    return builder.with_logger_factory(ShowingFactory()).build().run("run").world.directory


def shades(file):
    frames = imageio_ffmpeg.read_frames(str(file))
    about = next(frames)
    size = about["size"]
    return about, [int(np.frombuffer(frame, np.uint8).reshape(size[1], size[0], 3)[8, 8, 0]) for frame in frames]


def test_every_second_test_leaves_the_frames_of_its_first_episode_and_shows_them_to_loggers(tmp_path):
    directory = run(tmp_path, every=2)
    files = sorted((directory / "videos").iterdir())
    assert [file.name for file in files] == ["step-32.mp4", "step-96.mp4"]
    assert [(file, step) for _, file, step in SHOWN] == [(str(files[0]), 32), (str(files[1]), 96)]
    assert {tag for tag, _, _ in SHOWN} == {"test/video"}
    for file in files:
        about, found = shades(file)
        assert (about["size"], about["fps"], len(found)) == ((48, 32), 25.0, 5)
        assert np.diff(found) == pytest.approx(50, abs=4)


def test_a_recorded_run_has_the_metrics_of_one_that_is_not(tmp_path):
    np.random.seed(3)  # noqa: NPY002  the environment draws from it
    plain = rows_of(run(tmp_path / "plain"))
    np.random.seed(3)  # noqa: NPY002  the same draws again
    recorded = rows_of(run(tmp_path / "recorded", every=1))
    clocks = ("time/steps_per_second",)
    assert [{t: v for t, v in row.items() if t not in clocks} for row in recorded] == [
        {t: v for t, v in row.items() if t not in clocks} for row in plain
    ]


def test_a_gif_begins_as_one_and_has_the_size_of_the_frames(tmp_path):
    directory = run(tmp_path, every=3, format="gif")
    (file,) = (directory / "videos").iterdir()
    assert file.read_bytes().startswith(b"GIF89a" + bytes([48, 0, 32, 0]))


class Blind(Coloured):
    def __init__(self, render_mode=None):
        super().__init__(None)


def test_an_environment_without_images_is_refused_before_the_first_step(tmp_path):
    with pytest.raises(UsageError, match=r"^videos need an environment that renders images, got render mode None; use rgb_array\."):
        run(tmp_path, Blind, every=1)


class Breaking(Coloured):
    def render(self):
        raise OSError("the display is gone")


def test_a_recording_that_fails_is_one_warning_and_the_run_goes_on(tmp_path, caplog):
    directory = run(tmp_path, Breaking, every=1)
    assert rows_of(directory)[-1]["step"] == 96
    said = [message for message in caplog.messages if "videos" in message]
    assert len(said) == 1
    assert "the display is gone" in said[0]
    assert list((directory / "videos").iterdir()) == []
    assert SHOWN == []


def test_options_that_cannot_be_meant_are_refused():
    with pytest.raises(UsageError, match=r"^format must be one of mp4, gif, not 'avi'\.$"):
        Videos(format="avi")
    with pytest.raises(UsageError, match=r'has no option "speed"'):
        Component("extension", "videos", {"speed": 3}).create()
