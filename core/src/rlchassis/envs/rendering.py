"""Environments rendered in a window, with a fallback without rendering if that fails."""

from __future__ import annotations

import sys
import warnings
from contextlib import suppress
from typing import Any

import gymnasium as gym

from rlchassis.envs.display import display_answers
from rlchassis.envs.opening import Env, EnvConstructor


def rendered_if_possible(rendered: EnvConstructor, plain: EnvConstructor) -> Env:
    """Create an environment with a window, or without one if that fails."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*not in the possible render_modes")  # which is seen soon enough
            env = rendered()
    except Exception as error:  # noqa: BLE001  whatever it is, only a picture is missing
        return WindowIfPossible(plain(), plain, _in_words(error))
    return WindowIfPossible(env, plain) if getattr(env, "render_mode", None) == "human" else env


class WindowIfPossible(gym.Wrapper[Any, Any, Any, Any]):
    """Wrapper that continues without a window if a reset with one fails; windows are opened only then."""

    def __init__(self, env: Env, plain: EnvConstructor, not_rendered_because: str | None = None) -> None:
        super().__init__(env)
        self._plain = plain
        self.not_rendered_because = not_rendered_because

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        """Begin an episode; where that fails, in an environment without a window."""
        if self.not_rendered_because is not None:
            return self.env.reset(seed=seed, options=options)
        if "glfw" in sys.modules and not display_answers():  # glfw, MuJoCo's library, would end the process
            self._go_on_without("the display does not answer")
            return self.env.reset(seed=seed, options=options)
        try:
            return self.env.reset(seed=seed, options=options)
        except Exception as error:  # noqa: BLE001  whatever it is, only a picture is missing
            self._go_on_without(_in_words(error))
            return self.env.reset(seed=seed, options=options)

    def _go_on_without(self, reason: str) -> None:
        with suppress(Exception):
            self.env.close()
        self.env, self.not_rendered_because = self._plain(), reason


def why_not_rendered(env: Env) -> str | None:
    """Why an environment that was to be shown in a window is not; None where nothing is known to be in the way."""
    while isinstance(env, gym.Wrapper):
        if isinstance(env, WindowIfPossible):
            return env.not_rendered_because
        env = env.env
    return None


def _in_words(error: Exception) -> str:
    if "argument 'render_mode'" in str(error):
        return "the environment takes no render_mode"
    return " ".join(str(error).split()) or type(error).__name__
