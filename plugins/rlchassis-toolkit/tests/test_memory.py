from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from attrs import evolve
from gymnasium import spaces
from torch import Tensor, nn

from rlchassis.api import Environments, Experience
from rlchassis_toolkit import CategoricalActor, Features, MemoryFactoryGRU, MemoryFactoryLSTM, RolloutBatch, StochasticPolicy
from rlchassis_toolkit.memory.layers import GRULayer, LSTMLayer
from rlchassis_toolkit.memory.sequences import Sequences, Steps
from rlchassis_toolkit.memory.unrolling import Unrolled

CPU = torch.device("cpu")
ENVS = Environments.from_spaces(spaces.Box(-1, 1, (3,), np.float32), spaces.Discrete(2))
FACTORIES = {
    "GRU": MemoryFactoryGRU(size=4, sequence_length=3, hidden_sizes=(5,)),
    "LSTM": MemoryFactoryLSTM(size=4, sequence_length=3, hidden_sizes=(5,)),
    "two layers of GRU": MemoryFactoryGRU(size=4, num_layers=2, sequence_length=3, hidden_sizes=(5,)),
    "two layers of LSTM": MemoryFactoryLSTM(size=4, num_layers=2, sequence_length=3, hidden_sizes=(5,)),
}


@pytest.fixture(params=FACTORIES)
def policy(request: Any) -> StochasticPolicy:
    torch.manual_seed(0)
    memory = FACTORIES[request.param].create_memory(ENVS, CPU)
    return StochasticPolicy(CategoricalActor(Features(spaces.Box(-1, 1, (4,), np.float32), (6,), nn.Tanh), 2), memory=memory)


def rollout_of(
    policy: StochasticPolicy, rows: int, ends: dict[tuple[int, int], str], invalid: tuple[tuple[int, int], ...] = ()
) -> Experience:
    """A rollout [T, 2] with the states that the policy has at each row: zero after an end, unchanged by a row that is not valid."""
    rng = torch.Generator().manual_seed(1)
    obs, final = (torch.rand(rows, 2, 3, generator=rng) for _ in range(2))
    terminated, truncated = ({key for key, how in ends.items() if how == kind} for kind in ("terminated", "truncated"))
    state, states = torch.rand(2, sum(policy.memory._widths), generator=rng), []
    for t in range(rows):
        states.append(state)
        with torch.no_grad():
            after = policy.act(obs[t], state, explore=True, rng=rng)[1]
        state = torch.stack([state[i] if (t, i) in invalid else after[i] * ((t, i) not in ends) for i in range(2)])

    def mask(cells: Any) -> Tensor:
        return torch.tensor([[(t, i) in cells for i in range(2)] for t in range(rows)])

    return Experience(
        obs=obs,
        actions=torch.randint(2, (rows, 2), generator=rng),
        rewards=torch.arange(2.0 * rows).view(rows, 2),
        next_obs=final,
        terminated=mask(terminated),
        truncated=mask(truncated),
        valid=~mask(invalid),
        weights=torch.ones(rows, 2),
        columns={"memory": torch.stack(states)},
    )


def by_hand(policy: StochasticPolicy, obs: Tensor, state: Tensor) -> Tensor:
    """The next state of one environment [S], by the equations in numpy."""
    memory, after = policy.memory, []
    x = memory.encoder(obs[None]).detach().numpy()[0]
    for layer, before in zip(memory.layers, torch.split(state, memory._widths), strict=True):
        w, u = (part.weight.detach().numpy() for part in (layer.inward, layer.recurrent))
        b, d = (part.bias.detach().numpy() for part in (layer.inward, layer.recurrent))
        h, sigmoid = before[:4].numpy(), lambda v: 1 / (1 + np.exp(-v))
        inward, recurrent = np.split(w @ x + b, layer.gates), np.split(u @ h + d, layer.gates)
        if isinstance(layer, GRULayer):
            r, z = (sigmoid(i + j) for i, j in zip(inward[:2], recurrent[:2], strict=True))
            x = (1 - z) * np.tanh(inward[2] + r * recurrent[2]) + z * h
            after.append(x)
        else:
            i, f, g, o = (a + b for a, b in zip(inward, recurrent, strict=True))
            c = sigmoid(f) * before[4:].numpy() + sigmoid(i) * np.tanh(g)
            x = sigmoid(o) * np.tanh(c)
            after.append(np.concatenate([x, c]))
    return torch.from_numpy(np.concatenate(after))


