from __future__ import annotations

import math
from pathlib import Path

import pytest

from rlchassis.cli.settings import is_stored_experiment, parse_settings, read_config, whole_number
from rlchassis.errors import UsageError
from rlchassis.registry import Named


def test_a_dotted_key_is_nested():
    assert parse_settings(["params.lr=1", "sampling.num_train_envs = 2"]) == {"params": {"lr": 1}, "sampling": {"num_train_envs": 2}}


def test_the_later_of_two_values_of_a_key_is_taken():
    assert parse_settings(["params.lr=1", "params.gamma=0.5", "params.lr=2"]) == {"params": {"lr": 2, "gamma": 0.5}}


def test_options_that_follow_the_name_of_a_component_are_set_in_it():
    assert parse_settings(["optim_factory=rmsprop:eps=1", "optim_factory.alpha=0.9", "optim_factory.eps=2"]) == {
        "optim_factory": Named("rmsprop:eps=1", {"alpha": 0.9, "eps": 2})
    }


@pytest.mark.parametrize(
    ("text", "value"), [("1e5", 100_000), ("2E+3", 2000), ("1e-3", 0.001), ("1.5e3", 1500.0), ("1e999", math.inf), ("'1e5'", "1e5")]
)
def test_a_power_of_ten_without_a_decimal_point_is_a_whole_number(text, value):
    found = parse_settings([f"steps={text}"])["steps"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("text", ["50000", "50_000", "5e4", "5E+4"])
def test_steps_may_be_written_as_a_power_of_ten(text):
    assert whole_number(text) == 50_000


@pytest.mark.parametrize("text", ["params.lr", "=1", "params..lr=1", ".lr=1", "params.=1"])
def test_a_setting_without_a_value_or_name_is_refused(text):
    with pytest.raises(UsageError, match="expected --set KEY=VALUE"):
        parse_settings([text])


def test_a_file_of_settings_is_toml(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("steps = 5\n[params]\nlr = 0.1\n", "utf-8")
    assert read_config(str(file)) == {"steps": 5, "params": {"lr": 0.1}}


def test_a_file_of_settings_may_be_json(tmp_path):
    file = tmp_path / "mine.json"
    file.write_text('{"steps": 5, "params": {"lr_scheduler_factory": null}}', "utf-8")
    assert read_config(str(file)) == {"steps": 5, "params": {"lr_scheduler_factory": None}}
    assert not is_stored_experiment(read_config(str(file)))


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="it stands for a device without an end")
def test_settings_that_never_end_are_refused():
    with pytest.raises(UsageError, match=f"/dev/zero is larger than {2**24} bytes, the maximum for settings"):
        read_config("/dev/zero")


@pytest.mark.parametrize(("content", "message"), [('{"steps": ', "is damaged"), ("[1]", "expected a table of settings")])
def test_a_json_file_that_is_no_table_is_refused(tmp_path, content, message):
    file = tmp_path / "mine.json"
    file.write_text(content, "utf-8")
    with pytest.raises(UsageError, match=message):
        read_config(str(file))


@pytest.mark.parametrize("content", [b"steps =", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_refused(tmp_path, content):
    file = tmp_path / "mine.toml"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="is not valid TOML"):
        read_config(str(file))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        read_config(str(tmp_path / "mine.toml"))


BEYOND = {
    "brackets without end": "[" * 10_000,
    "lists of 150 levels": "[" * 150 + "]" * 150,
    "a number of 5 000 digits": "9" * 5000,
    "tables of 150 levels": "{a=" * 150 + "1" + "}" * 150,
}


@pytest.mark.parametrize("what", BEYOND)
def test_a_value_beyond_what_python_reads_is_refused_in_one_sentence(what, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(f"lr = {BEYOND[what]}\n", "utf-8")
    for read in (lambda: parse_settings([f"params.lr={BEYOND[what]}"]), lambda: read_config(str(file))):
        with pytest.raises(UsageError, match=r"nested too deeply|cannot be read|is not valid TOML") as refused:
            read()
        assert "\n" not in str(refused.value)
        assert len(str(refused.value)) < 400


def test_json_settings_of_any_depth_are_refused_in_one_sentence(tmp_path):
    file = tmp_path / "mine.json"
    file.write_text("[" * 10_000 + "]" * 10_000, "utf-8")
    with pytest.raises(UsageError, match=r"mine\.json is"):
        read_config(str(file))
