from __future__ import annotations

import sys
from functools import partial
from typing import Any

import cloudpickle
import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from rlchassis.config.info_metrics import InfoMetric
from rlchassis.envs.gymnasium_vector import NativeEnvironment
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.envs.infos import InfoKeys
from rlchassis.envs.subprocess.workers import WorkerEnvironment
from rlchassis.errors import EnvironmentFailure, UsageError

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # worker processes cannot import tests
COST = Box(0, 100, (), np.float32)
PLACE = Box(-1, 1, (2,), np.float64)
SPACES = {"cost": COST, "place": PLACE, "lap": Discrete(10)}
WON = InfoMetric("won")


class Paying(gym.Env[Any, Any]):
    """Counts its steps in `info`; its reset does not, and "won" comes with the last step alone. `odd` changes the infos of step 2."""

    observation_space = Box(-1, 1, (1,), np.float32)
    action_space = Discrete(2)

    def __init__(self, length: int, odd: Any = None) -> None:
        self.length, self.odd = length, odd or {}

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.count = 0
        return np.zeros(1, np.float32), {"lap": -5, "begun": True}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.count += 1
        ended = self.count == self.length
        info = {"cost": self.count / 2, "place": np.array([self.count / 10, -0.5]), "lap": self.count}
        if ended:
            info["won"] = np.bool_(self.length % 2)
        if self.count == 2:
            info = {key: value for key, value in {**info, **self.odd}.items() if value is not None}
        return np.zeros(1, np.float32), 0.0, ended, False, info


LENGTHS = (2, 3, 5)


def native(mode: AutoresetMode, constructors: Any) -> NativeEnvironment:
    return NativeEnvironment(SyncVectorEnv(constructors, autoreset_mode=mode))


MAKE = {
    "in this process": InProcessEnvironment.open,
    "in two workers": lambda constructors: WorkerEnvironment.open(constructors, num_workers=2),
    **{f"vectorised, {mode.value}": partial(native, mode) for mode in AutoresetMode},
}


def opened(kind: str, keys: InfoKeys, *envs: Any) -> Any:
    venv = MAKE[kind]([partial(Paying, *arguments) for arguments in envs])
    venv.read_infos(keys)
    venv.reset([0] * len(envs))
    return venv


def stepped(venv: Any) -> Any:
    step, _ = venv.step(np.zeros(venv.num_envs, np.int64))
    return step


@pytest.mark.parametrize("kind", MAKE)
def test_columns_and_numbers_are_those_of_the_step_also_where_it_ends_an_episode(kind):
    venv = opened(kind, InfoKeys(SPACES, (WON,)), *((length,) for length in LENGTHS))
    counts = [0] * len(LENGTHS)
    endings = 0
    for _ in range(12):
        step = stepped(venv)
        for env in np.flatnonzero(step.valid).tolist():
            counts[env] = counts[env] % LENGTHS[env] + 1
            assert step.columns["cost"][env] == counts[env] / 2
            assert step.columns["place"][env].tolist() == [np.float32(counts[env] / 10), -0.5]
            assert step.columns["lap"][env] == counts[env]
            won = venv.infos.numbers[0, env]
            assert (won == LENGTHS[env] % 2) if counts[env] == LENGTHS[env] else np.isnan(won)
            endings += counts[env] == LENGTHS[env]
    assert endings >= 9
    assert {key: array.dtype for key, array in step.columns.items()} == {"cost": np.float32, "place": np.float32, "lap": np.int64}
    venv.close()


def test_steps_without_declared_keys_have_no_columns():
    venv = InProcessEnvironment.open([partial(Paying, 3)])
    venv.reset([0])
    assert stepped(venv).columns == {}
    assert venv.infos is None


FAULTS = {
    "missing": ({"cost": None, "costs": 1.0}, 'an info without "cost", which the algorithm needs of every step (did you mean "costs"?)'),
    "of a wrong shape": ({"place": np.zeros(3)}, "an info 'place' of shape (3,), but its space is Box(2,)"),
    "not a number": (
        {"cost": "much"},
        "an object of type str as info 'cost', expected a finite number of float32, since its space is Box()",
    ),
    "not finite": ({"cost": float("nan")}, "nan in its info 'cost', expected a finite number of float32"),
    "of a wrong dtype": ({"lap": 1.5}, "1.5 in its info 'lap', expected a whole number from 0 to 9"),
    "beyond its space": ({"lap": 10}, "10 in its info 'lap', expected a whole number from 0 to 9"),
}


@pytest.mark.parametrize(("kind", "fault"), [*(("in this process", fault) for fault in FAULTS), ("in two workers", "missing")])
def test_a_column_that_is_no_column_ends_the_run_with_environment_step_and_key(kind, fault):
    odd, message = FAULTS[fault]
    venv = opened(kind, InfoKeys(SPACES), (9,), (9, odd))
    stepped(venv)
    with pytest.raises(EnvironmentFailure) as failed:
        stepped(venv)
    assert str(failed.value).startswith("environment 1 (seed 0) answered")
    assert message in str(failed.value)
    assert str(failed.value).endswith("at step 2 of its episode (2 in all), with action 0")
    venv.close()


@pytest.mark.parametrize("fault", ["missing", "not finite"])
@pytest.mark.parametrize("mode", AutoresetMode)
def test_a_column_that_a_vectorised_environment_lacks_names_its_member_and_step(fault, mode):
    odd, message = FAULTS[fault]
    venv = opened(f"vectorised, {mode.value}", InfoKeys(SPACES), (9,), (9, odd))
    stepped(venv)
    with pytest.raises(EnvironmentFailure) as failed:
        stepped(venv)
    assert str(failed.value).startswith("environment 1 (seed 0) answered")
    assert message.partition(" (did")[0] in str(failed.value)
    assert "at its step 2 together with all 2" in str(failed.value)


@pytest.mark.parametrize("kind", [kind for kind in MAKE if kind != "in two workers"])
def test_an_episode_in_which_a_metric_never_occurs_ends_the_run_with_the_nearest_key(kind):
    venv = opened(kind, InfoKeys({}, (InfoMetric("wan"),)), (9,), (2,))
    stepped(venv)
    with pytest.raises(EnvironmentFailure) as failed:
        stepped(venv)
    expected = 'environment 1 (seed 0) ended an episode in which no info has "wan", which info_metrics names (did you mean "won"?), at'
    assert str(failed.value).startswith(expected)
    venv.close()


@pytest.mark.parametrize("kind", ["in this process", "vectorised, SameStep"])
@pytest.mark.parametrize(("odd", "said"), [("high", "an object of type str"), ([1, 2], "an object of type list"), (np.inf, "inf")])
def test_a_metric_that_is_no_finite_number_ends_the_run(kind, odd, said):
    venv = opened(kind, InfoKeys({}, (InfoMetric("height"),)), (9, {"height": odd}))
    stepped(venv)
    with pytest.raises(EnvironmentFailure, match=f"answered {said} as info 'height', expected a"):
        stepped(venv)


def test_what_occurred_in_an_episode_that_was_broken_off_does_not_count_for_the_next():
    venv = opened("in this process", InfoKeys({}, (InfoMetric("early"),)), (3, {"early": 1.0}))
    stepped(venv), stepped(venv)
    venv.reset([1])
    venv.envs[0].odd = {}
    stepped(venv), stepped(venv)
    with pytest.raises(EnvironmentFailure, match='no info has "early"'):
        stepped(venv)


def test_a_column_of_a_space_without_an_array_is_refused():
    with pytest.raises(UsageError, match='info_columns declares "parts" as Dict'):
        InfoKeys({"parts": Dict({"a": COST})})
