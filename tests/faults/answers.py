"""Answers that are not finite or of another shape, kind or number than the spaces say, and learning that diverges.

Stopped where they arise.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import cloudpickle
import gymnasium as gym
import numpy as np
import torch
from attrs import define
from runs import Beacon, failure_lines, typed, words
from strange import RESET, Strange
from trials import Place, Trial

FAMILY = "answers that are none"
WHERE = r", at step \d+ of its episode \(\d+ in all\), with action [\[\]\d. e+-]+$"


def put(index: int, value: Any, env: Strange) -> Any:
    """An answer with another value at one place."""
    return (*env.answer[:index], value, *env.answer[index + 1 :])


def spoilt(value: float, env: Strange) -> Any:
    """One number of the observation is another."""
    observation = np.array(env.answer[0], np.float32)
    observation[1] = value
    return put(0, observation, env)


def whole(answer: Any, _env: Strange) -> Any:
    """Another answer altogether."""
    return answer


def cut(count: int, env: Strange) -> Any:
    """Fewer values."""
    return env.answer[:count]


OBS = np.zeros(4, np.float32)
NUMBERS = r"as observation, expected finite numbers in an array of shape \(4,\)"
SHAPE = r"an observation of shape .*, but its space is Box\(4,\)"
FINITE = r"at \[1\] in its observation, expected a finite number"
UNPACKED = r"raised ValueError: not enough values to unpack .* in its wrapper TimeLimit: step .* must return \(observation, reward, .*\)"
"""What gymnasium's own wrappers raise, where an environment has any."""
WRONG: dict[str, tuple[Callable[[Strange], Any], str]] = {
    "NaN in the observation": (partial(spoilt, math.nan), f"nan {FINITE}"),
    "infinity in the observation": (partial(spoilt, math.inf), f"inf {FINITE}"),
    "negative infinity": (partial(spoilt, -math.inf), f"-inf {FINITE}"),
    "beyond float32": (partial(put, 0, np.array([0, 1e300, 0, 0])), FINITE),
    "a longer observation": (partial(put, 0, np.zeros(5)), SHAPE),
    "a column": (partial(put, 0, np.zeros((4, 1))), SHAPE),
    "a batch of one": (partial(put, 0, np.zeros((1, 4))), SHAPE),
    "a scalar": (partial(put, 0, 3.0), SHAPE),
    "no observation": (partial(put, 0, None), NUMBERS),
    "a ragged observation": (partial(put, 0, [[1], 2, 3, 4]), NUMBERS),
    "words": (partial(put, 0, ["a", "b", "c", "d"]), NUMBERS),
    "complex numbers": (partial(put, 0, OBS + 1j), NUMBERS),
    "a dict": (partial(put, 0, {"obs": OBS}), NUMBERS),
    "a NaN reward": (partial(put, 1, math.nan), "nan as reward, expected a finite number"),
    "an infinite reward": (partial(put, 1, math.inf), "inf as reward, expected a finite number"),
    "no reward": (partial(put, 1, None), "None as reward, expected one finite number"),
    "a reward in words": (partial(put, 1, "1"), "type str as reward, expected one finite number"),
    "a complex reward": (partial(put, 1, 1j), "type complex as reward"),
    "two rewards": (partial(put, 1, np.ones(2)), r"shape \(2,\) .* as reward"),
    "a huge integer": (
        partial(put, 1, 10**4000),
        "an integer of 13288 bits as reward|raised OverflowError: int too large to convert to float",
    ),
    "no end": (partial(put, 2, None), "None as terminated, expected True or False"),
    "a NaN end": (partial(put, 3, math.nan), "nan as truncated"),
    "an end in words": (partial(put, 2, "no"), "type str as terminated"),
    "no info": (partial(put, 4, None), "None as info, expected a dict"),
    "four values": (partial(cut, 4), rf"4 values, expected \(observation, reward, terminated, truncated, info\)|{UNPACKED}"),
    "one value": (partial(whole, OBS), rf"an array of shape \(4,\)|{UNPACKED}"),
    "a set": (partial(whole, {1, 2}), f"an object of type set|{UNPACKED}"),
}
RIGHT: dict[str, Callable[[Strange], Any]] = {
    "a list": partial(put, 0, [0.0, 1, 2, 3]),
    "double precision": partial(put, 0, np.array([0.1, 0.2, 0.3, 0.4])),
    "whole numbers": partial(put, 0, np.arange(4)),
    "bytes the other way": partial(put, 0, np.arange(4, dtype=">f4")),
    "a tensor": partial(put, 0, torch.zeros(4)),
    "a reward of True": partial(put, 1, True),
    "a reward of numpy": partial(put, 1, np.float16(0.5)),
    "a reward of torch": partial(put, 1, torch.tensor(0.5)),
    "an end of numpy": partial(put, 2, np.True_),
    "an end of 1": partial(put, 3, 1),
}
DIVERGING = {
    "the loss, ppo": ("CartPole-v1", "ppo", {"params.lr": 1e30, "params.max_grad_norm": "none"}),
    "the loss, dqn": ("CartPole-v1", "dqn", {"params.lr": 1e30, "sampling.buffer_size": 10**4}),
    "the loss, sac": ("Pendulum-v1", "sac", {"params.actor_lr": 1e30, "params.critic_lr": 1e30, "sampling.buffer_size": 10**4}),
    "the loss, trpo": ("CartPole-v1", "trpo", {"params.lr": 1e30}),
}

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers shall not import all that is imported here


