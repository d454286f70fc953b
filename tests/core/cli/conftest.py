"""Commands typed in this very process, and what became of them."""

from __future__ import annotations

import json

import attrs
import pytest

from rlchassis.cli import main
from rlchassis.registry import forget


@attrs.frozen
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def rlchassis(capsys):
    def run(*words: object) -> Outcome:
        capsys.readouterr()
        return Outcome(main([str(word) for word in words]), *capsys.readouterr())

    return run


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a distribution with one entry point, by writing what an installer would write."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(distribution: str, kind: str, name: str, target: str, **files: str) -> None:
        info = tmp_path / f"{distribution.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n", "utf-8")
        (info / "entry_points.txt").write_text(f"[rlchassis.{kind}]\n{name} = {target}\n", "utf-8")
        for module, code in files.items():
            (tmp_path / f"{module}.py").write_text(code, "utf-8")
        forget()

    yield write
    monkeypatch.undo()
    forget()


TESTS = {32: (10.0, 1.0), 64: (30.0, 2.0), 96: (20.0, 3.0)}
"""Environment step: mean and spread of a test."""


def recipe_of(seed=1, lr=0.001, algorithm="algorithm/acme.own", **more):
    """A recipe as experiment.json has it, of an algorithm that is not installed."""
    agent = {"part": algorithm, "options": {"params": {"lr": lr}, "optim_factory": {"component": "optimizer/adam", "options": {}}}}
    env = {"part": "env/registered", "options": {"task": "Own-v0", "make_kwargs": {"gravity": 9.8}}}
    sampling = {"num_train_envs": 2, "max_steps": 96}
    config = {"seed": seed, "persistence_base_dir": "log"}
    return {"format": 1, "config": config, "env_factory": env, "agent_factory": agent, "sampling_config": sampling, "name": None, **more}


@pytest.fixture
def write_run(tmp_path):
    """Writes a run directory as a run would leave it."""

    def write(name="run", tests=TESTS, trained=(), **recipe):
        directory = tmp_path / name
        directory.mkdir(parents=True)
        rows = [{"step": step, "train/return": value} for step, value in trained]
        rows += [{"step": step, "test/return": mean, "test/return_std": std} for step, (mean, std) in tests.items()]
        (directory / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        (directory / "experiment.json").write_text(json.dumps(recipe_of(**recipe)), "utf-8")
        plugin = {"name": "own", "distribution": "d", "version": "1"}
        plugins = [{**plugin, "kind": "algorithm", "used": True}, {**plugin, "kind": "env", "used": False}]
        provenance = {"python": "3.11.7", "versions": {"torch": "2.10.0"}, "argv": ["rlchassis", "train", "a b"], "plugins": plugins}
        (directory / "provenance.json").write_text(json.dumps(provenance), "utf-8")
        return directory

    return write
