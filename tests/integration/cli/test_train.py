from __future__ import annotations

import json
from pathlib import Path

import gymnasium as gym
import pytest

from rlchassis import Experiment, evaluate, load_policy
from rlchassis import train as train_in_python
from rlchassis.cli.algorithm_help import settings_of
from rlchassis.cli.used_recipe import recipe_line
from rlchassis.experiment import UsageError, plan
from rlchassis.experiment.tuned import recipes_of
from rlchassis.registry import load

FILES = {"experiment.json", "experiment.pkl", "learning_curve.png", "log.txt", "metrics.jsonl", "policy.pt", "provenance.json"}


def test_a_run_leaves_everything_and_says_where_and_what_to_type_next(train, rlchassis):
    done = train("--name", "mine")
    assert done.code == 0
    assert {file.name for file in Path("log/mine").iterdir() if file.is_file()} == FILES
    score = evaluate("log/mine")
    first, *rest = done.out.splitlines()
    assert f"test return {score.mean:.2f} ± {score.std:.2f}" in first
    verbs = [f"  rlchassis {verb} log/mine" for verb in ("eval", "plot", "watch")]
    assert rest == ["run directory: log/mine", "next:", *verbs]
    assert [rlchassis(*line.split()[1:]).code for line in verbs] == [0, 0, 0]


def test_without_a_terminal_there_is_a_line_per_epoch(train):
    lines = train().err.splitlines()
    assert lines[0] == "using no recipe"
    assert lines[1].startswith("run directory: log/")
    assert [line.split(",")[0] for line in lines[2:]] == [
        "Observation encoders: vector of 4.",
        "epoch 1: 32 of 64 steps",
        "epoch 2: 64 of 64 steps",
    ]


def test_printed_lines_are_also_in_the_log(train):
    train("--name", "mine")
    text = Path("log/mine/log.txt").read_text("utf-8")
    assert "using no recipe" in text
    assert "epoch 2: 64 of 64 steps" in text


def test_every_option_reaches_the_experiment(train):
    file = Path("mine.toml")
    file.write_text('steps = 32\noptimizer = "adam"\n[params]\nlr = 0.5\ngamma = 0.9\n[env]\nsutton_barto_reward = true\n', "utf-8")
    done = train(
        *("--steps", "48", "--seed", "7", "--name", "a/b", "--dir", "runs", "--device", "cpu", "--config", file),
        *("--set", "params.lr=0.25", "--set", "actor_factory.hidden_sizes=[8]", "--set", "config.num_threads=1"),
        *("--set", "optim_factory.weight_decay=0.01", "--logger", "tensorboard", "--wrapper", "obs-norm"),
        *("--set", "env.venv_type=subproc"),
    )
    assert (done.code, done.err[:6]) == (0, "using ")
    experiment = Experiment.from_directory("runs/a/b")
    sampling, agent = experiment.sampling_config, experiment.agent_factory
    assert (experiment.config.seed, experiment.config.device, experiment.config.num_threads) == (7, "cpu", 1)
    assert (sampling.total_steps, sampling.num_train_envs) == (48, 2)
    assert (agent.params.lr, agent.params.gamma, agent.actor_factory.hidden_sizes) == (0.25, 0.9, (8,))
    assert agent.optim_factory == load("optimizer", "adam")(weight_decay=0.01)
    assert agent.policy_wrappers == (load("policy_wrapper", "obs-norm")(),)
    assert experiment.logger_factory == load("logger", "tensorboard")()
    assert experiment.env_factory.make_kwargs == {"sutton_barto_reward": True}
    assert experiment.env_factory.venv_type.value == "subproc"
    assert json.loads(Path("runs/a/b/metrics.jsonl").read_text("utf-8").splitlines()[-1])["step"] == 48


def test_a_name_that_exists_gets_a_suffix_where_that_is_asked_for(train):
    assert train("--name", "mine").code == 0
    assert "run directory: log/mine-2" in train("--name", "mine", "--if-exists", "suffix").out


