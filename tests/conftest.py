"""What all tests share: distributions installed for one test, signals that reach tests and their children, one thread, no deadlines."""

from __future__ import annotations

import os
import signal
import sys

import hypothesis
import pytest

from rlchassis.registry import forget

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported, here and in children: threads that wait for each other cost CPU
hypothesis.settings.register_profile("on any machine", deadline=None)
hypothesis.settings.load_profile("on any machine")


@pytest.fixture(autouse=True, scope="session")
def signals_reach_tests_and_children():
    """Tests in the background or under nohup inherit that SIGINT or SIGHUP is ignored, and pass it on to every process they start."""
    for number, default in ((signal.SIGINT, signal.default_int_handler), (getattr(signal, "SIGHUP", None), signal.SIG_DFL)):
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, default)


@pytest.fixture
def install(tmp_path_factory, monkeypatch):
    """A function: call it with one that writes distributions into a folder, and they are found beside all others."""
    folder = tmp_path_factory.mktemp("site")
    before = set(sys.modules)

    def installed(write):
        write(folder)
        forget()
        return folder

    monkeypatch.syspath_prepend(folder)
    yield installed
    monkeypatch.undo()
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
            del sys.modules[name]
    forget()
