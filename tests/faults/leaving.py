"""Environments that leave within this process or a worker: by sys.exit, by exceptions of every kind, by ones that cannot be printed."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import cloudpickle
import gymnasium as gym
import numpy as np
from runs import failure_lines, has_policy, typed, words
from strange import CLOSE, CONSTRUCTOR, RESET, Fate, Strange
from trials import Place, Trial

from rlchassis.errors import UsageError

FAMILY = "environments that leave"


class Unspeakable(Exception):  # noqa: N818  it is what it says
    """Has no text."""

    def __str__(self) -> str:
        raise ValueError


class Final(BaseException):
    """No Exception, as those of some libraries."""


class Endless(Exception):  # noqa: N818  as above
    """Has a text of megabytes, on several lines, with escapes."""

    def __str__(self) -> str:
        return "\x1b[31mred\nline\r" * 10**6


def raising(error: Any, _env: Strange) -> None:
    """What an environment does."""
    raise error


def recursing(env: Strange) -> None:
    """Until Python has had enough."""
    recursing(env)


def greedy(_env: Strange) -> None:
    """More memory than there is."""
    np.empty(2**50)


def swallowing(env: Strange) -> None:
    """Calls sys.exit in spite of a finally that raises."""
    try:
        sys.exit(0)
    finally:
        env.unwrapped.nonsense()


FATES: dict[str, tuple[Fate, str]] = {
    "sys.exit()": (partial(raising, SystemExit()), r"called sys\.exit\(\)"),
    "sys.exit(0)": (partial(raising, SystemExit(0)), r"called sys\.exit\(0\)"),
    "sys.exit('text')": (partial(raising, SystemExit("text")), r"called sys\.exit\(text\)"),
    "ValueError": (partial(raising, ValueError("why")), "raised ValueError: why"),
    "an exception without text": (partial(raising, KeyError()), "raised KeyError"),
    "an exception whose text fails": (partial(raising, Unspeakable()), r"raised Unspeakable: \(no text: its __str__ raised ValueError\)"),
    "a BaseException": (partial(raising, Final("over")), "raised Final: over"),
    "an endless text": (partial(raising, Endless()), "raised Endless: .*red line"),
    "GeneratorExit": (partial(raising, GeneratorExit()), "raised GeneratorExit"),
    "StopIteration": (partial(raising, StopIteration()), "raised StopIteration"),
    "StopAsyncIteration": (partial(raising, StopAsyncIteration()), "raised StopAsyncIteration"),
    "a UsageError": (partial(raising, UsageError("mine")), "mine"),
    "BrokenPipeError": (partial(raising, BrokenPipeError("pipe")), "raised BrokenPipeError: pipe"),
    "EOFError": (partial(raising, EOFError("end")), "raised EOFError: end"),
    "recursion": (recursing, "raised RecursionError"),
    "MemoryError": (greedy, "raised .*MemoryError"),
    "sys.exit and an error": (swallowing, "raised AttributeError"),
}
WHEN = {CONSTRUCTOR: "in its constructor", RESET: "in its reset", 40: r"at step \d+ of its episode \(40 in all\), with action [01]"}

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers shall not import all that is imported here


def trials(*, quick: bool) -> Iterator[Trial]:
    """Every way at every moment, in this process, and at a step in workers."""
    for name, (fate, said) in FATES.items():
        for moment in (40,) if quick else (CONSTRUCTOR, RESET, 40):
            yield Trial(FAMILY, f"{name}, {moment}", partial(left, fate, moment, said, "dummy"))
        if not quick or name in ("sys.exit(0)", "an exception whose text fails"):
            yield Trial(FAMILY, f"{name}, {CLOSE}", partial(left, fate, CLOSE, said, "dummy"))
            yield Trial(FAMILY, f"{name}, 40, in a worker", partial(left, fate, 40, said, "subproc"))


def left(fate: Fate, moment: int | str, said: str, where: str, place: Place) -> None:
    """Exit code 1, one short sentence with environment, seed and moment; a close that fails costs nothing."""
    gym.register("Strange-v0", partial(Strange, fate, moment, once=str(place.folder / "met")))
    child = place.start(typed(words("Strange-v0", env_venv_type=where)))
    del gym.registry["Strange-v0"]
    code, text = child.wait(), place.said()
    if moment == CLOSE:
        assert code == 0, f"exit code {code}: {text[-600:]}"
        assert re.search(rf"could not be closed: it ({said})", text) or "mine" in said, text[-600:]
        return
    usage = said == "mine" and moment == CONSTRUCTOR
    assert code == (2 if usage else 1), f"exit code {code}: {text[-400:]}"
    (line,) = failure_lines(text)
    seed = "never seeded" if moment == CONSTRUCTOR else r"seed \d+"
    expected = "rlchassis: mine" if usage else rf"rlchassis: EnvironmentFailure: environment \d \({seed}\) .*({said}).*, {WHEN[moment]}"
    assert re.match(expected, line), f"{line!r} is not {expected!r}"
    assert len(line) < 1200, "endless"
    assert "\x1b" not in text, "it obeys what an environment says"
    assert has_policy(place) == (moment != CONSTRUCTOR), f"policy stored: {has_policy(place)}"