def test_without_tests_the_next_line_says_how_many_episodes(train, rlchassis):
    done = train("--name", "mine", "--set", "sampling.num_test_envs=0")
    assert "without tests" in done.out
    line = done.out.splitlines()[-3]
    assert line == "  rlchassis eval log/mine --episodes 10"
    assert rlchassis(*line.split()[1:]).code == 0


def test_without_persistence_nothing_is_written(train):
    assert train("--set", "config.persistence_enabled=false").code == 0
    assert list(Path().iterdir()) == []


def test_a_known_environment_is_trained_by_its_recipe(rlchassis):
    done = rlchassis("train", "ppo", "CartPole-v1", "--steps", "8", "--set", "sampling.batch_size=8", "--name", "mine")
    assert done.code == 0
    assert done.err.startswith("using recipe CartPole-v1: steps=")
    assert "using recipe CartPole-v1" in Path("log/mine/log.txt").read_text("utf-8")


def test_only_settings_that_a_recipe_changes_are_printed(rlchassis, monkeypatch):
    recipe = {"steps": 8, "params": {"lr": 3e-4, "gamma": 0.5}, "sampling": {"batch_size": 8, "num_test_envs": 1}}
    monkeypatch.setattr("rlchassis.experiment.tuned.recipes_of", lambda builder: {"mine": recipe})
    done = rlchassis("train", "ppo", "CartPole-v1", "--recipe", "mine")
    assert done.err.splitlines()[0] == "using recipe mine: steps=8, params.gamma=0.5, sampling.batch_size=8"


def test_the_recipe_is_printed_as_used_with_overridden_settings_marked(monkeypatch):
    recipe = {
        "steps": 9000,
        "wrappers": ["obs-norm"],
        "params": {"lr": 1e-3, "gamma": 0.5, "lr_scheduler_factory": "linear"},
        "sampling": {"batch_size": 8, "step_per_epoch": 500},
        "critic": {"hidden_sizes": [8, 8]},
        "env": {"sutton_barto_reward": True},
    }
    monkeypatch.setattr("rlchassis.experiment.tuned.recipes_of", lambda builder: {"CartPole-v1": recipe})
    settings = {"params": {"gamma": 0.9, "lr_scheduler_factory": None}, "sampling": {"batch_size": 64}}
    experiment = plan("ppo", "CartPole-v1", steps=6000, wrappers=["obs-norm:clip=5"], settings=settings)
    assert recipe_line("ppo", "CartPole-v1", None, experiment) == (
        "using recipe CartPole-v1: steps=6000 (recipe: 9000), wrappers=[obs-norm:clip=5.0] (recipe: [obs-norm]), params.lr=0.001, "
        "params.gamma=0.9 (recipe: 0.5), params.lr_scheduler_factory=none (recipe: linear), sampling.batch_size=64 (recipe: 8), "
        "sampling.step_per_epoch=500, critic.hidden_sizes=[8, 8], env.sutton_barto_reward=true"
    )


def test_equal_critics_of_a_recipe_are_printed_as_one():
    experiment = plan("sac", "Pendulum-v1", settings={"actor": {"hidden_sizes": [4]}})
    line = recipe_line("sac", "Pendulum-v1", None, experiment)
    assert "actor.hidden_sizes=[4] (recipe: [64, 64]), critic.hidden_sizes=[64, 64]" in line


@pytest.mark.parametrize("env", recipes_of(load("algorithm", "ppo")))
def test_every_recipe_is_a_plan(env):
    assert plan("ppo", env).sampling_config.total_steps >= 10_000


def test_a_run_that_fails_exits_with_1_and_leaves_its_traceback(train, monkeypatch):
    def collect(*_, **__):
        raise RuntimeError("the world ended\nand more")

    monkeypatch.setattr("rlchassis.collecting.collector.Collector.collect", collect)
    done = train("--name", "mine")
    assert done.code == 1
    assert done.err.splitlines()[-1] == "rlchassis: RuntimeError: the world ended"
    assert "Traceback" not in done.err
    assert "Traceback" in Path("log/mine/log.txt").read_text("utf-8")
    assert "Traceback" in train("--name", "other", "--debug").err


