"""Factory of Atari games."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import attrs
from attrs import field, frozen
from attrs.validators import instance_of

from rlchassis.api import EnvFactory, EnvMode, VectorEnvType, number, switch, whole
from rlchassis_atari.game import AtariGame, Protocol
from rlchassis_atari.roms import game_of, rom_of


@frozen
class EnvFactoryAtari(EnvFactory):
    """Atari games by their names, such as "Pong", preprocessed as Machado et al. 2018 recommend (https://arxiv.org/abs/1709.06009).

    Tests score whole games and their own rewards: clip_rewards and terminal_on_life_loss are of training alone.
    """

    task: str = field(validator=instance_of(str))
    venv_type: VectorEnvType = field(default=VectorEnvType.DUMMY, converter=VectorEnvType)
    frame_skip: int = whole(4)
    """Frames that an action is repeated for."""
    max_pool: bool = switch(True)
    """Whether each pixel is the brighter one of the last two frames, since some games draw objects in every other frame only."""
    grayscale: bool = switch(True)
    """Whether frames are gray; else in three colours."""
    screen_size: int = whole(84)
    """Width and height of frames, scaled by area interpolation from 160 × 210 pixels."""
    stack_num: int = whole(4)
    """Number of frames in an observation."""
    sticky_actions: float = number(0.25, at_least=0, below=1)
    """Probability ς that a frame repeats the action of the frame before; 0: the game is deterministic."""
    noop_max: int = whole(0, at_least=0)
    """A game begins with 1 to this number of frames without an action; 0: none."""
    fire_on_reset: bool = switch(False)
    """Whether a game begins with the action FIRE, which some wait for."""
    full_action_space: bool = switch(False)
    """Whether all 18 actions are offered, rather than those that the game uses."""
    max_frames: int = whole(108_000)
    """Frames after which a game is cut; 108 000 are half an hour, Machado et al. train with 18 000."""
    terminal_on_life_loss: bool = switch(False)
    """Whether the loss of a life terminates an episode of training."""
    clip_rewards: bool = switch(True)
    """Whether rewards of training are −1, 0 or 1."""
    mode: int | None = whole(None, at_least=0, or_none=True)
    """Mode of the game; None: its first."""
    difficulty: int | None = whole(None, at_least=0, or_none=True)
    """Difficulty of the game; None: its first."""
    watch_render_mode: str | None = "human"
    constructor_timeout: float = number(60.0, above=0)
    step_timeout: float = number(300.0, above=0)

    def create_env(self, mode: EnvMode) -> AtariGame:
        """See EnvFactory; UsageError for an unknown game and a missing ROM."""
        settings = {a.name: getattr(self, a.name) for a in attrs.fields(Protocol)}
        if mode is not EnvMode.TRAIN:
            settings |= {"terminal_on_life_loss": False, "clip_rewards": False}
        return AtariGame(self.task, Protocol(**settings), self._render_mode() if mode is EnvMode.WATCH else None)

    def constructors(self, num_envs: int, mode: EnvMode) -> Sequence[Callable[[], Any]]:
        """See EnvFactory; an unknown game is refused before any process is started."""
        rom_of(game_of(self.task))
        return super().constructors(num_envs, mode)

    def _render_mode(self) -> str | None:
        """No window where there is no display."""
        is_shown = not sys.platform.startswith("linux") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
        return self.watch_render_mode if is_shown or self.watch_render_mode != "human" else None
