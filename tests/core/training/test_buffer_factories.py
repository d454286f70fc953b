from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from attrs import define, field, frozen

from rlchassis.api import (
    BufferFactory,
    EnvFactory,
    Environments,
    EnvMode,
    OffPolicyTrainer,
    Replay,
    ReplayBuffer,
    ResolvedSampling,
    Sample,
    Step,
    UsageError,
)
from rlchassis_testkit.recording_algorithm import RecordingExperimentBuilder
from rlchassis_testkit.recording_replay_algorithm import RecordingReplayAgentFactory
from rlchassis_testkit.replay_runs import trained, world_of
from rlchassis_testkit.tiny_runs import tiny_run


@define(eq=False)
class Negated(Replay):
    """Draws what it was given with rewards of the other sign, and records the priorities that come back."""

    inner: ReplayBuffer
    made_for: Any
    prioritized = True  # type: ignore[assignment]  # as the base class does not annotate it
    errors: list[list[float]] = field(factory=list)
    progress: list[float] = field(factory=list)

    @property
    def capacity(self) -> int:
        return 3 * self.inner.capacity

    def __len__(self) -> int:
        return len(self.inner)

    def add(self, step: Step) -> None:
        self.inner.add(step._replace(rewards=-step.rewards))

    def sample(self, batch_size: int, n: int, rng: torch.Generator) -> Sample:
        return self.inner.sample(batch_size, n, rng)

    def bytes_per_transition(self, first: Step) -> int:
        return 1000

    def update_priorities(self, indices: Any, errors: torch.Tensor) -> None:
        assert len(indices) == len(errors)
        self.errors.append(errors.tolist())

    def set_progress(self, progress: float) -> None:
        self.progress.append(progress)


@frozen
class BufferFactoryNegated(BufferFactory):
    def create_buffer(self, sampling: ResolvedSampling, envs: Environments, env_factory: EnvFactory) -> Negated:
        own = env_factory.create_env(EnvMode.TRAIN)
        return Negated(ReplayBuffer.create(sampling.buffer_size, sampling.num_train_envs), (envs.observation_space, own))


def with_buffer(builder: Any) -> Any:
    return builder.with_agent(priority=0.5).with_buffer_factory(BufferFactoryNegated())


def test_an_algorithm_learns_from_the_buffer_of_its_factory_and_gives_priorities_back():
    world, algorithm = trained(configure=with_buffer)
    assert all((window.rewards < 0).all() for window in algorithm.windows)
    assert world.buffer.errors == [[0.5] * 8] * len(algorithm.windows)
    assert world.buffer.progress == [step / 96 for step in range(96)]


def test_a_factory_gets_the_spaces_and_can_make_an_environment_of_its_own():
    world = world_of(configure=with_buffer)
    space, own = world.buffer.made_for
    assert space == world.envs.observation_space
    assert own.observation_space == space
    assert all(own is not env for env in world.envs.train.envs)


def test_the_memory_of_a_buffer_is_what_it_says(caplog):
    with caplog.at_level("INFO", "rlchassis"):
        trained(configure=with_buffer)
    assert "The full replay buffer takes 2.9 MiB of memory (3000 transitions of 1000 bytes each)." in caplog.messages


def test_training_without_replay_refuses_a_buffer():
    with pytest.raises(UsageError, match="OnPolicyTrainer has no replay buffer that BufferFactoryNegated could replace; leave"):
        tiny_run(RecordingExperimentBuilder, "CartPole-v1", configure=lambda builder: builder.with_buffer_factory(BufferFactoryNegated()))


@frozen
class BufferFactoryWrong(BufferFactory):
    def create_buffer(self, sampling: ResolvedSampling, envs: Environments, env_factory: EnvFactory) -> Any:
        return []


def test_a_factory_that_makes_no_replay_is_refused():
    with pytest.raises(UsageError, match=r"expected a Replay of BufferFactoryWrong, got \[\]; derive it from rlchassis.api.Replay"):
        world_of(configure=lambda builder: builder.with_buffer_factory(BufferFactoryWrong()))


def test_a_builder_takes_factories_of_buffers_only():
    with pytest.raises(UsageError, match=r"expected an object, got the class BufferFactoryNegated; write BufferFactoryNegated\(\)"):
        world_of(configure=lambda builder: builder.with_buffer_factory(BufferFactoryNegated))


class Numbering(OffPolicyTrainer):
    def columns(self, step: Step) -> dict[str, Any]:
        return {"twice": {"reward": 2 * step.rewards}, "step": np.full(len(step.rewards), self.state.env_step)}


@frozen(kw_only=True)
class NumberingAgentFactory(RecordingReplayAgentFactory):
    trainer_class = Numbering


def test_a_trainer_can_record_columns_of_its_own():
    world, algorithm = trained(configure=lambda builder: setattr(builder, "_agent", NumberingAgentFactory()) or builder)
    for window in algorithm.windows:
        assert torch.equal(window.columns["twice"]["reward"], 2 * window.rewards)
    assert world.buffer.sample(500, 1, torch.Generator()).window.columns["step"].max() == 95
