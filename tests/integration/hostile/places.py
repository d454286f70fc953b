"""What stands in the place of a file and is none: pipes, devices, sockets, directories, links."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from contextlib import chdir, suppress
from pathlib import Path
from typing import Any

FILES = ("experiment.json", "experiment.pkl", "provenance.json", "metrics.jsonl", "policy.pt", "run.lock")


def things(honest: Path) -> dict[str, Callable[[Path], Any]]:
    """By what they are, how one is put in the place of a file that is not there; honest is another run directory."""

    def listening(path: Path) -> None:
        with chdir(path.parent), socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)

    def sparse(path: Path) -> None:
        with path.open("wb") as file:
            file.truncate(2**32)

    def within(path: Path) -> None:
        path.symlink_to("log.txt")

    def device(path: Path) -> None:
        with suppress(OSError):  # who may not make one
            os.mknod(path, 0o666 | 0o020000, os.makedev(1, 5))

    return {
        "a pipe": os.mkfifo,
        "a socket": listening,
        "a directory": Path.mkdir,
        "a device": device,
        "a link to a device": lambda path: path.symlink_to("/dev/zero"),
        "a link to the terminal": lambda path: path.symlink_to("/dev/tty"),
        "a link to an endless file": lambda path: path.symlink_to("/proc/self/mem"),
        "a link out": lambda path: path.symlink_to(honest / path.name),
        "a link up and out": lambda path: path.symlink_to(os.path.relpath(honest / path.name, path.parent)),
        "a link to itself": lambda path: path.symlink_to(path.name),
        "a link to nowhere": lambda path: path.symlink_to("nowhere"),
        "a link to another file of the directory": within,
        "4 GiB of nothing": sparse,
        "an empty file": Path.touch,
    }


def instead(directory: Path, name: str, put: Callable[[Path], Any]) -> None:
    """The thing in the place of the file."""
    path = directory / name
    if name == "experiment.pkl":
        (directory / "experiment.json").unlink()
    path.unlink(missing_ok=True)
    put(path)


def whole_directories(honest: Path) -> dict[str, Callable[[Path], Any]]:
    """Directories in which much is missing."""

    def emptied(directory: Path) -> None:
        shutil.rmtree(directory)
        directory.mkdir()

    def gone(directory: Path) -> None:
        shutil.rmtree(directory)

    def a_file(directory: Path) -> None:
        gone(directory)
        directory.touch()

    def a_pipe(directory: Path) -> None:
        gone(directory)
        os.mkfifo(directory)

    def a_loop(directory: Path) -> None:
        gone(directory)
        directory.symlink_to(directory.name)

    return {each.__name__.replace("_", " "): each for each in (emptied, gone, a_file, a_pipe, a_loop)}
