from __future__ import annotations

import logging
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from attrs import evolve, frozen
from gymnasium.spaces import Box, Discrete

from rlchassis.agent import PolicyWrapperFactory
from rlchassis.config import ExperimentConfig, SamplingConfig
from rlchassis.envs import EnvFactoryRegistered, VectorEnvType
from rlchassis.errors import UsageError
from rlchassis.experience import map_tensors
from rlchassis.policies import PolicyWrapper
from rlchassis.trainer import OffPolicyTrainer
from rlchassis.trainer.warm_up import UniformPolicy
from rlchassis.world import World
from rlchassis_testkit.replay_onlooker import ReplayOnlooker, ReplayOnlookerExperimentBuilder
from rlchassis_testkit.tiny_envs import Counter, Receiver

SETTINGS: dict[str, Any] = {
    "num_epochs": 2,
    "step_per_epoch": 48,
    "step_per_collect": 1,
    "batch_size": 8,
    "buffer_size": 1000,
    "num_train_envs": 1,
    "num_test_envs": 0,
}


def world_of(env: Any = Counter, told: Callable[[Any], Any] = lambda builder: builder, seed: int = 42, **settings: Any) -> World:
    """One that has yet to train."""
    config = ExperimentConfig(seed=seed, watch=False, persistence_enabled=False)
    builder = told(ReplayOnlookerExperimentBuilder(env, config, SamplingConfig(**(SETTINGS | settings))))
    return builder.build().create_experiment_world()


def trained(*args: Any, **settings: Any) -> tuple[World, ReplayOnlooker]:
    world = world_of(*args, **settings)
    world.trainer.run()
    world.close()
    return world, world.algorithm


@frozen
class Wrapping(PolicyWrapperFactory):
    """Puts around the policy what a function makes of it."""

    wrap: Callable[[Any], Any]

    def create_wrapped_policy(self, policy, envs, optim_factory, device):
        return self.wrap(policy)


@pytest.mark.parametrize("ratio", [Fraction(1, 10), Fraction(1, 3), Fraction(5, 2), Fraction(1)], ids=str)
@pytest.mark.parametrize("num_envs", [1, 3, 8])
@pytest.mark.parametrize("step_per_collect", [1, 7, 16])
@pytest.mark.parametrize("start", [0, 5, 30])
def test_after_every_collection_exactly_the_rounds_that_are_due_were_done(ratio, num_envs, step_per_collect, start, monkeypatch):
    world = world_of(num_train_envs=num_envs, step_per_collect=step_per_collect, update_per_step=float(ratio), start_timesteps=start)
    trainer, done = world.trainer, []
    learn = OffPolicyTrainer._learn
    monkeypatch.setattr(OffPolicyTrainer, "_learn", lambda self: (learn(self), done.append((self.env_step, self.updates))))
    trainer.run()
    world.close()
    begin = max(start, 8)
    assert done == [(step, max(0, step - begin) * ratio.numerator // ratio.denominator) for step, _ in done]
    assert done[-1][0] == 96
    assert world.algorithm.counts == list(range(done[-1][1])), "rounds are counted without a gap"
    assert done[-1][1] > 0


def test_environments_that_cannot_step_apart_owe_rounds_for_the_steps_that_count():
    env = EnvFactoryRegistered("CartPole-v1", venv_type=VectorEnvType.NATIVE)
    world, algorithm = trained(env, num_train_envs=3, update_per_step=0.5)
    assert len(algorithm.counts) == (world.trainer.env_step - 8) // 2
    assert len(world.buffer) == world.trainer.env_step
    assert all((window.rewards == 1).all() for window in algorithm.windows), "the reward of a reset row is 0"


def test_that_steps_before_learning_owe_nothing_is_said_once(caplog):
    with caplog.at_level(logging.INFO, logger="rlchassis"):
        trained(start_timesteps=20)
    said = [record.message for record in caplog.records if "owe no rounds" in record.message]
    assert said == ["Learning begins at environment step 21; the steps before it owe no rounds."]


@pytest.mark.parametrize("n", [1, 3])
def test_a_round_learns_from_a_batch_of_windows(n):
    _, algorithm = trained(partial(Counter, 5), told=lambda builder: builder.with_agent(steps=n))
    assert {window.rewards.shape for window in algorithm.windows} == {(n, 8)}
    for window in algorithm.windows:
        reached = window.weights > 0
        assert reached[0].all()
        assert torch.equal(window.next_obs, window.obs + 1)
        assert torch.equal(window.obs[1:][reached[1:]], (window.obs[:-1] + 1)[reached[1:]])


def test_the_algorithm_is_told_the_share_of_steps_done_before_each_collection():
    _, algorithm = trained(step_per_collect=24)
    assert algorithm.progress == [0, 0.25, 0.5, 0.75]


def actions_of(world: World, steps: int) -> list[float]:
    storage = world.buffer._storage
    return storage.actions[:steps].ravel().tolist()


def test_the_warm_up_acts_at_random_for_exactly_its_steps():
    def told(builder):
        return builder.with_policy_wrapper_factory(Wrapping(Two))

    world, _ = trained(told=told, start_timesteps=30, start_timesteps_random=True, step_per_collect=7, num_train_envs=1)
    actions = actions_of(world, 96)
    assert set(actions[:30]) == {0, 1}
    assert actions[30:] == [2] * 66


class Two(PolicyWrapper):
    """Takes action 2, which the policy within never takes."""

    def act(self, obs, state=None, *, explore, rng):
        actions, state = super().act(obs, state, explore=explore, rng=rng)
        return torch.full_like(actions, 2), state


def test_without_the_wish_for_it_the_policy_itself_acts_in_the_warm_up():
    world, _ = trained(told=lambda builder: builder.with_policy_wrapper_factory(Wrapping(Two)), start_timesteps=30)
    assert actions_of(world, 96) == [2] * 96


def test_the_warm_up_draws_from_a_stream_of_its_own():
    def explored(**settings: Any) -> list[float]:
        world, _ = trained(max_steps=60, **settings)
        return actions_of(world, 60)

    plain, warmed, other = explored(), explored(start_timesteps=20, start_timesteps_random=True), explored(seed=1)
    assert warmed[20:] == plain[:40], "exploration begins where it always does"
    assert warmed[:20] != plain[:20]
    assert plain != other


def uniform(space: Any, size: int = 4000) -> torch.Tensor:
    policy = UniformPolicy(space, np.random.default_rng(0))
    return policy.act(torch.zeros(size, 3), explore=True, rng=torch.Generator())[0]


def test_random_actions_are_uniform_and_shaped_as_a_policy_shapes_them():
    discrete = uniform(Discrete(3, start=5))
    assert (torch.bincount(discrete) / 4000).tolist() == pytest.approx([1 / 3] * 3, abs=0.04)
    continuous = uniform(Box(-7, 100, (2, 3)))
    assert continuous.shape == (4000, 6)
    assert continuous.dtype == torch.float32
    assert torch.quantile(continuous, torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0])).tolist() == pytest.approx([-1, -0.5, 0, 0.5, 1], abs=0.05)
    assert uniform(Box(0, 1, ())).shape == (4000, 1)


