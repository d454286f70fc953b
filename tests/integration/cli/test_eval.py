from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture
def run(train):
    assert train("--name", "mine").code == 0
    return Path("log/mine")


def best_test(run):
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text("utf-8").splitlines()]
    return max(row["test/return"] for row in rows if "test/return" in row)


def test_the_best_test_is_repeated_number_by_number(rlchassis, run):
    scored = json.loads(rlchassis("eval", run, "--json").out)
    assert scored["mean"] == pytest.approx(best_test(run), abs=1e-4)
    assert scored["episodes"] == len(scored["returns"]) == len(scored["seeds"]) == len(scored["lengths"]) == 2
    assert json.loads(rlchassis("eval", run, "--json").out) == scored


def test_a_number_of_episodes_is_played_with_seeds_of_their_own(rlchassis, run):
    scored = json.loads(rlchassis("eval", run, "--episodes", 3, "--json").out)
    assert scored["seeds"] == [10000, 10001, 10002]


def test_people_get_a_sentence(rlchassis, run):
    scored = json.loads(rlchassis("eval", run, "--episodes", 3, "--json").out)
    said = rlchassis("eval", run, "--episodes", 3)
    assert said.code == 0
    assert said.out == f"return {scored['mean']:.2f} ± {scored['std']:.2f} over 3 episodes with seeds 10000 to 10002\n"
    assert "the seeds of its best test" in rlchassis("eval", run).out


def without(name):
    return lambda run: (run / name).unlink()


def with_content(name, content):
    return lambda run: (run / name).write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "hint"),
    [
        (without("policy.pt"), "holds no policy.pt"),
        (with_content("policy.pt", b"not a policy"), "no policy file"),
        (with_content("experiment.json", b"{"), "is damaged"),
        (with_content("experiment.json", b"[]"), "recipe"),
        (with_content("experiment.json", b"\xff"), "not text"),
    ],
)
def test_a_damaged_run_is_refused_and_not_touched(rlchassis, run, damage, hint):
    damage(run)
    before = {file: file.read_bytes() for file in run.iterdir() if file.is_file()}
    done = rlchassis("eval", run)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert hint in done.err
    assert {file: file.read_bytes() for file in run.iterdir() if file.is_file()} == before


@pytest.mark.parametrize("words", [("nowhere",), (".",)])
def test_what_is_no_run_is_refused(rlchassis, words):
    done = rlchassis("eval", *words)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "is this the directory of a run?" in done.err


@pytest.mark.parametrize("episodes", [0, -1])
def test_no_episodes_are_no_score(rlchassis, run, episodes):
    done = rlchassis("eval", run, "--episodes", episodes)
    assert (done.code, done.out) == (2, "")
    assert "at least 1" in done.err
