"""Worker processes that die, hang, print or have children: the run ends by an EnvironmentFailure that says which, or goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import gymnasium as gym
import strange
from runs import failure_lines, has_policy, typed, words
from strange import CLOSE, CONSTRUCTOR, RESET, Fate, Strange
from trials import Place, Trial

FAMILY = "workers"
SECONDS = 3
LOST = "lost its worker process, which"
SLOW = rf"did not answer within {SECONDS} s and was killed"
FATAL: dict[Fate, str] = {
    strange.killed: f"{LOST} was killed by SIGKILL",
    strange.aborted: f"{LOST} was killed by SIGABRT",
    strange.crashed: f"{LOST} was killed by SIGSEGV",
    strange.exited: f"{LOST} exited with code 3",
    strange.exited_well: f"{LOST} exited with code 0",
    strange.stopped: SLOW,
    strange.hung: SLOW,
    strange.hung_with_the_gil: SLOW,
    strange.spinning: SLOW,
    strange.without_descriptors: rf"{LOST}|broke off the connection of its worker process|Bad file descriptor",
}
HARMLESS: tuple[Fate, ...] = (strange.noisy, strange.parenting, strange.threading_on, strange.deaf, strange.elsewhere)
WHEN = {CONSTRUCTOR: "in its constructor", RESET: "in its reset", 40: r"at step \d+ of its episode \(40 in all\), with action [01]"}


def trials(*, quick: bool) -> Iterator[Trial]:
    """Each way to fail at each moment; what is harmless must be so, with and without a fault later."""
    for fate, said in FATAL.items():
        for moment in (40,) if quick else (CONSTRUCTOR, RESET, 40):
            yield Trial(FAMILY, f"{fate.__name__}, {moment}", partial(failing, fate, moment, said))
        if not quick or fate is strange.hung:
            yield Trial(FAMILY, f"{fate.__name__}, {CLOSE}", partial(going_on, fate, CLOSE))
    for fate in HARMLESS:
        for moment in (40,) if quick else (CONSTRUCTOR, 40, CLOSE):
            yield Trial(FAMILY, f"{fate.__name__}, {moment}", partial(going_on, fate, moment))
    for fate in (strange.parenting, strange.threading_on, strange.deaf):
        yield Trial(FAMILY, f"{fate.__name__}, then killed", partial(failing, partial(both, fate), 40, FATAL[strange.killed]))


def both(fate: Fate, env: Strange) -> None:
    """Something harmless, then the end."""
    fate(env)
    strange.killed(env)


def failing(fate: Fate, moment: int | str, said: str, place: Place) -> None:
    """Exit code 1, one sentence with environment, seed and moment, and where it trained a policy."""
    code, text = carried_out(fate, moment, place)
    assert code == 1, f"exit code {code}: {text[-400:]}"
    (line,) = (
        line for line in failure_lines(text) if line != "Traceback (most recent call last):" or fate is not strange.without_descriptors
    )
    seed = "never seeded" if moment == CONSTRUCTOR else r"seed \d+"
    expected = rf"rlchassis: EnvironmentFailure: environment \d \({seed}\) .*({said}).*, {WHEN[moment]}"
    assert re.match(expected, line), f"{line!r} is not {expected!r}"
    assert has_policy(place) == (moment != CONSTRUCTOR), f"policy stored: {has_policy(place)}"


def going_on(fate: Fate, moment: int | str, place: Place) -> None:
    """Exit code 0, an answer without noise."""
    code, text = carried_out(fate, moment, place)
    assert code == 0, f"exit code {code}: {text[-600:]}"
    assert "noise" not in (place.folder / "it.out").read_text("utf-8")
    assert has_policy(place)


def carried_out(fate: Fate, moment: int | str, place: Place) -> tuple[int, str]:
    """The command, on environments of which one meets its fate, once."""
    gym.register("Strange-v0", partial(Strange, fate, moment, once=str(place.folder / "met")))
    try:
        patience = SECONDS if moment == CONSTRUCTOR and fate in FATAL else 60  # for imports, too
        line = words("Strange-v0", env_venv_type="subproc", env_step_timeout=SECONDS, env_constructor_timeout=patience)
        child = place.start(typed(line))
    finally:
        del gym.registry["Strange-v0"]
    return child.wait(), place.said()
