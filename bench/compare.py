"""Runs ours and theirs in turns and prints how many times faster ours is than the faster peer.

usage: python bench/compare.py [ROW...] [--rounds 3] [--record]
Besides the rows of rows.py there are "replay", a buffer alone, "chassis", what a step costs without environment and network, and
"checkpoints", what those at their default cost a run, and those of a full replay buffer.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from checkpoints import ROWS as CHECKPOINTED
from ratios import Ratios, record
from rows import ROWS
from turns import answers_in_turns

HERE = Path(__file__).parent
OURS, COMPILED = "rlchassis", "compiled"
SCRIPTS = {OURS: ["ours.py"], COMPILED: ["ours.py", "compiled"], "sb3": ["peer_sb3.py"], "tianshou": ["peer_tianshou.py"]}

Series = dict[str, list[float]]
"""Numbers of each library, round by round."""


def main() -> None:
    """Time the rows that were asked for, or all; print the tables, store the numbers."""
    others = {"replay": replay, "chassis": chassis, "checkpoints": checkpoints}
    parser = argparse.ArgumentParser(description="Time training beside its peers.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of: {', '.join([*ROWS, *others])}; none: all of them")
    parser.add_argument("--rounds", type=int, default=3, help="how often the libraries run each row side by side, in turns")
    parser.add_argument("--record", action="store_true", help="keep the ratios of these rows in ratios.toml, for the table of the README")
    asked = parser.parse_args()
    if unknown := set(asked.rows) - ROWS.keys() - others.keys():
        parser.error(f"There is no row {', '.join(sorted(unknown))}; the rows are {', '.join([*ROWS, *others])}.")
    chosen = asked.rows or [*ROWS, *others]
    results = {name: timed(name, asked.rounds) for name in chosen if name in ROWS}
    if results:
        print_table({name: summary(times) for name, times in results.items()})
    if asked.record:
        record({name: ratios(times) for name, times in results.items()})
    other_results = {name: measure(asked.rounds) for name, measure in others.items() if name in chosen}
    print(f"stored: {store({name: {'times': times, **summary(times)} for name, times in results.items()} | other_results)}")


def timed(row: str, rounds: int) -> Series:
    """Steps per second of each library that has the algorithm."""
    times: Series = {library: [] for library in (OURS, COMPILED, *ROWS[row].peers)}
    for number in range(1, rounds + 1):
        answers = answers_in_turns({library: [SCRIPTS[library][0], row, *SCRIPTS[library][1:]] for library in times})
        for library, answer in answers.items():
            times[library].append(float(answer["sps"]))
        print(f"{row} {number}/{rounds}:", ", ".join(f"{library} {shown(series[-1])}" for library, series in times.items()), flush=True)
    return times


def shown(speed: float) -> str:
    """In as many digits as say something."""
    return f"{speed:.0f}" if speed >= 100 else f"{speed:.1f}"


def ratios(times: Series) -> Ratios:
    """Ours to the faster peer of each round, step by step and compiled."""
    fastest = [max(peers) for peers in zip(*(series for name, series in times.items() if name not in (OURS, COMPILED)), strict=True)]
    modes = {"eager": OURS, "compiled": COMPILED}
    return {mode: [ours / peer for ours, peer in zip(times[name], fastest, strict=True)] for mode, name in modes.items()}


def summary(times: Series) -> dict[str, float]:
    """Medians over the rounds: steps per second of each library, and our ratios to the faster peer."""
    measured = ratios(times)
    speeds = {library: median(series) for library, series in times.items()}
    return {**speeds, "ratio": median(measured["eager"]), "ratio_compiled": median(measured["compiled"])}


def print_table(rows: dict[str, dict[str, float]]) -> None:
    """A table for people, in environment steps per second."""
    names = list(SCRIPTS)
    print(f"\n{'steps per second':<20}{''.join(f'{name:>12}' for name in names)}{'ratio':>8}{'compiled':>10}")
    for row, numbers in rows.items():
        cells = "".join(f"{shown(numbers[name]):>12}" if name in numbers else f"{'–':>12}" for name in names)
        print(f"{row:<20}{cells}{numbers['ratio']:>8.2f}{numbers['ratio_compiled']:>10.2f}")


def alone(script: str) -> dict[str, Any]:
    """The answer of a script that runs by itself."""
    return answers_in_turns({script: [script]})[script]


def replay(rounds: int) -> dict[str, Any]:
    """Microseconds of our replay buffer and of Stable-Baselines3's, and how many times quicker ours is."""
    answers = [alone("replay.py") for _ in range(rounds)]
    quicker = {what: median(each["ratio"][what] for each in answers) for what in ("add_us", "sample_us")}
    print(f"\nreplay: {answers[-1]}; quicker than sb3: add {quicker['add_us']:.2f}, sample {quicker['sample_us']:.2f}")
    return {"answers": answers, "ratios": quicker}


def chassis(rounds: int) -> dict[str, Any]:
    """What the chassis itself costs."""
    answer = alone("chassis.py")
    print(f"\nchassis: {answer}")
    return answer


def checkpoints(rounds: int) -> dict[str, Any]:
    """Seconds of the processor of runs with checkpoints at their default, to those of runs without; and those of a full replay buffer."""
    ratios: dict[str, list[float]] = {}
    for row in CHECKPOINTED:
        for _ in range(rounds):
            answers = answers_in_turns({every: ["checkpoints.py", "run", row, every] for every in ("10min", "0")})
            with_them = answers["10min"]
            ratios.setdefault(row, []).append(with_them["cpu"] / answers["0"]["cpu"])
            share = with_them["cpu_of_checkpoints"] / with_them["cpu"]
            print(
                f"\n{row}: with checkpoints to without {ratios[row][-1]:.3f}; {with_them['checkpoints']} of them took {share:.2%} of it",
                flush=True,
            )
        print(f"{row}: median {median(ratios[row]):.3f}")
    answer = answers_in_turns({"replay": ["checkpoints.py", "replay"]})["replay"]
    for name, each in answer.items():
        print(f"replay of 10^6 transitions, {name}: {each['mib']:.1f} MiB, {each['cpu']:.2f} s of the processor, {each['wall']:.2f} s")
    return {"ratios": ratios, "replay": answer}


def store(results: dict[str, Any]) -> Path:
    """Write the numbers with what they were measured on; returns the file."""
    now = datetime.now(UTC)
    machine = {"python": platform.python_version(), "processor": platform.machine(), "cpus": os.cpu_count()}
    content = {"time": now.isoformat(timespec="seconds"), "machine": machine, "rows": results}
    file = HERE / "results" / f"{now:%Y%m%d-%H%M%S}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return file


if __name__ == "__main__":
    main()
