"""Files of a run directory: written whole and through nobody's links, read only where they are files of that directory."""

from __future__ import annotations

import errno
import os
import re
import socket
import stat
from contextlib import chdir

import pytest

from rlchassis.errors import StoredFileError
from rlchassis.storage import files
from rlchassis.storage.files import appending, write_atomically
from rlchassis.storage.reading import open_stored, parse_json, read_bytes, read_json


@pytest.fixture(params=["relative to a handle", "by path, as on Windows"])
def run(request, tmp_path, monkeypatch):
    """A run directory, with and without what only POSIX has."""
    if request.param.startswith("by path"):
        monkeypatch.setattr(os, "supports_dir_fd", set())
        monkeypatch.setattr(files, "NO_LINK", 0)
        monkeypatch.setattr(files, "NO_WAITING", 0)
    (tmp_path / "run").mkdir()
    (tmp_path / "victim").write_text("precious", "utf-8")
    return tmp_path / "run"


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def append(path, content):
    with os.fdopen(appending(path), "ab") as file:
        file.write(content)


def test_a_file_is_replaced_whole_and_leaves_nothing_beside_it(run):
    for content in (b"one", b"two"):
        write_atomically(run / "a.json", lambda file, content=content: file.write(content))
        assert (run / "a.json").read_bytes() == content
    assert names(run) == ["a.json"]
    assert stat.S_IMODE((run / "a.json").stat().st_mode) & 0o111 == 0


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_an_interrupted_write_leaves_the_file_before_and_nothing_beside_it(run, error):
    (run / "a.json").write_bytes(b"before")

    def fail(file):
        file.write(b"half")
        raise error

    with pytest.raises(type(error)):
        write_atomically(run / "a.json", fail)
    assert (run / "a.json").read_bytes() == b"before"
    assert names(run) == ["a.json"]


def test_ctrl_c_while_a_file_is_made_leaves_nothing_beside_it(run, monkeypatch):
    opened = os.open

    def interrupted(path, *flags, **options):
        handle = opened(path, *flags, **options)
        if str(path).endswith(".new"):
            os.close(handle)
            raise KeyboardInterrupt
        return handle

    monkeypatch.setattr(os, "open", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(run / "a.json", lambda file: file.write(b"one"))
    assert names(run) == []


@pytest.mark.parametrize("refused", ["fsync", "open", "replace"])
def test_a_file_that_the_disk_refuses_is_named_by_its_path(run, monkeypatch, refused):
    def refuse(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), *(["beside"] if refused != "fsync" else []))

    opened = files._opened
    monkeypatch.setattr(files, "_opened", lambda directory: opened(directory) if refused != "open" else refuse())
    monkeypatch.setattr(os, "fsync" if refused == "open" else refused, refuse)
    with pytest.raises(OSError, match=re.escape(f"No space left on device: '{run / 'a.json'}'")):
        write_atomically(run / "a.json", lambda file: file.write(b"x"))
    assert names(run) == []


def test_no_two_writes_use_the_same_name_beside_the_file(run):
    seen = []
    for _ in range(3):
        write_atomically(run / "policy.pt", lambda file: seen.extend(names(run)))
    beside = [name for name in seen if name != "policy.pt"]
    assert len(set(beside)) == 3
    assert all(name.startswith(".policy.pt.") and name.endswith(".new") for name in beside)


def test_a_link_planted_at_the_name_beside_the_file_is_not_written_through(run, monkeypatch):
    monkeypatch.setattr(os, "urandom", lambda count: bytes(count))
    planted = run / f".a.json.{'00' * 8}.new"
    planted.symlink_to(run.parent / "victim")
    with pytest.raises(FileExistsError):
        write_atomically(run / "a.json", lambda file: file.write(b"x"))
    assert planted.is_symlink()
    assert (run.parent / "victim").read_text("utf-8") == "precious"


@pytest.mark.parametrize("plant", ["symlink_to", "hardlink_to"])
def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(run, plant):
    for name, write in (
        ("policy.pt", lambda path: write_atomically(path, lambda file: file.write(b"x"))),
        ("log.txt", lambda path: os.close(appending(path))),
    ):
        getattr(run / name, plant)(run.parent / "victim")
        write(run / name)
        assert stat.S_ISREG((run / name).lstat().st_mode)
        assert (run / name).lstat().st_nlink == 1
    assert (run.parent / "victim").read_text("utf-8") == "precious"


