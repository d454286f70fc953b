from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from gymnasium.spaces import Text

from rlchassis.api import UnsupportedSpaceError, World
from rlchassis_pg import PGExperimentBuilder, PGParams
from rlchassis_testkit.tiny_envs import Counter, Receiver
from rlchassis_testkit.tiny_runs import fingerprint, tiny_run, unchanged
from rlchassis_toolkit import ActorFactoryDefault

PUSHED = partial(Receiver, [-2.0, 0.0], [2.0, 4.0])


def run(env: Any = "CartPole-v1", configure: Callable[[Any], Any] = unchanged, **settings: Any) -> World:
    return tiny_run(PGExperimentBuilder, env, configure=configure, **settings)


@pytest.mark.parametrize("return_standardization", [False, True])
def test_pg_learns_the_rewarded_action_where_every_episode_is_truncated(return_standardization):
    def configure(builder: PGExperimentBuilder) -> PGExperimentBuilder:
        return builder.with_pg_params(PGParams(lr=0.01, gamma=0.5, return_standardization=return_standardization))

    policy = run(PUSHED, configure, step_per_epoch=5000, num_epochs=1, step_per_collect=50, batch_size=None, num_test_envs=0).policy
    assert (policy.act(torch.zeros(1, 1), explore=False, rng=torch.Generator())[0] > 0.8).all()


def test_equal_seeds_give_equal_bits_and_different_seeds_different_ones():
    first, again, other = (fingerprint(run(seed=seed).policy) for seed in (1, 1, 2))
    assert first == again != other


NETWORKS: dict[str, tuple[Any, Callable[[PGExperimentBuilder], Any]]] = {
    "categorical": ("CartPole-v1", lambda b: b.with_actor_factory_default((8,), torch.nn.Tanh)),
    "any": ("CartPole-v1", lambda b: b.with_actor_factory(ActorFactoryDefault((8,)))),
    "Gaussian": (PUSHED, lambda b: b.with_actor_factory_default((8,))),
    "unbounded mean": (PUSHED, lambda b: b.with_actor_factory_default((8,), continuous_unbounded=True)),
    "conditioned sigma": (PUSHED, lambda b: b.with_actor_factory_default((8,), continuous_conditioned_sigma=True)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_that_a_builder_can_configure_is_created_and_learns(name):
    env, configure = NETWORKS[name]
    actor, default = run(env, configure).policy.actor, run(env).policy.actor
    assert actor.features.output_dim == 8 != default.features.output_dim
    assert all(p.grad is not None and p.isfinite().all() for p in actor.parameters())


@pytest.mark.parametrize("unbounded", [False, True])
def test_only_an_unbounded_mean_leaves_the_range_of_actions(unbounded):
    actor = run(PUSHED, lambda builder: builder.with_actor_factory_default((8,), continuous_unbounded=unbounded)).policy.actor
    with torch.no_grad():
        actor.head.bias.fill_(3)
    assert bool((actor(torch.zeros(1, 1)).mean > 1).all()) == unbounded


@pytest.mark.parametrize("conditioned", [False, True])
def test_sigma_depends_on_what_is_seen_only_where_it_is_conditioned(conditioned):
    actor = run(PUSHED, lambda builder: builder.with_actor_factory_default((8,), continuous_conditioned_sigma=conditioned)).policy.actor
    first, second = actor(torch.tensor([[0.0], [3.0]])).log_std
    assert torch.equal(first, second) != conditioned


def test_dicts_are_observed():
    first, second = (fingerprint(run(partial(Counter, as_dict=True), seed=seed).policy) for seed in (1, 2))
    assert first != second


def test_actions_that_it_has_no_distribution_for_are_refused_before_the_first_step():
    class Wordy(Counter):
        def __init__(self) -> None:
            super().__init__()
            self.action_space = Text(3)

    with pytest.raises(UnsupportedSpaceError, match=r"^the action space is Text"):
        run(Wordy)
