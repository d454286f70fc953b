"""Names of tianshou.highlevel.config."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from rlchassis import experiment as native
from rlchassis.api import UsageError
from rlchassis_tianshou.translation.notes import note

REPLAY = ("buffer_size", "replay_buffer_ignore_obs_next", "replay_buffer_save_only_last_obs", "replay_buffer_stack_num")
OFF_POLICY = (*REPLAY, "update_per_step", "start_timesteps", "start_timesteps_random")


@dataclass
class SamplingConfig:
    """Sampling configuration with Tianshou's defaults."""

    num_epochs: int = 100
    step_per_epoch: int = 30000
    batch_size: int | None = 64
    num_train_envs: int = -1
    num_test_envs: int = 1
    num_test_episodes: int = 1
    buffer_size: int = 4096
    step_per_collect: int | None = 2048
    episode_per_collect: int | None = None
    repeat_per_collect: int | None = 1
    update_per_step: float = 1.0
    start_timesteps: int = 0
    start_timesteps_random: bool = False
    replay_buffer_ignore_obs_next: bool = False
    replay_buffer_save_only_last_obs: bool = False
    replay_buffer_stack_num: int = 1

    def __post_init__(self) -> None:
        """UsageError for collections counted in episodes."""
        if self.episode_per_collect is not None:
            raise UsageError(
                f"episode_per_collect is {self.episode_per_collect}, but collections are counted in steps; set step_per_collect."
            )
        if self.step_per_collect is None:
            raise UsageError("step_per_collect is None, expected a number of environment steps; set it.")

    def translated(self, *, on_policy: bool) -> native.SamplingConfig:
        """The same settings of rlchassis: with a test before training, and the warm-up before the first epoch."""
        settings: dict[str, Any] = asdict(self) | {"test_before_training": True}
        del settings["episode_per_collect"]
        if on_policy:
            return native.SamplingConfig(**self._on_policy(settings))
        return native.SamplingConfig(**self._off_policy(settings))

    def _on_policy(self, settings: dict[str, Any]) -> dict[str, Any]:
        defaults = {field.name: field.default for field in fields(self)}
        for name in OFF_POLICY:
            if settings.pop(name) != defaults[name]:
                note(f"SamplingConfig.{name}", "no effect on policy, where each rollout is learned from and discarded.")
        rollout = min(settings["step_per_collect"], self.num_epochs * self.step_per_epoch)
        if self.batch_size is not None and self.batch_size > rollout:
            settings["batch_size"] = None
        return settings

    def _off_policy(self, settings: dict[str, Any]) -> dict[str, Any]:
        if settings.pop("repeat_per_collect") not in (None, 1):
            note("SamplingConfig.repeat_per_collect", "no effect off policy, where update_per_step says how often to learn.")
        if not self.start_timesteps and settings.pop("start_timesteps_random"):
            note("SamplingConfig.start_timesteps_random", "no effect without start_timesteps.")
        return settings | {"count_start_timesteps": not self.start_timesteps}
