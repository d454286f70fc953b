"""What systems without POSIX, such as Windows, can do: all but worker processes. Their lack is played in another process."""

from __future__ import annotations

from rlchassis_testkit.stored_runs import in_another_process

WITHOUT_POSIX = """
import os, select, signal, sys
import torch, gymnasium, cloudpickle, multiprocessing.connection, subprocess, tempfile, tqdm  # what is not ours finds all it wants

LACKING = {
    select: ("poll", "POLLIN", "POLLHUP", "epoll"),
    os: ("killpg", "getpgid", "fork", "setsid", "getuid", "sched_getaffinity", "memfd_create", "sysconf"),
    signal: ("SIGKILL", "SIGHUP", "SIGUSR1"),
}
for module, names in LACKING.items():
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[name] = None

import rlchassis.envs  # before all else, for it is what reaches for processes
import rlchassis.envs.subprocess.workers  # may be imported, but not used
from rlchassis.cli import main
from rlchassis.experiment import EnvFactoryRegistered, ExperimentConfig, PPOExperimentBuilder, SamplingConfig, UsageError

sampling = SamplingConfig(num_epochs=1, step_per_epoch=32, step_per_collect=16, batch_size=8, num_test_episodes=1)

def run(venv_type):
    factory = EnvFactoryRegistered("CartPole-v1", venv_type=venv_type)
    return PPOExperimentBuilder(factory, ExperimentConfig(watch_num_episodes=1), sampling).build().run(venv_type)

trained = run("dummy")
print(trained.trainer_result.env_steps, rlchassis.evaluate("log/dummy").returns == trained.trainer_result.best.returns)
print(main(["train", "dqn", "CartPole-v1", "--recipe", "none", "--steps", "80", "--name", "by-name"]))
try:
    run("subproc")
except UsageError as error:
    print(error)
"""


def test_without_posix_everything_but_worker_processes_works(tmp_path):
    trained, *message, exit_code, refused = in_another_process(WITHOUT_POSIX, cwd=tmp_path).splitlines()
    assert (trained, exit_code) == ("32 True", "0"), message
    assert refused == "worker processes need a POSIX system such as Linux or macOS; use VectorEnvType.DUMMY"
