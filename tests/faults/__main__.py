"""`python tests/faults [FAMILY…] [--quick] [--seed N] [--only TEXT] [--jobs N]`: the fault table. Needs Linux.

Each family of faults is tried as often as its file says, on real runs in processes of their own; moments are left to chance, and come
again with the seed. Exits with 1 unless all trials are good.
"""

from __future__ import annotations

import argparse
import faulthandler
import gc
import importlib
import json
import os
import shutil
import struct
import sys
import tempfile
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from random import SystemRandom

import processes
import runs
from trials import Place, Row, Trial, tried

FAMILIES = ("hostile", "signals", "workers", "leaving", "answers", "disks", "names", "concurrency", "load")
"""Files beside this one; what takes longest comes first."""


def main() -> int:
    """Try, count, print."""
    parser = argparse.ArgumentParser(prog="nox -s faults --", description="Try every fault and print a table of them.")
    parser.add_argument("families", nargs="*", choices=[[], *FAMILIES], help="those to be tried; default all", metavar="FAMILY")
    parser.add_argument("--quick", action="store_true", help="a sample of a minute or two")
    parser.add_argument("--seed", default=str(SystemRandom().randrange(10**6)), help="of all that is left to chance; printed")
    parser.add_argument("--only", default="", metavar="TEXT", help="only trials whose name holds this text")
    parser.add_argument("--jobs", type=int, default=2, help="how many trials go on at once")
    arguments = parser.parse_args()
    modules = [importlib.import_module(name) for name in arguments.families or FAMILIES]
    trials = [trial for module in modules for trial in module.trials(quick=arguments.quick) if arguments.only in trial.name]
    print(f"seed {arguments.seed}: {len(trials)} trials", flush=True)
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="faults-"))  # no TemporaryDirectory, which every fork would remove at its end
    try:
        rows = carried_out(trials, folder, arguments.seed, arguments.jobs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(table(rows), f"{time.monotonic() - begun:.0f} s, seed {arguments.seed}", sep="\n")
    missing = {(trial.family, trial.name) for trial in trials} - {(row.family, row.name) for row in rows}
    print(*(f"BAD  {family}: {name}: it came to no end" for family, name in sorted(missing)), sep="\n")
    return int(bool(missing) or any(row.problem for row in rows))


def carried_out(trials: list[Trial], folder: Path, seed: str, jobs: int) -> list[Row]:
    """What came of each, found out by several processes, which take the next number from a pipe."""
    source, sink = os.pipe()
    os.write(sink, b"".join(struct.pack("=I", number) for number in range(len(trials))))
    os.close(sink)
    prepare(folder)
    workers = []
    for job in range(jobs):
        pid = os.fork()
        if not pid:
            code = 1
            try:
                work(trials, source, folder, folder / f"job{job}", seed)
                code = 0
            finally:
                os._exit(code)
        workers.append(pid)
    for pid in workers:
        os.waitpid(pid, 0)
    lines = [line for job in range(jobs) for line in (folder / f"job{job}.jsonl").read_text("utf-8").splitlines()]
    return [Row(**json.loads(line)) for line in lines]


def prepare(folder: Path) -> None:
    """A run that is done, and whatever it, its evaluation and its picture import."""
    faulthandler.enable()  # SIGABRT makes a trial that hangs print where
    place = Place(folder, None)  # type: ignore[arg-type]  # nothing is left to chance
    (folder / "tmp").mkdir()

    def done() -> list[str]:
        for line in (runs.words(name="old"), ["eval", "log/old"], ["plot", "log/old"], ["inspect", "log/old"]):
            assert runs.main(line) == 0
        return [name for name in sys.modules if sys.modules[name] is not None]

    for name in place.message(done, 300):
        if not name.startswith(("__", "signals")):
            importlib.import_module(name)
    gc.freeze()  # collecting would copy all of it in each fork


def work(trials: list[Trial], source: int, folder: Path, own: Path, seed: str) -> None:
    """One trial after another, with a line for each."""
    processes.adopt_orphans()
    own.mkdir()
    if processes.own_mounts():
        processes.mount("tmpfs", Path("/dev/shm"))
    look = partial(looked, own)
    with own.with_suffix(".jsonl").open("w", encoding="utf-8") as report:
        while number := os.read(source, 4):
            trial = trials[struct.unpack("=I", number)[0]]
            for row in tried(trial, own / "trial", folder / "log" / "old", seed, look):
                report.write(json.dumps(asdict(row)) + "\n")
                if row.problem:
                    print(f"BAD  {row.family}: {row.name}: {row.problem}", flush=True)


def looked(own: Path, directory: Path) -> str | None:
    """What is wrong with a run directory, seen by a process of its own."""
    place = Place(own / "trial", None)  # type: ignore[arg-type]  # nothing is left to chance
    answer = place.message(lambda: runs.opened(directory))
    assert answer is None or isinstance(answer, str)
    return answer


def table(rows: list[Row]) -> str:
    """Family, tried, good, seconds."""
    families = {row.family: [each for each in rows if each.family == row.family] for row in rows}
    lines = [(family, len(its), sum(not row.problem for row in its), sum(row.seconds for row in its)) for family, its in families.items()]
    lines.append(("all", *(sum(numbers) for numbers in zip(*(line[1:] for line in lines), strict=True))))
    head = f"{'family':<50}{'tried':>7}{'good':>7}{'seconds':>9}"
    return "\n".join([head, *(f"{family:<50}{count:>7}{good:>7}{seconds:>9.0f}" for family, count, good, seconds in lines)])


if __name__ == "__main__":
    sys.exit(main())
