"""`rlchassis reproduce` of a run that was trained, and of one whose metrics were changed since."""

from __future__ import annotations

import json

WORDS = ["--recipe", "none", "--steps", "48", "--name", "run"]
SAMPLING = {"step_per_collect": 24, "batch_size": 12, "num_train_envs": 2, "num_test_envs": 1, "num_test_episodes": 1}


def test_a_run_comes_out_the_same_again_unless_its_metrics_were_changed(rlchassis, tmp_path):
    settings = [word for name, value in SAMPLING.items() for word in ("--set", f"sampling.{name}={value}")]
    assert rlchassis("train", "ppo", "CartPole-v1", *WORDS, "--dir", tmp_path, *settings).code == 0
    run, kept = tmp_path / "run", tmp_path / "kept"
    rows = (run / "metrics.jsonl").read_text().splitlines()
    done = rlchassis("reproduce", run)
    assert (done.code, done.out) == (0, f"The same: all {len(rows)} rows of metrics, up to step 48.\n"), done
    (run / "metrics.jsonl").write_text("\n".join([*rows[:-1], json.dumps(json.loads(rows[-1]) | {"test/return": 0.5})]) + "\n")
    provenance = json.loads((run / "provenance.json").read_text())
    (run / "provenance.json").write_text(json.dumps(provenance | {"python": "3.9.1"}))
    kept.mkdir()
    done = rlchassis("reproduce", run, "--dir", kept)
    assert done.code == 1
    assert done.out.startswith(f"Not the same: row {len(rows)}, step 48: test/return 0.5 there, ")
    assert f"  python: 3.9.1 there, {provenance['python']} here\n" in done.out
    assert (kept / "again" / "policy.pt").exists()
