"""Worker processes that die, hang, print or have children: they are replaced, or the run ends by an EnvironmentFailure that says which."""

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
WHEN = {CONSTRUCTOR: "in its constructor", RESET: "in its reset", 40: r"at step \d+ of its episode \(\d+ in all\), with action [01]"}


def trials(*, quick: bool) -> Iterator[Trial]:
    """Each way to fail at each moment; what is harmless must be so, with and without a fault later."""
    for fate, said in FATAL.items():
        for moment in (40,) if quick else (CONSTRUCTOR, RESET, 40):
            yield Trial(FAMILY, f"{fate.__name__}, {moment}, again and again", partial(failing, fate, moment, said))
        for moment in (40,) if quick else (RESET, 40):
            yield Trial(FAMILY, f"{fate.__name__}, {moment}", partial(replaced, fate, moment))
        if not quick or fate is strange.hung:
            yield Trial(FAMILY, f"{fate.__name__}, {CLOSE}", partial(going_on, fate, CLOSE))
    for fate in HARMLESS:
        for moment in (40,) if quick else (CONSTRUCTOR, 40, CLOSE):
            yield Trial(FAMILY, f"{fate.__name__}, {moment}", partial(going_on, fate, moment))
    for fate in (strange.parenting, strange.threading_on, strange.deaf):
        yield Trial(FAMILY, f"{fate.__name__}, then killed", partial(replaced, partial(both, fate), 40))


def both(fate: Fate, env: Strange) -> None:
    """Something harmless, then the end."""
    fate(env)
    strange.killed(env)


def failing(fate: Fate, moment: int | str, said: str, place: Place) -> None:
    """Exit code 1, one sentence with environment, seed and moment, and where it trained a policy."""
    code, text = carried_out(fate, moment, place, once=None)
    assert code == 1, f"exit code {code}: {text[-400:]}"
    (line,) = (
        line for line in failure_lines(text) if line != "Traceback (most recent call last):" or fate is not strange.without_descriptors
    )
    seed = "never seeded" if moment == CONSTRUCTOR else r"seed \d+"
    expected = rf"rlchassis: EnvironmentFailure: environment \d \({seed}\) .*({said}).*, {WHEN[moment]}"
    assert re.match(expected, line), f"{line!r} is not {expected!r}"
    assert has_policy(place) == (moment != CONSTRUCTOR), f"policy stored: {has_policy(place)}"


def replaced(fate: Fate, moment: int | str, place: Place) -> None:
    """Exit code 0, and a warning that names environment, seed and moment."""
    going_on(fate, moment, place)
    (line,) = (line for line in place.said().splitlines() if "a new process played the episodes of" in line)
    assert re.match(rf"warning: environment \d \(seed \d+\) .*, {WHEN[moment]}", line), line


def going_on(fate: Fate, moment: int | str, place: Place) -> None:
    """Exit code 0, an answer without noise."""
    code, text = carried_out(fate, moment, place, once=str(place.folder / "met"))
    assert code == 0, f"exit code {code}: {text[-600:]}"
    assert "noise" not in (place.folder / "it.out").read_text("utf-8")
    assert has_policy(place)


def carried_out(fate: Fate, moment: int | str, place: Place, once: str | None) -> tuple[int, str]:
    """The command, on environments that meet their fate; once: a file with which only the first does, and only once."""
    gym.register("Strange-v0", partial(Strange, fate, moment, once=once))
    try:
        patience = SECONDS if moment == CONSTRUCTOR and fate in FATAL else 60  # for imports, too
        line = words("Strange-v0", env_venv_type="subproc", env_step_timeout=SECONDS, env_constructor_timeout=patience)
        child = place.start(typed(line))
    finally:
        del gym.registry["Strange-v0"]
    return child.wait(90), place.said()
