"""Everything by which a run directory can be opened, and what came of it: refused in one sentence, opened, or something worse."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from checkpoint_layout import AFTER, BEFORE

import rlchassis
from rlchassis.cli import main
from rlchassis.data.state_tensors import TensorRestoration
from rlchassis.errors import EnvironmentFailure, UsageError
from rlchassis.experiment import Experiment, Mode
from rlchassis.run.build import create_loop, create_world
from rlchassis.run.resuming import resumption
from rlchassis.storage.checkpoint.directory import read_checkpoint
from rlchassis.storage.checkpoint.manifest import newest_checkpoint

REFUSED, OPENED = "refused", "opened"
PICTURE = "learning_curve.png"
Door = Callable[[Path], Any]


class RefusedError(UsageError):
    """What a command said when it exited with 2."""


def command(*words: str) -> Door:
    """The verb, typed."""

    def typed(directory: Path) -> str:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([words[0], str(directory), *words[1:]])
        if code == 2 and (out.getvalue(), err.getvalue().count("\n")) == ("", 1):
            raise RefusedError(err.getvalue().strip())
        if code != 0:
            raise RuntimeError(f"exit code {code}, {out.getvalue()[-100:]}, {err.getvalue()[-300:]}")
        return out.getvalue()[-100:]

    return typed


def restored(directory: Path) -> Any:
    """The policy, into a run that does nothing with it."""
    config = {"train": False, "watch": True, "watch_num_episodes": 1, "policy_restore_directory": str(directory)}
    return Experiment.from_directory(directory.parent / Mode.POLICY.value).with_config(**config).run()


def listed(directory: Path) -> str:
    """`plugins list`, typed where the directory is the current one."""
    if not directory.is_dir():
        return command("plugins")(Path("list"))
    with contextlib.chdir(directory):
        return command("plugins")(Path("list"))


def passed_over(directory: Path) -> None:
    """Resuming would begin at the checkpoint before the newest."""
    checkpoint = newest_checkpoint(directory)
    read_checkpoint(checkpoint)
    if checkpoint.step != BEFORE:
        raise RuntimeError(f"the checkpoint of step {checkpoint.step} is used")


def checked(directory: Path) -> None:
    """`doctor` finds a checkpoint that is damaged, or says why there is none."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = main(["doctor", str(directory)])
    if code not in (0, 1, 2):
        raise RuntimeError(f"exit code {code}: {out.getvalue()[-300:]}")


def gone_on(directory: Path) -> None:
    """Restore the state, and train on without writing."""
    experiment = Experiment.from_directory(directory)
    found = resumption(experiment, directory, AFTER)
    world = create_world(found.experiment)
    try:
        loop = create_loop(found.experiment, world)
        found.restore(loop, TensorRestoration())
        with contextlib.suppress(Exception):
            loop.run()  # a strange number may well make it fail
    finally:
        world.close()


DOORS: dict[str, Door] = {
    "from_directory": Experiment.from_directory,
    "load_policy": rlchassis.load_policy,
    "evaluate": lambda directory: rlchassis.evaluate(directory, episodes=1),
    "rlchassis eval": command("eval"),
    "rlchassis eval --episodes": command("eval", "--episodes", "1"),
    "rlchassis watch": command("watch"),
    "rlchassis watch --episodes": command("watch", "--episodes", "1"),
    "rlchassis inspect": command("inspect"),
    "rlchassis inspect --json": command("inspect", "--json"),
    "rlchassis plot": command("plot"),
    "rlchassis plugins list": listed,
    "restore": restored,
}
DOORS_OF_CHECKPOINTS: dict[str, Door] = {
    "Experiment.resume": lambda directory: Experiment.resume(directory, AFTER),
    "rlchassis resume": command("resume", "--steps", str(AFTER)),
    "rlchassis doctor": checked,
    "rlchassis inspect": command("inspect"),
    "passed over": passed_over,
    "gone on": gone_on,
}
RESUMING = ("Experiment.resume", "rlchassis resume")
CHECKING = ("rlchassis doctor", "rlchassis inspect")
PASSING_OVER = ("passed over",)
GOING_ON = ("gone on",)
READING = ("from_directory",)
LOADING = ("load_policy",)
PLAYING = ("rlchassis eval --episodes", "rlchassis watch --episodes")
REPEATING = ("rlchassis eval", "rlchassis watch")
INSPECTING = ("rlchassis inspect",)
DRAWING = ("rlchassis plot",)
LISTING = ("rlchassis plugins list",)
RESTORING = ("restore",)
EVERY = READING + LOADING + PLAYING
USUAL = EVERY + INSPECTING
ALIKE = PLAYING + RESTORING
"""Doors that read recipe and policy by the same functions, and then play."""
SAME = {"evaluate": "rlchassis eval --episodes", "rlchassis inspect --json": "rlchassis inspect"}
"""Doors that must refuse what another refuses, being the same but for what they print."""


def open_through(door: str, directory: Path) -> str:
    """What came of it."""
    try:
        (DOORS | DOORS_OF_CHECKPOINTS)[door](directory)
    except (UsageError, EnvironmentFailure) as error:
        one = str(error).strip() and "\n" not in str(error) and len(str(error)) < 2000
        return REFUSED if one else f"{type(error).__name__}: {error}"[:300]
    except Exception as error:  # noqa: BLE001  that nothing else is raised is what is asked
        return f"{type(error).__name__}: {error}"[:400]
    except SystemExit as end:
        return f"SystemExit: {end}"
    return OPENED
