"""A logger works in a thread of its own: what it waits for, loses or raises stays there."""

from __future__ import annotations

import logging
import os
import threading

import pytest

from rlchassis.reporting.loggers import Logger, LoggerGroup
from rlchassis.reporting.queued_logger import QueuedLogger

ROWS = [{"a": float(step)} for step in range(4)]


class Gated(Logger):
    """Writes a row only once the gate is open."""

    def __init__(self, fails_at=None):
        self.gate, self.begun, self.closed = threading.Event(), threading.Event(), threading.Event()
        self.rows, self.threads, self.fails_at = [], set(), fails_at

    def log(self, metrics, step):
        self.begun.set()
        self.gate.wait()
        self.threads.add(threading.current_thread())
        if step == self.fails_at:
            raise OSError("no route to host")
        self.rows.append((dict(metrics), step))

    def close(self):
        self.threads.add(threading.current_thread())
        self.closed.set()

    def state_dict(self):
        return {"rows": len(self.rows)}

    def load_state_dict(self, state):
        del self.rows[state["rows"] :]


def logged(queued, rows=ROWS):
    for step, row in enumerate(rows):
        queued.log(row, step)


def test_rows_are_written_in_order_in_a_thread_that_ends_when_the_logger_is_closed():
    inner = Gated()
    inner.gate.set()
    queued = QueuedLogger(inner)
    logged(queued)
    queued.close()
    assert inner.rows == [(row, step) for step, row in enumerate(ROWS)]
    assert inner.closed.is_set()
    (thread,) = inner.threads
    assert thread is not threading.current_thread()
    assert not thread.is_alive()


def test_whoever_logs_waits_for_no_logger_and_may_change_its_row_afterwards():
    inner, row = Gated(), {"a": 1.0}
    queued = QueuedLogger(inner)
    queued.log(row, 0)
    row["a"] = 2.0
    assert inner.rows == []
    inner.gate.set()
    queued.close()
    assert inner.rows == [({"a": 1.0}, 0)]


def test_rows_that_find_the_queue_full_are_dropped_and_counted_at_the_end(caplog):
    inner = Gated()
    queued = QueuedLogger(inner, capacity=2)
    logged(queued)
    assert queued.dropped == 2
    inner.gate.set()
    queued.close()
    assert [step for _, step in inner.rows] == [0, 1]
    assert caplog.messages == ["Gated was slower than the run: 2 rows are in metrics.jsonl only."]


def test_a_logger_that_hangs_is_left_behind_once_its_time_is_up(caplog):
    inner = Gated()
    queued = QueuedLogger(inner, closing_seconds=0.0)
    logged(queued)
    inner.begun.wait()
    with caplog.at_level(logging.INFO, "rlchassis"):
        queued.close()
    assert caplog.messages == ["Gated did not close within 0 s: 4 rows are in metrics.jsonl only."]
    inner.gate.set()
    inner.closed.wait()
    assert [step for _, step in inner.rows] == [0]


def test_a_logger_that_fails_gets_no_further_row_and_is_closed(caplog):
    inner = Gated(fails_at=1)
    queued = QueuedLogger(inner)
    logged(queued)
    inner.gate.set()
    queued.close()
    assert [step for _, step in inner.rows] == [0]
    assert inner.closed.is_set()
    assert caplog.messages == ["Gated failed and is no longer used; the run continues."]


def test_a_checkpoint_holds_the_rows_that_are_not_written_yet_and_a_resumed_run_has_each_once():
    inner = Gated()
    queued = QueuedLogger(inner)
    logged(queued)
    inner.begun.wait()
    state = queued.state_dict()
    assert state == {"state": {"rows": 0}, "waiting": [["log", [row, step]] for step, row in enumerate(ROWS)]}
    inner.gate.set()
    queued.log({"a": 9.0}, 9)
    queued.close()
    assert len(inner.rows) == 5

    resumed = Gated()
    resumed.rows = inner.rows
    resumed.gate.set()
    again = QueuedLogger(resumed)
    state["waiting"].append(["log_video", ["test/video", "/etc/passwd", 4]])  # as a stranger's checkpoint may have
    again.load_state_dict(state)
    again.close()
    assert resumed.rows == [(row, step) for step, row in enumerate(ROWS)]
    assert again.state_dict() == {"state": {"rows": 4}, "waiting": []}


def test_a_checkpoint_after_a_failure_holds_what_was_written_before_it():
    inner = Gated(fails_at=1)
    inner.gate.set()
    queued = QueuedLogger(inner)
    logged(queued)
    queued.close()
    assert queued.state_dict() == {"state": {"rows": 1}, "waiting": []}


class Stateless(Gated):
    def state_dict(self):
        raise OSError("no route to host")


@pytest.mark.parametrize("leave", ["", "exit"])
def test_a_logger_whose_state_cannot_be_read_or_restored_is_no_longer_used(leave, caplog):
    unread = QueuedLogger(Stateless())
    unread.log({}, 1)
    unread.close()
    assert unread.logger.rows == []

    restored = Gated()
    restored.load_state_dict = lambda state: (_ for _ in ()).throw(SystemExit(0) if leave else KeyError("rows"))
    queued = QueuedLogger(restored)
    queued.load_state_dict({"state": {}, "waiting": [["log", [{"a": 1.0}, 1]]]})
    queued.close()
    assert restored.rows == []
    assert caplog.messages == [f"{name} failed and is no longer used; the run continues." for name in ("Stateless", "Gated")]


def test_a_fork_of_the_process_neither_logs_nor_waits(monkeypatch):
    inner = Gated()
    queued = QueuedLogger(inner)
    logged(queued)
    inner.begun.wait()
    with queued._changed, monkeypatch.context() as fork:  # held as it may be by a thread that a fork does not have
        fork.setattr(os, "getpid", lambda: -1)
        queued.log({"a": 9.0}, 9)
        queued.close()
    inner.gate.set()
    queued.close()
    assert [step for _, step in inner.rows] == [0, 1, 2, 3]


def test_a_slow_logger_keeps_no_other_waiting():
    slow, quick = Gated(), Gated()
    quick.gate.set()
    group = LoggerGroup([QueuedLogger(slow), QueuedLogger(quick)])
    group.log({"a": 1.0}, 1)
    quick.begun.wait()
    assert slow.rows == []
    slow.gate.set()
    group.close()
    assert slow.rows == quick.rows == [({"a": 1.0}, 1)]


def test_the_state_of_a_group_is_stored_by_class_and_number():
    group = LoggerGroup([QueuedLogger(Gated()), Stateful(), QueuedLogger(Gated())])
    assert list(group.state_dict()) == ["run_id", "1 Gated", "1 Stateful", "2 Gated"]
    group.load_state_dict({"1 Stateful": {"restored": True}})
    assert group.loggers[1].state == {"restored": True}
    group.close()


class Stateful(Gated):
    state = None

    def load_state_dict(self, state):
        self.state = state
