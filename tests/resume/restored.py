"""New runs from the policy of a finished one: tests before and after it learns again."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

from trained_on import PLANNED, SEEDS, SETTINGS, TASK, command, scores

STEPS, HELD = 10_000, 5000
"""Environment steps of the new run, and those in which its critics learn alone."""
SHARE = 0.7
"""What the worst test keeps of the policy's level: a new replay buffer and new critics cost more than resuming does."""


def restored() -> int:
    """Print a row for each run; returns how many fell."""
    print(f"{'':<12}{'stored policy':>16}{'worst after':>14}{'last':>10}{'at least':>10}   tests after the policy learns")
    return sum(_fell(algorithm, seed) for algorithm in ("sac", "td3") for seed in SEEDS)


def _fell(algorithm: str, seed: int) -> bool:
    with TemporaryDirectory() as folder:
        options = ["--dir", folder, *SETTINGS]
        command("train", algorithm, TASK, "--steps", PLANNED, "--seed", seed, "--name", "first", *options)
        first, second = Path(folder, "first"), Path(folder, "second")
        restoring = ["--set", f"config.policy_restore_directory={first}", "--set", f"sampling.critic_warm_up={HELD}"]
        command("train", algorithm, TASK, "--steps", STEPS, "--seed", seed + 100, "--name", "second", *options, *restoring)
        found = scores(second)
    held, after = ([score for step, score in found if (step > HELD) is learns] for learns in (False, True))
    least, name = fmean(held) / SHARE, f"{algorithm}, {seed}"
    print(
        f"{name:<12}{fmean(held):>16.1f}{min(after):>14.1f}{after[-1]:>10.1f}{least:>10.1f}   {' '.join(f'{each:.0f}' for each in after)}",
        flush=True,
    )
    return min(after) < least
