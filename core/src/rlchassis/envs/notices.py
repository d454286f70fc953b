"""Warnings about environments, each logged once per vectorized environment."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from attrs import define, field
from gymnasium.spaces import Dict, Tuple

from rlchassis.envs.observations import leaves_of
from rlchassis.envs.spaces import AnySpace, describe
from rlchassis.errors import raised

log = logging.getLogger(__name__)
Notice: TypeAlias = tuple[str, str]
"""Its subject, which is reported once, and its text."""


@define(eq=False)
class Notices:
    """Hands each subject's first text on: to the log, or from a worker process to its supervisor."""

    _hand_on: Callable[[str, str], None] = lambda _subject, text: log.warning("%s", text)
    _seen: set[str] = field(init=False, factory=set)

    def give(self, subject: str, text: str) -> None:
        """Once per subject."""
        if subject not in self._seen:
            self._seen.add(subject)
            self._hand_on(subject, text)

    def close(self, close: Callable[[], None], what: str) -> None:
        """Close something of the user's; what it raises costs nothing that was achieved."""
        try:
            close()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  foreign code ends as it likes
            self.give(f"close {what}", f"{what} could not be closed: it {raised(error)}.")


def notices_of(space: AnySpace, observation: Any, leading: tuple[int, ...] = ()) -> Iterator[Notice]:
    """Floats beyond their declared bounds, and keys that the space does not have; texts continue "environment 0 …"."""
    if isinstance(space, Dict) and isinstance(observation, Mapping) and (surplus := observation.keys() - space.spaces.keys()):
        names = ", ".join(sorted(map(repr, surplus)))
        yield f"keys {names}", f"answers keys that are not in its observation space and are left out: {names}."
    if isinstance(space, Tuple) and isinstance(observation, tuple | list) and len(observation) > len(space):
        yield "length", f"answers tuples of {len(observation)} parts, of which only the first {len(space)} are in its observation space."
    for leaf, value in leaves_of(space, observation):
        stored = leaf.fitted(value, leading)
        if leaf.outside(stored):
            found, bounds = f"{stored.min():g} to {stored.max():g}", describe(leaf.space)
            text = f"answers an {leaf.name} from {found}, outside the bounds of its space {bounds}; declare wider bounds, or clip it."
            yield f"bounds {leaf.path}", text