def test_a_file_that_is_shared_by_a_hard_link_is_continued_in_a_copy(run):
    (run / "log.txt").write_text("one\n", "utf-8")
    os.link(run / "log.txt", run.parent / "backup")
    append(run / "log.txt", b"two\n")
    assert (run / "log.txt").read_text("utf-8") == "one\ntwo\n"
    assert (run.parent / "backup").read_text("utf-8") == "one\n"


def test_appended_lines_follow_those_before(run):
    append(run / "log.txt", b"one\n")
    append(run / "log.txt", b"two\n")
    assert (run / "log.txt").read_text("utf-8") == "one\ntwo\n"


def test_a_pipe_in_the_place_of_a_log_is_replaced_without_waiting_for_a_reader(run):
    os.mkfifo(run / "log.txt")
    append(run / "log.txt", b"one\n")
    assert (run / "log.txt").read_text("utf-8") == "one\n"


def test_a_name_of_any_length_that_a_file_may_have_can_be_written(run):
    name = "é" * 125 + ".png"
    write_atomically(run / name, lambda file: file.write(b"x"))
    assert names(run) == [name]


def test_the_run_directory_itself_may_be_reached_through_a_link(run):
    linked = run.parent / "linked"
    linked.symlink_to(run)
    write_atomically(linked / "a.json", lambda file: file.write(b"[1]"))
    assert read_json(linked / "a.json") == [1]
    assert names(run) == ["a.json"]


def listen(path):
    with chdir(path.parent), socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)


NO_FILES = {
    "a pipe": (os.mkfifo, "no regular file"),
    "a socket": (listen, "no regular file"),
    "a directory": (os.mkdir, "no regular file"),
    "a link to a device": (lambda path: path.symlink_to("/dev/zero"), "leads out of its directory"),
    "a link out": (lambda path: path.symlink_to(path.parent.parent / "victim"), "leads out of its directory"),
    "a link up and down": (lambda path: path.symlink_to("../run/../victim"), "leads out of its directory"),
    "a link to itself": (lambda path: path.symlink_to(path.name), "cannot be read"),
    "a link to nowhere": (lambda path: path.symlink_to("nowhere"), "No such file"),
    "nothing": (lambda path: None, "No such file"),
}


@pytest.mark.parametrize("kind", NO_FILES)
def test_links_pipes_and_the_like_in_a_run_directory_are_neither_opened_nor_waited_for(kind, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "victim").write_text("{}", "utf-8")
    put, said = NO_FILES[kind]
    path = tmp_path / "run" / "experiment.json"
    put(path)
    with pytest.raises(StoredFileError, match=said) as refused:
        read_json(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_link_to_another_file_of_the_directory_is_followed(tmp_path):
    (tmp_path / "a.json").write_text("[1]", "utf-8")
    (tmp_path / "b.json").symlink_to("a.json")
    assert read_json(tmp_path / "b.json") == [1]


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 300])
def test_a_name_that_no_file_can_have_is_refused(name, tmp_path):
    with pytest.raises(StoredFileError, match="cannot be read"):
        read_bytes(tmp_path / name)


def test_by_hand_a_file_may_have_as_many_bytes_as_are_allowed_and_no_more(tmp_path):
    (tmp_path / "a").write_bytes(b"123")
    assert read_bytes(tmp_path / "a", 3) == b"123"
    with pytest.raises(StoredFileError, match="is larger than 2 bytes"):
        open_stored(tmp_path / "a", 2)


def test_by_hand_json_may_hold_as_many_values_as_are_allowed_and_no_more():
    assert parse_json('[1,{"a":2}]', "x", 3) == [1, {"a": 2}]
    with pytest.raises(StoredFileError, match="x holds more than 2 values"):
        parse_json('[1,{"a":2}]', "x", 2)


def test_json_of_a_hundred_levels_is_refused_before_anything_descends_into_it():
    assert parse_json("[" * 100 + "]" * 100, "x") is not None
    with pytest.raises(StoredFileError, match="x is nested too deeply"):
        parse_json("[" * 101 + "]" * 101, "x")
