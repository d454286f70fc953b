"""Signals at moments left to chance: the run ends by them with its policy, in order, or at once; by command and from a script."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from processes import Child
from runs import ENDLESS, SHORT, Beacon, config, failure_lines, has_policy, light, sampling, typed, words
from trials import Place, Trial

from rlchassis.experiment import EnvFactoryRegistered, PPOExperimentBuilder, VectorEnvType
from rlchassis.storage.checkpoint.manifest import newest_checkpoint

FAMILY = "signals"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
MOMENTS: dict[str, tuple[dict[str, Any], int, float]] = {
    "collecting": ({"step_per_collect": 1024, "step_per_epoch": 1024}, 3, 0.1),
    "warming up": ({"algorithm": "dqn", "start_timesteps": 10**6, "buffer_size": 10**4, "step_per_collect": 1}, 3, 0.2),
    "learning": ({"batch_size": 8}, 6, 0.1),
    "replaying": ({"algorithm": "dqn", "buffer_size": 10**4, "step_per_collect": 1}, 300, 0.1),
    "testing": ({"num_test_episodes": 20, "num_test_envs": 2}, 4, 0.05),
    "storing": ({}, 5, 0.004),
    "ending": ({"steps": SHORT}, 1, 0.5),
}
"""What is run, after how many times at most, and seconds at most."""


def trials(*, quick: bool) -> Iterator[Trial]:
    """Every signal at every moment, several times, in this process and with workers."""
    for number in SIGNALS:
        for moment in MOMENTS:
            for i in range(1 if quick else 3):
                where = "subproc" if i == 1 or (quick and moment == "collecting") else "dummy"
                yield Trial(FAMILY, f"{number.name} {moment}, {where} {i}", partial(at_a_moment, number, moment, where))
        for i in range(1 if quick else 3):
            yield Trial(FAMILY, f"{number.name} at any time {i}", partial(at_any_time, number))
            yield Trial(FAMILY, f"{number.name} in a script {i}", partial(in_a_script, number, "dummy"))
        yield Trial(FAMILY, f"{number.name} in a script with workers", partial(in_a_script, number, "subproc"))
        yield Trial(FAMILY, f"{number.name} to a fresh interpreter", partial(fresh, number))
    for i in range(2 if quick else 8):
        yield Trial(FAMILY, f"two signals {i}", twice)
    yield Trial(FAMILY, "stopped and continued", stopped)


def at_a_moment(number: signal.Signals, moment: str, where: str, place: Place) -> None:
    """It strikes a little after the beacon was passed."""
    settings, most, seconds = MOMENTS[moment]
    beacon = Beacon({"warming up": "collecting", "replaying": "learning"}.get(moment, moment), place.random.randint(1, most))
    if moment == "warming up":
        beacon.count = 1
    child = place.start(typed(words(**{"steps": ENDLESS, "env_venv_type": where, **settings}), beacon, draws=moment == "ending"))
    if beacon.seen(lambda: child.poll() is not None):
        time.sleep(place.random.random() * seconds)
    child.send(number)
    beacon.close()
    ended(place, child, (number,), may_be_done=moment == "ending", trains=moment != "ending")


def at_any_time(number: signal.Signals, place: Place) -> None:
    """From the first moment on."""
    child = place.start(typed(words(steps=ENDLESS), draws=True))
    time.sleep(place.random.random() * 1.5)
    child.send(number)
    ended(place, child, (number,))


def twice(place: Place) -> None:
    """The second does not wait for the end of a phase."""
    numbers = place.random.choices(SIGNALS[:3], k=2)
    child = place.start(typed(words(steps=ENDLESS)))
    time.sleep(place.random.random())
    for number in numbers:
        time.sleep(place.random.random() * 0.01)
        child.send(number)
    ended(place, child, tuple(numbers))


def ended(place: Place, child: Child, numbers: tuple[int, ...], *, may_be_done: bool = False, trains: bool = False) -> None:
    """By one of the signals, with its exit code and no traceback, and where it was training with a policy."""
    code, text = child.wait(), place.said()
    codes = [each for number in numbers for each in (128 + number, -number)] + [0] * may_be_done
    assert code in codes, f"exit code {code}, expected one of {codes}: {text[-400:]}"
    if signal.SIGKILL in numbers:
        place.forgives |= {"lock", "new"}
        return
    assert not failure_lines(text), text[-600:]
    if trains or "the policy is stored in" in text:
        assert has_policy(place), f"no policy is stored: {text[-400:]}"


def script(venv_type: str, beacon: Beacon) -> None:
    """What a user runs in Python."""
    light(beacon)
    envs = EnvFactoryRegistered("CartPole-v1", venv_type=VectorEnvType(venv_type))
    result = PPOExperimentBuilder(envs, config(), sampling(num_epochs=10**5)).build().run("mine")
    assert result.interrupted
    newest_checkpoint(Path("log/mine"))


def in_a_script(number: signal.Signals, venv_type: str, place: Place) -> None:
    """Ctrl-C returns what is there, with a checkpoint; the others end the run first, then the process."""
    beacon = Beacon(place.random.choice(("built", "collecting", "learning", "testing", "storing")), place.random.randint(1, 3))
    child = place.start(partial(script, venv_type, beacon))
    beacon.seen(lambda: child.poll() is not None)
    time.sleep(place.random.random() * 0.1)
    child.send(number)
    beacon.close()
    code, text = child.wait(), place.said()
    assert code == (0 if number == signal.SIGINT else -number), f"exit code {code}: {text[-400:]}"
    if number == signal.SIGKILL:
        place.forgives |= {"lock", "new"}
        return
    assert has_policy(place) or not (place.run / "metrics.jsonl").exists() or beacon.moment in ("built", "storing"), text[-400:]
    assert "Traceback" not in text, text[-800:]


def fresh(number: signal.Signals, place: Place) -> None:
    """While Python itself begins, too: imports are interrupted."""
    line = [sys.executable, "-m", "rlchassis", *words(steps=ENDLESS)]
    begun = time.monotonic()
    with (place.folder / "it.err").open("wb") as err, subprocess.Popen(line, cwd=place.folder, stdout=err, stderr=err) as process:
        time.sleep(0.3 + place.random.random() * 6)
        process.send_signal(number)
        code = process.wait(90)
    assert code in (128 + number, -number), f"exit code {code} after {time.monotonic() - begun:.1f} s: {place.said()[-400:]}"
    if number == signal.SIGKILL:
        place.forgives |= {"lock", "new"}


def stopped(place: Place) -> None:
    """SIGSTOP and SIGCONT change nothing, with workers that wait meanwhile."""
    child = place.start(typed(words(steps=2048, env_venv_type="subproc", env_step_timeout=20)))
    for _ in range(5):
        time.sleep(place.random.random() * 0.5)
        child.send(signal.SIGSTOP)
        time.sleep(0.3)
        child.send(signal.SIGCONT)
    code = child.wait()
    assert code == 0, f"exit code {code}: {place.said()[-400:]}"
