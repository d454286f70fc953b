"""No run is lost for a picture: environments that cannot be shown in a window are played without one."""

from __future__ import annotations

import os
import socket
import sys
import warnings
from typing import Any

import cloudpickle
import gymnasium as gym
import pytest
from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv

from rlchassis.envs import EnvFactoryRegistered, EnvMode, VectorEnvType, why_not_rendered
from rlchassis.envs.display import display_answers
from rlchassis_testkit.tiny_envs import Counter

cloudpickle.register_pickle_by_value(sys.modules[__name__])


class Seen(Counter):
    """Shows itself from its first reset on, if there is a screen."""

    metadata: Any = {"render_modes": ["human"]}  # noqa: RUF012  as gymnasium has it
    there_is_a_screen = True

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__()
        self.render_mode, self.closed = render_mode, False

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        if self.render_mode == "human" and not self.there_is_a_screen:
            raise RuntimeError("No available video device")
        return super().reset(seed=seed)

    def close(self) -> None:
        self.closed = True


class Broken(Counter):
    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__()
        self.render_mode = render_mode

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        raise RuntimeError(f"no level, {self.render_mode}")


@pytest.fixture(autouse=True)
def desktop(monkeypatch):
    """A display, as far as the environment variables say, and no GLFW, which would ask it and which another test may have imported."""
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.delitem(sys.modules, "glfw", raising=False)
    monkeypatch.setattr(Seen, "there_is_a_screen", True)
    for kind in (Counter, Seen, Broken):
        monkeypatch.setitem(gym.registry, f"{kind.__name__}-v0", gym.envs.registration.EnvSpec(f"{kind.__name__}-v0", entry_point=kind))


@pytest.mark.parametrize("venv_type", [VectorEnvType.DUMMY, VectorEnvType.SUBPROC])
def test_an_environment_that_takes_no_render_mode_trains_and_is_watched_without_a_window(venv_type):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        envs = EnvFactoryRegistered("Counter-v0", venv_type=venv_type).create_envs(1, 1, create_watch_env=True)
    assert envs.watch.reset([1]).tolist() == [[100]]
    assert why_not_rendered(envs.watch.envs[0]) == "the environment takes no render_mode"
    envs.close()


def test_a_vectorised_form_that_takes_no_render_mode_is_made_without():
    class Form(CartPoleVectorEnv):
        def __init__(self, num_envs, max_episode_steps=9):
            super().__init__(num_envs, max_episode_steps)

    spec = gym.envs.registration.EnvSpec("Form-v0", entry_point=Counter, vector_entry_point=Form)
    gym.registry["Form-v0"] = spec
    assert EnvFactoryRegistered("Form-v0", venv_type=VectorEnvType.NATIVE).create_venv(2, EnvMode.TRAIN).num_envs == 2
    del gym.registry["Form-v0"]


@pytest.mark.parametrize("mode", [{"watch_render_mode": "rgb_array"}, {"train_render_mode": "human"}])
@pytest.mark.filterwarnings("ignore:.*not in the possible render_modes")
def test_a_render_mode_that_was_asked_for_is_refused_where_the_environment_takes_none(mode):
    with pytest.raises(ValueError, match="unexpected keyword argument 'render_mode'"):
        EnvFactoryRegistered("Counter-v0", **mode).create_envs(1, 0, create_watch_env=True)


def test_a_window_that_opens_is_used():
    env = EnvFactoryRegistered("Seen-v0").create_env(EnvMode.WATCH)
    env.reset()
    assert (env.render_mode, why_not_rendered(env)) == ("human", None)


def test_a_window_that_does_not_open_costs_no_episode(monkeypatch):
    monkeypatch.setattr(Seen, "there_is_a_screen", False)
    env = EnvFactoryRegistered("Seen-v0").create_env(EnvMode.WATCH)
    rendered = env.unwrapped
    assert env.reset(seed=1)[0].tolist() == [100]
    assert (env.render_mode, why_not_rendered(env)) == (None, "No available video device")
    assert rendered.closed
    assert env.step(0)[0].tolist() == [101]
    assert env.reset()[0].tolist() == [200]


def test_an_environment_that_fails_without_a_window_too_raises():
    env = EnvFactoryRegistered("Broken-v0").create_env(EnvMode.WATCH)
    with pytest.raises(RuntimeError, match="no level, None"):
        env.reset()
    gym.registry["Broken-v0"].kwargs["nonsense"] = 1
    with pytest.raises(ValueError, match="unexpected keyword argument 'nonsense'"):
        EnvFactoryRegistered("Broken-v0").create_env(EnvMode.WATCH)


def test_glfw_which_ends_the_process_without_a_display_is_kept_from_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "glfw", object())
    monkeypatch.setattr("rlchassis.envs.rendering.display_answers", lambda: False)
    env = EnvFactoryRegistered("Seen-v0").create_env(EnvMode.WATCH)
    env.reset()
    assert (env.render_mode, why_not_rendered(env)) == (None, "the display does not answer")


def test_an_environment_that_was_never_to_be_shown_lacks_nothing():
    assert why_not_rendered(EnvFactoryRegistered("Seen-v0").create_env(EnvMode.TEST)) is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere displays have no addresses")
def test_a_display_answers_while_its_server_listens(monkeypatch, tmp_path):
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("DISPLAY", f"127.0.0.1:{server.getsockname()[1] - 6000}.0")
        assert display_answers()
    assert not display_answers()
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("wayland-0")
        server.listen()
        monkeypatch.setenv("XDG_RUNTIME_DIR", os.curdir)
        monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
        assert display_answers()
    assert not display_answers()


def test_a_display_whose_name_says_no_address_is_taken_for_granted(monkeypatch):
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", "somewhere")
    assert display_answers()
