"""What only other processes can show: no environment is needed to act, Ctrl-C leaves a policy, a script's own classes are found again."""

from __future__ import annotations

import os
import signal
import time

import rlchassis
from rlchassis.experiment import PPOExperimentBuilder
from rlchassis_testkit.stored_runs import in_another_process, tiny_config, tiny_sampling
from rlchassis_testkit.torch_processes import TorchProcess

ACTS_WITHOUT_ENVIRONMENTS = """
import sys

class Forbidden:
    def find_spec(self, name, path=None, target=None):
        if name.startswith(("mujoco", "pygame", "gymnasium.envs.")) and not name.startswith("gymnasium.envs.registration"):
            raise ImportError(f"{name} is forbidden")

import gymnasium.envs.registration
sys.meta_path.insert(0, Forbidden())

def forbidden(*args, **kwargs):
    raise AssertionError("an environment was made")

gymnasium.make = gymnasium.make_vec = gymnasium.envs.registration.make = forbidden
gymnasium.envs.registration.registry.clear()

import numpy as np
import rlchassis

print(rlchassis.load_policy(sys.argv[1])(np.full((3, 3), 0.5, np.float32)).tolist())
"""


def test_a_whole_policy_acts_where_there_is_no_environment(tmp_path):
    builder = PPOExperimentBuilder("Pendulum-v1", tiny_config(tmp_path), tiny_sampling(num_test_envs=0))
    directory = builder.build().run("run").world.directory
    said = in_another_process(ACTS_WITHOUT_ENVIRONMENTS, directory, cwd=tmp_path)
    here = rlchassis.load_policy(directory)([[0.5, 0.5, 0.5]] * 3)
    assert eval(said) == here.tolist()


LONG_RUN = """
import signal
import sys

signal.signal(signal.SIGINT, signal.default_int_handler)    # what runs in the background inherits that it is ignored

from rlchassis.experiment import EnvFactoryRegistered, EpochTrainCallback, ExperimentConfig
from rlchassis.experiment import PPOExperimentBuilder, SamplingConfig, VectorEnvType

class Speaks(EpochTrainCallback):
    def callback(self, epoch, env_step, context):
        if epoch == 3:
            print(*context.envs.train.pids, flush=True)

sampling = SamplingConfig(num_epochs=100_000, step_per_epoch=32, step_per_collect=16, batch_size=8, repeat_per_collect=1, num_train_envs=2)
builder = PPOExperimentBuilder(EnvFactoryRegistered("CartPole-v1", venv_type=VectorEnvType.SUBPROC), ExperimentConfig(), sampling)
result = builder.with_epoch_train_callback(Speaks()).build().run("run")
print(result.interrupted)
"""


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_ctrl_c_leaves_a_loadable_policy_and_no_process(tmp_path):
    with TorchProcess.start(LONG_RUN, cwd=tmp_path, session=True) as process:
        workers = [int(pid) for pid in process.stdout.readline().split()]
        assert workers, process.communicate()
        os.killpg(process.pid, signal.SIGINT)
        said, errors = process.communicate(timeout=60.0)
    assert (process.returncode, said) == (0, "True\n"), errors
    assert rlchassis.load_policy(tmp_path / "log" / "run")([0.0, 0.0, 0.0, 0.0]) in (0, 1)
    assert "Interrupted at environment step" in (tmp_path / "log" / "run" / "log.txt").read_text("utf-8")
    deadline = time.monotonic() + 5
    while any(map(is_running, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_running, workers))


SCRIPT = """
import gymnasium as gym
from attrs import frozen
from rlchassis.experiment import EnvFactory, ExperimentConfig, PPOExperimentBuilder, SamplingConfig

@frozen
class MyEnvs(EnvFactory):
    def create_env(self, mode):
        return gym.make("CartPole-v1")

if __name__ == "__main__":
    sampling = SamplingConfig(num_epochs=1, step_per_epoch=32, step_per_collect=16, batch_size=8, num_train_envs=1, num_test_episodes=1)
    PPOExperimentBuilder(MyEnvs(), ExperimentConfig(watch=False), sampling).build().run("run")
"""


def test_the_classes_of_a_script_are_known_to_whoever_imports_the_script(tmp_path, monkeypatch):
    (tmp_path / "my_script.py").write_text(SCRIPT, "utf-8")
    run_script = "import runpy\nrunpy.run_path('my_script.py', run_name='__main__')"
    in_another_process(run_script, cwd=tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    import my_script

    assert len(rlchassis.evaluate(tmp_path / "log" / "run", episodes=1, allow=[my_script.MyEnvs]).returns) == 1
