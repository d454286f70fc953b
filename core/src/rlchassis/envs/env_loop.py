"""Sequential stepping of environments, used both in-process and in workers, so that both give identical results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import isfinite
from typing import Any, Self

from attrs import define, field

from rlchassis.data.action_layout import ACTION_MASK
from rlchassis.data.arrays import write
from rlchassis.envs.actions import one_by_one
from rlchassis.envs.env_state import STEPS_BETWEEN_BOUNDS, Episode, begin_again
from rlchassis.envs.infos import InfoArrays, InfoKeys, InfoReader
from rlchassis.envs.mask_sources import UNREAD, may_lack_mask
from rlchassis.envs.masks import allow_all_at_ends
from rlchassis.envs.notices import Notices, notices_of
from rlchassis.envs.observations import require_possible
from rlchassis.envs.opening import Env, EnvConstructor, opened
from rlchassis.envs.progress import Progress, failure_from, failure_text
from rlchassis.envs.quick_checks import REWARD_TYPES, Put, putter
from rlchassis.envs.step_arrays import StepArrays
from rlchassis.envs.step_checks import (
    RESET_ANSWER,
    STEP_ANSWER,
    THOROUGH_STEPS,
    UnfitAnswer,
    as_flag,
    as_rewards,
    hint_on_unpacking,
    require_form,
)
from rlchassis.envs.vector import EnvTraits
from rlchassis.errors import EnvironmentFailure, raised, text_of

RESET_HINT = "; define it as reset(self, *, seed=None, options=None)"


@define(eq=False)
class Chunk:
    """Environments of one process, with their progress for error messages."""

    envs: list[Env]
    traits: EnvTraits
    progress: Progress
    notices: Notices
    first_index: int = 0
    construct: EnvConstructor | None = None
    """Constructor of the first environment, for trying how its state can be stored."""
    seeds: list[int | None] = field(init=False)
    episodes: list[Episode] = field(init=False)
    """The current episode of each environment, as far as it can be played again."""
    _env_steps: list[Callable[[Any], tuple[Any, ...]]] = field(init=False)
    _put: Put = field(init=False)
    _may_lack_mask: bool = field(init=False)
    infos: InfoReader | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        self.seeds = [None] * len(self.envs)
        self.episodes = [Episode() for _ in self.envs]
        self._env_steps = [env.step for env in self.envs]
        self._put = putter(self.traits.observation_space)
        self._may_lack_mask = may_lack_mask(self.traits.observation_space, self.traits.action_space)

    @classmethod
    def open(cls, constructors: Sequence[EnvConstructor], progress: Progress, notices: Notices, first_index: int = 0) -> Self:
        """Construct all environments, or none: what was opened is closed when one fails."""
        return cls(*opened(constructors, progress, notices, first_index), progress, notices, first_index, constructors[0])

    def read_infos(self, keys: InfoKeys, arrays: InfoArrays) -> None:
        """Read the `info` of every step into arrays from now on."""
        self.infos = InfoReader(keys, arrays)
        self._env_steps = [partial(self.infos.step, index, env.step) for index, env in enumerate(self.envs)]

    def reset(self, seeds: Sequence[int | None], rows: StepArrays) -> None:
        """Reset all environments, and write their observations."""
        self.seeds = list(seeds)
        if self.infos is not None:
            self.infos.begin()
        self.begin_episodes(range(len(self.envs)), seeds, rows)

    def step(self, env_actions: Any, chosen: Sequence[int], rows: StepArrays) -> bool:
        """Step the chosen environments, with actions of all, and reset where an episode ended; returns whether any did."""
        actions = one_by_one(env_actions)
        total = 0.0
        ends: list[tuple[int, bool, bool]] = []
        current, steps, env_steps = self.progress.current, self.progress.steps, self._env_steps
        put, obs, rewards, episodes = self._put, rows.obs, rows.rewards, self.episodes
        try:
            for index in chosen:
                current[0] = index
                steps[index] = count = steps[index] + 1
                episodes[index].actions.append(actions[index])
                answer = env_steps[index](actions[index])
                if not count % STEPS_BETWEEN_BOUNDS:
                    episodes[index].bound()
                if count <= THOROUGH_STEPS:
                    require_form(answer, STEP_ANSWER)
                    self._notice(index, answer[0])
                observation, reward, terminated, truncated, _ = answer
                put(obs, index, observation)
                rewards[index] = reward = float(reward if type(reward) in REWARD_TYPES else as_rewards(reward))
                total += reward
                if terminated is not False or truncated is not False:
                    end = (index, as_flag(terminated, "terminated"), as_flag(truncated, "truncated"))
                    if end[1] or end[2]:
                        ends.append(end)
            if not (isfinite(total) and rows.obs_possible()):
                allow_all_at_ends(self.traits.observation_space, obs, [index for index, terminated, _ in ends if terminated])
                require_possible(self.traits.observation_space, rewards, obs)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise self._failure(error, lambda index: f"at {self.progress.when()}, with action {actions[index]}") from error
        rows.set_ends(ends)
        if not ends:
            return False
        write(rows.final_obs, slice(None), obs)
        self.begin_episodes([index for index, _, _ in ends], [None] * len(ends), rows)
        return True

    def begin_episodes(self, indices: Sequence[int], seeds: Sequence[int | None], rows: StepArrays) -> None:
        """Reset some of the environments, and write their observations."""
        current, steps = self.progress.current, self.progress.steps
        try:
            for index, seed in zip(indices, seeds, strict=True):
                current[0] = index
                self.episodes[index] = Episode.beginning(self.envs[index], seed)
                answer = self.envs[index].reset(seed=seed)
                require_form(answer, RESET_ANSWER)
                if self._may_lack_mask and ACTION_MASK in answer[1]:
                    raise UnfitAnswer(UNREAD)
                if steps[index] <= THOROUGH_STEPS:
                    self._notice(index, answer[0])
                self._put(rows.obs, index, answer[0])
                self.progress.episode_starts[index] = steps[index]
            if not rows.obs_possible():
                require_possible(self.traits.observation_space, rows.rewards, rows.obs)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            hint = RESET_HINT if isinstance(error, TypeError) and "'seed'" in text_of(error) else ""
            raise self._failure(error, lambda index: f"in its reset after {steps[index]} steps{hint}") from error

    def play_again(self, index: int, episode: Episode, steps: int, episode_start: int) -> None:
        """Bring a new environment to where an episode is; steps: of the environment, before the actions of the episode."""
        self.progress.current[0] = index
        self.progress.steps[index], self.progress.episode_starts[index] = steps, episode_start
        begin_again(self.envs[index], episode)
        for action in episode.actions:
            self.progress.steps[index] += 1
            self._env_steps[index](action)
        self.episodes[index] = episode

    def _notice(self, index: int, observation: Any) -> None:
        for subject, text in notices_of(self.traits.observation_space, observation):
            self.notices.give(subject, f"environment {self.first_index + index} {text}")

    def _failure(self, error: BaseException, when: Callable[[int], str]) -> EnvironmentFailure:
        if isinstance(error, UnfitAnswer) and error.row is not None:
            self.progress.current[0] = error.row
        index = self.progress.current[0]
        what = str(error) if isinstance(error, UnfitAnswer) else raised(error) + hint_on_unpacking(error)
        return failure_from(error, failure_text(self.first_index + index, self.seeds[index], what, when(index)))

    def close(self) -> None:
        """Close all environments; may be called again."""
        envs, self.envs = self.envs, []
        for env in envs:
            self.notices.close(env.close, "an environment")