@pytest.mark.parametrize("shape", [(), (2,), (2, 3)])
def test_random_actions_and_those_of_a_policy_are_stored_side_by_side(shape):
    def told(builder):
        return builder.with_policy_wrapper_factory(Wrapping(Halves))

    class Halves(PolicyWrapper):
        def act(self, obs, state=None, *, explore, rng):
            return torch.full((len(obs), int(np.prod(shape))), 0.5), None

    low = np.full(shape, -1.0)
    world, _ = trained(lambda: Receiver(low, -low), told=told, start_timesteps=30, start_timesteps_random=True)
    actions = world.buffer._storage.actions[:96]
    assert actions.shape == (96, int(np.prod(shape)))
    assert (actions[30:] == 0.5).all()
    assert not (actions[:30] == 0.5).any()


class Observant(PolicyWrapper):
    """Sees everything ten times as large, and writes down what it is handed."""

    def __init__(self, inner: Any) -> None:
        super().__init__(inner)
        self.noted: list[tuple[str, Any]] = []

    def view(self, experience):
        return evolve(experience, obs=10 * experience.obs)

    def learn(self, experience):
        self.noted.append(("learn", experience))
        return {}

    def observe(self, experience):
        self.noted.append(("observe", map_tensors(torch.clone, experience)))


def test_layers_learn_from_raw_windows_after_each_round_and_observe_each_new_step_once():
    world, algorithm = trained(
        partial(Counter, 5),
        told=lambda builder: builder.with_policy_wrapper_factory(Wrapping(Observant)),
        step_per_collect=12,
        update_per_step=0.25,
        num_train_envs=2,
        start_timesteps=24,
        start_timesteps_random=True,
    )
    noted = world.policy.noted
    assert [kind for kind, _ in noted] == ["observe"] * 2 + ([*["learn"] * 3, "observe"] * 6)
    raw = [window for kind, window in noted if kind == "learn"]
    assert all(torch.equal(viewed.obs, 10 * window.obs) for viewed, window in zip(algorithm.windows, raw, strict=True))
    observed = [steps for kind, steps in noted if kind == "observe"]
    assert [int(steps.counted.sum()) for steps in observed] == [12] * 8
    first = torch.cat([steps.obs[:, 0, 0] for steps in observed]).tolist()
    assert first[:7] == [100, 101, 102, 103, 104, 200, 201]


