"""One run per directory: the error of a second names the holder, and a process that is gone has nothing."""

from __future__ import annotations

import errno
import json
import os
import platform
import signal
import subprocess
import sys
from functools import partial
from itertools import count

import pytest

from rlchassis.errors import StoredFileError, UsageError
from rlchassis.storage.run_lock import Holder, RunLock, read_holder, require_no_other_run

HOLD = """
import sys
from pathlib import Path
from rlchassis.storage.run_lock import RunLock
lock = RunLock.acquire(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.readline()
lock.release()
"""
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


def another_process(code, directory):
    return subprocess.Popen([sys.executable, "-c", code, str(directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock of tmp_path until a line reaches it."""
    with another_process(HOLD, tmp_path) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_full_disk_leaves_no_empty_lock(tmp_path, monkeypatch):
    def full(descriptor, text):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(UsageError, match=r"no run can be carried out in .* \(No space left on device\)"):
        RunLock.acquire(tmp_path)
    assert list(tmp_path.iterdir()) == []


def write_lock(directory, **changes):
    (directory / "run.lock").write_text(json.dumps({"pid": os.getpid(), "host": platform.node(), **changes}), "utf-8")


def test_the_lock_names_process_and_host_and_goes_with_the_run(tmp_path):
    lock = RunLock.acquire(tmp_path)
    assert json.loads((tmp_path / "run.lock").read_text("utf-8")) == {"pid": os.getpid(), "host": platform.node()}
    for _ in range(2):
        lock.release()
        assert list(tmp_path.iterdir()) == []


def test_a_lock_that_another_process_has_by_now_stays(tmp_path):
    lock = RunLock.acquire(tmp_path)
    (tmp_path / "run.lock").unlink()
    with another_process(HOLD, tmp_path) as other:
        assert other.stdout.readline() == "held\n"
        lock.release()
        assert read_holder(tmp_path).pid == other.pid
        other.communicate("\n", timeout=30)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks there")
def test_a_fork_does_not_give_back_the_lock_of_its_parent(tmp_path):
    forks = HOLD.replace("print(", "import os\nif not os.fork():\n    lock.release()\n    os._exit(0)\nos.wait()\nprint(")
    with another_process(forks, tmp_path) as parent:
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
    others = [another_process(TRY, tmp_path) for _ in range(6)]
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


def test_a_leftover_that_names_a_living_process_is_replaced_for_that_process_does_not_hold_it(tmp_path):
    write_lock(tmp_path, pid=os.getppid())
    assert read_holder(tmp_path).is_gone
    require_no_other_run(tmp_path)
    RunLock.acquire(tmp_path).release()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks there")
def test_a_fork_that_outlives_its_parent_does_not_keep_the_lock(tmp_path):
    forks = HOLD.replace("print(", "import os, time\nif not os.fork():\n    os.close(1)\n    time.sleep(20)\n    os._exit(0)\nprint(")
    with another_process(forks, tmp_path) as parent:
        assert parent.stdout.readline() == "held\n"
        parent.kill()
        parent.wait(30)
        RunLock.acquire(tmp_path).release()


@pytest.mark.parametrize("plant", [os.symlink, os.link], ids=["symlink", "hard link"])
def test_a_link_in_the_place_of_the_lock_is_replaced_and_what_it_leads_to_keeps_its_content(plant, tmp_path):
    directory, precious = tmp_path / "run", tmp_path / "precious"
    directory.mkdir()
    precious.write_text("content", "utf-8")
    plant(precious, directory / "run.lock")
    lock = RunLock.acquire(directory)
    assert not (directory / "run.lock").is_symlink()
    lock.release()
    assert list(directory.iterdir()) == []
    assert precious.read_text("utf-8") == "content"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes there")
def test_a_pipe_in_the_place_of_the_lock_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "run.lock")
    RunLock.acquire(tmp_path).release()
    assert list(tmp_path.iterdir()) == []


def test_where_the_file_system_has_no_locks_the_file_alone_keeps_others_out(tmp_path, monkeypatch):
    def unsupported(descriptor, *, blocking):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("rlchassis.storage.lock_file.lock_descriptor", unsupported)
    lock = RunLock.acquire(tmp_path)
    with pytest.raises(UsageError, match=rf"process {os.getpid()} on host .* delete run\.lock"):
        RunLock.acquire(tmp_path)
    lock.release()
    RunLock.acquire(tmp_path).release()


def test_of_another_host_no_process_is_known_to_be_gone(tmp_path):
    write_lock(tmp_path, pid=2**31 - 1, host="elsewhere")
    with pytest.raises(UsageError, match=r"process 2147483647 on host elsewhere; .* delete run\.lock"):
        RunLock.acquire(tmp_path)


@pytest.mark.parametrize("changes", [{"pid": 0}, {"pid": -1}, {"pid": 2**31}, {"pid": "1"}, {"pid": 1.0}, {"host": 1}], ids=str)
def test_a_leftover_that_does_not_say_whose_it_is_is_replaced(tmp_path, changes):
    write_lock(tmp_path, **changes)
    with pytest.raises(StoredFileError, match="delete it if no run is going on there"):
        read_holder(tmp_path)
    require_no_other_run(tmp_path)
    RunLock.acquire(tmp_path).release()
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_is_held_keeps_others_out_whatever_is_written_into_it(tmp_path, holder):
    for text in ("", "noise"):
        (tmp_path / "run.lock").write_text(text, "utf-8")
        with pytest.raises(UsageError, match="another run has just begun"):
            RunLock.acquire(tmp_path)
    assert (tmp_path / "run.lock").exists()


def test_an_empty_lock_is_nobodys_and_is_replaced(tmp_path):
    (tmp_path / "run.lock").touch()
    require_no_other_run(tmp_path)
    lock = RunLock.acquire(tmp_path)
    assert read_holder(tmp_path) == Holder.this_process()
    lock.release()


def test_half_written_files_of_an_interrupted_run_are_removed_and_nothing_else(tmp_path):
    for name in (".policy.pt.4711.new", ".experiment.json.0123456789abcdef.new", ".hidden.new", "policy.pt.12.new", "notes.txt"):
        (tmp_path / name).write_text("half", "utf-8")
    RunLock.acquire(tmp_path).release()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".hidden.new", "notes.txt", "policy.pt.12.new"]


@pytest.mark.parametrize("name", ["tb", "metrics.csv", "tb/inner"])
def test_a_run_does_not_write_where_a_link_leads_out(name, tmp_path):
    directory, elsewhere = tmp_path / "run", tmp_path / "elsewhere"
    (directory / name).parent.mkdir(parents=True)
    elsewhere.mkdir()
    (directory / name).symlink_to(elsewhere)
    with pytest.raises(UsageError, match=rf"{name} is a link that leads out of the directory .* remove it"):
        RunLock.acquire(directory)
    assert not (directory / "run.lock").exists()
    (directory / name).unlink()
    (directory / name).symlink_to(directory)
    RunLock.acquire(directory).release()


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
