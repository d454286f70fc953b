from __future__ import annotations

import pytest

from rlchassis.cli.settings import parse_settings, read_config
from rlchassis.errors import UsageError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3e-4", 3e-4),
        ("8", 8),
        ("true", True),
        ("[64, 64]", [64, 64]),
        ('"8"', "8"),
        ("linear", "linear"),
        ("none", None),
        ('"none"', "none"),
        ("a=b", "a=b"),
        ("", ""),
        ("1\nsteps = 5", "1\nsteps = 5"),
    ],
)
def test_a_value_is_read_as_toml_or_else_is_text(text, value):
    assert parse_settings([f"key={text}"]) == [{"key": value}]


def test_a_dotted_key_is_nested():
    assert parse_settings(["params.lr=1", "sampling.num_train_envs = 2"]) == [{"params": {"lr": 1}}, {"sampling": {"num_train_envs": 2}}]


@pytest.mark.parametrize("text", ["params.lr", "=1", "params..lr=1", ".lr=1", "params.=1"])
def test_what_sets_nothing_is_refused(text):
    with pytest.raises(UsageError, match="write --set KEY=VALUE"):
        parse_settings([text])


def test_a_file_of_settings_is_toml(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("steps = 5\n[params]\nlr = 0.1\n", "utf-8")
    assert read_config(str(file)) == {"steps": 5, "params": {"lr": 0.1}}


@pytest.mark.parametrize("content", [b"steps =", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_refused(tmp_path, content):
    file = tmp_path / "mine.toml"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="is not TOML"):
        read_config(str(file))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        read_config(str(tmp_path / "mine.toml"))
