"""Every setting of a run does what its sentence says; the last test counts those of other files."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import attrs
import pytest
import torch

from rlchassis import load_policy
from rlchassis.errors import EnvironmentFailure, UsageError
from rlchassis.experiment import (
    EnvFactoryCallable,
    EnvMode,
    EpochTrainCallback,
    ExperimentConfig,
    Mode,
    PPOExperimentBuilder,
)
from rlchassis_testkit.stored_runs import listing, tiny_config, tiny_sampling


def run(base, env="CartPole-v1", *, sampling=None, configure=lambda builder: builder, **config):
    builder = configure(PPOExperimentBuilder(env, tiny_config(base, **config), sampling or tiny_sampling()))
    return builder.build().run("run")


def weights(result):
    return torch.cat([p.detach().flatten() for p in result.world.policy.parameters()])


class AskThreads(EpochTrainCallback):
    asked: list[int] = []  # noqa: RUF012  shared by all instances, since a recipe's callbacks hold no state

    def callback(self, epoch, env_step, context):
        self.asked.append(torch.get_num_threads())


class WeightsAtTheStart(EpochTrainCallback):
    seen: list[torch.Tensor] = []  # noqa: RUF012  likewise

    def callback(self, epoch, env_step, context):
        if epoch == 1:
            self.seen.append(torch.cat([p.detach().flatten().clone() for p in context.policy.parameters()]))


def seed(tmp_path):
    first, again, other = (run(tmp_path / str(i), seed=s) for i, s in enumerate((1, 1, 2)))
    assert torch.equal(weights(first), weights(again))
    assert not torch.equal(weights(first), weights(other))


def device(tmp_path):
    result = run(tmp_path, device=torch.device("cpu"))
    assert result.world.device.type == "cpu"
    assert result.world.config.device == "cpu"
    with pytest.raises(UsageError, match="expected a torch device"):
        ExperimentConfig(device="toaster")
    with pytest.raises(UsageError, match="is not available"):
        run(tmp_path / "meta", device="cuda:7")


def policy_restore_directory(tmp_path):
    stored = run(tmp_path / "a")
    WeightsAtTheStart.seen.clear()
    run(
        tmp_path / "b",
        seed=7,
        policy_restore_directory=stored.world.directory,
        configure=lambda b: b.with_epoch_train_callback(WeightsAtTheStart()),
    )
    kept = torch.cat([p.flatten() for p in load_policy(stored.world.directory).policy.parameters()])
    assert torch.equal(WeightsAtTheStart.seen[0], kept)


def train(tmp_path):
    result = run(tmp_path, train=False, watch=True, watch_num_episodes=1)
    assert result.trainer_result is None
    assert listing(tmp_path).keys() == {str(tmp_path)}


def watch(tmp_path, caplog):
    with caplog.at_level(logging.INFO, "rlchassis"):
        run(tmp_path / "a", watch=False)
        assert "Watched" not in caplog.text
        run(tmp_path / "b", watch=True, watch_num_episodes=2)
    (line,) = [record.getMessage() for record in caplog.records if "Watched" in record.getMessage()]
    assert line.startswith("Watched 2 episodes (not rendered: there is no display): mean return ")


def watch_num_episodes(tmp_path, caplog):
    with caplog.at_level(logging.INFO, "rlchassis"):
        run(tmp_path, watch=True, watch_num_episodes=3)
    assert "Watched 3 episodes" in caplog.text


def watch_render(tmp_path, monkeypatch):
    slept = []
    monkeypatch.setattr("rlchassis.run.watching.time", SimpleNamespace(sleep=slept.append))
    run(tmp_path / "blind", watch=True, watch_num_episodes=1, watch_render=50.0)
    assert slept == []
    run(tmp_path / "seen", EnvFactoryCallable(seen_cartpole), watch=True, watch_num_episodes=1, watch_render=50.0)
    assert set(slept) == {0.05}
    with pytest.raises(UsageError, match="watch_render"):
        ExperimentConfig(watch_render=-1)


def seen_cartpole(mode):
    import gymnasium as gym

    env = gym.make("CartPole-v1")
    if mode is EnvMode.WATCH:
        env.unwrapped.render_mode = "human"
        env.unwrapped.render = lambda: None
    return env


def persistence_base_dir(tmp_path):
    result = run(tmp_path / "here")
    assert result.world.directory == tmp_path / "here" / "run"
    assert ExperimentConfig(persistence_base_dir=Path("log")) == ExperimentConfig()


def persistence_enabled(tmp_path, monkeypatch):
    places = [tmp_path / name for name in ("cwd", "base", "home")]
    for place in places:
        place.mkdir()
    monkeypatch.chdir(places[0])
    for variable in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "TMPDIR"):
        monkeypatch.setenv(variable, str(places[2]))
    before = listing(*places)
    result = run(places[1], persistence_enabled=False, watch=True, watch_num_episodes=1)
    assert listing(*places) == before
    assert result.world.directory is None
    assert result.trainer_result.best is not None


def log_file_enabled(tmp_path):
    with_log, without = (run(tmp_path / str(on), log_file_enabled=on, watch=True, watch_num_episodes=1) for on in (True, False))
    assert "Watched 1 episode " in (with_log.world.directory / "log.txt").read_text("utf-8")
    assert not (without.world.directory / "log.txt").exists()


def policy_persistence_mode(tmp_path):
    whole, weights_alone = (
        run(tmp_path / mode.value, policy_persistence_mode=mode).world.directory for mode in (Mode.POLICY, Mode.POLICY_STATE_DICT)
    )
    for directory in (whole, weights_alone):
        assert load_policy(directory)([0.0, 0.0, 0.0, 0.0]) in (0, 1)
    for directory in (whole, weights_alone):
        for name in ("experiment.json", "experiment.pkl"):
            (directory / name).unlink()
    assert load_policy(whole)([0.0, 0.0, 0.0, 0.0]) in (0, 1)
    with pytest.raises(UsageError, match=r"experiment\.json cannot be read"):
        load_policy(weights_alone)


def num_threads(tmp_path):
    AskThreads.asked.clear()
    before = torch.get_num_threads()
    for threads in (2, None):
        run(tmp_path / str(threads), num_threads=threads, configure=lambda b: b.with_epoch_train_callback(AskThreads()))
    assert AskThreads.asked == [2, 2, 1, 1]
    assert torch.get_num_threads() == before


def checkpoint_every(tmp_path):
    for every, kept in ((16, 2), ("10min", 1), (0, 0)):
        found = run(tmp_path / str(every), checkpoint_every=every).world.directory.glob("checkpoints/ckpt-*")
        assert len(list(found)) == kept


def require_exact_resume(tmp_path):
    with pytest.raises(UsageError, match="require_exact_resume needs checkpoints"):
        run(tmp_path, require_exact_resume=True, checkpoint_every=0)
    assert run(tmp_path / "exact", require_exact_resume=True).trainer_result.env_steps


def info_metrics(tmp_path):
    with pytest.raises(EnvironmentFailure, match='ended an episode in which no info has "won"'):
        run(tmp_path, info_metrics=("won",))


SETTINGS = [
    seed, device, policy_restore_directory, train, watch, watch_num_episodes, watch_render, persistence_base_dir, persistence_enabled,
    log_file_enabled, policy_persistence_mode, checkpoint_every, require_exact_resume, num_threads, info_metrics,
]  # fmt: skip


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.__name__)
def test_a_setting_does_what_it_says(setting, tmp_path, monkeypatch, caplog):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    available = {"tmp_path": tmp_path, "monkeypatch": monkeypatch, "caplog": caplog}
    setting(**{name: available[name] for name in setting.__code__.co_varnames[: setting.__code__.co_argcount]})


def test_every_setting_is_tested():
    assert [setting.__name__ for setting in SETTINGS] == [field.name for field in attrs.fields(ExperimentConfig)]


WRONG = {
    "seed": -1, "watch": 1, "train": "yes", "watch_num_episodes": 0, "watch_render": "fast", "persistence_base_dir": 3, "num_threads": 0,
    "policy_persistence_mode": "policy", "policy_restore_directory": 3, "persistence_enabled": None, "log_file_enabled": 0, "device": 1.5,
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_is_refused_in_one_sentence(name):
    with pytest.raises(UsageError, match=r"^[^\n]*\.$"):
        ExperimentConfig(**{name: WRONG[name]})
