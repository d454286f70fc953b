"""One run per directory: the error of a second names the holder, and a process that is gone has nothing."""

from __future__ import annotations

import json
import os
import platform
import signal
import sys
from functools import partial
from itertools import count

import pytest

from rlchassis.errors import UsageError
from rlchassis.storage.run_lock import Holder, RunLock, read_holder, require_no_other_run
from rlchassis_testkit.held_locks import HOLD
from rlchassis_testkit.processes import python_process

TRY = """
import sys, time
from pathlib import Path
from rlchassis.errors import UsageError
from rlchassis.storage import run_lock
read = run_lock.read_holder
def slowly(directory):
    holder = read(directory)
    time.sleep(0.3)
    return holder
run_lock.read_holder = slowly
sys.stdin.readline()
try:
    lock = run_lock.RunLock.acquire(Path(sys.argv[1]))
    print("held", flush=True)
except UsageError:
    print("refused", flush=True)
sys.stdin.readline()
"""


def test_the_lock_names_process_and_host_and_goes_with_the_run(tmp_path):
    lock = RunLock.acquire(tmp_path)
    assert json.loads((tmp_path / "run.lock").read_text("utf-8")) == {"pid": os.getpid(), "host": platform.node()}
    for _ in range(2):
        lock.release()
        assert list(tmp_path.iterdir()) == []


def test_a_lock_that_another_process_has_by_now_stays(tmp_path):
    lock = RunLock.acquire(tmp_path)
    (tmp_path / "run.lock").unlink()
    with python_process(HOLD, tmp_path) as other:
        assert other.stdout.readline() == "held\n"
        lock.release()
        assert read_holder(tmp_path).pid == other.pid
        other.communicate("\n", timeout=30)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks there")
def test_a_fork_does_not_give_back_the_lock_of_its_parent(tmp_path):
    forks = HOLD.replace("print(", "import os\nif not os.fork():\n    lock.release()\n    os._exit(0)\nos.wait()\nprint(")
    with python_process(forks, tmp_path) as parent:
        assert parent.stdout.readline() == "held\n"
        assert read_holder(tmp_path).pid == parent.pid
        parent.communicate("\n", timeout=30)
    assert list(tmp_path.iterdir()) == []


def test_a_second_process_is_refused_with_process_and_host_of_the_first(tmp_path, holder):
    before = (tmp_path / "run.lock").read_bytes()
    for attempt in (RunLock.acquire, require_no_other_run):
        with pytest.raises(UsageError, match=rf"a run is going on in .*: process {holder.pid} on host {platform.node()};") as refused:
            attempt(tmp_path)
        assert "\n" not in str(refused.value)
    assert (tmp_path / "run.lock").read_bytes() == before


def test_after_the_first_has_ended_the_second_may(tmp_path, holder):
    holder.communicate("\n", timeout=30)
    RunLock.acquire(tmp_path).release()


def test_the_lock_of_a_killed_process_is_taken_over(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait(30)
    assert read_holder(tmp_path).is_gone
    require_no_other_run(tmp_path)
    lock = RunLock.acquire(tmp_path)
    assert read_holder(tmp_path) == Holder.this_process()
    lock.release()


def test_of_many_who_would_take_over_one_does(tmp_path, holder):
    holder.kill()
    holder.wait(30)
    others = [python_process(TRY, tmp_path) for _ in range(6)]
    for each in others:
        each.stdin.write("\n")
        each.stdin.flush()
    message = sorted(each.stdout.readline() for each in others)
    for each in others:
        each.communicate("\n", timeout=30)
    assert message == ["held\n"] + ["refused\n"] * 5


def test_two_runs_of_one_process_are_two_runs(tmp_path):
    lock = RunLock.acquire(tmp_path)
    with pytest.raises(UsageError, match=f"process {os.getpid()}"):
        RunLock.acquire(tmp_path)
    require_no_other_run(tmp_path)
    lock.release()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks there")
def test_a_fork_that_outlives_its_parent_does_not_keep_the_lock(tmp_path):
    forks = HOLD.replace("print(", "import os, time\nif not os.fork():\n    os.close(1)\n    time.sleep(20)\n    os._exit(0)\nprint(")
    with python_process(forks, tmp_path) as parent:
        assert parent.stdout.readline() == "held\n"
        parent.kill()
        parent.wait(30)
        RunLock.acquire(tmp_path).release()


def test_a_directory_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match="No such file or directory"):
        RunLock.acquire(tmp_path / "nowhere")


def test_a_directory_that_is_gone_at_the_end_is_no_failure(tmp_path):
    directory = tmp_path / "run"
    directory.mkdir()
    lock = RunLock.acquire(directory)
    (directory / "run.lock").unlink()
    directory.rmdir()
    lock.release()


def interrupted(act, line):
    """Whether Ctrl-C struck at this one of all lines that are carried out; there may be fewer."""
    lines, before = count(1), sys.gettrace()

    def trace(_frame, event, _argument):
        if event == "line" and next(lines) == line:
            raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        act()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # files that were open where it struck
def test_ctrl_c_while_the_lock_is_taken_leaves_none(tmp_path):
    for line in count(1):
        directory = tmp_path / str(line)
        directory.mkdir()
        if not interrupted(partial(RunLock.acquire, directory), line):
            break
        assert list(directory.iterdir()) == []
        RunLock.acquire(directory).release()
    assert line > 50


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # files that were open where it struck
def test_ctrl_c_while_the_lock_is_given_back_leaves_none(tmp_path):
    for line in count(2):  # after the "try" of release
        lock = RunLock.acquire(tmp_path)
        was_interrupted = interrupted(lock.release, line)
        assert list(tmp_path.iterdir()) == [], line
        if not was_interrupted:
            break
    assert line > 10
