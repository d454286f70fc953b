from __future__ import annotations

import sys
from functools import partial
from typing import Any

import cloudpickle
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, MultiDiscrete, Tuple
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from rlchassis.envs import examples
from rlchassis.envs.gymnasium_vector import NativeEnvironment
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.envs.subprocess.workers import WorkerEnvironment
from rlchassis.errors import EnvironmentFailure
from rlchassis_testkit.any_spaces import AnySpaces

cloudpickle.register_pickle_by_value(sys.modules[__name__])

SEEN = Tuple(
    [Box(-1.0, 1.0, (2,)), Dict({"kind": Discrete(3, start=-1), "pair": Tuple([MultiDiscrete([2, 3]), Box(0, 255, (2, 2, 1), np.uint8)])})]
)


def assert_same(one: Any, other: Any) -> None:
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_same(one[key], other[key])
    else:
        assert np.array_equal(one, other)


def kinds() -> dict[str, Any]:
    make = [partial(AnySpaces, SEEN, Discrete(2), 3)] * 2
    return {
        "in process": lambda: InProcessEnvironment.open(make),
        "workers": lambda: WorkerEnvironment.open(make, num_workers=2),
        **{mode.value: partial(lambda m: NativeEnvironment(SyncVectorEnv(make, autoreset_mode=m)), mode) for mode in AutoresetMode},
    }


def test_a_tuple_is_stored_as_a_dict_by_position():
    venv = kinds()["in process"]()
    obs = venv.reset([5, 6])
    SEEN.seed(6)
    vector, rest = SEEN.sample()
    assert obs.keys() == {"0", "1"}
    assert obs["0"][1].tolist() == vector.tolist()
    assert obs["1"]["kind"][1] == rest["kind"]
    assert obs["1"]["pair"]["0"][1].tolist() == rest["pair"][0].tolist()
    assert obs["1"]["pair"]["1"].shape == (2, 2, 2, 1)
    assert obs["1"]["pair"]["1"].dtype == np.uint8


@pytest.mark.parametrize("kind", ["workers", "SameStep", "Disabled"])
def test_every_kind_of_vector_environment_gives_the_same_tuples(kind):
    venv, other = kinds()["in process"](), kinds()[kind]()
    assert_same(venv.reset([1, 2]), other.reset([1, 2]))
    for _ in range(7):
        (ours, obs), (theirs, their_obs) = venv.step(np.zeros(2, np.int64)), other.step(np.zeros(2, np.int64))
        assert_same(obs, their_obs)
        assert_same(ours.next_obs, theirs.next_obs)
        assert ours.terminated.tolist() == theirs.terminated.tolist()
    venv.close()
    other.close()


def test_tuples_of_an_environment_that_resets_in_the_next_step_are_stored_too():
    venv = kinds()["NextStep"]()
    venv.reset([1, 2])
    rows = [venv.step(np.zeros(2, np.int64))[0].valid.tolist() for _ in range(4)]
    assert rows == [[True, True]] * 3 + [[False, False]]


def test_examples_of_a_tuple_differ_by_row():
    obs = examples(SEEN, 4)
    assert len({tuple(row) for row in obs["0"].tolist()}) == 4
    assert set(obs["1"]["kind"].tolist()) <= {-1, 0, 1}


class Wrong(AnySpaces):
    def __init__(self, answer: Any) -> None:
        super().__init__(SEEN, Discrete(2))
        self.answer = answer

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.answer(self.observation_space.sample()), {}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda seen: 3, "answered 3 as observation, expected a tuple, since its space is Tuple"),
        (lambda seen: seen[:1], "answered an observation that has no '1', but its space is Tuple"),
        (lambda seen: (seen[0], {"kind": 0, "pair": (seen[1]["pair"][0],)}), "has no '1.pair.1'"),
        (lambda seen: (seen[0], {"kind": 7, "pair": seen[1]["pair"]}), "answered 7 in its observation '1.kind', expected a whole number"),
        (lambda seen: (np.zeros(3), seen[1]), r"answered an observation '0' of shape \(3,\), but its space is Box\(2,\)"),
    ],
)
def test_an_observation_that_is_no_tuple_of_its_space_is_named_by_its_path(answer, message):
    venv = InProcessEnvironment.open([partial(Wrong, answer)])
    with pytest.raises(EnvironmentFailure, match=message):
        venv.reset([0])


def test_surplus_parts_of_a_tuple_are_left_out_and_said(caplog):
    venv = InProcessEnvironment.open([partial(Wrong, lambda seen: (*seen, 1))])
    assert venv.reset([0]).keys() == {"0", "1"}
    assert "environment 0 answers tuples of 3 parts, of which only the first 2 are in its observation space" in caplog.text
