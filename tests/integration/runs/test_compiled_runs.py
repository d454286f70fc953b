from __future__ import annotations

import logging
from functools import partial

import pytest
import torch
from torch import nn

import rlchassis
from rlchassis.errors import UsageError
from rlchassis.experiment import DQNExperimentBuilder, Experiment, PPOExperimentBuilder
from rlchassis_testkit.compiled import BACKENDS
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling
from rlchassis_testkit.tiny_runs import tiny_run, weights_of


class Unreadable(nn.ReLU):
    """Looks at numbers that only a run has."""

    def forward(self, inputs):
        return super().forward(inputs) * (1.0 if inputs.sum().item() > 0 else 0.5)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_compiled_run_learns_the_same_up_to_rounding(backend, monkeypatch):
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=backend))
    plain, compiled = (
        tiny_run(PPOExperimentBuilder, "CartPole-v1", configure=lambda b, compiled=compiled: b.with_compile(compiled))
        for compiled in (False, True)
    )
    assert not compiled.algorithm.graphs.given_up
    assert torch.allclose(weights_of(plain.policy), weights_of(compiled.policy), atol=1e-4)


def test_the_recipe_says_so_and_the_policy_acts_as_any(tmp_path, monkeypatch):
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    builder = PPOExperimentBuilder("CartPole-v1", tiny_config(tmp_path), tiny_sampling()).with_compile()
    builder.build().run("run")
    assert Experiment.from_directory(tmp_path / "run").agent_factory.compile
    assert rlchassis.load_policy(tmp_path / "run")([0.0, 0.0, 0.0, 0.0]) in (0, 1)


def test_a_network_that_no_compiler_can_read_learns_step_by_step(caplog):
    def configure(builder):
        return builder.with_compile().with_model_factory_default((8,), Unreadable)

    with caplog.at_level(logging.WARNING):
        world = tiny_run(DQNExperimentBuilder, "CartPole-v1", configure=configure, start_timesteps=20)
    assert "updates run eagerly" in caplog.text
    assert world.state.updates > 0


@pytest.mark.parametrize("wrong", ["yes", 2, None])
def test_whether_to_compile_is_a_matter_of_yes_or_no(wrong):
    with pytest.raises(UsageError, match="compile must be "):
        PPOExperimentBuilder("CartPole-v1").with_compile(wrong)
