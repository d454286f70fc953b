"""Results and policies that are printed, copied, pickled, and opened in another process."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest
import torch

import rlchassis
from rlchassis.experiment import PPOExperimentBuilder
from rlchassis.registry import Component
from rlchassis_testkit.stored_runs import in_another_process, tiny_config, tiny_sampling
from rlchassis_testkit.tiny_runs import weights_of

OBSERVATIONS = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)
OPENS_AND_ACTS = """
import json, pathlib, pickle, sys
import torch
result, policy = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())
actions, _ = result.world.policy.act(torch.tensor(json.loads(sys.argv[2])), explore=False, rng=torch.Generator().manual_seed(0))
facts = {"score": result.trainer_result.best_score, "directory": str(result.world.directory), "seed": result.world.config.seed}
print(json.dumps({**facts, "actions": actions.tolist(), "loaded": policy(json.loads(sys.argv[2])).tolist()}))
"""


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    builder = PPOExperimentBuilder("CartPole-v1", tiny_config(tmp_path_factory.mktemp("log")), tiny_sampling())
    return builder.with_policy_wrapper_factory(Component("policy_wrapper", "obs-norm").create()).build().run("mine")


@pytest.fixture(scope="module")
def loaded(result):
    return rlchassis.load_policy(result.world.directory)


def pickled(thing):
    return pickle.loads(pickle.dumps(thing))


def test_another_process_opens_a_result_and_a_policy_and_acts_the_same(result, loaded, tmp_path):
    (tmp_path / "both.pkl").write_bytes(pickle.dumps((result, loaded)))
    message = json.loads(in_another_process(OPENS_AND_ACTS, tmp_path / "both.pkl", json.dumps(OBSERVATIONS.tolist()), cwd=tmp_path))
    acting, rng = result.world.policy.eval(), torch.Generator().manual_seed(0)
    assert message == {
        "score": result.trainer_result.best.mean,
        "directory": str(result.world.directory),
        "seed": result.world.config.seed,
        "actions": acting.act(torch.from_numpy(OBSERVATIONS), explore=False, rng=rng)[0].tolist(),
        "loaded": loaded(OBSERVATIONS).tolist(),
    }


def test_the_repr_of_a_result_is_one_line_about_the_run(result, loaded):
    best = result.trainer_result.best
    score = f"Evaluation(mean={best.mean:.2f}, std={best.std:.2f}, episodes=2, env_step={best.env_step})"
    world = f"World(CartPole-v1, {type(result.world.policy).__name__} on cpu, directory='{result.world.directory}')"
    assert repr(best) == score
    assert repr(result.world) == repr(pickled(result.world)) == world
    assert repr(result).startswith(f"ExperimentResult(world={world}, trainer_result=InfoStats(env_steps=64, ")
    assert f"best={score}" in repr(result)
    assert len(repr(result)) - len(str(result.world.directory)) < 400
    assert repr(loaded) == f"LoadedPolicy({type(loaded.policy).__name__}: Box(4,) -> Discrete(2), device='cpu')"


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled])
def test_a_copy_of_a_world_has_what_is_data_and_says_what_it_leaves(result, copied):
    world, whole = copied(result.world), result.world
    assert (world.config, world.sampling, world.device, world.directory) == (whole.config, whole.sampling, whole.device, whole.directory)
    assert world.envs.observation_space == whole.envs.observation_space
    assert world.envs.train is None
    assert weights_of(world.policy).equal(weights_of(whole.policy))
    assert world.policy is not whole.policy
    with pytest.raises(AttributeError, match="this World has no buffer: it is a copy of config, sampling"):
        world.buffer  # noqa: B018  asking for it is the test
    with pytest.raises(AttributeError, match="no attribute 'unheard_of'"):
        world.unheard_of  # noqa: B018  likewise
    assert world.is_copy
    assert not whole.is_copy
    world.close()


def test_a_pickled_result_is_about_as_large_as_its_policy(result):
    assert len(pickle.dumps(result)) < 4 * weights_of(result.world.policy).numel() + 16_000


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled])
def test_a_copied_policy_acts_the_same(loaded, copied):
    assert copied(loaded)(OBSERVATIONS).tolist() == loaded(OBSERVATIONS).tolist()
