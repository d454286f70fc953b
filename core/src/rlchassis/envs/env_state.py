"""The state of a single environment, so that a resumed run steps it as if it had never been interrupted: four ways, tried in order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from typing import Any

import gymnasium as gym
import gymnasium.vector
import numpy as np
from attrs import define, field

from rlchassis.data.state_restoring import Restoration, plain_value, set_generator
from rlchassis.data.state_tree import Capture, State, UncoveredState

REPLAY_WAY = "replay"
LONGEST_REPLAY = 100_000
"""Steps of an episode up to which its actions are recorded."""
STEPS_BETWEEN_BOUNDS = 10_000
"""Steps of an environment between checks of how long its recorded episode is."""
Env = gym.Env[Any, Any]


@define(eq=False)
class Episode:
    """How the current episode of an environment began, and its actions since: enough to play it again."""

    seed: int | None = None
    rng: Any = None
    """State of the environment's generator before a reset without seed."""
    actions: list[Any] = field(factory=list)
    is_whole: bool = True
    """Whether all actions are recorded."""

    @classmethod
    def beginning(cls, env: Env, seed: int | None) -> Episode:
        """Record how an episode is about to begin."""
        generator = getattr(env.unwrapped, "_np_random", None)
        return cls(seed, None if seed is not None or generator is None else deepcopy(generator.bit_generator.state))

    def bound(self) -> None:
        """Forget the actions of an episode that is too long."""
        if len(self.actions) > LONGEST_REPLAY or not self.is_whole:
            self.is_whole = False
            self.actions.clear()


def own_state(env: Env, episode: Episode) -> State:
    """The state that the environment's own get_state returns."""
    if not env.has_wrapper_attr("set_state"):
        raise UncoveredState("it has no get_state and set_state")
    return Capture().state_of(env.get_wrapper_attr("get_state")(), "get_state()")


def restore_own_state(env: Env, state: State) -> None:
    """Call the environment's own set_state."""
    env.reset(seed=0)
    env.get_wrapper_attr("set_state")(plain_value(state, "get_state()"))


def emulated(env: Env, episode: Episode) -> State:
    """The state of an emulator such as ALE, by clone_state and serialize, with that of the environment's generator and of its wrappers."""
    *wrappers, inner = layers_of(env)
    emulator = np.frombuffer(inner.clone_state(include_rng=True).serialize(), np.uint8)
    return {"emulator": emulator, "rng": Capture().state_of(inner.np_random, "np_random"), "wrappers": _attributes(wrappers)}


def restore_emulated(env: Env, state: State) -> None:
    """Let the emulator read its state, and set the attributes of the wrappers."""
    env.reset(seed=0)
    *wrappers, inner = layers_of(env)
    inner.restore_state(type(inner.clone_state(include_rng=True))(state["emulator"].tobytes()))
    Restoration().value(inner.np_random, state["rng"], "np_random")
    _restore_layers(wrappers, state["wrappers"])


def replayable(env: Env, episode: Episode) -> State:
    """The beginning and the actions of the episode."""
    if not episode.is_whole:
        raise UncoveredState(f"its episode has more than {LONGEST_REPLAY} steps")
    actions: Any = episode.actions
    if actions and isinstance(actions[0], np.generic | np.ndarray):
        actions = np.stack(actions)
    return Capture().state_of({"seed": episode.seed, "rng": episode.rng, "actions": actions}, "episode")


def play_again(env: Env, state: State) -> None:
    """Begin the episode as it began, and take the same actions."""
    episode = episode_from(state)
    begin_again(env, episode)
    for action in episode.actions:
        env.step(action)


def begin_again(env: Env, episode: Episode) -> None:
    """Begin the episode as it began."""
    if episode.seed is None and episode.rng is not None:
        set_generator(env.unwrapped.np_random, episode.rng)
    env.reset(seed=episode.seed)


def episode_from(state: State) -> Episode:
    """The episode that `replayable` stored."""
    if len(state["actions"]) > LONGEST_REPLAY + STEPS_BETWEEN_BOUNDS:
        raise UncoveredState(f"an episode of {len(state['actions'])} steps is never recorded")
    seed, rng, actions = (plain_value(state[name], name) for name in ("seed", "rng", "actions"))
    return Episode(seed, rng, list(actions))


def attributes_of(env: Any, episode: Episode | None = None) -> State:
    """The attributes of the environment and its wrappers, if all are plain data, arrays or generators."""
    return _attributes(layers_of(env))


def _attributes(layers: list[Any]) -> State:
    capture = Capture()
    return [
        {name: capture.state_of(value, _path(i, each, name)) for name, value in vars(each).items() if name != "env"}
        for i, each in enumerate(layers)
    ]


def _path(index: int, layer: Any, name: str) -> str:
    return f"{type(layer).__name__} {index}.{name}"


def restore_after_reset(env: Env, state: State) -> None:
    """Set the attributes of the environment and its wrappers."""
    env.reset(seed=0)
    restore_attributes(env, state)


def restore_attributes(env: Any, state: State) -> None:
    """Set the attributes of an environment that was reset, and of its wrappers."""
    _restore_layers(layers_of(env), state)


def _restore_layers(layers: list[Any], state: State) -> None:
    restoration = Restoration()
    for index, (each, attributes) in enumerate(zip(layers, state, strict=True)):
        for name, value in attributes.items():
            path = _path(index, each, name)
            if name.startswith("__"):
                raise UncoveredState(f"{path} is no attribute that has a state")
            setattr(each, name, restoration.value(getattr(each, name, None), value, path))


def layers_of(env: Any) -> list[Any]:
    """The environment and its wrappers, outermost first."""
    layers = [env]
    while isinstance(layers[-1], gym.Wrapper | gym.vector.VectorWrapper):
        layers.append(layers[-1].env)
    return layers


WAYS: dict[str, tuple[Callable[[Env, Episode], State], Callable[[Env, State], None]]] = {
    "own state": (own_state, restore_own_state),
    "emulator": (emulated, restore_emulated),
    REPLAY_WAY: (replayable, play_again),
    "attributes": (attributes_of, restore_after_reset),
}
"""Each way to store the state of an environment and to restore it into a new one, in the order in which they are tried."""


def env_state(env: Env, episode: Episode, ways: list[str]) -> State:
    """The state by the first of these ways that works now; None where none does."""
    for way in ways:
        with suppress(Exception):
            return {"way": way, "state": WAYS[way][0](env, episode)}
    return None


def restore_env_state(env: Env, state: State) -> Episode:
    """Restore what env_state returned into an environment that was made anew; returns what is known of its episode."""
    WAYS[state["way"]][1](env, state["state"])
    return episode_from(state["state"]) if state["way"] == REPLAY_WAY else Episode(is_whole=False)