@pytest.mark.parametrize(("layer", "torchs"), [(GRULayer, nn.GRU), (LSTMLayer, nn.LSTM)])
def test_a_layer_is_that_of_torch_with_the_same_weights(layer, torchs):
    ours, theirs = layer(3, 4), torchs(3, 4, batch_first=True)
    for name, part in (("ih", ours.inward), ("hh", ours.recurrent)):
        part.weight.data, part.bias.data = getattr(theirs, f"weight_{name}_l0").data, getattr(theirs, f"bias_{name}_l0").data
    inputs = torch.rand(5, 7, 3)
    after = ours.unroll(inputs, torch.zeros(5, 7, ours.state_size), torch.zeros(5, 7, dtype=torch.bool))
    assert torch.allclose(after[..., :4], theirs(inputs)[0], atol=1e-6)


def test_the_state_after_a_step_follows_the_equations(policy):
    obs, state = torch.rand(2, 3), torch.rand(2, sum(policy.memory._widths))
    after = policy.memory(obs, state)
    assert torch.allclose(after, torch.stack([by_hand(policy, obs[i], state[i]) for i in range(2)]), atol=1e-6)


ENDS = {(1, 0): "terminated", (3, 1): "truncated", (6, 0): "truncated"}


@pytest.mark.parametrize("anew", [False, True], ids=["as recorded", "anew"])
def test_a_recalled_rollout_has_the_features_of_a_loop_by_hand(policy, anew):
    rollout = rollout_of(policy, 8, ENDS)
    if anew:  # with other weights than those that recorded it
        for p in policy.memory.parameters():
            p.data *= 1.5
    with torch.no_grad():
        recalled = policy.recall(rollout, anew=anew)
    for i in range(2):
        state = rollout.columns["memory"][0, i]
        for t in range(8):
            after = by_hand(policy, rollout.obs[t, i], state)
            following = by_hand(policy, rollout.next_obs[t, i], after)
            assert torch.allclose(recalled.obs[t, i], policy.memory.features(after), atol=1e-6)
            assert torch.allclose(recalled.next_obs[t, i], policy.memory.features(following), atol=1e-6)
            state = torch.zeros_like(after) if (t, i) in ENDS else after


def test_recorded_states_are_taken_after_ends_and_rows_that_are_no_transitions(policy):
    rollout = rollout_of(policy, 5, {(1, 0): "terminated"}, invalid=((2, 1),))
    assert Steps.of(rollout).fresh.T.int().tolist() == [[0, 0, 1, 0, 0], [0, 0, 1, 1, 0]]


def batch_of(policy: StochasticPolicy, rollout: Experience) -> RolloutBatch:
    """Its actions are the numbers of the rows."""
    return RolloutBatch(policy.recorded(rollout), rollout.rewards)


def test_rows_are_in_the_order_of_sequences_without_padding_and_rows_that_are_no_transitions(policy):
    rollout = rollout_of(policy, 5, {}, invalid=((1, 0), (4, 1)))
    rows = batch_of(policy, rollout).flatten(rollout.valid)
    assert rows.actions.tolist() == [0, 4, 6, 8, 1, 3, 5, 7]
    assert rows.obs.steps.obs.shape == (4, 3, 3)
    assert rows.obs.rows.tolist() == [0, 2, 3, 4, 6, 7, 8, 9]


def test_minibatches_hold_whole_sequences_and_every_row_once(policy):
    rollout = rollout_of(policy, 8, ENDS, invalid=((4, 1),))
    rows = batch_of(policy, rollout).flatten(rollout.valid)
    batches = list(rows.minibatches(6, torch.Generator().manual_seed(0)))
    assert [len(batch.obs.steps) for batch in batches] == [2, 2, 2]
    assert sorted(torch.cat([batch.actions for batch in batches]).tolist()) == sorted(rollout.rewards[rollout.valid].tolist())
    alone = list(rows.minibatches(1, torch.Generator().manual_seed(0)))
    sequences = [{0, 2, 4}, {6, 8, 10}, {12, 14}, {1, 3, 5}, {7, 11}, {13, 15}]
    assert all(set(batch.actions.tolist()) in sequences for batch in alone)
    assert [set(batch.actions.tolist()) for batch in alone] != sequences
    assert next(rows.minibatches(None, torch.Generator())) is rows


