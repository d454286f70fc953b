"""Ten thousand names that people, scripts and enemies could give: a run lands within the base directory or nowhere."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from rlchassis.errors import UsageError
from rlchassis.storage.names import MAX_LENGTH, create_run_directory

PIECES = [
    *("a", "run", "Größe", "实验", "é", "e\u0301", "ﬁ", "Ⅳ", "x y", "1.5", "a.b", ".hidden", "...", "-rf", "--name", "~", "~root", "~/x"),
    *("..", ".", "", " ", "  ", "\t", "\n", "\r", "\x00", "\x1b[2J", "\x7f", "\x85", "\u2028", "\u200b", "\u202e", "\ufeff", "\ud800"),
    *("C:", "c:\\", "\\\\server\\share", "\\\\?\\C:", "//host", "file:", "CON", "nul.txt", "com1", "LPT9.", "aux", "%2e%2e"),
    *("$HOME", "${HOME}", "`id`", "link", "file", "\uff0e\uff0e", "\uff0f", "\u2215", "\u2044", "\u29f5", "\U0001f600"),
    *("*", "?", "<", ">", "|", '"', "'", ";", "&", "x" * MAX_LENGTH, "y" * 300, "é" * 150),
]
SEPARATORS = ["/", "/", "/", "\\", "//", "/./", "/../", "", ""]
COUNT = 10_000


def names(seed):
    """Pieces put together at random, and texts of random characters."""
    rng = random.Random(seed)
    for _ in range(COUNT):
        if rng.random() < 0.2:
            yield "".join(chr(rng.choice((rng.randrange(128), rng.randrange(0x110000)))) for _ in range(rng.randrange(12)))
        else:
            pieces = rng.choices(PIECES, k=rng.randint(1, 4))
            yield "".join(piece + rng.choice(SEPARATORS) for piece in pieces[:-1]) + pieces[-1]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A base directory with a link that leads out of it, and the directory that a name such as ~/x would mean."""
    for name in ("base", "outside", "home"):
        (tmp_path / name).mkdir()
    (tmp_path / "base" / "link").symlink_to(tmp_path / "outside", target_is_directory=True)
    (tmp_path / "base" / "file").write_text("precious", "utf-8")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "home")
    return tmp_path


def everything(*folders: Path):
    return {path.as_posix() for folder in folders for path in folder.rglob("*")}


def test_ten_thousand_names_never_write_outside_the_base(place):
    base, accepted, messages = place / "base", set(), []
    siblings = {path.name for path in place.parent.iterdir()}
    for name in names(20):
        try:
            made = create_run_directory(base, name, suffix_if_exists=True)
        except UsageError as refused:
            messages.append(str(refused))
            continue
        assert made.is_dir()
        assert made not in accepted
        assert made.resolve() == made
        assert base in made.parents
        accepted.add(made)
    assert min(len(accepted), len(messages)) > 500
    assert [message for message in messages if "\n" in message] == []
    assert everything(place / "outside", place / "home") == set()
    assert {path.name for path in place.iterdir()} == {"base", "outside", "home"}
    assert {path.name for path in place.parent.iterdir()} == siblings
    assert (base / "file").read_text("utf-8") == "precious"
