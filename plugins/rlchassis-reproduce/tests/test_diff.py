"""`rlchassis diff`, of runs that were written by hand."""

from __future__ import annotations

import json

import pytest


def test_nothing_differs_between_a_run_and_itself(rlchassis, write_run):
    run = write_run()
    done = rlchassis("diff", run, run)
    expected = "configuration: the same\nprovenance: the same\nresult: the same\nmetrics: every row that both have is the same\n"
    assert (done.code, done.out, done.err) == (0, expected, "")


def test_settings_results_and_the_first_row_that_differ_are_shown(rlchassis, write_run):
    one, other = write_run("one"), write_run("other", seed=2, lr=0.5, tests={32: (10.0, 1.0), 64: (31.0, 2.0)})
    done = rlchassis("diff", one, other)
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert done.code == 1
    assert {"config.seed 1 2", "params.lr 0.001 0.5", "provenance: the same"} <= {*lines}
    assert {"environment steps 96 64", "best test return 30 31", "last test return 20 31"} <= {*lines}
    assert lines[-1] == f"metrics differ first in row 2, step 64: test/return 30.0 in {one}, 31.0 in {other}"


def test_a_setting_that_one_run_lacks_is_a_dash_and_null_in_json(rlchassis, write_run):
    one, other = write_run("one"), write_run("other")
    stored = json.loads((other / "experiment.json").read_text())
    (other / "experiment.json").write_text(json.dumps(stored | {"sampling_config": {"num_train_envs": 2}}))
    assert "sampling.max_steps  96  –\n" in rlchassis("diff", one, other).out
    assert json.loads(rlchassis("diff", one, other, "--json").out)["configuration"]["sampling.max_steps"] == [96, None]


def test_equal_differences_of_many_distributions_are_one_line(rlchassis, write_run):
    one, other = write_run("one"), write_run("other")
    for run, commit in ((one, "a" * 40), (other, "b" * 40)):
        stored = json.loads((run / "provenance.json").read_text())
        git = {f"d{number}": {"commit": commit, "changed": run is other} for number in range(30)}
        (run / "provenance.json").write_text(json.dumps(stored | {"git": git, "argv": [str(run)]}))
    done = rlchassis("diff", one, other)
    assert [" ".join(line.split()) for line in done.out.splitlines()][1:3] == [
        "provenance",
        f"git.d0 and 29 more {'a' * 12} {'b' * 12}, changed",
    ]


@pytest.mark.parametrize(
    ("content", "hint"),
    [(None, "contains no provenance.json"), ("[]", "expected a JSON object"), ("{", "cannot be read (JSONDecodeError)")],
)
def test_a_run_whose_provenance_cannot_be_read_is_refused(rlchassis, write_run, content, hint):
    run = write_run()
    (run / "provenance.json").unlink() if content is None else (run / "provenance.json").write_text(content)
    done = rlchassis("diff", run, run)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert hint in done.err
