"""A worker process that is killed or hangs is replaced by one that plays its episodes again, with the same bits."""

from __future__ import annotations

import logging
import os
import random
import signal
import sys
from functools import partial
from pathlib import Path

import cloudpickle
import gymnasium as gym
import numpy as np
import pytest

from rlchassis.config.info_metrics import info_metrics_from
from rlchassis.envs import ActionMap
from rlchassis.envs.chunk_state import Begun
from rlchassis.envs.env_state import Episode
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.envs.infos import InfoKeys
from rlchassis.envs.subprocess import history
from rlchassis.envs.subprocess.history import History
from rlchassis.envs.subprocess.worker_protocol import packed
from rlchassis.envs.subprocess.workers import WorkerEnvironment
from rlchassis.errors import EnvironmentFailure
from rlchassis_testkit.clock import be_killed, hang, leave
from rlchassis_testkit.processes import gone_within

cloudpickle.register_pickle_by_value(sys.modules[__name__])


class Meeting(gym.Wrapper):
    """CartPole that meets its fate in one of its steps, as often as files can be made."""

    def __init__(self, fate, step, folder, times=1):
        super().__init__(gym.make("CartPole-v1"))
        self.fate, self.fatal, self.folder, self.times, self.count = fate, step, Path(folder), times, 0

    def reset(self, **options):
        self.is_first = True
        return super().reset(**options)

    def step(self, action):
        self.count += 1
        if self.count == self.fatal and len(list(self.folder.iterdir())) < self.times:
            (self.folder / f"{random.random()}").touch()  # in a new process other than in the last
            self.fate()
        obs, reward, *ends, info = super().step(action)
        self.is_first, is_first = False, self.is_first
        return obs, reward, *ends, {**info, "angle": float(obs[2])} if is_first else info


def kill(venv, number):
    os.kill(venv.pids[number], signal.SIGKILL)
    return venv.pids[number]


def steps_of(venv, kills=(), steps=60, seed=0):
    """Everything that reset and steps answer; workers are killed before some of the steps, which are not all of all environments."""
    generator, actions = np.random.default_rng(seed), ActionMap(venv.action_space)
    seen = []
    for t in range(steps):
        for number in (number for step, number in kills if step == t):
            kill(venv, number)
        if t % 40 == 0:
            seen.append(venv.reset(range(t, t + venv.num_envs)).tobytes())
            continue
        drawn = actions.random(venv.num_envs, generator)
        active = generator.random(venv.num_envs) < 0.5 if t % 5 == 4 else None
        step, obs = venv.step(drawn, active)
        seen.append([obs.tobytes(), *(part.tobytes() for part in step[:-1]), b"" if venv.infos is None else venv.infos.numbers.tobytes()])
    venv.close()
    return seen


def cartpole():
    return gym.make("CartPole-v1")


@pytest.mark.parametrize("task", ["FrozenLake-v1", "Pendulum-v1"])
def test_a_run_whose_workers_are_killed_has_the_same_bits_as_one_in_this_process(task, caplog):
    envs = [partial(gym.make, task)] * 4
    kills = [(0, 0), (17, 1), (18, 0)]
    with caplog.at_level(logging.WARNING):
        assert steps_of(WorkerEnvironment.open(envs, num_workers=2), kills) == steps_of(InProcessEnvironment.open(envs))
    assert caplog.text.count("a new process played the episodes of environments 0 to 1 again, and the run continues.") == 2
    assert caplog.text.count("a new process played the episodes of environments 2 to 3 again, and the run continues.") == 1


@pytest.mark.parametrize(("fate", "timeout"), [(leave, 60.0), (hang, 4.0)])
def test_an_environment_that_ends_its_process_or_hangs_once_costs_nothing_but_time(fate, timeout, tmp_path):
    envs = [cartpole, partial(Meeting, fate, 23, tmp_path), cartpole]
    venv = WorkerEnvironment.open(envs, num_workers=1, step_timeout=timeout)
    assert steps_of(venv) == steps_of(InProcessEnvironment.open([cartpole] * 3))


