"""What all tests share: distributions that are installed for the length of one test, and signals that reach them and their children."""

from __future__ import annotations

import signal
import sys

import pytest

from rlchassis.registry import forget


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
