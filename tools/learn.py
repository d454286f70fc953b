"""Runs learning certificates again: trains every seed, scores the stored policies, and compares with the bounds.

usage: python -m tools.learn [PLUGIN...]
A plugin's certificates stand in its certificate.toml:

    [[certificate]]
    algorithm = "ppo"
    environment = "CartPole-v1"
    steps = 100_000
    seeds = [11, 12, 13, 14, 15]          # never those that settings were chosen with
    episodes = 100
    settings = "the recipe CartPole-v1"   # in words
    options = ["--recipe", "none"]        # further words for `rlchassis train`; may be left out
    mean_at_least = 490.0                 # of the seeds' mean returns
    worst_at_least = 475.0
    source = "where the bounds come from"
    measured = { mean = 500.0, std = 0.0, worst = 500.0, torch = "2.13.0" }   # may be left out until it was
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from statistics import fmean, pstdev
from tempfile import TemporaryDirectory
from typing import Any

from tools import checkout

Certificate = dict[str, Any]


def main(*shorts: str) -> None:
    """Run the certificates of these plugins, or of all; exit with 1 if a bound is missed."""
    unknown = set(shorts) - {checkout.short(plugin) for plugin in checkout.PLUGINS}
    if unknown:
        sys.exit(f"There is no plugin {', '.join(sorted(unknown))} in this checkout.")
    plugins = [plugin for plugin in checkout.PLUGINS if not shorts or checkout.short(plugin) in shorts]
    certificates = [certificate for plugin in plugins for certificate in certificates_of(plugin)]
    if not certificates:
        sys.exit("None of these plugins has a certificate.toml.")
    kept = [holds(certificate, scores_of(certificate)) for certificate in certificates]
    sys.exit(0 if all(kept) else 1)


def certificates_of(plugin: str) -> list[Certificate]:
    """What a plugin promises to learn."""
    file = checkout.DISTRIBUTIONS[plugin] / "certificate.toml"
    if not file.exists():
        return []
    certificates: list[Certificate] = tomllib.loads(file.read_text(encoding="utf-8"))["certificate"]
    return certificates


def scores_of(certificate: Certificate) -> list[float]:
    """The mean return of each seed's stored policy."""
    with TemporaryDirectory() as folder:
        return [score_of(certificate, seed, Path(folder)) for seed in certificate["seeds"]]


def score_of(certificate: Certificate, seed: int, folder: Path) -> float:
    """Train with one seed, then play the stored policy on start states that training never saw."""
    name = f"seed-{seed}"
    where = ["--dir", str(folder), "--name", name]
    task = [certificate["algorithm"], certificate["environment"], "--steps", str(certificate["steps"]), "--seed", str(seed)]
    subprocess.run(["rlchassis", "train", *task, *where, *certificate.get("options", [])], stdout=subprocess.DEVNULL, check=True)
    scoring = ["rlchassis", "eval", str(folder / name), "--episodes", str(certificate["episodes"]), "--json"]
    score = float(json.loads(subprocess.run(scoring, stdout=subprocess.PIPE, text=True, check=True).stdout)["mean"])
    print(f"{certificate['algorithm']} {certificate['environment']} seed {seed}: {score:.1f}", flush=True)
    return score


def holds(certificate: Certificate, scores: list[float]) -> bool:
    """Say whether the bounds are kept."""
    is_kept = bool(fmean(scores) >= certificate["mean_at_least"] and min(scores) >= certificate["worst_at_least"])
    print(
        f"{certificate['algorithm']} {certificate['environment']} {certificate['steps']} steps: "
        f"mean {fmean(scores):.1f} ± {pstdev(scores):.1f} (bound {certificate['mean_at_least']}), "
        f"worst {min(scores):.1f} (bound {certificate['worst_at_least']}): {'kept' if is_kept else 'MISSED'}"
    )
    return is_kept


if __name__ == "__main__":
    main(*sys.argv[1:])
