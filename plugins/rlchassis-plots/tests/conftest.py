"""Runs that were never trained, and pictures that are looked at before they are stored."""

from __future__ import annotations

import json

import numpy as np
import pytest
from matplotlib.figure import Figure

from rlchassis_testkit.command_line import rlchassis
from rlchassis_testkit.written_runs import write_run

__all__ = ["rlchassis", "write_run"]


@pytest.fixture
def synthetic(tmp_path):
    """Writes the directory of a run with the metrics and the configuration that training would leave."""

    def write(name, env="CartPole-v1", algorithm="ppo", seed=0, tests=4, rows=None, params=None, **options):
        directory = tmp_path / name
        directory.mkdir(parents=True)
        text = "".join(json.dumps(row) + "\n" for row in (synthetic_rows(seed, tests) if rows is None else rows))
        (directory / "metrics.jsonl").write_text(text, "utf-8")
        recipe = {
            "format": 1,
            "config": {"seed": seed, "device": "cpu", "persistence_base_dir": "log"},
            "env_factory": {"part": "env/registered", "options": {"task": env, "venv_type": "dummy", "make_kwargs": {}, **options}},
            "agent_factory": {"part": f"algorithm/{algorithm}", "options": {"params": {"lr": 0.0003, "gamma": 0.99, **(params or {})}}},
            "sampling_config": {"num_epochs": 20, "step_per_epoch": 5000, "num_train_envs": 8},
        }
        (directory / "experiment.json").write_text(json.dumps(recipe), "utf-8")
        return directory

    return write


def synthetic_rows(seed, tests):
    """Two rows of training episodes and one of test episodes in each epoch of 5000 steps, of a return that rises from 0 to 500."""
    rng = np.random.default_rng(seed)
    for step in range(2500, 5000 * tests + 1, 2500):
        returns = np.clip(500 * (step / 5000 / tests + rng.normal(0, 0.15, 10)), 0, 500)
        yield {"step": step, "learn/loss": 0.5, "train/return": returns[0]}
        if step % 5000 == 0:
            spread = {"test/return_std": returns.std(), "test/return_min": returns.min(), "test/return_max": returns.max()}
            yield {"step": step, "test/return": returns.mean(), **spread}


@pytest.fixture
def drawn(monkeypatch):
    """The figures that would be stored."""
    figures = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: figures.append(figure))
    return figures
