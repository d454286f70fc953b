"""Environments that do something strange at one of their steps. Workers import this file by its name."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import gymnasium as gym

CONSTRUCTOR, RESET, CLOSE = "constructor", "reset", "close"
Fate = Callable[["Strange"], Any]


class Strange(gym.Wrapper[Any, Any, Any, Any]):
    """CartPole, but at one moment of one of the environments it does what its fate is; what that returns is the answer."""

    def __init__(self, fate: Fate, moment: int | str, env: str = "CartPole-v1", once: str | None = None) -> None:
        super().__init__(gym.make(env))
        self.fate, self.moment, self.count, self.once = fate, moment, 0, once
        self._meet(CONSTRUCTOR)

    def _meet(self, moment: int | str, answer: Any = None) -> Any:
        if moment != self.moment or not self._is_first():
            return answer
        self.answer = answer
        result = self.fate(self)
        return answer if result is None else result

    def _is_first(self) -> bool:
        """Of all environments that share a file which is not there yet."""
        if self.once is None:
            return True
        with suppress(FileExistsError):
            Path(self.once).touch(exist_ok=False)
            return True
        return False

    def reset(self, **options: Any) -> Any:
        """See gym.Env."""
        return self._meet(RESET, super().reset(**options))

    def step(self, action: Any) -> Any:
        """See gym.Env."""
        self.count += 1
        return self._meet(self.count, super().step(action))

    def close(self) -> None:
        """See gym.Env."""
        self._meet(CLOSE)
        super().close()


def killed(_env: Strange) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def stopped(_env: Strange) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def aborted(_env: Strange) -> None:
    os.abort()


def crashed(_env: Strange) -> None:
    ctypes.string_at(0)


def hung(_env: Strange) -> None:
    time.sleep(1000)


def hung_with_the_gil(_env: Strange) -> None:
    ctypes.PyDLL(None).sleep(1000)


def spinning(_env: Strange) -> None:
    while True:
        pass


def exited(_env: Strange) -> None:
    os._exit(3)


def exited_well(_env: Strange) -> None:
    os._exit(0)


def without_descriptors(_env: Strange) -> None:
    os.closerange(3, 256)


def noisy(_env: Strange) -> None:
    """Some megabytes on both, by Python, by the system and by another program."""
    for stream, number in ((sys.stdout, 1), (sys.stderr, 2)):
        stream.write("noise\n" * 100_000)
        stream.flush()
        os.write(number, b"noise\n" * 10_000)
    subprocess.run([sys.executable, "-S", "-c", "print('noise' * 10**6)"], check=True)


def parenting(_env: Strange) -> None:
    """Starts processes that stay: a fork, one in a session of its own, one whose parent has ended, one that answers no SIGTERM."""
    if not os.fork():
        time.sleep(1000)
    subprocess.Popen(["sleep", "1000"], start_new_session=True)
    subprocess.run([sys.executable, "-S", "-c", "import os, time\nif not os.fork(): time.sleep(1000)"], check=True, start_new_session=True)
    subprocess.Popen([sys.executable, "-S", "-c", "import signal, time\nsignal.signal(15, signal.SIG_IGN)\ntime.sleep(1000)"])


def threading_on(_env: Strange) -> None:
    """A thread that never ends."""
    threading.Thread(target=time.sleep, args=(1000,)).start()


def deaf(_env: Strange) -> None:
    """Answers no signal any more but those that cannot be ignored."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def elsewhere(_env: Strange) -> None:
    """Another working directory, one that is gone."""
    os.chdir("/")
