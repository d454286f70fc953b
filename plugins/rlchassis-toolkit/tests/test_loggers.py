"""Metrics under the names of other libraries, and loggers that cannot be made."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from attrs import frozen

from rlchassis.api import Logger, UsageError
from rlchassis_toolkit import StandardLoggerFactory
from rlchassis_toolkit.loggers.dialects import names_in, table

ALGORITHMS = ("a2c", "ddpg", "discrete-sac", "dqn", "iqn", "npg", "pg", "ppo", "redq", "sac", "td3", "trpo")
ROW = {
    "train/return": 1.0, "train/length": 2.0, "train/is_success": 0.5, "time/steps_per_second": 3.0, "learn/loss": 4.0,
    "learn/policy_loss": 5.0, "learn/value_loss": 6.0, "learn/critic_loss": 7.0, "learn/entropy": 8.0, "learn/approx_kl": 9.0,
    "learn/clip_fraction": 10.0, "learn/explained_variance": 11.0, "learn/learning_rate": 12.0, "learn/q_value": 13.0, "learn/alpha": 14.0,
    "learn/alpha_loss": 15.0, "learn/kl": 16.0, "test/return": 17.0, "test/return_std": 18.0, "test/length": 19.0, "own/metric": 20.0,
}  # fmt: skip
SB3 = {
    "rollout/ep_rew_mean": 1.0, "rollout/ep_len_mean": 2.0, "rollout/success_rate": 0.5, "time/fps": 3.0, "train/loss": 4.0,
    "train/value_loss": 6.0, "train/entropy_loss": -8.0, "train/approx_kl": 9.0, "train/clip_fraction": 10.0,
    "train/explained_variance": 11.0, "train/learning_rate": 12.0, "learn/q_value": 13.0, "train/ent_coef": 14.0,
    "train/ent_coef_loss": 15.0,
    "eval/mean_reward": 17.0, "test/return_std": 18.0, "eval/mean_ep_length": 19.0, "own/metric": 20.0,
}  # fmt: skip
CLEANRL = {
    "charts/episodic_return": 1.0, "charts/episodic_length": 2.0, "train/is_success": 0.5, "charts/SPS": 3.0, "losses/value_loss": 6.0,
    "losses/entropy": 8.0, "losses/approx_kl": 9.0, "losses/clipfrac": 10.0, "losses/explained_variance": 11.0,
    "charts/learning_rate": 12.0,
    "losses/alpha": 14.0, "losses/alpha_loss": 15.0, "learn/kl": 16.0, "eval/episodic_return": 17.0, "test/return_std": 18.0,
    "test/length": 19.0, "own/metric": 20.0,
}  # fmt: skip
TIANSHOU = {
    "train/returns_stat/mean": 1.0, "train/lens_stat/mean": 2.0, "train/is_success": 0.5, "info/timing/update_speed": 3.0,
    "update/critic_loss": 7.0, "learn/approx_kl": 9.0, "learn/clip_fraction": 10.0, "learn/explained_variance": 11.0,
    "learn/learning_rate": 12.0, "learn/q_value": 13.0, "update/alpha": 14.0, "update/alpha_loss": 15.0, "test/returns_stat/mean": 17.0,
    "test/returns_stat/std": 18.0, "test/lens_stat/mean": 19.0, "own/metric": 20.0,
}  # fmt: skip
GOLDEN = {
    ("native", "ppo"): ROW,
    ("sb3", "ppo"): {**SB3, "train/policy_gradient_loss": 5.0, "learn/critic_loss": 7.0, "learn/kl": 16.0},
    ("sb3", "a2c"): {**SB3, "train/policy_loss": 5.0, "learn/critic_loss": 7.0, "learn/kl": 16.0},
    ("sb3", "trpo"): {**SB3, "train/policy_objective": -5.0, "learn/critic_loss": 7.0, "train/kl_divergence_loss": 16.0},
    ("sb3", "sac"): {**SB3, "train/actor_loss": 5.0, "train/critic_loss": 3.5, "learn/kl": 16.0},
    ("sb3", "td3"): {**SB3, "train/actor_loss": 5.0, "train/critic_loss": 7.0, "learn/kl": 16.0},
    ("cleanrl", "ppo"): {
        **CLEANRL, "losses/loss": 4.0, "losses/policy_loss": 5.0, "learn/critic_loss": 7.0, "losses/q_values": 13.0,
    },
    ("cleanrl", "dqn"): {
        **CLEANRL, "losses/td_loss": 4.0, "losses/policy_loss": 5.0, "learn/critic_loss": 7.0, "losses/q_values": 13.0,
    },
    ("cleanrl", "sac"): {
        **CLEANRL, "losses/loss": 4.0, "losses/actor_loss": 5.0, "losses/qf_loss": 3.5, "losses/qf1_values": 13.0,
    },
    ("tianshou", "ppo"): {
        **TIANSHOU, "update/loss/mean": 4.0, "update/clip_loss/mean": 5.0, "update/vf_loss/mean": 6.0, "update/ent_loss/mean": 8.0,
        "learn/kl": 16.0,
    },
    ("tianshou", "trpo"): {
        **TIANSHOU, "update/loss": 4.0, "update/actor_loss/mean": 5.0, "update/vf_loss/mean": 6.0, "learn/entropy": 8.0,
        "update/kl/mean": 16.0,
    },
    ("tianshou", "dqn"): {
        **TIANSHOU, "update/loss": 4.0, "update/actor_loss": 5.0, "learn/value_loss": 6.0, "learn/entropy": 8.0, "learn/kl": 16.0,
    },
}  # fmt: skip


class Recording(Logger):
    def __init__(self):
        self.rows, self.state, self.closed = [], {}, 0

    def log(self, metrics, step):
        self.rows.append((dict(metrics), step))

    def state_dict(self):
        return self.state

    def load_state_dict(self, state):
        self.state = state

    def close(self):
        self.closed += 1


@frozen
class Factory(StandardLoggerFactory):
    error: object = None

    def open_logger(self, log_dir, experiment_name, run_id, config_dict):
        if self.error is not None:
            raise self.error
        return OPENED


OPENED = Recording()


def created(algorithm="ppo", **options):
    OPENED.__init__()
    return Factory(**options).create_logger("log", "name", None, {"agent_factory": {"part": f"algorithm/{algorithm}"}})


@pytest.mark.parametrize(("dialect", "algorithm"), GOLDEN)
def test_a_row_has_the_names_and_values_that_the_other_library_gives_it(dialect, algorithm):
    created(algorithm, tag_dialect=dialect).log(ROW, 7)
    assert OPENED.rows == [(GOLDEN[dialect, algorithm], 7)]


def documented_tags():
    page = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text("utf-8")
    learned = re.findall(r"^\| `(\w+)` \| [A-Z]", page, flags=re.MULTILINE)
    return {f"learn/{name}" for name in learned} | set(re.findall(r"^\| `((?:train|test|time|replay)/\w+)`", page, flags=re.MULTILINE))


INFO = {"train/is_success", "test/is_success"}


@pytest.mark.parametrize("dialect", table())
def test_every_tag_of_a_dialect_is_one_that_runs_log_and_none_becomes_another_twice(dialect):
    known = documented_tags() | INFO
    assert {"learn/loss", "learn/kl", "replay/size", "test/best_return"} <= known
    for algorithm in ALGORITHMS:
        names = names_in(dialect, f"algorithm/{algorithm}")
        assert set(names) <= known
        twice = {tag for tag, count in Counter(name.tag for name in names.values()).items() if count > 1}
        assert {tag for tag, name in names.items() if name.tag in twice} <= {"learn/learning_rate", "learn/actor_learning_rate"}
        assert not {name.tag for name in names.values()} & (known - set(names))


def test_the_names_in_the_documentation_are_those_of_the_table():
    page = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z/_]+)`(?: of PPO)? \| (`[a-z/_]+`.*) \|$", page, flags=re.MULTILINE)
    written = {tag: [re.match(r"`(.*)`", cell)[1] for cell in cells.split(" | ")] for tag, cells in rows if cells.count("`") == 6}
    assert len(written) == 5
    for tag, names in written.items():
        assert names == [names_in(dialect, "algorithm/ppo")[tag].tag for dialect in ("sb3", "cleanrl", "tianshou")]


def test_the_tables_are_of_algorithms_that_there_are():
    assert {algorithm for dialect in table().values() for algorithm in dialect} <= {"all", *ALGORITHMS}


def test_an_algorithm_of_somebody_else_has_the_names_that_all_have():
    created("acme.reinforce", tag_dialect="sb3").log({"train/return": 1.0, "learn/policy_loss": 2.0}, 1)
    assert OPENED.rows == [({"rollout/ep_rew_mean": 1.0, "train/policy_loss": 2.0}, 1)]


def test_state_and_end_of_a_renamed_logger_are_its_own():
    logger = created(tag_dialect="cleanrl")
    logger.load_state_dict({"rows": 3})
    logger.close()
    assert (logger.state_dict(), OPENED.state, OPENED.closed) == ({"rows": 3}, {"rows": 3}, 1)


def test_an_unknown_dialect_is_refused_with_those_that_there_are():
    with pytest.raises(UsageError, match=r"^tag_dialect must be one of native, sb3, cleanrl, tianshou, not 'sb4'\.$"):
        Factory(tag_dialect="sb4")


@pytest.mark.parametrize(
    ("error", "said"), [(UsageError("no such server."), "no such server."), (OSError("gone"), "Factory raised OSError: gone")]
)
def test_a_logger_that_cannot_be_made_is_an_error_or_if_it_is_not_required_a_warning(error, said, caplog):
    with pytest.raises(UsageError, match=re.escape(said)):
        created(error=error)
    logger = created(error=error, required=False, tag_dialect="sb3")
    logger.log({"a": 1.0}, 1)
    logger.close()
    assert caplog.messages == [f"A logger is left out, metrics go to metrics.jsonl: {said}"]
