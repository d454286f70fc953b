"""Runs of a second: as typed and as a script has them, a beacon that shows how far one is, and what a run directory must be good for."""

from __future__ import annotations

import json
import math
import os
import select
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from attrs import define, field
from trials import Place

import rlchassis
from rlchassis.cli import main
from rlchassis.errors import StoredFileError
from rlchassis.experiment import Experiment, ExperimentConfig, SamplingConfig
from rlchassis.hookspecs import hookimpl
from rlchassis_plots import verb

ENDLESS, SHORT, PATIENCE = 10**7, 512, 30.0
SAMPLING = {"num_train_envs": 2, "step_per_collect": 128, "batch_size": 64, "num_test_episodes": 2, "step_per_epoch": 256}


def words(
    env: str = "CartPole-v1", algorithm: str = "ppo", steps: int = SHORT, name: str = "mine", base: str = "log", **settings: Any
) -> list[str]:
    """What is typed to train; settings are of sampling, or of env where they begin with env_."""
    named = {f"env.{key[4:]}" if key.startswith("env_") else f"sampling.{key}": value for key, value in {**SAMPLING, **settings}.items()}
    typed = ["train", algorithm, env, "--recipe", "none", "--steps", str(steps), "--dir", base, "--name", name]
    return typed + [word for key, value in named.items() for word in ("--set", f"{key}={value}")]


def typed(line: list[str], *beacons: Beacon, draws: bool = False) -> Callable[[], int]:
    """The command, which passes beacons on its way; its learning curve, half the time of a short run, is drawn where that matters."""

    def act() -> int:
        light(*beacons)
        if not draws:
            verb.draw_learning_curve = lambda _directory: Path()
        sys.argv[1:] = line
        return main()

    return act


def sampling(**changes: Any) -> SamplingConfig:
    """As typed, for scripts."""
    return SamplingConfig(**{"num_epochs": 2, "replay_buffer_beta": 0.4, **SAMPLING, **changes})


def config(**changes: Any) -> ExperimentConfig:
    """For scripts: nothing is watched."""
    return ExperimentConfig(**{"watch": False, "persistence_base_dir": "log", **changes})


@define(eq=False)
class Beacon:
    """An observer that writes a byte when it has been passed so often, and may do something there."""

    moment: str
    """The name of a hook, or "fsync"."""
    count: int = 1
    act: Callable[[Any], None] = lambda _world: None
    """What else is done there."""
    pipe: tuple[int, int] = field(factory=os.pipe)

    def passed(self, moment: str, world: Any = None) -> None:
        """Count."""
        if moment == self.moment:
            self.count -= 1
            if self.count == 0:
                os.write(self.pipe[1], b"!")
                self.act(world)

    def seen(self, until: Callable[[], bool]) -> bool:
        """Wait for the byte, for a while; False where something else was true before."""
        deadline = time.monotonic() + PATIENCE
        while not until() and time.monotonic() < deadline:
            if select.select([self.pipe[0]], [], [], 0.02)[0]:
                return bool(os.read(self.pipe[0], 1))
        return False

    def close(self) -> None:
        """Both ends."""
        for end in self.pipe:
            os.close(end)

    @hookimpl
    def rlchassis_world_ready(self, world: Any) -> None:
        """All is built."""
        self.passed("built", world)

    @hookimpl
    def rlchassis_epoch_start(self, world: Any) -> None:
        """Collecting begins."""
        self.passed("collecting", world)

    @hookimpl
    def rlchassis_collect_end(self, world: Any) -> None:
        """Learning begins."""
        self.passed("learning", world)

    @hookimpl
    def rlchassis_test_start(self, world: Any) -> None:
        """Testing begins."""
        self.passed("testing", world)

    @hookimpl
    def rlchassis_train_end(self, world: Any) -> None:
        """Closing, watching and drawing follow."""
        self.passed("ending", world)


def light(*beacons: Beacon) -> None:
    """In this very process, which is a fork: hand beacons to every run, and count what is made durable."""
    run, fsync = Experiment.run, os.fsync

    def observed(self: Experiment, *args: Any, observers: Any = (), **options: Any) -> Any:
        return run(self, *args, observers=(*observers, *beacons), **options)

    def counted(file: int) -> None:
        for beacon in beacons:
            beacon.passed("storing")
        fsync(file)

    Experiment.run, os.fsync = observed, counted  # type: ignore[method-assign]  # in a fork


def opened(directory: Path) -> str | None:
    """What is wrong with a run directory: it must be restored and act with finite weights, or be refused by StoredFileError."""
    for door in (Experiment.from_directory, _acted):
        try:
            door(directory)
        except StoredFileError:
            continue
        except Exception as error:  # noqa: BLE001  that nothing else is raised is what is asked
            return f"{type(error).__name__}: {error}"[:300]
    for line in (directory / "metrics.jsonl").read_text("utf-8").split("\n")[:-1] if (directory / "metrics.jsonl").exists() else []:
        json.loads(line)
    return None


def _acted(directory: Path) -> None:
    loaded = rlchassis.load_policy(directory)
    weights = torch.cat([p.detach().flatten() for p in loaded.policy.parameters()])
    if not math.isfinite(float(weights.sum())):
        raise ValueError("its weights are not finite")
    loaded(loaded.envs.observation_space.sample())


def has_policy(place: Place) -> bool:
    """Whether the run left one."""
    return (place.run / "policy.pt").exists()


def failure_lines(text: str) -> list[str]:
    """What a failed command said of its failure; a traceback counts as well."""
    return [line for line in text.splitlines() if line.startswith(("rlchassis: ", "Traceback"))]
