"""Names, paths and values that mean nothing, or somewhere else.

Refused in one sentence with exit code 2, and nothing is made or changed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from runs import ENDLESS, Beacon, failure_lines, typed, words
from trials import Place, Trial, contents

FAMILY = "names"
LONG, DEEP = "x" * 300, "/".join(["d" * 200] * 30)
NO_NAME = {
    "empty": "",
    "a zero byte": "a\0b",
    "a surrogate": "a\udcffb",
    "a newline": "a\nb",
    "an escape": "a\x1b[31mb",
    "too long": LONG,
    "out of the base": "../out",
    "out by the middle": "a/../../out",
    "absolute": "/tmp/out",
    "a dot": ".",
    "a home": "~",
    "an option": "-rf",
    "a device of Windows": "con",
    "a stream of Windows": "a:b",
    "a space at its end": "a ",
    "right to left": "a\u202eb",
    "existing": "old",
    "in a finished run": "old/inner",
    "below a file": "old/policy.pt/inner",
    "through a link to itself": "loop/mine",
    "through a link out": "away/mine",
}
NO_BASE = {
    "a zero byte": "a\0b",
    "an unknown user": "~nouser/log",
    "a link to itself": "log/loop",
    "too long": LONG,
    "too deep": DEEP,
    "a file": "log/old/policy.pt",
    "below a file": "log/old/policy.pt/x",
    "a device": "/dev/null",
    "of the system": "/proc/self",
    "of a finished run": "log/old",
}
NO_RUN = {
    "nothing": "log/nothing",
    "empty": "",
    "a zero byte": "a\0b",
    "a surrogate": "\udcff",
    "an unknown user": "~nouser",
    "a link to itself": "log/loop",
    "too long": LONG,
    "a file": "log/old/policy.pt",
    "a device": "/dev/zero",
    "another directory": "tmp",
    "a newline": "a\nb",
}
NO_VALUE = {
    "a nested list": ["--set", "params.lr=" + "[" * 10**5],
    "nested tables": ["--set", "params.lr=" + "{a=" * 10**4],
    "an integer of many digits": ["--set", "params.lr=" + "9" * 5000],
    "a seed of many digits": ["--seed", "9" * 5000],
    "steps of many digits": ["--steps", "9" * 5000],
    "no number": ["--set", "params.lr=nan"],
    "infinity": ["--set", "params.gamma=inf"],
    "a zero byte": ["--set", "params.lr=\0"],
    "a surrogate": ["--set", "params.\udcff=1"],
    "a newline": ["--set", "params.lr=1\nname='x'"],
    "no settings file": ["--config", "nothing.toml"],
    "a settings file that is a directory": ["--config", "log"],
    "a device as settings file": ["--config", "/dev/zero"],
    "negative steps": ["--steps", "-5"],
    "no device": ["--device", "cuda:99"],
    "an unknown logger": ["--logger", "\x1b[31mred"],
    "an unknown wrapper": ["--wrapper", "a:b=c"],
}
DOORS = ("eval", "watch", "inspect", "plot")


def trials(*, quick: bool) -> Iterator[Trial]:
    """As names of runs, as their base, as directories of runs for every command that reads them, and as settings."""
    for kind, name in NO_NAME.items():
        yield Trial(FAMILY, f"a run named {kind}", partial(refused, words(name=name)))
    for kind, base in NO_BASE.items():
        yield Trial(FAMILY, f"runs in {kind}", partial(refused, words(base=base)))
    for i, (kind, run) in enumerate(NO_RUN.items()):
        for door in DOORS if not quick else DOORS[i % 4 : i % 4 + 1]:
            yield Trial(FAMILY, f"{door} {kind}", partial(refused, [door, run]))
    for kind, more in NO_VALUE.items():
        yield Trial(FAMILY, f"settings: {kind}", partial(refused, [*words(), *more]))
    for kind, env in {"a zero byte": "a\0b", "a surrogate": "\udcff-v0", "a file": "log/old:x", "nothing": "", "long": LONG * 9}.items():
        yield Trial(FAMILY, f"an environment named {kind}", partial(refused, words(env)))
        yield Trial(FAMILY, f"an algorithm named {kind}", partial(refused, words(algorithm=env)))
    for kind, out in {"a directory": "log", "nowhere": "no/where.png", "a zero byte": "a\0.png", "a link to itself": "log/loop"}.items():
        yield Trial(FAMILY, f"a picture into {kind}", partial(refused, ["plot", "log/old", "--out", out]))
    yield Trial(FAMILY, "in a running run", in_a_running_run)
    yield Trial(FAMILY, "typed by a shell", by_a_shell)


def prepared(place: Place) -> dict[str, bytes]:
    """Links that lead to themselves and away, and a pipe; what there is before."""
    (place.base / "loop").symlink_to("loop")
    (place.folder / "elsewhere").mkdir()
    (place.base / "away").symlink_to(place.folder / "elsewhere")
    os.mkfifo(place.folder / "pipe")
    return everything(place.folder)


def everything(folder: Path) -> dict[str, bytes]:
    """All files, and directories as well, but for what the trial itself writes."""
    directories = {str(path.relative_to(folder)): b"" for path in folder.rglob("*") if path.is_dir()}
    return {name: value for name, value in (directories | contents(folder)).items() if not name.startswith(("it.", "tmp/torchinductor"))}


def refused(line: list[str], place: Place) -> None:
    """Exit code 2 and one short sentence that the terminal can print."""
    before = prepared(place)
    code = place.start(typed(line)).wait(30)
    one_sentence(code, place.said())
    assert (place.folder / "it.out").read_bytes() == b""
    changed = set(everything(place.folder).items()) ^ set(before.items())
    assert not changed, f"changed: {sorted(name for name, _ in changed)[:5]}"


def one_sentence(code: int, text: str) -> None:
    """Of what was got and what to do."""
    assert code == 2, f"exit code {code}: {text[-500:]}"
    assert len(failure_lines(text)) == 1, f"not one line: {text[-500:]}"
    lines = text.splitlines()
    assert len(lines) == 1, f"{len(lines)} lines: {text[-500:]}"
    assert len(text) < 2500, f"{len(text)} characters: {text[:200]}"
    assert text.strip().isprintable(), ascii(text)[:300]


def in_a_running_run(place: Place) -> None:
    """Neither as its name, nor within it; it trains on."""
    beacon = Beacon("testing")
    running = place.start(typed(words(steps=ENDLESS), beacon), "running")
    assert beacon.seen(lambda: running.poll() is not None)
    for name in ("mine", "mine/inner", "mine/tb/inner"):
        code = place.start(typed(words(name=name)), "it").wait()
        text = place.said().splitlines()[-1]
        assert code == 2, f"{name}: exit code {code}: {text}"
        assert "mine" in text, text
    assert running.poll() is None, place.said("running")
    running.send(15)
    assert running.wait() == 143, place.said("running")
    beacon.close()


def by_a_shell(place: Place) -> None:
    """Words that are no text at all."""
    line = rf"""'{sys.executable}' -m rlchassis train ppo CartPole-v1 --steps 9 --name "$(printf 'a\\377b')" """

    def act() -> None:
        os.execvp("sh", ["sh", "-c", line])

    one_sentence(place.start(act).wait(), place.said())
