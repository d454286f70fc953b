"""What all tests share: distributions that are installed for the length of one test, and child processes that Ctrl-C reaches."""

from __future__ import annotations

import signal
import sys

import pytest

from rlchassis.registry import forget


@pytest.fixture(autouse=True, scope="session")
def ctrl_c_reaches_children():
    """Tests that run in the background inherit that SIGINT is ignored, and would hand this on to every process they start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


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
