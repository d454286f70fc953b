"""What one worker process has done since the episodes of its environments began: what another needs to take its place."""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from typing import Any

from attrs import define, evolve, field

from rlchassis.envs.actions import one_by_one
from rlchassis.envs.chunk_state import Begun
from rlchassis.envs.env_state import LONGEST_REPLAY


@define(eq=False)
class History:
    """Episodes as they began, and the steps since."""

    _steps: list[bytes] = field(factory=list, init=False)
    """Packed commands."""
    _begun: dict[int, tuple[Begun | None, int]] = field(factory=dict, init=False)
    """Of each environment the current episode, None where it cannot be played again, and the number of the first step in it."""
    _dropped: int = field(default=0, init=False)
    """Number of steps that no episode needs any more."""

    @property
    def has_begun(self) -> bool:
        """Whether there was a reset."""
        return bool(self._begun)

    def begin(self, episodes: Iterable[Begun]) -> None:
        """Episodes begin, or were restored."""
        number = self._dropped + len(self._steps)
        for each in episodes:
            self._begun[each.index] = (each if each.episode.is_whole else None), number
        self._drop(min(first for _, first in self._begun.values()))

    def record(self, command: bytes) -> None:
        """A step was done; forgets the episodes that are longer than LONGEST_REPLAY steps, now and then."""
        self._steps.append(command)
        if len(self._steps) == 2 * LONGEST_REPLAY:
            number = self._dropped + LONGEST_REPLAY
            self._begun = {index: (None if first < number else each, max(first, number)) for index, (each, first) in self._begun.items()}
            self._drop(number)

    def episodes(self) -> list[Begun] | None:
        """The current episodes with all their actions; None if one of them cannot be played again."""
        actions: dict[int, list[Any]] = {index: [] for index in self._begun}
        for number, command in enumerate(self._steps, self._dropped):
            _, of_all, chosen = pickle.loads(command)
            taken = one_by_one(of_all)
            for index in chosen:
                if number >= self._begun[index][1]:
                    actions[index].append(taken[index])
        made = [_longer(each, actions[index]) for index, (each, _) in sorted(self._begun.items()) if each is not None]
        return made if len(made) == len(self._begun) else None

    def _drop(self, number: int) -> None:
        """Drop the steps before this one, once they are as many as are kept."""
        surplus = number - self._dropped
        if 2 * surplus >= len(self._steps):
            del self._steps[:surplus]
            self._dropped = number


def _longer(begun: Begun, actions: list[Any]) -> Begun:
    """The episode with more actions, and the steps of its environment before all of them."""
    before = begun.episode.actions
    return evolve(begun, episode=evolve(begun.episode, actions=[*before, *actions]), steps=begun.steps - len(before))
