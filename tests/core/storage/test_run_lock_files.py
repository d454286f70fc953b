"""What else may lie in the place of a lock, or beside it: leftovers, links, pipes, half-written files."""

from __future__ import annotations

import errno
import json
import os
import platform

import pytest

from rlchassis.errors import StoredFileError, UsageError
from rlchassis.storage.run_lock import Holder, RunLock, read_holder, require_no_other_run


def test_a_full_disk_leaves_no_empty_lock(tmp_path, monkeypatch):
    def full(descriptor, text):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(UsageError, match=r"no run can be carried out in .* \(No space left on device\)"):
        RunLock.acquire(tmp_path)
    assert list(tmp_path.iterdir()) == []


def write_lock(directory, **changes):
    (directory / "run.lock").write_text(json.dumps({"pid": os.getpid(), "host": platform.node(), **changes}), "utf-8")


def test_a_leftover_that_names_a_living_process_is_replaced_for_that_process_does_not_hold_it(tmp_path):
    write_lock(tmp_path, pid=os.getppid())
    assert read_holder(tmp_path).is_gone
    require_no_other_run(tmp_path)
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