def test_features_of_minibatches_are_those_of_their_rows_across_episode_ends_and_padding(policy):
    rollout = rollout_of(policy, 8, ENDS, invalid=((4, 1),))
    recalled = policy.recall(rollout)
    for minibatch in batch_of(policy, rollout).flatten(rollout.valid).minibatches(6, torch.Generator().manual_seed(0)):
        features = policy.features(minibatch.obs)
        for number, feature in zip(minibatch.actions.long().tolist(), features, strict=True):
            assert torch.allclose(feature, recalled.obs[number // 2, number % 2], atol=1e-6)


def test_the_gradient_reaches_back_to_the_beginning_of_sequence_and_episode(policy):
    rollout = rollout_of(policy, 6, {(3, 0): "terminated"})
    obs = rollout.obs.clone().requires_grad_()
    sequences: Any = batch_of(policy, evolve(rollout, obs=obs)).flatten(rollout.valid).obs
    features = policy.features(sequences).view(2, 2, 3, 4)  # [env, sequence, row, H]

    def reached(feature: Tensor) -> list[list[int]]:
        (gradient,) = torch.autograd.grad(feature.sum(), obs, retain_graph=True)
        return gradient.abs().sum(-1).nonzero().tolist()

    assert reached(features[1, 0, 2]) == [[0, 1], [1, 1], [2, 1]]
    assert reached(features[1, 1, 1]) == [[3, 1], [4, 1]]
    assert reached(features[0, 1, 2]) == [[4, 0], [5, 0]]


@pytest.mark.parametrize("layer", [GRULayer, LSTMLayer])
def test_the_written_gradient_and_its_derivative_are_those_of_finite_differences(layer):
    rng, gates, width = torch.Generator().manual_seed(0), 2 * layer.gates, 2 * layer.parts
    shapes = (3, 5, gates), (gates, 2), (gates,), (3, 5, width)
    projected, weight, bias, states = (torch.randn(*shape, generator=rng).double() for shape in shapes)
    fresh = torch.tensor([[0, 0, 1, 0, 1], [1, 0, 0, 0, 0], [0, 1, 1, 0, 0]]).bool()

    def unrolled(*args: Tensor) -> Tensor:
        return Unrolled.apply(layer.written, *args, states, fresh)

    inputs = tuple(part.requires_grad_() for part in (projected, weight, bias))
    assert torch.autograd.gradcheck(unrolled, inputs)
    assert torch.autograd.gradgradcheck(unrolled, inputs)


@pytest.mark.parametrize("layer", [GRULayer, LSTMLayer])
def test_states_are_the_same_with_and_without_gradient(layer):
    made, fresh = layer(3, 4), torch.rand(5, 7) < 0.3
    inputs, states = torch.rand(5, 7, 3), torch.rand(5, 7, made.state_size)
    with torch.no_grad():
        without = made.unroll(inputs, states, fresh)
    assert torch.allclose(made.unroll(inputs, states, fresh), without, atol=1e-6)


def test_a_policy_without_memory_learns_from_observations_themselves():
    policy = StochasticPolicy(CategoricalActor(Features(ENVS.observation_space, (6,), nn.Tanh), 2))
    obs, flags = torch.rand(4, 2, 3), torch.zeros(4, 2, dtype=torch.bool)
    rollout = Experience(obs, torch.zeros(4, 2), torch.zeros(4, 2), obs, flags, flags, ~flags, torch.ones(4, 2))
    assert policy.recall(rollout) is rollout
    assert policy.recorded(rollout) is policy.features(obs) is obs
    assert not policy.records_columns
    assert not isinstance(RolloutBatch(obs, rollout.actions).flatten().obs, Sequences)
