from __future__ import annotations

import os
import signal
import sys
import threading
from types import SimpleNamespace

import pytest

from rlchassis.errors import Interrupted
from rlchassis.run.interruption import TERMINATING, Interruption

ALL = (signal.SIGINT, *TERMINATING)


class TinyWorld:
    """Keeps what it was interrupted with."""

    def __init__(self, train: bool) -> None:
        self.codes: list[int] = []
        self.config = SimpleNamespace(train=train)

    def interrupt(self, error):
        self.codes.append(error.exit_code)


def world(*, train=True):
    return TinyWorld(train)


def send(number):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_in_training_is_handed_to_the_trainer(number, code):
    interruption, run = Interruption(), world()
    with interruption.awaited(ALL):
        interruption.rlchassis_world_ready(run)
        interruption.rlchassis_train_start(run)
        send(number)
    assert run.codes == [code]


def test_a_signal_while_all_is_built_waits_for_training_to_begin():
    interruption, run = Interruption(), world()
    with interruption.awaited(ALL):
        send(signal.SIGTERM)
        assert run.codes == []
        interruption.rlchassis_train_start(run)
    assert run.codes == [143]


def test_a_second_signal_does_not_wait():
    with Interruption().awaited(ALL):
        send(signal.SIGTERM)
        with pytest.raises(Interrupted) as end:
            send(signal.SIGINT)
    assert end.value.exit_code == 130


def after_training(interruption):
    interruption.rlchassis_train_start(world())
    interruption.rlchassis_train_end()


def only_watching(interruption):
    interruption.rlchassis_world_ready(world(train=False))


@pytest.mark.parametrize("phase", [after_training, only_watching])
def test_where_nothing_trains_a_signal_does_not_wait(phase):
    interruption = Interruption()
    with interruption.awaited(ALL):
        phase(interruption)
        with pytest.raises(Interrupted):
            send(signal.SIGTERM)


def test_without_a_signal_the_run_goes_on():
    interruption, run = Interruption(), world()
    with interruption.awaited(ALL), interruption.of_script():
        interruption.rlchassis_train_start(run)
        interruption.rlchassis_train_end()
    assert run.codes == []


def test_afterwards_signals_do_what_they_did_before():
    before = [signal.getsignal(number) for number in ALL]
    with Interruption().awaited(ALL):
        assert all(signal.getsignal(number) not in before for number in ALL)
    assert [signal.getsignal(number) for number in ALL] == before


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda *_: None])
def test_a_signal_that_somebody_else_answers_or_ignores_is_left_to_them(handler):
    before = signal.signal(signal.SIGTERM, handler)
    try:
        with Interruption().of_script():
            assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_run_in_another_thread_leaves_signals_alone():
    seen = []

    def run():
        with Interruption().of_script():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [signal.SIG_DFL]


def test_the_signal_ends_the_process_once_the_run_has_ended(monkeypatch):
    raised = []
    monkeypatch.setattr(signal, "raise_signal", raised.append)
    with Interruption().of_script():
        send(signal.SIGTERM)
        assert raised == []
    assert raised == [signal.SIGTERM]


def test_a_signal_that_was_to_be_ignored_still_is():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        interruption = Interruption()
        with interruption.awaited(ALL):
            send(signal.SIGHUP)
        assert interruption.received is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_is_received_even_if_nobody_can_read_the_answer(monkeypatch):
    def gone(*_):
        raise BrokenPipeError

    monkeypatch.setattr(os, "write", gone)
    interruption = Interruption()
    with interruption.awaited(ALL):
        send(signal.SIGTERM)
    assert interruption.received == signal.SIGTERM


def test_where_there_is_no_stderr_nothing_is_written_into_what_has_its_number(monkeypatch):
    written = []
    monkeypatch.setattr(os, "write", lambda *call: written.append(call))
    monkeypatch.setattr(sys, "stderr", None)
    with Interruption().awaited(ALL):
        send(signal.SIGTERM)
    assert written == []


def test_in_a_fork_of_the_process_a_signal_does_what_it_does_by_default(monkeypatch):
    raised = []
    monkeypatch.setattr(signal, "raise_signal", lambda number: raised.append((number, signal.getsignal(number))))
    interruption, run = Interruption(), world()
    with interruption.awaited(ALL):
        interruption.rlchassis_train_start(run)
        monkeypatch.setattr(os, "getpid", lambda: -1)
        signal.getsignal(signal.SIGTERM)(signal.SIGTERM, None)
    assert (raised, run.codes) == ([(signal.SIGTERM, signal.SIG_DFL)], [])
