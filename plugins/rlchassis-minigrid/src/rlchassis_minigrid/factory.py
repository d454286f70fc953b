"""Factory of MiniGrid and BabyAI tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import gymnasium as gym
from attrs import field, frozen
from attrs.validators import instance_of

from rlchassis.api import EnvFactory, EnvFactoryRegistered, EnvMode, UsageError, VectorEnvType, choice, did_you_mean, number, switch, whole
from rlchassis_minigrid.observing import MissionAsBag, MissionAsWords, NoMission, OneHotCells


@frozen
class EnvFactoryMiniGrid(EnvFactory):
    """Tasks of MiniGrid and BabyAI, such as "Empty-5x5-v0" or "BabyAI-GoToObj-v0"; `make_kwargs` go to gymnasium.make."""

    task: str = field(validator=instance_of(str))
    venv_type: VectorEnvType = field(default=VectorEnvType.DUMMY, converter=VectorEnvType)
    image: str = choice("one-hot", ("one-hot", "numbers", "pixels"))
    """Cells as one-hot vectors, as numbers of object, colour and state, or as a picture."""
    fully_observed: bool = switch(False)
    """Whether the whole grid is seen, rather than what lies before the agent."""
    mission: str = choice("words", ("words", "bag", "none"))
    """The mission as numbers of its words in order, as the set of its words, or left out."""
    mission_length: int = whole(24)
    """Number of words that a mission has room for."""
    watch_render_mode: str | None = "human"
    make_kwargs: Mapping[str, Any] = field(factory=dict, hash=False)
    constructor_timeout: float = number(60.0, above=0)
    step_timeout: float = number(300.0, above=0)

    def create_env(self, mode: EnvMode) -> gym.Env[Any, Any]:
        """See EnvFactory; UsageError for an unknown task."""
        plain = EnvFactoryRegistered(self._id(), watch_render_mode=self.watch_render_mode, make_kwargs=self.make_kwargs)
        return self._with_mission(self._with_image(plain.create_env(mode)))

    def constructors(self, num_envs: int, mode: EnvMode) -> Sequence[Callable[[], gym.Env[Any, Any]]]:
        """See EnvFactory; an unknown task is refused before any process is started."""
        self._id()
        return super().constructors(num_envs, mode)

    def _id(self) -> str:
        """Its id with the module that registers it."""
        import_module("minigrid")  # which registers its ids
        named = (self.task, f"MiniGrid-{self.task}", f"MiniGrid-{self.task}-v0")
        known = [name for name in gym.registry if name.startswith(("MiniGrid-", "BabyAI-"))]
        found = next((name for name in named if name in known), None)
        if found is None:
            raise UsageError(f"MiniGrid has no task {self.task!r}.{did_you_mean(named[1], known)}")
        return f"minigrid:{found}"

    def _with_image(self, env: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
        wrappers: Any = import_module("minigrid.wrappers")
        if self.image == "pixels":
            shown: gym.Env[Any, Any] = (wrappers.RGBImgObsWrapper if self.fully_observed else wrappers.RGBImgPartialObsWrapper)(env)
            return shown
        seen = wrappers.FullyObsWrapper(env) if self.fully_observed else env
        return OneHotCells(seen) if self.image == "one-hot" else seen

    def _with_mission(self, env: gym.Env[Any, Any]) -> gym.Env[Any, Any]:
        if self.mission == "none":
            return NoMission(env)
        return MissionAsBag(env) if self.mission == "bag" else MissionAsWords(env, self.mission_length)
