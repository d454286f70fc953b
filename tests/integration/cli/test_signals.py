"""Ctrl-C and `kill` in the middle of a run, as a shell would send them."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from rlchassis import Experiment, evaluate, load_policy
from rlchassis.training.persistence import PolicyPersistence
from rlchassis_testkit.torch_processes import TorchProcess

ENDLESS = """
import sys
from rlchassis.cli import main
sys.exit(main(["train", "ppo", "CartPole-v1", "--steps", "10000000", "--name", "mine", "--dir", *sys.argv[1:]]))
"""


def wait_for(file, deadline=60.0):
    end = time.monotonic() + deadline
    while not (file.exists() and file.stat().st_size):
        assert time.monotonic() < end, f"{file} did not come"
        time.sleep(0.05)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_leaves_a_policy_and_a_readable_directory(tmp_path, number, code):
    sampling = {"num_train_envs": 2, "step_per_epoch": 4096, "step_per_collect": 256, "batch_size": 64}
    settings = ["env.venv_type=subproc", *(f"sampling.{name}={value}" for name, value in sampling.items())]
    directory = tmp_path / "mine"
    with TorchProcess.start(ENDLESS, tmp_path, *(word for setting in settings for word in ("--set", setting))) as child:
        wait_for(directory / "metrics.jsonl")
        child.send_signal(number)
        _, err = child.communicate(timeout=60.0)
    assert child.returncode == code
    assert "the policy is stored" in err
    assert "Traceback" not in err
    assert load_policy(directory)(np.zeros(4, np.float32)) in (0, 1)
    assert len(evaluate(directory, 2).returns) == 2
    assert Experiment.from_directory(directory).config.persistence_base_dir == str(tmp_path)
    assert all(json.loads(line) for line in (directory / "metrics.jsonl").read_text("utf-8").splitlines())
    assert (directory / "learning_curve.png").stat().st_size


def test_a_run_whose_policy_the_disk_refuses_exits_with_1_and_names_the_path(train, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rlchassis.training.persistence.write_policy", full)
    done = train("--name", "mine")
    assert done.code == 1
    assert "rlchassis: StorageFailure: the run finished, but the policy of step 64 is not stored in " in done.err
    assert f"{Path('log', 'mine', 'policy.pt')} (No space left on device)." in done.err


def test_a_run_interrupted_while_it_stores_its_first_policy_stores_it_after_all(train, monkeypatch):
    persist, calls = PolicyPersistence.persist, []

    def interrupted_at_first(self, event, world):
        calls.append(event)
        if len(calls) == 1:
            raise KeyboardInterrupt
        persist(self, event, world)

    monkeypatch.setattr(PolicyPersistence, "persist", interrupted_at_first)
    assert train("--name", "mine").code == 130
    assert evaluate("log/mine").env_step == 32
