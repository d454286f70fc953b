"""The README's table of algorithms, from their manifests, their certificates and bench/ratios.toml.

usage: python -m tools.readme_table [--write]
Without --write it prints what differs, and exits with 1 if anything does.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable
from statistics import median
from typing import Any

from tools import checkout
from tools.generated import Section, main
from tools.learn import Certificate, certificates_of

RATIOS = checkout.ROOT / "bench" / "ratios.toml"
ENVIRONMENTS = ("CartPole-v1", "Pendulum-v1", "HalfCheetah-v5")
HEADER = ("distribution", "algorithm", "actions", *ENVIRONMENTS, "speed", "compiled")
SECTION = Section(checkout.ROOT / "README.md", "algorithms", "python -m tools.readme_table --write")
NONE = "–"

Ratios = dict[str, dict[str, list[float]]]
"""Row of the bench → mode → ratio to the faster peer in each round."""


def table() -> str:
    """The whole table, a row per algorithm."""
    ratios: Ratios = tomllib.loads(RATIOS.read_text(encoding="utf-8"))
    rows = [cells(plugin, name, about, ratios) for plugin in checkout.PLUGINS for name, about in algorithms_of(plugin)]
    return "\n".join(map(line, (HEADER, ["---"] * len(HEADER), *rows)))


def line(cells: Iterable[str]) -> str:
    """A row as Markdown."""
    return f"| {' | '.join(cells)} |"


def algorithms_of(plugin: str) -> list[tuple[str, dict[str, Any]]]:
    """Name and manifest table of each algorithm of a plugin."""
    file = checkout.DISTRIBUTIONS[plugin] / "src" / checkout.module_of(plugin) / "rlchassis.toml"
    return list(tomllib.loads(file.read_text(encoding="utf-8")).get("algorithm", {}).items())


def cells(plugin: str, algorithm: str, about: dict[str, Any], ratios: Ratios) -> list[str]:
    """One row: the algorithm with its distribution, its action spaces, its scores and its speed."""
    certificates = [each for each in certificates_of(plugin) if each["algorithm"] == algorithm]
    folder = checkout.DISTRIBUTIONS[plugin].relative_to(checkout.ROOT).as_posix()
    return [
        f"[`{plugin}`]({folder})",
        about["summary"],
        ", ".join(about["action_spaces"]),
        *(score([each for each in certificates if each["environment"] == environment]) for environment in ENVIRONMENTS),
        *(speed(algorithm, mode, ratios) for mode in ("eager", "compiled")),
    ]


def score(certificates: list[Certificate]) -> str:
    """Mean and worst seed of the longest training that is certified, and its steps."""
    if not certificates:
        return NONE
    longest = max(certificates, key=lambda each: int(each["steps"]))
    measured = longest["measured"]
    return f"{measured['mean']:.0f} ({measured['worst']:.0f}), {longest['steps'] // 1000}k"


def speed(algorithm: str, mode: str, ratios: Ratios) -> str:
    """Median over the rounds; from the least to the greatest where several tasks were timed."""
    names = [name for name in ratios if name.partition("-")[0].replace("_", "-") == algorithm]
    medians = sorted({f"{median(ratios[name][mode]):.1f}" for name in names}, key=float)
    return f"{'–'.join([medians[0], *medians[1:][-1:]])}×" if medians else NONE


if __name__ == "__main__":
    main(SECTION, table(), sys.argv[1:])
