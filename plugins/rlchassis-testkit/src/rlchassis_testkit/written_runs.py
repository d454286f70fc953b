"""Run directories without a run, for tests of readers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

TESTS = {32: (10.0, 1.0), 64: (30.0, 2.0), 96: (20.0, 3.0)}
"""Environment step: mean and standard deviation of a test."""


def recipe_of(seed: int = 1, lr: float = 0.001, algorithm: str = "algorithm/acme.own", **more: Any) -> dict[str, Any]:
    """A configuration as in experiment.json, of an algorithm that is not installed."""
    agent = {"part": algorithm, "options": {"params": {"lr": lr}, "optim_factory": {"component": "optimizer/adam", "options": {}}}}
    env = {"part": "env/registered", "options": {"task": "Own-v0", "make_kwargs": {"gravity": 9.8}}}
    sampling = {"num_train_envs": 2, "max_steps": 96}
    config = {"seed": seed, "persistence_base_dir": "log"}
    return {"format": 1, "config": config, "env_factory": env, "agent_factory": agent, "sampling_config": sampling, "name": None, **more}


@pytest.fixture
def write_run(tmp_path: Path) -> Callable[..., Path]:
    """Write a run directory as a run would leave it."""

    def write(
        name: str = "run",
        tests: Mapping[int, tuple[float, float]] = TESTS,
        trained: Sequence[tuple[int, float]] = (),
        **recipe: Any,
    ) -> Path:
        directory = tmp_path / name
        directory.mkdir(parents=True)
        rows: list[dict[str, float]] = [{"step": step, "train/return": value} for step, value in trained]
        rows += [{"step": step, "test/return": mean, "test/return_std": std} for step, (mean, std) in tests.items()]
        (directory / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        (directory / "experiment.json").write_text(json.dumps(recipe_of(**recipe)), "utf-8")
        plugin: dict[str, Any] = {"name": "own", "distribution": "d", "version": "1"}
        plugins = [{**plugin, "kind": "algorithm", "used": True}, {**plugin, "kind": "env", "used": False}]
        provenance = {"python": "3.11.7", "versions": {"torch": "2.10.0"}, "argv": ["rlchassis", "train", "a b"], "plugins": plugins}
        (directory / "provenance.json").write_text(json.dumps(provenance), "utf-8")
        return directory

    return write
