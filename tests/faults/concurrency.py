"""Runs that want one directory, readers beside a writer, locks of processes that are gone: one wins, the others hear of it."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from runs import ENDLESS, Beacon, failure_lines, opened, typed, words
from trials import Place, Trial

from rlchassis.errors import UsageError
from rlchassis.storage.run_lock import RunLock

FAMILY = "concurrency"
MANY = 10


def trials(*, quick: bool) -> Iterator[Trial]:
    """Races, readers, and what a dead process left."""
    for i in range(1 if quick else 3):
        yield Trial(FAMILY, f"{MANY} runs of one name {i}", one_name)
        yield Trial(FAMILY, f"{MANY} runs of one name with a suffix {i}", suffixes)
        yield Trial(FAMILY, f"{MANY} locks of one directory {i}", one_lock)
        yield Trial(FAMILY, f"{MANY} locks after a kill {i}", partial(one_lock, dead=True))
    yield Trial(FAMILY, "readers beside a writer", readers)
    yield Trial(FAMILY, "readers beside a writer that is killed", partial(readers, number=signal.SIGKILL))
    yield Trial(FAMILY, "runs without a name in one second", partial(nameless, 4))
    yield Trial(FAMILY, "a policy restored from a running run", restored)


def one_name(place: Place) -> None:
    """One trains, all others are refused."""
    codes = raced(place, words(steps=256))
    assert sorted(codes) == [0] + [2] * (MANY - 1), codes
    for i, code in enumerate(codes):
        assert code == 0 or len(failure_lines(place.said(f"it{i}"))) == 1, place.said(f"it{i}")


def suffixes(place: Place) -> None:
    """Each in a directory of its own."""
    codes = raced(place, [*words(steps=256), "--if-exists", "suffix"])
    assert codes == [0] * MANY, codes
    names = {path.name for path in place.base.iterdir()} - {"old"}
    assert names == {"mine", *(f"mine-{i}" for i in range(2, MANY + 1))}, names


def raced(place: Place, line: list[str]) -> list[int]:
    """Exit codes of as many processes that wait for a pipe to close and begin at once."""
    source, sink = os.pipe()

    def act() -> int:
        os.close(sink)
        os.read(source, 1)
        return typed(line)()

    children = [place.start(act, f"it{i}") for i in range(MANY)]
    os.close(source)
    os.close(sink)
    return [child.wait() for child in children]


def one_lock(place: Place, *, dead: bool = False) -> None:
    """One has it, and gives it back."""
    place.run.mkdir()
    if dead:
        place.start(partial(killed_with_lock, place.run)).wait()
        assert (place.run / "run.lock").exists()
    source, sink = os.pipe()
    children = [place.start(partial(locking, place.run, source, sink), f"it{i}") for i in range(MANY)]
    os.close(source)
    os.close(sink)
    codes = [child.wait() for child in children]
    assert sorted(codes) == [0] + [2] * (MANY - 1), codes
    assert not list(place.run.iterdir()), list(place.run.iterdir())


def locking(directory: Path, source: int, sink: int) -> int:
    """Hold it for long enough that nobody comes after."""
    os.close(sink)
    os.read(source, 1)
    try:
        lock = RunLock.acquire(directory)
    except UsageError:
        return 2
    time.sleep(1.5)
    lock.release()
    return 0


def killed_with_lock(directory: Path) -> None:
    """Leaves the lock and what was half written."""
    RunLock.acquire(directory)
    (directory / f".policy.pt.{'0' * 16}.new").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)


def readers(place: Place, number: int = signal.SIGTERM) -> None:
    """Whatever is read while a run writes is whole, or refused by StoredFileError."""
    beacon = Beacon("testing")
    writer = place.start(typed(words(steps=ENDLESS, step_per_epoch=128), beacon), "writer")
    assert beacon.seen(lambda: writer.poll() is not None)
    beacon.close()
    problems = place.message(partial(reading, place.run, 2.0))
    assert problems == [], problems
    for line in (["eval", "log/mine", "--episodes", "1"], ["inspect", "log/mine"], ["plot", "log/mine", "--out", "curve.png"]):
        code = place.start(typed(line), "reader").wait()
        assert code in (0, 2), place.said("reader")
        assert len(failure_lines(place.said("reader"))) <= 1, place.said("reader")
    assert writer.poll() is None, place.said("writer")
    writer.send(number)
    writer.wait()
    if number == signal.SIGKILL:
        place.forgives |= {"lock", "new"}
        assert place.message(partial(reading, place.run, 0.3)) == []


def reading(directory: Path, seconds: float) -> list[str]:
    """Problems met by one who reads all the time."""
    deadline = time.monotonic() + seconds
    found = []
    while time.monotonic() < deadline:
        found += [problem for problem in [opened(directory)] if problem]
    return found[:3]


def nameless(count: int, place: Place) -> None:
    """Date and time are one name for all, to which a suffix is added."""
    line = words(steps=128, step_per_epoch=128)
    del line[line.index("--name") : line.index("--name") + 2]
    children = [place.start(typed(line), f"it{i}") for i in range(count)]
    codes = [child.wait() for child in children]
    assert codes == [0] * count, [place.said(f"it{i}")[-300:] for i in range(count)]
    assert len(list(place.base.iterdir())) == count + 1


def restored(place: Place) -> None:
    """As it is at that moment."""
    beacon = Beacon("collecting", 3)
    writer = place.start(typed(words(steps=ENDLESS, step_per_epoch=128), beacon), "writer")
    assert beacon.seen(lambda: writer.poll() is not None)
    beacon.close()
    line = [*words(name="other"), "--set", f"config.policy_restore_directory={json.dumps(str(place.run))}"]
    code = place.start(typed(line)).wait()
    assert code == 0, place.said()
    writer.send(signal.SIGTERM)
    writer.wait()