def trials(*, quick: bool) -> Iterator[Trial]:
    """At a step, early and after answers are looked at quickly, at a reset, in this process and in a worker."""
    for i, (name, (fate, said)) in enumerate(WRONG.items()):
        yield Trial(FAMILY, f"{name}, 40", partial(answered, fate, 40, said, "dummy"))
        if not quick and name != "no info":  # which is of no use to anyone
            yield Trial(FAMILY, f"{name}, 240", partial(answered, fate, 240, said, "dummy"))
        if i % (9 if quick else 3) == 0:
            yield Trial(FAMILY, f"{name}, in a worker", partial(answered, fate, 40, said, "subproc"))
    for said, bad in (
        (r"an array of shape \(4,\)", OBS),
        ("3 values", (OBS, {}, {})),
        (NUMBERS, (None, {})),
        ("nan at", (OBS * math.nan, {})),
    ):
        yield Trial(FAMILY, f"reset, {said}", partial(answered, partial(whole, bad), RESET, said, "dummy"))
    for name, fate in RIGHT.items():
        yield Trial(FAMILY, f"{name}, which is right", partial(answered, fate, 40, None, "dummy"))
    for name, (env, algorithm, settings) in DIVERGING.items():
        yield Trial(FAMILY, name, partial(diverging, env, algorithm, settings))
    for value in (math.nan, math.inf):
        for env, algorithm in (("CartPole-v1", "ppo"), ("Pendulum-v1", "ppo"), ("Pendulum-v1", "sac")):
            yield Trial(FAMILY, f"weights of {value}, {algorithm} on {env}", partial(broken, value, env, algorithm))


def answered(fate: Callable[[Strange], Any], moment: int | str, said: str | None, where: str, place: Place) -> None:
    """Exit code 1 and what was got and expected; or, where nothing is said of it, a run as any other."""
    gym.register("Strange-v0", partial(Strange, fate, moment, once=str(place.folder / "met")), max_episode_steps=100)
    child = place.start(typed(words("Strange-v0", env_venv_type=where)))
    del gym.registry["Strange-v0"]
    code, text = child.wait(), place.said()
    if said is None:
        assert code == 0, text[-600:]
        return
    assert code == 1, f"exit code {code}: {text[-400:]}"
    (line,) = failure_lines(text)
    ending = ", in its reset after 0 steps$" if moment == RESET else WHERE
    expected = rf"rlchassis: EnvironmentFailure: environment \d \(seed \d+\) .*({said}).*{ending}"
    assert re.match(expected, line), f"{line!r} is not {expected!r}"


def diverging(env: str, algorithm: str, settings: dict[str, Any], place: Place) -> None:
    """Exit code 1, DivergenceError, which names what and what to do; what is stored is finite, which is looked at after each trial."""
    line = words(env, algorithm) + [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    child = place.start(typed(line))
    code, text = child.wait(), place.said()
    assert code == 1, f"exit code {code}: {text[-400:]}"
    (said,) = failure_lines(text)
    assert re.match(r"rlchassis: (DivergenceError|ActionFailure): .*(non-finite|became|nan|inf).*(learning rate|lr)", said), said


@define
class Breaking:
    """Breaks the weights of the policy."""

    value: float

    def __call__(self, world: Any) -> None:
        with torch.no_grad():
            for weight in world.policy.parameters():
                weight.fill_(self.value)


def broken(value: float, env: str, algorithm: str, place: Place) -> None:
    """An action that is no number is never stepped."""
    beacon = Beacon("collecting", 2, Breaking(value))
    child = place.start(typed(words(env, algorithm, **({} if algorithm == "ppo" else {"buffer_size": 10**4})), beacon))
    code, text = child.wait(), place.said()
    assert code == 1, f"exit code {code}: {text[-400:]}"
    (said,) = failure_lines(text)
    assert re.match(r"rlchassis: (ActionFailure|DivergenceError): ", said), said
