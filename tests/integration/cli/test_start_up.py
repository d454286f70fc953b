"""What a run imports before its first environment step, and what one that compiles nothing never imports."""

from __future__ import annotations

from rlchassis_testkit.stored_runs import in_another_process

COMPILER = ("torch._dynamo", "torch._inductor")
"""torch's compiler front end and its backend, which take as long to import as torch itself."""
NOT_YET = (*COMPILER, "sympy", "matplotlib", "tensorboard", "cloudpickle", "moviepy", "rlchassis_plots.canvas")
FIRST_STEP = """
import os, sys
from gymnasium.envs.classic_control.cartpole import CartPoleEnv
from rlchassis.cli import main
def leave(*_):
    with open("modules", "w") as file:
        print(*sys.modules, file=file)
    os._exit(0)
CartPoleEnv.step = leave
main(["train", "ppo", "CartPole-v1"])
"""
WHOLE_RUNS = """
import sys
from rlchassis import train
tiny = {"num_train_envs": 2, "num_test_envs": 1, "num_test_episodes": 1, "step_per_collect": 32, "batch_size": 16}
for algorithm, env, more in (("ppo", "CartPole-v1", {}), ("npg", "Pendulum-v1", {}), ("td3", "Pendulum-v1", {"start_timesteps": 32})):
    train(algorithm, env, steps=96, recipe="none", settings={"sampling": tiny | more})
with open("modules", "w") as file:
    print(*sys.modules, file=file)
"""

WATCHED = """
import sys
from rlchassis.cli import main
from rlchassis.experiment import ExperimentConfig, PPOExperimentBuilder, SamplingConfig
sampling = SamplingConfig(num_epochs=1, step_per_epoch=32, step_per_collect=32, num_train_envs=2, num_test_episodes=1, batch_size=16)
builder = PPOExperimentBuilder("CartPole-v1", ExperimentConfig(watch=False), sampling)
builder.build().run("mine")
builder.with_compile().build().save("log/mine")
assert main(["watch", "log/mine", "--episodes", "1"]) == 0
with open("modules", "w") as file:
    print(*sys.modules, file=file)
"""


def modules_of(code, folder):
    in_another_process(code, cwd=folder)
    return set((folder / "modules").read_text("utf-8").split())


def test_the_first_environment_step_waits_for_no_module_that_only_later_steps_need(tmp_path):
    imported = modules_of(FIRST_STEP, tmp_path)
    assert {"torch", "gymnasium", "rlchassis_ppo", "rlchassis_adam", "rlchassis_tensorboard"} <= imported
    assert imported & set(NOT_YET) == set()


def test_runs_that_do_not_compile_never_import_the_compiler(tmp_path):
    imported = modules_of(WHOLE_RUNS, tmp_path)
    assert {"rlchassis_npg", "rlchassis_td3", "tensorboard"} <= imported
    assert imported & set(COMPILER) == set()


def test_watching_a_compiled_run_never_imports_the_compiler(tmp_path):
    imported = modules_of(WATCHED, tmp_path)
    assert "rlchassis_ppo" in imported
    assert imported & set(COMPILER) == set()
