"""Run in a process of its own: lays out every hostile run directory, opens each through its doors, and writes down what came of it.

Everything that an honest directory needs is imported before; whatever the audit hook then sees of imports, code, commands and writing came
from a file. `open_all.py FOLDER [SHARE [FIRST]]` opens a share of what is made by multiplication, from the first-th case on.
"""

from __future__ import annotations

import contextlib
import copyreg
import faulthandler
import importlib
import itertools
import json
import os
import pickle
import resource
import shutil
import sys
import time
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import gymnasium as gym
import torch
from checkpoint_layout import BEFORE, STEPS
from corpus import Case, corpus, laid_out
from doors import DOORS, DOORS_OF_CHECKPOINTS, OPENED, PICTURE, REFUSED, SAME, open_through
from gymnasium.envs.classic_control import CartPoleEnv
from pickles import pickles
from watchman import BYTES, Watchman, hang_loudly, measured

from rlchassis.experiment import Experiment, Mode, PPOExperimentBuilder, plan
from rlchassis.registry import check, installed
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling

NAIVE = ("STACK_GLOBAL", "OBJ", "EXT2", "an import", "exec by protocol 0")


class Importing(CartPoleEnv):
    """Makes others by their ids, as the environments of compatibility layers do."""

    def __init__(self, render_mode=None, **options):
        super().__init__(render_mode=render_mode)
        for module in str(options).replace('"', "'").split("'"):
            if ":" in module:
                importlib.import_module(module.partition(":")[0])


def honest(folder: Path, mode: Mode) -> Path:
    """A run directory as they should be, named like the mode."""
    builder = PPOExperimentBuilder("CartPole-v1", tiny_config(folder, policy_persistence_mode=mode), tiny_sampling())
    directory = builder.build().run(mode.value).world.directory
    assert directory is not None
    return directory


def resumable(folder: Path, name: str) -> Path:
    """A run with two checkpoints; of one of 270 000 rows the replay is in chunks."""
    rows = {
        "buffer_size": 270_000 if "in chunks" in name else 64,
        "replay_buffer_ignore_obs_next": True,
        "start_timesteps": 8,
        "step_per_collect": 2,
    }
    sampling = {"num_train_envs": 2, "num_test_envs": 1, "num_test_episodes": 1, "step_per_epoch": BEFORE, "batch_size": 8, **rows}
    experiment = plan("dqn", "CartPole-v1", steps=STEPS, recipe="none", settings=[{"sampling": sampling}], watch=False)
    result = experiment.with_config(persistence_base_dir=str(folder), checkpoint_every=BEFORE, seed=len(name)).run(name)
    assert result.world.directory is not None
    return result.world.directory


def naive(folder: Path) -> dict[str, list[str]]:
    """What the watchman sees where a planted pickle is simply loaded."""
    content, seen = pickles(b"", f"touch {folder / 'planted'}"), {}
    for name in NAIVE:
        with WATCHMAN.on_duty() as events, contextlib.suppress(Exception):
            pickle.loads(content[name])
        seen[name] = list(events)
    with measured(seen.setdefault("a gibibyte", [])):
        bytearray(BYTES + 2**24)
    return seen


def prepare(folder: Path) -> None:
    """What an honest directory makes the process import, and what a trap needs to be one."""
    for plugin in installed():
        check(plugin)
    for module, code in (("os", 0xF1), ("posix", 0xF1F1), ("subprocess", 0x01F1F1F1)):
        copyreg.add_extension(module, "system", code)
    Experiment.from_data(plan("ppo", "CartPole-v1", steps=1, wrappers=["obs-norm"]).to_data())
    for module in ("encodings.cp437", "encodings.latin_1", "encodings.utf_16", "encodings.utf_32", "encodings.idna", "unicodedata"):
        import_module(module)
    gym.register("Importing-v0", Importing, max_episode_steps=500)
    (folder / "planted_module.py").write_text(f"open({str(folder / 'planted')!r}, 'w').close()\n", "utf-8")
    (folder / "victim").write_text("precious", "utf-8")
    sys.path.insert(0, str(folder))
    for mode in Mode:
        directory = folder / mode.value
        if not directory.exists():
            honest(folder, mode)
        for door in DOORS:
            open_through(door, directory)
        (directory / PICTURE).unlink(missing_ok=True)
    damaged = folder / "damaged"
    shutil.copytree(directory, damaged)
    for file in ("experiment.json", "policy.pt"):
        (damaged / file).write_bytes(b"PK")
        for door in DOORS:
            open_through(door, damaged)
    shutil.rmtree(damaged)
    prepare_checkpoints(folder)


