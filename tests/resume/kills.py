"""Runs of the command line that are killed (SIGKILL) at random moments and resumed each time."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rlchassis_testkit.resuming import final_state

SEED = 20_261
SECONDS = (3.0, 6.0)
"""How long a process lives; the shorter is about what importing and building take."""
RUNS = {
    "ppo": ["ppo", "CartPole-v1", "--steps", "600000", "--set", "config.checkpoint_every=4000"],
    "sac": ["sac", "Pendulum-v1", "--steps", "8000", "--set", "config.checkpoint_every=300"],
}


def kill(times: int) -> int:
    """Print the digests of both runs, killed and not; returns how many differ."""
    return sum(_differs(name, arguments, times) for name, arguments in RUNS.items())


def _differs(name: str, arguments: list[str], times: int) -> bool:
    with TemporaryDirectory() as folder:
        never, _ = _carried_through(Path(folder, "never"), arguments, 0)
        killed, kills = _carried_through(Path(folder, "killed"), arguments, times)
    print(f"{name}: never killed {never}, killed {kills} times {killed}: {'same' if never == killed else 'OTHER'}", flush=True)
    return never != killed or kills < times


def _carried_through(base: Path, arguments: list[str], times: int) -> tuple[str, int]:
    """Digest of the final state, policy and metrics of a run, and how often it was killed."""
    moments, run, kills = random.Random(SEED), base / "run", 0
    begin = [*arguments, "--dir", str(base), "--name", "run", "--if-exists", "fail"]
    while True:
        resumable = any(run.glob("checkpoints/ckpt-*"))
        if not resumable:
            shutil.rmtree(run, ignore_errors=True)
        words = ["resume", str(run)] if resumable else ["train", *begin]
        process = subprocess.Popen(
            [sys.executable, "-m", "rlchassis", *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        try:
            _, said = process.communicate(timeout=moments.uniform(*SECONDS) if kills < times else None)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            kills += 1
            continue
        if process.returncode == 2 and "is finished" in said:  # it was killed on its way out
            return _digest(run), kills
        if process.returncode:
            raise RuntimeError(f"the run ended with code {process.returncode}: {said[-1000:]}")
        return _digest(run), kills


def _digest(run: Path) -> str:
    state = {name: str(value) for name, value in final_state(run).items()}
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()[:16]