def test_priorities_go_back_and_their_weights_grow_just_with_progress():
    def told(builder):
        return builder.with_agent(priority=3.0)

    world, algorithm = trained(told=told, replay_buffer_prioritized=True, replay_buffer_alpha=1.0, replay_buffer_beta=0.5)
    priorities = world.buffer.priorities
    assert priorities._tree[np.arange(96)].tolist() == pytest.approx([3.0] * 96)
    second = algorithm.windows[1].weights
    assert second.min().item() == pytest.approx(3 ** -(0.5 + 0.5 * 9 / 96), rel=1e-4), "of a row judged once, beside one admitted with 1"
    assert second.max().item() == 1
    assert priorities._progress == pytest.approx(95 / 96)


def test_an_algorithm_that_hands_back_no_priorities_cannot_be_drawn_for_by_them():
    with pytest.raises(UsageError, match="hands back no priorities"):
        trained(replay_buffer_prioritized=True)


def test_the_replay_buffer_is_as_the_settings_say():
    buffer = OffPolicyTrainer.create_buffer(
        SamplingConfig(buffer_size=100, num_train_envs=3, replay_buffer_ignore_obs_next=True, replay_buffer_stack_num=4)
    )
    assert (buffer.ring.rows, buffer.ring.num_envs, buffer.store_next_obs, buffer.stack_num) == (34, 3, False, 4)
    assert buffer.priorities is None
    by_priority = OffPolicyTrainer.create_buffer(
        SamplingConfig(buffer_size=100, num_train_envs=1, replay_buffer_prioritized=True, replay_buffer_alpha=0.7, replay_buffer_beta=0.3)
    )
    assert (by_priority.priorities.alpha, by_priority.priorities.beta) == (0.7, 0.3)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"batch_size": None}, "give sampling.batch_size a number"),
        ({"start_timesteps": 96}, "as long as the run of 96"),
        ({"start_timesteps": 97}, "warm-up of 97"),
        ({"batch_size": 96}, "a batch of 96 is not there before the run of 96"),
        ({"buffer_size": 7}, "a replay buffer of 7 cannot hold a batch of 8"),
        ({"repeat_per_collect": 1}, "repeat_per_collect"),
        ({"replay_buffer_stack_num": 4}, "go together"),
        ({"replay_buffer_save_only_last_obs": True}, "go together"),
        ({"buffer_size": 8, "replay_buffer_save_only_last_obs": True, "replay_buffer_stack_num": 9}, "not hold a stack of 9 frames"),
        ({"replay_buffer_save_only_last_obs": True, "replay_buffer_stack_num": 4}, "must be a stack of that many frames"),
        ({"buffer_size": 16, "num_train_envs": 17}, "not hold a single step of each"),
    ],
    ids=str,
)
def test_settings_by_which_nothing_would_be_learned_are_refused_before_the_first_step(settings, complaint):
    with pytest.raises(UsageError, match=complaint):
        world_of(**settings)


def test_the_longest_warm_up_and_the_smallest_buffer_that_work_are_accepted():
    _, algorithm = trained(start_timesteps=95, buffer_size=8)
    assert algorithm.counts == [0]


def test_two_runs_of_one_seed_draw_the_same_windows():
    def windows(seed: int) -> list[float]:
        _, algorithm = trained(seed=seed)
        return torch.cat([window.obs.flatten() for window in algorithm.windows]).tolist()

    assert windows(1) == windows(1) != windows(2)


def test_hooks_hear_of_every_collection_and_its_rounds():
    heard: list[tuple[str, int]] = []

    class Listening:
        from rlchassis.hookspecs import hookimpl

        @hookimpl
        def rlchassis_collect_end(self, stats):
            heard.append(("collected", stats.num_steps))

        @hookimpl
        def rlchassis_learn_end(self, rounds):
            heard.append(("learned", rounds))

    config = ExperimentConfig(watch=False, persistence_enabled=False)
    experiment = ReplayOnlookerExperimentBuilder(Counter, config, SamplingConfig(**SETTINGS | {"step_per_collect": 32})).build()
    experiment.run(observers=[Listening()])
    assert heard == [("collected", 32), ("learned", 24), ("collected", 32), ("learned", 32), ("collected", 32), ("learned", 32)]
