"""Disks that are full, read-only, gone or failing, for a while or for good.

Training goes on, what was stored stays, what is lost is said.
"""

from __future__ import annotations

import errno
import os
import re
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import processes
from runs import Beacon, failure_lines, has_policy, typed, words
from trials import Place, Trial

FAMILY = "disks"
BYTES = 600_000
EPOCHS = 4
FOUR = {"steps": EPOCHS * 128, "step_per_epoch": 128, "step_per_collect": 128}
Act = Callable[[Any], object]


def fill(world: Any) -> None:
    """Until nothing fits any more."""
    with suppress(OSError), (world.directory.parent / "filler").open("ab", buffering=0) as file:
        for size in (4096, 1):
            with suppress(OSError):
                while True:
                    file.write(b"x" * size)


def free(world: Any) -> None:
    """There is room again."""
    (world.directory.parent / "filler").unlink()


def cover(world: Any) -> None:
    """An empty read-only disk in the place of the run directory, as for open files a disk cannot become read-only."""
    processes.mount("tmpfs", world.directory, flags=processes.MS_RDONLY)


def uncover(world: Any) -> None:
    """The run directory is there again."""
    processes.unmount(world.directory)


def limit(_world: Any) -> None:
    """No file may be larger than some thousand bytes, of which messages need fewer and a policy more."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, resource.RLIM_INFINITY))


def lift(_world: Any) -> None:
    """Files may have any size."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def exhaust(_world: Any) -> None:
    """No file can be opened."""
    used = max(int(name) for name in os.listdir("/proc/self/fd"))  # noqa: PTH208  names are enough
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(3, used), resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def relieve(_world: Any) -> None:
    """Files can be opened."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def remove(world: Any) -> None:
    """The run directory is gone."""
    shutil.rmtree(world.directory)


def recreate(world: Any) -> None:
    """Another, empty one is there."""
    remove(world)
    world.directory.mkdir()


def move(world: Any) -> None:
    """It has another name."""
    world.directory.rename(world.directory.with_name("moved"))


def move_back(world: Any) -> None:
    """It has its name again."""
    world.directory.with_name("moved").rename(world.directory)


def replace(world: Any) -> None:
    """A file has its name."""
    move(world)
    world.directory.write_text("no directory", "utf-8")


def forget_metrics(world: Any) -> None:
    """A file is gone that is open."""
    (world.directory / "metrics.jsonl").unlink()


PASSING: dict[str, tuple[Act, Act]] = {
    "full": (fill, free),
    "covered": (cover, uncover),
    "a limit on sizes": (limit, lift),
    "no descriptor left": (exhaust, relieve),
    "moved": (move, move_back),
}
LASTING: dict[str, tuple[Act, str]] = {
    "full": (fill, r"policy\.pt \(No space left on device\)|policy\.pt \(it could not be written whole"),
    "covered": (cover, r"policy\.pt \(Read-only file system\)"),
    "a limit on sizes": (limit, r"policy\.pt \("),
    "no descriptor left": (exhaust, r"policy\.pt \(.*Too many open files\)"),
    "removed": (remove, r"policy\.pt \(No such file or directory\)"),
    "moved": (move, r"policy\.pt \(No such file or directory\)"),
    "replaced by a file": (replace, r"policy\.pt \(Not a directory\)"),
    "recreated": (recreate, r"metrics\.jsonl"),
    "without metrics.jsonl": (forget_metrics, r"metrics\.jsonl"),
}


def trials(*, quick: bool) -> Iterator[Trial]:  # noqa: C901  one loop for each kind of disk
    """Each fault from the first test on, and from the second on, for a while and for good; at the start; and calls that fail."""
    mounts = processes.may_mount()
    for name, (harm, mend) in PASSING.items():
        for when in (1,) if quick else (1, 2):
            if mounts or name not in ("full", "covered"):
                yield Trial(FAMILY, f"{name} from test {when}, then not", partial(passing, harm, mend, when))
    for name, (harm, said) in LASTING.items():
        if mounts or name not in ("full", "covered"):
            yield Trial(FAMILY, f"{name} from test 1", partial(lasting, harm, said))
            if not quick:
                yield Trial(FAMILY, f"{name} from test 3", partial(later, harm))
    for i in range(3 if quick else 12):
        yield Trial(FAMILY, f"a call that fails {i}", failing_call)
    for number in (errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO, errno.EDQUOT):
        yield Trial(FAMILY, f"all calls fail of {errno.errorcode[number]}", partial(failing_calls, number))
    if mounts:
        yield Trial(FAMILY, "full at first", partial(at_first, f"size={BYTES}", 0))
        yield Trial(FAMILY, "read-only at first", partial(at_first, "", processes.MS_RDONLY))
        yield Trial(FAMILY, "a picture on a full disk", picture)
    for stream in ("out", "err"):
        yield Trial(FAMILY, f"std{stream} is full", partial(printing, stream))


def carried_out(place: Place, *beacons: Beacon) -> tuple[int, str]:
    """Four epochs in a small file system of their own, where that is allowed."""
    place.forgives.add("lock")  # where the directory is not there any more as the run ends
    place.base = place.folder / "disk"
    place.base.mkdir()
    if processes.may_mount():
        assert processes.mount("tmpfs", place.base, f"size={BYTES}")
    child = place.start(typed(words(base="disk", **FOUR), *beacons, draws=False))
    code = child.wait()
    with suppress(OSError):
        (place.base / "filler").unlink()
    while place.run.is_mount():
        processes.unmount(place.run)
    return code, place.said()


def trained(text: str) -> None:
    """To its end."""
    assert f"epoch {EPOCHS}: " in text, text[-800:]


def passing(harm: Act, mend: Act, when: int, place: Place) -> None:
    """What could not be written is written later: exit code 0, all rows, the best policy."""
    code, text = carried_out(place, Beacon("testing", when, harm), Beacon("collecting", EPOCHS, mend))
    trained(text)
    assert code == 0, f"exit code {code}: {text[-900:]}"
    assert tests_recorded(place) == EPOCHS, f"{tests_recorded(place)} tests in metrics.jsonl: {text[-400:]}"
    assert has_policy(place)


def lasting(harm: Act, said: str, place: Place) -> None:
    """Exit code 1 once all is trained, and what is lost by path."""
    code, text = carried_out(place, Beacon("testing", 1, harm))
    trained(text)
    assert code == 1, f"exit code {code}: {text[-900:]}"
    (line,) = failure_lines(text)
    assert re.match(rf"rlchassis: StorageFailure: the run finished, but .*({said}).*\.$", line), line


def later(harm: Act, place: Place) -> None:
    """The policy of an earlier test stays, where its place is not taken away; where nothing is lost, nothing has failed."""
    code, text = carried_out(place, Beacon("testing", 3, harm))
    trained(text)
    if harm not in (remove, move, replace, recreate):
        assert has_policy(place)
    if code == 0:
        assert has_policy(place), text[-900:]
        assert tests_recorded(place) == EPOCHS, text[-900:]
        return
    assert code == 1, f"exit code {code}: {text[-900:]}"
    assert "StorageFailure" in failure_lines(text)[0], text[-900:]


def tests_recorded(place: Place) -> int:
    """How many stand in metrics.jsonl."""
    return (place.run / "metrics.jsonl").read_text("utf-8").count('"test/return"')


def refuse(calls: range, number: int) -> None:
    """In a fork: these calls of fsync fail."""
    fsync, count = os.fsync, iter(range(10**6))

    def failing(file: int) -> None:
        if next(count) in calls:
            raise OSError(number, os.strerror(number))
        fsync(file)

    os.fsync = failing


def failing_call(place: Place) -> None:
    """Whichever it is: either the run is refused in a sentence, or it trains and all is stored, or it says what is not."""
    first = place.random.randrange(9)

    def act() -> int:
        refuse(range(first, first + place.random.choice((1, 2, 100))), place.random.choice((errno.EIO, errno.ENOSPC)))
        return typed(words(**FOUR))()

    code, text = place.start(act).wait(), place.said()
    refused(code, text)


def failing_calls(number: int, place: Place) -> None:
    """From the first test on."""
    code, text = carried_out(place, Beacon("testing", 1, lambda _world: refuse(range(10**6), number)))
    trained(text)
    assert code == 1, text[-600:]
    (line,) = failure_lines(text)
    assert f"policy.pt ({os.strerror(number)}); no checkpoint is written at step " in line, line
    assert line.endswith(f"({os.strerror(number)})."), line


def refused(code: int, text: str) -> None:
    """Exit code 2 before the first step, 1 at the end, 0 if all is stored; one sentence."""
    if code == 0:
        trained(text)
        return
    (line,) = failure_lines(text)
    if code == 1:
        trained(text)
        assert "StorageFailure" in line, line
    else:
        assert code == 2, f"exit code {code}: {text[-600:]}"
        assert "epoch 1" not in text, text[-600:]


def at_first(options: str, flags: int, place: Place) -> None:
    """Refused, and nothing is left but what was there."""
    place.base = place.folder / "disk"
    place.base.mkdir()
    assert processes.mount("tmpfs", place.base, options, flags)
    if not flags:
        fill(type("World", (), {"directory": place.run}))
    child = place.start(typed(words(base="disk", **FOUR)))
    code, text = child.wait(), place.said()
    assert code == 2, f"exit code {code}: {text[-600:]}"
    (line,) = failure_lines(text)
    assert "disk" in line, line


def picture(place: Place) -> None:
    """Exit code and one sentence; the picture before stays."""
    place.base = place.folder / "disk"
    place.base.mkdir()
    assert processes.mount("tmpfs", place.base, f"size={BYTES}")
    before = place.base / "curve.png"
    before.write_bytes(b"old")
    fill(type("World", (), {"directory": place.run}))
    child = place.start(typed(["plot", "log/old", "--out", "disk/curve.png"]))
    code, text = child.wait(), place.said()
    assert code in (1, 2), f"exit code {code}: {text[-600:]}"
    assert len(failure_lines(text)) == 1, text[-600:]
    assert before.read_bytes() == b"old"
    assert [path.name for path in place.base.iterdir() if path.name != "filler"] == ["curve.png"]


def printing(stream: str, place: Place) -> None:
    """An answer that nobody gets is no answer; messages that nobody gets cost nothing."""
    child = place.start(typed(["eval", "log/old", "--json"]), **{stream: "/dev/full"})
    code = child.wait()
    assert code == (1 if stream == "out" else 0), f"exit code {code} of eval: {place.said() if stream == 'out' else ''}"
    code = place.start(typed(words()), "train", **{stream: "/dev/full"}).wait()
    assert code in ((0, 1) if stream == "out" else (0,)), f"exit code {code} of train"
    assert has_policy(place)