def prepare_checkpoints(folder: Path) -> None:
    """The same for runs that can be resumed."""
    for name in ("resumable", "another", "in chunks", "another in chunks"):
        if not (folder / name).exists():
            resumable(folder, name)
    for door in DOORS_OF_CHECKPOINTS:
        shutil.copytree(folder / "resumable", folder / "damaged")
        open_through(door, folder / "damaged")
        shutil.rmtree(folder / "damaged")


def contents(directory: Path) -> dict[str, tuple[int, int, int]]:
    """What tells whether anything in a directory was changed."""
    found, waiting = {}, [str(directory)] if directory.is_dir() else []
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                if entry.name != PICTURE:
                    each = entry.stat(follow_symlinks=False)
                    found[entry.path] = each.st_size, each.st_mtime_ns, each.st_ino
    return found


def tried(case: Case, folder: Path, share: int, turn: int) -> dict[str, list[str]]:
    """By door, what is wrong with what came of it; all doors of a whole corpus, and else some by turns."""
    found = {}
    directory = laid_out(case, folder)
    for door in DOORS if share == 1 and case.base not in ("resumable", "in chunks") else case.doors(turn):
        problems: list[str] = []
        before, outcome = contents(directory), ""
        permitted = (PICTURE, f".{PICTURE}.") if door == "rlchassis plot" else ()
        with measured(problems), WATCHMAN.on_duty(*permitted) as events:
            outcome = open_through(door, directory)
        if outcome not in ((REFUSED,) if SAME.get(door, door) in case.refused else (REFUSED, OPENED)):
            problems.append(f"it was {outcome or 'not answered'}")
        problems += events
        if contents(directory) != before:
            problems.append("the directory was changed")
        if (folder / "victim").read_bytes() != b"precious" or (folder / "planted").exists():
            problems.append("something outside was changed")
            (folder / "victim").write_text("precious", "utf-8")
            (folder / "planted").unlink(missing_ok=True)
        found[door] = problems
    return found


def main(folder: Path, share: int, first: int) -> None:
    """A line for each case as it is done, and one for what a naive reader would have run."""
    prepare(folder)
    hang_loudly()
    pages = int(Path("/proc/self/statm").read_text("utf-8").split()[0]) if Path("/proc/self/statm").exists() else 0
    if pages:
        limit = pages * os.sysconf("SC_PAGE_SIZE") + 4 * BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    with (folder / "report.jsonl").open("a", encoding="utf-8", buffering=1) as report:
        for turn, case in itertools.islice(enumerate(corpus(folder, share)), first, None):
            faulthandler.dump_traceback_later(120, exit=True)
            started, doors = time.process_time(), tried(case, folder, share, turn)
            line = {"family": case.family, "name": case.name, "doors": doors, "seconds": time.process_time() - started}
            report.write(json.dumps(line) + "\n")
        faulthandler.cancel_dump_traceback_later()
        report.write(json.dumps({"naive": naive(folder)}) + "\n")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    words: list[Any] = [*sys.argv[1:], 4, 0][:3] if len(sys.argv) < 4 else sys.argv[1:]
    WATCHMAN = Watchman()
    main(Path(words[0]), int(words[1]), int(words[2]))