def test_one_that_ends_its_process_again_in_the_same_step_fails_the_run(tmp_path):
    venv = WorkerEnvironment.open([partial(Meeting, be_killed, 5, tmp_path, times=2)])
    with pytest.raises(
        EnvironmentFailure, match=r"environment 0 \(seed 0\) lost its worker process, .* at step 5 of its episode \(5 in all\)"
    ):
        steps_of(venv)
    assert gone_within(venv.pids, 0.0)


def test_each_worker_is_replaced_three_times_in_a_run():
    venv = WorkerEnvironment.open([cartpole] * 2, num_workers=2)
    with pytest.raises(EnvironmentFailure, match=r"environment 1 .*killed by SIGKILL"):
        steps_of(venv, [(3, 1), (5, 1), (7, 1), (9, 1)])


class Careless(gym.Wrapper):
    """Its rewards come from a generator that no seed reaches."""

    def step(self, action):
        obs, _, *rest = super().step(action)
        return obs, random.random(), *rest


def test_what_cannot_be_played_again_exactly_fails_with_the_loss_of_its_process():
    venv = WorkerEnvironment.open([lambda: Careless(cartpole())])
    with pytest.raises(EnvironmentFailure, match="lost its worker process, which was killed by SIGKILL"):
        steps_of(venv, [(3, 0)])


def test_an_environment_that_raises_is_not_played_again():
    def raising(mode=None):
        return gym.wrappers.TransformObservation(cartpole(), lambda obs: 1 / 0, None)

    venv = WorkerEnvironment.open([raising])
    before = venv.pids
    with pytest.raises(EnvironmentFailure, match="ZeroDivisionError"):
        venv.reset([1])
    assert venv.pids == before


def test_what_a_replaced_worker_reads_of_info_is_what_it_read_before(tmp_path):
    keys = InfoKeys({}, info_metrics_from(("angle",)))
    made = []
    for kind, kills in ((WorkerEnvironment, [(9, 0)]), (InProcessEnvironment, [])):
        venv = kind.open([partial(Meeting, be_killed, -1, tmp_path)] * 2)
        venv.read_infos(keys)
        made.append(steps_of(venv, kills))
    assert made[0] == made[1]


def test_a_restored_worker_that_is_killed_is_brought_to_the_same_state():
    first, other = (WorkerEnvironment.open([cartpole] * 2, num_workers=1) for _ in range(2))
    first.reset([1, 2])
    for _ in range(7):
        first.step(np.array([0, 1]))
    other.restore(first.state(["replay"]), [0, 0])
    for t in range(6):
        if t == 3:
            kill(other, 0)
        answers = [venv.step(np.array([1, 0])) for venv in (first, other)]
        assert answers[0][1].tobytes() == answers[1][1].tobytes()
    first.close()
    other.close()


def taken(made):
    return [[int(action) for action in each.episode.actions] for each in made]


def test_by_hand_a_history_has_the_actions_of_each_episode_alone():
    kept = History()
    kept.begin([Begun(0, Episode(seed=1), 0, 0), Begun(1, Episode(seed=2), 0, 0)])
    kept.record(packed(("step", np.array([0, 10]), range(2))))
    kept.record(packed(("step", np.array([1, 11]), [1])))
    kept.begin([Begun(1, Episode(rng={}), 2, 2)])
    kept.record(packed(("step", np.array([2, 12]), range(2))))
    made = kept.episodes()
    assert taken(made) == [[0, 2], [12]]
    assert [(each.steps, each.episode_start) for each in made] == [(0, 0), (2, 2)]


def test_a_history_forgets_what_no_episode_needs_and_episodes_that_are_too_long(monkeypatch):
    monkeypatch.setattr(history, "LONGEST_REPLAY", 10)
    kept = History()
    kept.begin([Begun(0, Episode(seed=1), 0, 0), Begun(1, Episode(seed=2), 0, 0)])
    for t in range(19):
        kept.record(packed(("step", np.array([t, t]), range(2))))
        if t % 4 == 3:
            kept.begin([Begun(1, Episode(rng={}), t, t)])
    assert taken(kept.episodes()) == [list(range(19)), [16, 17, 18]]
    kept.record(packed(("step", np.array([19, 19]), range(2))))
    assert kept.episodes() is None
    kept.begin([Begun(0, Episode(rng={}), 20, 20)])
    assert taken(kept.episodes()) == [[], [16, 17, 18, 19]]
    assert len(kept._steps) <= 10
