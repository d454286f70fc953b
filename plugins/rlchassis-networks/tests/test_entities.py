from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary

from rlchassis.api import Environments, UnsupportedSpaceError, UsageError
from rlchassis_networks import NetworkFactoryEntityAttention

ENTITIES = Box(-1, 1, (5, 3), np.float32)
WHOLE = Dict(entities=ENTITIES, mask=MultiBinary(5), me=Box(-1, 1, (2,), np.float32), team=Discrete(3))


def created(space, **options):
    factory = NetworkFactoryEntityAttention(size=8, num_heads=2, **options)
    return factory.create_module(Environments.from_spaces(space, Discrete(2)), torch.device("cpu"))


def observed(batch=4, exist=((1, 1, 0, 1, 0),) * 4):
    return {
        "entities": torch.rand(batch, 5, 3), "mask": torch.tensor(exist, dtype=torch.int8), "me": torch.rand(batch, 2),
        "team": torch.arange(batch) % 3,
    }  # fmt: skip


def same(a, b):
    return torch.allclose(a, b, atol=1e-6)


def test_features_do_not_depend_on_the_order_of_entities():
    alone, network, obs, order = created(ENTITIES), created(WHOLE), observed(), torch.tensor([2, 0, 4, 1, 3])
    assert same(alone(obs["entities"]), alone(obs["entities"][:, order]))
    moved = {**obs, "entities": obs["entities"][:, order], "mask": obs["mask"][:, order]}
    assert same(network(obs), network(moved))
    assert not same(network(obs), network({**moved, "mask": obs["mask"]}))


def test_entities_that_do_not_exist_change_nothing():
    network, obs = created(WHOLE), observed()
    other = torch.where(obs["mask"].bool().unsqueeze(-1), obs["entities"], torch.full((4, 5, 3), 1e6))
    assert same(network(obs), network({**obs, "entities": other}))


def test_a_set_is_seen_alike_whatever_room_there_is_for_more():
    small, large = (created(Dict(entities=Box(-1, 1, (n, 3), np.float32), mask=MultiBinary(n))) for n in (2, 5))
    large.load_state_dict(small.state_dict())
    entities = torch.rand(4, 2, 3)
    padded = torch.cat([entities, torch.rand(4, 3, 3)], 1)
    answer = large({"entities": padded, "mask": torch.tensor([[1, 1, 0, 0, 0]] * 4)})
    assert same(small({"entities": entities, "mask": torch.ones(4, 2)}), answer)


def test_every_entity_that_exists_and_every_other_part_matters():
    network, obs = created(WHOLE), observed()
    for i in (0, 1, 3):
        changed = obs["entities"].clone()
        changed[:, i] += 1
        assert not same(network(obs), network({**obs, "entities": changed}))
    assert not same(network(obs), network({**obs, "me": obs["me"] + 1}))
    assert not same(network(obs), network({**obs, "team": (obs["team"] + 1) % 3}))


def test_without_any_entity_features_and_gradients_are_finite():
    network, obs = created(Dict(entities=ENTITIES, mask=MultiBinary(5))), observed(exist=((0,) * 5, (1,) * 5, (0,) * 5, (1,) * 5))
    features = network({key: obs[key] for key in ("entities", "mask")})
    features.sum().backward()
    assert features.isfinite().all()
    assert same(features[0], features[2])
    assert all(p.grad.isfinite().all() for p in network.parameters())


def test_a_gradient_reaches_every_parameter():
    network = created(WHOLE)
    (network(observed()) ** 2).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_keys_of_entities_and_mask_can_be_chosen():
    network = created(Dict(units=ENTITIES, alive=MultiBinary(5)), entities="units", mask="alive")
    obs = observed()
    seen = {"units": obs["entities"], "alive": obs["mask"]}
    assert not same(network(seen), network({**seen, "alive": 1 - seen["alive"]}))


@pytest.mark.parametrize(
    ("space", "said"),
    [
        (
            Box(-1, 1, (4,), np.float32),
            r"needs entities, a Box of shape \(n, k\), alone or as 'entities' of a Dict, got Box\(-1.0, 1.0, \(4,\)",
        ),
        (Dict(units=ENTITIES), r"needs entities, .* got Dict\('units'"),
        (Dict(entities=ENTITIES, mask=MultiBinary(4)), r"needs a mask of 5 numbers, one for each entity, got MultiBinary\(4\)\.$"),
    ],
    ids=str,
)
def test_other_observations_are_refused_in_a_sentence(space, said):
    with pytest.raises(UnsupportedSpaceError, match=f"^NetworkFactoryEntityAttention {said}"):
        created(space)


def test_heads_share_the_width_evenly():
    with pytest.raises(UsageError, match=r"^size must be a multiple of num_heads, 3, not 64;"):
        NetworkFactoryEntityAttention(num_heads=3)