def test_a_picture_that_cannot_be_drawn_costs_no_run(train, monkeypatch):
    def draw(_):
        raise OSError("no room")

    monkeypatch.setattr("rlchassis_plots.verb.draw_learning_curve", draw)
    done = train("--name", "mine")
    assert done.code == 0
    assert 'after_train of command "plot" of "rlchassis-plots" 0.1.0 raised OSError: no room; the run is unaffected.' in done.err
    load_policy("log/mine")


def test_help_of_an_algorithm_lists_its_settings(rlchassis):
    done = rlchassis("train", "ppo", "--help")
    lines = done.out.splitlines()
    assert done.code == 0
    place = lines.index("  params.eps_clip = 0.2")
    assert " ".join(lines[place + 1 : place + 3]).split()[:7] == ["Clip", "range", "ε", "of", "the", "probability", "ratio."]
    assert "  sampling.step_per_collect = 2048" in lines
    assert "sampling.buffer_size" not in done.out
    assert "recipes of ppo: CartPole-v1" in done.out
    assert "\n".join(settings_of("ppo")) in done.out


@pytest.mark.parametrize("columns", [None, 60])
def test_no_line_of_help_is_wider_than_the_terminal(rlchassis, monkeypatch, columns):
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns:
        monkeypatch.setenv("COLUMNS", str(columns))
    done = rlchassis("train", "sac", "--wrapper", "obs-norm", "--stop", "no-improvement=3", "--optimizer", "adam", "--help")
    lines = done.out.splitlines()
    assert max(map(len, lines)) <= (columns or 80)
    assert {"  actor.hidden_sizes = [256, 256]", "  critic.hidden_sizes = [256, 256]", "  wrappers = []", "  optimizer = adam"} <= set(
        lines
    )
    assert [line for line in lines if line.startswith("options of ")] != []
    assert {"  clip = 10.0", "  patience = 10", "  eps = 1e-08"} <= set(lines)


def test_help_without_an_algorithm_lists_the_options_alone(rlchassis):
    done = rlchassis("train", "--help")
    assert (done.code, "--steps" in done.out, "with their defaults, for --set" in done.out) == (0, True, False)


@pytest.mark.parametrize(
    ("words", "options", "message"),
    [
        (("ppo", gym.make("CartPole-v1")), {}, "expected the name of an environment, got <"),
        ((3, "CartPole-v1"), {}, "expected the name of an algorithm, got 3"),
        (("ppo", "CartPole-v1"), {"wrappers": "obs-norm"}, "expected wrappers to be a list of names, got 'obs-norm'"),
        (("ppo", "CartPole-v1"), {"steps": 1e5}, "steps must be a whole number"),
        (("ppo", "CartPole-v1"), {"sed": 1}, 'Did you mean "seed"'),
    ],
    ids=["env", "algorithm", "wrappers", "steps", "typo"],
)
def test_train_refuses_impossible_arguments_in_one_sentence(tmp_path, monkeypatch, words, options, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=message) as caught:
        train_in_python(*words, **{"steps": 64, **options})
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_settings_in_python_may_be_one_table_or_several():
    table = {"params": {"lr": 0.5}, "sampling": {"num_train_envs": 2}}
    assert plan("ppo", "CartPole-v1", settings=table) == plan("ppo", "CartPole-v1", settings=[table])


def test_python_trains_by_the_same_names(train):
    train("--name", "mine", "--seed", "3", "--wrapper", "obs-norm", "--set", "params.lr=0.1")
    sampling = {"num_train_envs": 2, "step_per_collect": 32, "batch_size": 16, "num_test_episodes": 2, "step_per_epoch": 32}
    settings = [{"sampling": sampling, "params": {"lr": 0.1}}]
    train_in_python("ppo", "CartPole-v1", name="twin", steps=64, seed=3, recipe="none", wrappers=["obs-norm"], settings=settings)
    command, twin = (Experiment.from_directory(f"log/{name}", restore_policy=False) for name in ("mine", "twin"))
    assert command == twin
    assert evaluate("log/mine") == evaluate("log/twin")
