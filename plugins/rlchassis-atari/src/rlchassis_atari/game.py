"""One Atari game as an environment, on the Arcade Learning Environment itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from attrs import frozen
from gymnasium.envs.registration import EnvSpec
from gymnasium.spaces import Box, Discrete

from rlchassis.api import UsageError
from rlchassis_atari.frames import Frame, Stack, resized
from rlchassis_atari.roms import game_of, rom_of

NOOP, FIRE = 0, 1
"""Actions of ALE."""
SEEDS = 2**31


@frozen(kw_only=True)
class Protocol:
    """How a game is played; the fields are those of EnvFactoryAtari."""

    frame_skip: int
    max_pool: bool
    grayscale: bool
    screen_size: int
    stack_num: int
    sticky_actions: float
    noop_max: int
    fire_on_reset: bool
    full_action_space: bool
    max_frames: int
    terminal_on_life_loss: bool
    clip_rewards: bool
    mode: int | None
    difficulty: int | None


class AtariGame(gym.Env[Frame, np.int64]):
    """A game, with stacks of its frames [stack_num, size, size], or [stack_num, size, size, 3] in colour, as observations."""

    def __init__(self, task: str, protocol: Protocol, render_mode: str | None = None) -> None:
        self._game = game_of(task)
        self._protocol, self.render_mode = protocol, render_mode
        self.metadata = {"render_modes": ["human", "rgb_array"], "render_fps": 60 / protocol.frame_skip}
        self.spec = EnvSpec(f"atari/{task}")
        self.ale = self._loaded(0)
        offered = self.ale.getLegalActionSet() if protocol.full_action_space else self.ale.getMinimalActionSet()
        self._actions: list[int] = [action.value for action in offered]
        channels = () if protocol.grayscale else (3,)
        shape = (protocol.stack_num, protocol.screen_size, protocol.screen_size, *channels)
        self.observation_space, self.action_space = Box(0, 255, shape, np.uint8), Discrete(len(self._actions))
        self._screens = [np.zeros((*self.ale.getScreenDims(), *channels), np.uint8) for _ in range(2)]
        self._stack = Stack(protocol.stack_num)
        self._frames, self._lives, self._over = 0, 0, True

    def _loaded(self, seed: int) -> Any:
        """An emulator with the game; its seed and the probability of sticky actions count from here on."""
        from ale_py import ALEInterface, LoggerMode

        ALEInterface.setLoggerMode(LoggerMode.Error)
        ale = ALEInterface()
        ale.setInt("random_seed", seed)
        ale.setFloat("repeat_action_probability", self._protocol.sticky_actions)
        ale.setBool("display_screen", self.render_mode == "human")
        ale.loadROM(rom_of(self._game))
        _choose("mode", self._protocol.mode, ale.getAvailableModes(), ale.setMode)
        _choose("difficulty", self._protocol.difficulty, ale.getAvailableDifficulties(), ale.setDifficulty)
        return ale

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Frame, dict[str, Any]]:
        """Begin a new game; after the loss of a life alone, go on with the old one."""
        super().reset(seed=seed)
        if seed is not None:
            self.ale, self._over = self._loaded(int(self.np_random.integers(SEEDS))), True
        if self._over:
            self._begin_game()
        else:
            self._act(NOOP)
        self._lives = self.ale.lives()
        return self._stack.begin(self._screen(pooled=False)), self._info()

    def _begin_game(self) -> None:
        self.ale.reset_game()
        self._frames = 0
        noops = int(self.np_random.integers(1, self._protocol.noop_max + 1)) if self._protocol.noop_max else 0
        for action in [NOOP] * noops + [FIRE] * (self._protocol.fire_on_reset and FIRE in self._actions):
            self._act(action)
            if self.ale.game_over():
                self.ale.reset_game()
        self._over = False

    def _act(self, action: int) -> int:
        self._frames += 1
        return int(self.ale.act(action))

    def step(self, action: Any) -> tuple[Frame, float, bool, bool, dict[str, Any]]:
        """Repeat an action for frame_skip frames."""
        protocol, chosen, reward, repeats = self._protocol, self._actions[int(action)], 0, self._protocol.frame_skip
        for frame in range(repeats):
            reward += self._act(chosen)
            if self.ale.game_over(with_truncation=False):
                break
            if protocol.max_pool and frame == repeats - 2:
                self._grab(self._screens[1])
        self._over = terminated = self.ale.game_over(with_truncation=False)
        truncated = self._frames >= protocol.max_frames and not terminated
        self._over = terminated or truncated
        lives = self.ale.lives()
        terminated |= protocol.terminal_on_life_loss and lives < self._lives
        self._lives = lives
        pooled = protocol.max_pool and repeats > 1 and not self._over
        observation = self._stack.push(self._screen(pooled))
        return observation, float(np.sign(reward)) if protocol.clip_rewards else float(reward), terminated, truncated, self._info()

    def _screen(self, pooled: bool) -> Frame:
        """The current screen, or the brighter of it and the one before, in the size of the observations."""
        newest, before = self._screens
        self._grab(newest)
        if pooled:
            np.maximum(newest, before, out=newest)
        return resized(newest, self._protocol.screen_size)

    def _grab(self, screen: Frame) -> None:
        (self.ale.getScreenGrayscale if self._protocol.grayscale else self.ale.getScreenRGB)(screen)

    def _info(self) -> dict[str, Any]:
        return {"lives": self._lives, "frames": self._frames}

    def render(self) -> Any:
        """The screen in colour; None where it is shown in a window."""
        return self.ale.getScreenRGB() if self.render_mode == "rgb_array" else None

    def get_state(self) -> dict[str, Any]:
        """All that a checkpoint needs to go on exactly."""
        emulator = np.frombuffer(self.ale.cloneState(include_rng=True).serialize(), np.uint8)
        counts = {"frames": self._frames, "lives": self._lives, "over": self._over}
        return {"emulator": emulator, "generator": self.np_random.bit_generator.state, "stack": self._stack.frames.copy(), **counts}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from what get_state returned."""
        from ale_py import ALEState

        self.ale.restoreState(ALEState(state["emulator"].tobytes()))
        self.np_random.bit_generator.state = state["generator"]
        self._stack.frames = state["stack"].copy()
        self._frames, self._lives, self._over = int(state["frames"]), int(state["lives"]), bool(state["over"])


def _choose(name: str, wanted: int | None, available: list[int], choose: Callable[[int], None]) -> None:
    if wanted is None:
        return
    if wanted not in available:
        raise UsageError(f"the game has no {name} {wanted}; it has {', '.join(map(str, available))}.")
    choose(wanted)
