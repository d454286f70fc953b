from __future__ import annotations

import sys
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from rlchassis.cli import recording as recording_module
from rlchassis.cli.watched import watch_stored
from rlchassis.experiment import PPOExperimentBuilder
from rlchassis_testkit.stored_runs import listing, tiny_config, tiny_sampling


@pytest.fixture
def no_display(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


class Recording(gym.Wrapper):
    """Stands in for gymnasium's recorder: its file holds how many frames it would have."""

    def __init__(self, env, folder, episode_trigger, video_length, disable_logger):
        super().__init__(env)
        self.folder, self.recording, self.frames, self.triggered = Path(folder), False, [], episode_trigger
        self.folder.mkdir()
        self.episode = -1

    def reset(self, **options):
        answer = self.env.reset(**options)
        self.episode += 1
        self.recording = self.recording or self.triggered(self.episode)
        self.frames += [self.env.render()] if self.recording else []
        return answer

    def step(self, action):
        answer = self.env.step(action)
        self.frames += [self.env.render()] if self.recording else []
        return answer

    def stop_recording(self):
        self.recording = False
        (self.folder / "any-name.mp4").write_text(str(len(self.frames)), "utf-8")


class Drawn(gym.Env):
    """Ends after three steps, and renders what it is asked for without any library."""

    observation_space = gym.spaces.Box(-1, 1, (1,))
    action_space = gym.spaces.Discrete(2)
    metadata = {"render_modes": ["rgb_array", "human"], "render_fps": 10}  # noqa: RUF012  as gymnasium has it

    def __init__(self, render_mode=None):
        self.render_mode, self.time = render_mode, 0

    def reset(self, *, seed=None, options=None):
        self.time = 0
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.time += 1
        return np.zeros(1, np.float32), 1.0, self.time == 3, False, {}

    def render(self):
        return np.full((32, 32, 3), self.time * 60, np.uint8)


@pytest.fixture
def drawn(tmp_path, monkeypatch, rlchassis):
    """A run directory of an environment that renders by itself."""
    monkeypatch.setitem(gym.registry, "Drawn-v0", gym.envs.registration.EnvSpec("Drawn-v0", entry_point=Drawn))
    PPOExperimentBuilder("Drawn-v0", tiny_config(tmp_path / "log"), tiny_sampling()).build().run("drawn")
    return Path("log/drawn")


@pytest.fixture
def recorder(monkeypatch):
    monkeypatch.setattr(recording_module, "RecordVideo", Recording)
    monkeypatch.setattr(recording_module, "find_spec", lambda name: name)


def test_without_a_display_episodes_are_played_and_one_line_says_so(rlchassis, run, no_display):
    before = listing(run)
    done = rlchassis("watch", run)
    assert (done.code, done.out, done.err.count("\n")) == (0, "", 1)
    assert done.err.startswith("Watched 3 episodes (not rendered: there is no display): mean return ")
    assert "Watched 2 episodes" in rlchassis("watch", run, "--episodes", 2).err
    assert listing(run) == before


def test_with_a_display_it_is_opened(rlchassis, drawn, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.delitem(sys.modules, "glfw", raising=False)  # which another test may have imported, and which would ask the display
    assert "Watched 1 episode (rendered): mean return 3.00 ± 0.00." in rlchassis("watch", drawn, "--episodes", 1).err


def test_the_policy_that_plays_is_the_stored_one_and_plays_what_a_run_shows_at_its_end(tmp_path, caplog):
    config = tiny_config(tmp_path, watch=True, watch_num_episodes=2)
    with caplog.at_level("INFO", "rlchassis"):
        PPOExperimentBuilder("CartPole-v1", config, tiny_sampling()).build().run("run")
        watch_stored(tmp_path / "run")
    first, second = (message for message in caplog.messages if message.startswith("Watched"))
    assert first == second


@pytest.mark.parametrize(("words", "frames"), [((), "4"), (("--episodes", "2"), "9")])
def test_a_video_is_in_exactly_the_file_that_was_named_and_ends_with_the_last_episode(rlchassis, drawn, recorder, words, frames):
    Path("x.mp4").write_text("old", "utf-8")
    done = rlchassis("watch", drawn, "--video", "x.mp4", *words)
    assert (done.code, done.out) == (0, "video: x.mp4\n"), done
    assert "rendered as images" in done.err
    assert Path("x.mp4").read_text("utf-8") == frames
    assert {file.name for file in Path().iterdir()} == {"log", "x.mp4"}


def test_the_real_recorder_makes_a_video(rlchassis, drawn):
    pytest.importorskip("moviepy", reason="videos are encoded by moviepy, which core does without")
    done = rlchassis("watch", drawn, "--video", "x.mp4", "--episodes", 2)
    assert (done.code, done.out) == (0, "video: x.mp4\n"), done
    assert Path("x.mp4").read_bytes()[4:8] == b"ftyp"
    assert {file.name for file in Path().iterdir()} == {"log", "x.mp4"}


def is_refused(done, hint):
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1), done
    assert hint in done.err


def test_without_the_recorders_dependency_one_sentence_says_what_to_install(rlchassis, drawn, monkeypatch):
    monkeypatch.setattr(recording_module, "find_spec", lambda name: None)
    Path("x.mp4").write_text("precious", "utf-8")
    is_refused(rlchassis("watch", drawn, "--video", "x.mp4"), "python -m pip install moviepy")
    assert Path("x.mp4").read_text("utf-8") == "precious"
    assert {file.name for file in Path().iterdir()} == {"log", "x.mp4"}


@pytest.mark.parametrize("video", ["x.avi", "x", "nowhere/x.mp4", "log.mp4"])
def test_a_video_that_has_no_place_is_refused(rlchassis, drawn, recorder, video):
    Path("log.mp4").mkdir()
    is_refused(rlchassis("watch", drawn, "--video", video), "cannot write a video to")
    assert list(Path("log.mp4").iterdir()) == []


def blind():
    return Drawn()


def test_an_environment_that_renders_no_images_is_refused(rlchassis, tmp_path, recorder):
    PPOExperimentBuilder(blind, tiny_config(tmp_path / "log"), tiny_sampling()).build().run("blind")
    with pytest.raises(ValueError, match="renders images, got render mode None"):
        watch_stored("log/blind", video="x.mp4", allow=[blind])
    assert {file.name for file in Path().iterdir()} == {"log"}


def test_a_video_of_a_failing_environment_is_not_left_behind(rlchassis, drawn, recorder, monkeypatch):
    monkeypatch.setattr(Drawn, "step", lambda self, action: 1 / 0)
    done = rlchassis("watch", drawn, "--video", "x.mp4")
    assert (done.code, done.out) == (1, "")
    assert {file.name for file in Path().iterdir()} == {"log"}


@pytest.mark.parametrize(
    ("name", "content", "hint"),
    [
        ("policy.pt", b"no policy", "no policy file"),
        ("policy.pt", None, "holds no policy.pt"),
        ("experiment.json", b"{", "is damaged"),
        ("experiment.json", b'{"format": 1}', "cannot be used"),
    ],
)
def test_a_damaged_run_is_refused_and_not_touched(rlchassis, run, name, content, hint):
    if content is None:
        (run / name).unlink()
    else:
        (run / name).write_bytes(content)
    before = listing(run)
    is_refused(rlchassis("watch", run), hint)
    assert listing(run) == before


@pytest.mark.parametrize("episodes", [0, -1])
def test_no_episodes_are_nothing_to_watch(rlchassis, run, episodes):
    is_refused(rlchassis("watch", run, "--episodes", episodes), "at least 1")
