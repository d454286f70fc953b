"""Environments of a module: by id, and by the name of a class or function."""

from __future__ import annotations

import sys

import gymnasium as gym
import numpy as np
import pytest

from rlchassis.envs import EnvFactoryRegistered, EnvMode, VectorEnvType
from rlchassis.errors import UsageError

CODE = """
import gymnasium as gym, numpy as np

class Mine(gym.Env):
    observation_space = gym.spaces.Box(-1, 1, (2,), np.float32)
    action_space = gym.spaces.Discrete(2)
    def __init__(self, size=1, render_mode=None): self.size = size
    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(2, np.float32), {}
    def step(self, action): return np.zeros(2, np.float32), float(self.size), True, False, {}

class Outer:
    Inner = Mine

def make(size=4): return gym.wrappers.TimeLimit(Mine(size), 9)
def demanding(size): return Mine(size)
def makes_nothing(): return 3
one = Mine()
gym.register("Group/Mine-v0", Mine, max_episode_steps=5)
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A folder of the import path with modules of a user's."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "mine_to_look_up.py").write_text(CODE, "utf-8")
    (tmp_path / "lacking.py").write_text("import no_such_library", "utf-8")
    (tmp_path / "raising.py").write_text("\n\nraise ValueError('half\\nwritten')", "utf-8")
    (tmp_path / "unfinished.py").write_text("def", "utf-8")
    yield tmp_path
    for name in ("mine_to_look_up", "lacking", "raising", "unfinished"):
        sys.modules.pop(name, None)
    gym.registry.pop("Group/Mine-v0", None)


@pytest.mark.parametrize(
    ("name", "kwargs", "size"), [("Mine", {}, 1), ("Mine", {"size": 3}, 3), ("Outer.Inner", {}, 1), ("make", {"size": 2}, 2)]
)
def test_a_class_or_function_of_a_module_makes_environments(own, name, kwargs, size):
    env = EnvFactoryRegistered(f"mine_to_look_up:{name}", make_kwargs=kwargs).create_env(EnvMode.TRAIN)
    env.reset()
    assert env.step(0)[1] == size
    assert env.spec.id == f"mine_to_look_up:{name}"


def test_an_id_that_a_module_registers_comes_before_a_name_in_it(own):
    env = EnvFactoryRegistered("mine_to_look_up:Group/Mine-v0").create_env(EnvMode.TRAIN)
    assert env.spec.max_episode_steps == 5


def test_a_class_of_a_module_is_made_in_worker_processes(own):
    venv = EnvFactoryRegistered("mine_to_look_up:make", venv_type=VectorEnvType.SUBPROC, make_kwargs={"size": 7}).create_venv(
        1, EnvMode.TRAIN
    )
    try:
        venv.reset(seeds=[1])
        assert venv.step(np.zeros(1, np.int64))[0].rewards.tolist() == [7.0]
    finally:
        venv.close()


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("no_such_module:Mine", "no module named 'no_such_module' was found"),
        ("mine_to_look_up.inner:Mine", "no module named 'mine_to_look_up.inner' was found"),
        ("lacking:Mine-v0", "importing lacking raised ModuleNotFoundError: No module named 'no_such_library' in "),
        ("raising:Mine", "importing raising raised ValueError: half written in "),
        ("raising:Mine", "raising.py, line 3."),
        ("unfinished:Mine", "importing unfinished raised SyntaxError: invalid syntax in "),
        ("mine_to_look_up:Mien", 'mine_to_look_up has no Mien. Did you mean "Mine"?'),
        ("mine_to_look_up:Group/Mien-v0", 'Did you mean "Group/Mine-v0"?'),
        ("mine_to_look_up:one", "expected a class of gymnasium.Env, or a function that makes one, got Mine."),
        ("mine_to_look_up:Outer", "got Outer."),
        ("mine_to_look_up:", "is no known environment"),
        ("mine_to_look_up:demanding", "missing 1 required positional argument: 'size'; its arguments are set as env.NAME."),
        ("mine_to_look_up:makes_nothing", "must inherit from the gymnasium.Env class"),
    ],
)
def test_tasks_that_make_no_environment_are_refused_in_one_sentence(own, task, message):
    with pytest.raises(UsageError) as refused:
        EnvFactoryRegistered(task).create_env(EnvMode.TRAIN)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_modules_and_functions_that_a_task_would_import_or_call_must_be_trusted(own):
    trusted = {task: EnvFactoryRegistered(task).code_to_trust() for task in ("CartPole-v1", "a:CartPole-v1", "a:Other-v1", "a:b", "a:b.c")}
    assert trusted == {"CartPole-v1": (), "a:CartPole-v1": ("a",), "a:Other-v1": ("a",), "a:b": ("a:b",), "a:b.c": ("a:b.c",)}
