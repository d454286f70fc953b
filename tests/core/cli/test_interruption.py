from __future__ import annotations

import os
import signal
import sys

import pytest

from rlchassis.cli.interruption import Interruption
from rlchassis.errors import Interrupted

SAFE_POINTS = ["rlchassis_epoch_start", "rlchassis_collect_end", "rlchassis_learn_end", "rlchassis_test_end"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
@pytest.mark.parametrize("hook", SAFE_POINTS)
def test_a_signal_waits_for_the_next_safe_point(hook, number, code):
    interruption = Interruption()
    with interruption.awaited():
        os.kill(os.getpid(), number)
        with pytest.raises(Interrupted) as end:
            getattr(interruption, hook)()
    assert end.value.exit_code == code


def test_a_second_signal_does_not_wait():
    with Interruption().awaited():
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Interrupted) as end:
            os.kill(os.getpid(), signal.SIGINT)
    assert end.value.exit_code == 130


@pytest.mark.parametrize("hook", SAFE_POINTS)
def test_without_a_signal_the_run_goes_on(hook):
    interruption = Interruption()
    with interruption.awaited():
        getattr(interruption, hook)()


def test_afterwards_signals_do_what_they_did_before():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with Interruption().awaited():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_signal_that_was_to_be_ignored_still_is():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        interruption = Interruption()
        with interruption.awaited():
            os.kill(os.getpid(), signal.SIGHUP)
            interruption.rlchassis_epoch_start()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_is_received_even_if_nobody_can_read_the_answer(monkeypatch):
    def gone(*_):
        raise BrokenPipeError

    monkeypatch.setattr(os, "write", gone)
    interruption = Interruption()
    with interruption.awaited():
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Interrupted):
            interruption.rlchassis_epoch_start()


def test_where_there_is_no_stderr_nothing_is_written_into_what_has_its_number(monkeypatch):
    written = []
    monkeypatch.setattr(os, "write", lambda *call: written.append(call))
    monkeypatch.setattr(sys, "stderr", None)
    with Interruption().awaited():
        os.kill(os.getpid(), signal.SIGTERM)
    assert written == []
