"""Every algorithm that declares action masks never takes a forbidden action, whether it warms up, explores or is tested."""

from __future__ import annotations

from functools import partial
from itertools import cycle
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete, MultiDiscrete
from gymnasium.wrappers import FrameStackObservation
from torch import nn

import rlchassis
from rlchassis import experiment
from rlchassis.errors import UnsupportedSpaceError, UsageError
from rlchassis.experiment import DQNExperimentBuilder, PPOExperimentBuilder
from rlchassis.registry import installed
from rlchassis_obs_norm import PolicyWrapperFactoryObsNorm
from rlchassis_testkit.masked_envs import Forbidding
from rlchassis_testkit.tiny_runs import tiny_run, weights_of
from rlchassis_toolkit import IntermediateModuleFactory

DECLARED = {plugin.name: plugin for plugin in installed("algorithm")}
MASKING = {builder: name for builder, name in experiment.BUILDERS.items() if DECLARED[name].action_masks}


def settings_for(builder: str, *, steps: int) -> dict[str, Any]:
    if DECLARED[MASKING[builder]].policy == "on":
        return {
            "num_epochs": 2,
            "step_per_epoch": steps // 2,
            "step_per_collect": steps // 4,
            "repeat_per_collect": 1,
            "batch_size": steps // 8,
        }
    warm_up = {"start_timesteps": steps // 4, "start_timesteps_random": True}
    return {"num_epochs": 2, "step_per_epoch": steps // 2, "update_per_step": 0.1, "buffer_size": 1000, **warm_up}


def test_eight_algorithms_declare_action_masks():
    assert set(MASKING.values()) == {"a2c", "discrete-sac", "dqn", "iqn", "npg", "pg", "ppo", "trpo"}


@pytest.mark.parametrize(("builder", "source"), list(zip(MASKING, cycle(["observation", "info", "method"]))))
def test_a_forbidden_action_is_never_taken(builder, source):
    mistakes: list[Any] = []
    world = tiny_run(getattr(experiment, builder), partial(Forbidding, source, mistakes=mistakes), **settings_for(builder, steps=800))
    assert world.state.updates > 0
    assert mistakes == []
    assert weights_of(world.policy).isfinite().all()


@pytest.mark.parametrize(
    "builder", ["PPOExperimentBuilder", "DQNExperimentBuilder", "IQNExperimentBuilder", "DiscreteSACExperimentBuilder"]
)
def test_no_part_of_an_action_is_forbidden(builder):
    mistakes: list[Any] = []
    make_env = partial(Forbidding, "info", MultiDiscrete([2, 3, 2]), mistakes=mistakes)
    tiny_run(getattr(experiment, builder), make_env, **settings_for(builder, steps=400))
    assert mistakes == []


class Equipped(gym.Env[Any, Any]):
    """Has one of three tools, and uses it with any power."""

    observation_space = Box(-1.0, 1.0, (1,), np.float32)
    action_space = Dict({"tool": Discrete(3), "power": Box(0.0, 9.0, (1,), np.float32)})

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.count, self.tool = 0, int(self.np_random.integers(3))
        return np.zeros(1, np.float32), {"action_mask": np.arange(3) == self.tool}

    def step(self, action: Any) -> Any:
        assert action["tool"] == self.tool
        self.count += 1
        return np.zeros(1, np.float32), float(action["power"][0]), self.count == 3, False, {"action_mask": np.arange(3) == self.tool}


def test_the_discrete_parts_of_mixed_actions_are_masked():
    assert tiny_run(PPOExperimentBuilder, Equipped).state.updates > 0


def test_an_algorithm_that_knows_nothing_of_masks_takes_forbidden_actions():
    mistakes: list[Any] = []
    tiny_run(PPOExperimentBuilder, partial(Forbidding, "none", mistakes=mistakes), **settings_for("PPOExperimentBuilder", steps=400))
    assert len(mistakes) > 20


class Foreign(nn.Module):
    """A network of a user's that knows nothing of action masks."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 4)

    def forward(self, obs):
        return self.layer(obs)


class ForeignFactory(IntermediateModuleFactory):
    def create_module(self, envs, device):
        assert envs.observation_space.shape == (3,)
        return Foreign().to(device)


def test_a_network_of_a_user_needs_to_know_nothing_of_masks():
    mistakes: list[Any] = []
    world = tiny_run(
        DQNExperimentBuilder,
        partial(Forbidding, mistakes=mistakes),
        configure=lambda b: b.with_model_factory(ForeignFactory()),
        **settings_for("DQNExperimentBuilder", steps=400),
    )
    assert mistakes == []
    assert isinstance(world.policy.network.network, Foreign)


@pytest.mark.compiled
@pytest.mark.parametrize("builder", [PPOExperimentBuilder, DQNExperimentBuilder])
def test_a_compiled_run_with_masks_learns_the_same_up_to_rounding(builder):
    plain, compiled = (tiny_run(builder, Forbidding, configure=lambda b, on=on: b.with_compile(on)) for on in (False, True))
    assert not compiled.algorithm.graphs.given_up
    assert torch.allclose(weights_of(plain.policy), weights_of(compiled.policy), atol=1e-4)


def test_a_stored_policy_takes_observations_with_their_mask(tmp_path):
    policy = stored(tmp_path, "observation")
    obs, masks = np.zeros(3, np.float32), np.eye(4, dtype=np.int8)
    assert [policy({"observation": obs, "action_mask": mask}) for mask in masks] == [0, 1, 2, 3]
    assert policy({"observation": np.stack([obs] * 4), "action_mask": masks}).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("source", ["info", "method", "observation"])
def test_a_stored_policy_takes_the_mask_by_name(tmp_path, source):
    policy = stored(tmp_path, source)
    obs, masks = np.zeros(3, np.float32), np.eye(4, dtype=bool)
    given = {"observation": obs} if source == "observation" else obs
    assert [policy(given, action_mask=mask) for mask in masks] == [0, 1, 2, 3]
    with pytest.raises(UsageError, match=r"expected an observation with its action mask.*policy\(obs, action_mask=mask\)"):
        policy(given)
    with pytest.raises(UsageError, match="got an action mask that allows none of 4 actions, expected at least one"):
        policy(given, action_mask=np.zeros(4, bool))
    with pytest.raises(UsageError, match=r"expected an observation 'action_mask' of shape \(4,\) or a batch of them, got shape \(3,\)"):
        policy(given, action_mask=np.ones(3, bool))


def test_a_stored_policy_without_masks_takes_none(tmp_path):
    policy = stored(tmp_path, "none")
    with pytest.raises(UsageError, match="this policy was trained without action masks"):
        policy(np.zeros(3, np.float32), action_mask=np.ones(4, bool))


def stored(directory: Any, source: Any) -> Any:
    settings = {"persistence_enabled": True, "persistence_base_dir": str(directory), "num_test_envs": 1, "num_epochs": 1}
    tiny_run(PPOExperimentBuilder, partial(Forbidding, source), name="run", **settings)
    return rlchassis.load_policy(directory / "run", allow=[Forbidding])


def test_the_evaluation_of_a_stored_policy_repeats_its_test_under_masks(tmp_path):
    settings = {"persistence_enabled": True, "persistence_base_dir": str(tmp_path)}
    tiny_run(PPOExperimentBuilder, Forbidding, name="run", **settings)
    assert rlchassis.evaluate(tmp_path / "run", allow=[Forbidding]).matches


def test_normalized_observations_keep_their_mask():
    mistakes: list[Any] = []
    tiny_run(
        PPOExperimentBuilder,
        partial(Forbidding, "info", mistakes=mistakes),
        configure=lambda b: b.with_policy_wrapper_factory(PolicyWrapperFactoryObsNorm()),
        **settings_for("PPOExperimentBuilder", steps=400),
    )
    assert mistakes == []


@pytest.mark.parametrize("settings", [{"replay_buffer_ignore_obs_next": True}, {"replay_buffer_prioritized": True}], ids=str)
def test_replay_keeps_masks_however_it_stores_observations(settings):
    """Of no window a forbidden action is the best: values of forbidden actions would be −∞, and the loss not finite."""
    world = tiny_run(
        DQNExperimentBuilder, Forbidding, **{**settings_for("DQNExperimentBuilder", steps=400), "update_per_step": 1, **settings}
    )
    window = world.buffer.sample(200, 1, torch.Generator()).window
    assert window.obs["action_mask"].gather(-1, window.actions.unsqueeze(-1)).all()
    assert window.next_obs["action_mask"].any(-1).all()
    assert weights_of(world.policy).isfinite().all()


def test_a_forbidden_action_is_never_taken_where_replay_rebuilds_stacks_of_frames():
    mistakes: list[Any] = []

    def make_env() -> gym.Env[Any, Any]:
        return FrameStackObservation(Forbidding("info", mistakes=mistakes), 4, padding_type="reset")

    frames = {"replay_buffer_stack_num": 4, "replay_buffer_save_only_last_obs": True}
    world = tiny_run(DQNExperimentBuilder, make_env, **settings_for("DQNExperimentBuilder", steps=400), **frames)
    assert world.state.updates > 0
    assert mistakes == []


def test_an_algorithm_that_does_not_declare_masks_refuses_them(monkeypatch):
    monkeypatch.setattr(
        "rlchassis.training.agent.find", lambda *name: DECLARED["ppo"].__class__(**{**vars(DECLARED["ppo"]), "action_masks": False})
    )
    with pytest.raises(UnsupportedSpaceError, match="ppo does not support action masks, but the environment gives them; choose another"):
        tiny_run(PPOExperimentBuilder, Forbidding)
