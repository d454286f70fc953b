"""Comparison of compiled and eager updates of an algorithm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
import torch
from attrs import define, evolve, frozen
from gymnasium import spaces
from torch import Generator, Tensor

from rlchassis.api import AgentFactory, Algorithm, Optimizer, TensorStruct, UpdateResult, map_tensors
from rlchassis_testkit.making import make_algorithm

BACKENDS = ["eager", pytest.param("inductor", marks=pytest.mark.compiled)]
"""Backends of torch.compile to test with: one that captures graphs in seconds, and the one that runs use."""


@frozen(eq=False)
class Inputs(TensorStruct):
    """Inputs of a loss, as a batch."""

    x: Tensor


@define(eq=False)
class LearnsFromInputs(Algorithm[Inputs]):
    """Algorithm whose update is `learn`, a method of subclasses, on a batch of inputs."""

    optimizer: Optimizer

    def prepare(self, experience: Any, rng: Generator) -> Inputs:
        """The inputs, unchanged."""
        return experience  # type: ignore[no-any-return]  # tests give inputs, not experience

    def update(self, batch: Inputs, count: int) -> UpdateResult:
        """Learn from a batch."""
        return UpdateResult(self.learn(batch))

    def learn(self, batch: Inputs) -> dict[str, Tensor]:
        """A step of the optimizer; returns metrics."""
        raise NotImplementedError


def assert_one_graph_is_the_same_update(
    agent: AgentFactory, actions: spaces.Space[Any], experience: Any, *, flat: bool, backend: str = "inductor"
) -> None:
    """Assert equality to 1e-6 after 20 updates in float64 and to 1e-5 after one in float32; `flat`: batches are rollouts to flatten."""
    for dtype, rounds, tolerance in ((torch.float64, 20, 1e-6), (torch.float32, 1, 1e-5)):
        with default_dtype(dtype), patch.object(torch, "compile", partial(torch.compile, backend=backend)):
            recorded = map_tensors(partial(_as_float, dtype=dtype), experience)
            plain, compiled = (
                weights_after(evolve(agent, compile=compiled_update), actions, recorded, rounds, flat) for compiled_update in (False, True)
            )
        assert torch.allclose(plain, compiled, rtol=0, atol=tolerance), f"{(plain - compiled).abs().max():.1e} apart in {dtype}"


def weights_after(agent: AgentFactory, actions: spaces.Space[Any], experience: Any, rounds: int, flat: bool) -> Tensor:
    """State of an algorithm as one vector after some updates on one experience; compiled, each marked method must be one graph."""
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    algorithm, rng = make_algorithm(agent, actions), torch.Generator().manual_seed(0)
    for count in range(rounds):
        batch = algorithm.prepare(experience, rng)
        algorithm.update(batch.flatten(experience.valid) if flat else batch, count)
    if agent.compile:
        assert not algorithm.graphs.given_up
        assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == algorithm.graphs.number > 0
    return torch.cat([part.flatten().to(torch.get_default_dtype()) for part in tensors_in(algorithm.state_dict())])


def tensors_in(tree: Any) -> Iterator[Tensor]:
    """Tensors of networks and temperatures in a state, without those of optimizers."""
    if isinstance(tree, Tensor):
        yield tree.detach()
    elif isinstance(tree, dict) and "param_groups" not in tree:
        for part in tree.values():
            yield from tensors_in(part)


def _as_float(part: Tensor, dtype: torch.dtype) -> Tensor:
    return part.to(dtype) if part.is_floating_point() else part


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """Context in which new tensors have this dtype."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
