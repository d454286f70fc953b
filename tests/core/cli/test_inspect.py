from __future__ import annotations

import json
import subprocess
import sys

import pytest


def test_inspect_shows_configuration_provenance_and_scores(rlchassis, write_run):
    directory = write_run(seed=7)
    (directory / "policy.pt").write_bytes(b"12345")
    done = rlchassis("inspect", directory)
    assert (done.code, done.err) == (0, "")
    said = [" ".join(line.split()) for line in done.out.splitlines()]
    assert said[:8] == [
        f"run directory {directory}",
        "trained acme.own on Own-v0, seed 7",
        "state not running",
        "steps 96",
        "best test return 30.00 ± 2.00 at step 64",
        "last test return 20.00 ± 3.00 at step 96",
        "checkpoints none is stored",
        "policy policy.pt, 5 bytes",
    ]
    assert {"params.lr 0.001", "env.gravity 9.8", "sampling.num_train_envs 2", "optim_factory optimizer/adam"} <= set(said)
    assert {"versions.torch 2.10.0", "argv rlchassis train 'a b'", "plugins.algorithm own (d 1)"} <= set(said)


def test_each_commit_is_shown_once_with_the_changes_on_it(rlchassis, write_run):
    directory = write_run()
    a, b = "a" * 40, "b" * 40
    git = {f"d{i}": {"commit": a, "changed": i == 2} for i in range(5)} | {"own": {"commit": b, "changed": False}}
    (directory / "provenance.json").write_text(json.dumps({"git": git}), "utf-8")
    assert f"  git  {a} of 5 distributions, with changes in d2; {b} of own, unchanged\n" in rlchassis("inspect", directory).out


@pytest.mark.parametrize(
    "odd", [{"git": {"d": 3}, "plugins": [3], "argv": "x"}, {"git": {"d": {}}, "plugins": [{}], "argv": [1]}, {"git": []}]
)
def test_provenance_that_looks_otherwise_is_shown_as_it_is(rlchassis, write_run, odd):
    directory = write_run()
    (directory / "provenance.json").write_text(json.dumps(odd), "utf-8")
    assert (rlchassis("inspect", directory).code, "git" in rlchassis("inspect", directory).out) == (0, True)


def test_of_two_equal_tests_the_later_is_the_best(rlchassis, write_run):
    directory = write_run(tests={1: (5.0, 0.0), 2: (5.0, 1.0), 3: (4.0, 0.0)})
    scores = json.loads(rlchassis("inspect", directory, "--json").out)["scores"]
    assert scores == {
        "env_steps": 3,
        "best": {"mean": 5.0, "std": 1.0, "env_step": 2},
        "final": {"mean": 4.0, "std": 0.0, "env_step": 3},
    }


def test_json_has_every_setting_by_the_name_that_set_has_for_it(rlchassis, write_run):
    message = json.loads(rlchassis("inspect", write_run(), "--json").out)
    assert message.keys() == {"directory", "recipe", "provenance", "scores", "running", "checkpoints", "policy_bytes"}
    assert message["recipe"] == {
        "config.seed": 1, "config.persistence_base_dir": "log", "env": "env/registered", "env.task": "Own-v0", "env.gravity": 9.8,
        "algorithm": "acme.own", "params.lr": 0.001, "optim_factory": "optimizer/adam", "sampling.num_train_envs": 2,
        "sampling.max_steps": 96, "name": None,
    }  # fmt: skip
    assert message["provenance"]["python"] == "3.11.7"
    assert message["policy_bytes"] is None


def test_inspect_shows_a_configuration_alone(rlchassis, write_run):
    directory = write_run()
    for name in ("metrics.jsonl", "provenance.json"):
        (directory / name).unlink()
    done = rlchassis("inspect", directory)
    assert done.code == 0
    assert "there was none" in done.out
    assert "none is stored" in done.out
    assert "provenance" not in done.out


def test_inspecting_imports_no_plugin_and_no_torch(write_run):
    directory = write_run(algorithm="algorithm/ppo")
    code = "import sys; from rlchassis.cli import main; code = main(sys.argv[1:]); print(code, *sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code, "inspect", directory], capture_output=True, text=True, check=True, timeout=60)
    message = done.stderr.split()
    assert message[0] == "0"
    assert "rlchassis.cli.inspect" in message
    assert not {"torch", "gymnasium", "cattrs"} & set(message)
    assert [module for module in message if module.startswith("rlchassis_")] == []


def test_terminal_control_sequences_are_shown_escaped(rlchassis, write_run):
    done = rlchassis("inspect", write_run(algorithm="algorithm/\x1b[2J\nx"))
    assert done.code == 0
    assert "\x1b" not in done.out
    assert r"\x1b[2J\nx on Own-v0" in done.out


ROWS = ["{}", "[]", "1", "{", '{"step": null}', '{"step": "1"}', '{"step": true}', '{"step": 1e999}', '{"step": 1' + "0" * 400 + "}"]
ROWS += ['{"step": 1, "a": NaN}', '{"step": 1, "a": [1]}', "[" * 100_000, "\udcff"]
JSONS = [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"format": 1, "format": 1}', b'{"format": 1, "a": NaN}', b'{"format": 1, "a": 1e999}']
DAMAGE = {
    "experiment.json": [*JSONS, b'{"format": 2}', b'{"format": true}'],
    "provenance.json": JSONS,
    "metrics.jsonl": [row.encode("utf-8", "surrogateescape") + b"\n" for row in ROWS],
}


@pytest.mark.parametrize(
    ("name", "content"), [(name, each) for name, contents in DAMAGE.items() for each in contents], ids=lambda value: str(value)[:30]
)
def test_a_damaged_file_is_refused_in_one_sentence_and_not_touched(rlchassis, write_run, name, content):
    directory = write_run()
    (directory / name).write_bytes(content)
    before = {file: file.read_bytes() for file in directory.iterdir()}
    done = rlchassis("inspect", directory)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert name in done.err or "configuration" in done.err
    assert {file: file.read_bytes() for file in directory.iterdir()} == before


@pytest.mark.parametrize("name", ["experiment.json", "provenance.json", "metrics.jsonl"])
def test_a_directory_in_the_place_of_a_file_is_refused(rlchassis, write_run, name):
    directory = write_run()
    (directory / name).unlink()
    (directory / name).mkdir()
    done = rlchassis("inspect", directory)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert name in done.err


def test_inspect_refuses_a_directory_that_is_no_run(rlchassis, tmp_path):
    for words in (tmp_path, tmp_path / "nowhere"):
        done = rlchassis("inspect", words)
        assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
        assert "is this the directory of a run?" in done.err
