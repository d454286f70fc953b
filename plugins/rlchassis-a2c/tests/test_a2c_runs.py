from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from gymnasium.spaces import Text

from rlchassis.api import UnsupportedSpaceError, World
from rlchassis_a2c import A2CExperimentBuilder, A2CParams
from rlchassis_testkit.tiny_envs import Chain, Counter, Receiver, Still
from rlchassis_testkit.tiny_runs import fingerprint, tiny_run, unchanged
from rlchassis_toolkit import ActorFactoryDefault, CriticFactoryDefault

GAMMA = 0.5
PUSHED = partial(Receiver, [-2.0, 0.0], [2.0, 4.0])


def run(env: Any = "CartPole-v1", configure: Callable[[Any], Any] = unchanged, **settings: Any) -> World:
    return tiny_run(A2CExperimentBuilder, env, configure=configure, **settings)


def critic_of(env: Any, **params: Any) -> Callable[[Any], torch.Tensor]:
    """What values it gives to states after some thousand steps on three environments, in rollouts whose last row is not full."""

    def configure(builder: A2CExperimentBuilder) -> A2CExperimentBuilder:
        return builder.with_a2c_params(A2CParams(gamma=GAMMA, lr=0.02, **params)).with_critic_factory_default((16,), torch.nn.Tanh)

    sampling = {"step_per_epoch": 2000, "num_epochs": 1, "num_train_envs": 3, "step_per_collect": 10, "batch_size": None}
    algorithm = run(env, configure, num_test_envs=0, **sampling).algorithm
    scale = 1 if algorithm.return_scale is None else algorithm.return_scale.unit
    return lambda states: algorithm.critic(torch.as_tensor(states, dtype=torch.float32)).detach() * scale


def test_where_every_episode_is_cut_a_still_state_is_worth_what_it_would_pay_for_ever():
    assert critic_of(partial(Still, 3, cut=True))([[1.0]]).tolist() == pytest.approx([2], abs=0.05)


def test_where_every_step_ends_the_episode_it_is_worth_one_reward():
    assert critic_of(partial(Still, 1))([[1.0]]).tolist() == pytest.approx([1], abs=0.05)


@pytest.mark.parametrize("return_scaling", [False, True])
def test_a_chain_that_ends_is_worth_what_is_still_to_come(return_scaling):
    values = critic_of(Chain, return_scaling=return_scaling)(torch.eye(4)[:3])
    assert values.tolist() == pytest.approx([1 + GAMMA * 2 + GAMMA**2 * 4, 2 + GAMMA * 4, 4], abs=0.2)


def test_a2c_learns_the_rewarded_action():
    def configure(builder: A2CExperimentBuilder) -> A2CExperimentBuilder:
        return builder.with_a2c_params(A2CParams(lr=0.01, gamma=GAMMA))

    policy = run(PUSHED, configure, step_per_epoch=2000, num_epochs=1, num_test_envs=0).policy
    assert (policy.act(torch.zeros(1, 1), explore=False, rng=torch.Generator())[0] > 0.8).all()


def test_equal_seeds_give_equal_bits_and_different_seeds_different_ones():
    first, again, other = (fingerprint(run(seed=seed).policy) for seed in (1, 1, 2))
    assert first == again != other


NETWORKS: dict[str, tuple[Any, Callable[[A2CExperimentBuilder], Any], tuple[int, int]]] = {
    "default": ("CartPole-v1", unchanged, (64, 64)),
    "categorical": ("CartPole-v1", lambda b: b.with_actor_factory_default((8,), torch.nn.Tanh), (8, 64)),
    "any actor": ("CartPole-v1", lambda b: b.with_actor_factory(ActorFactoryDefault((8,))), (8, 64)),
    "Gaussian": (PUSHED, lambda b: b.with_actor_factory_default((8,)), (8, 64)),
    "unbounded mean": (PUSHED, lambda b: b.with_actor_factory_default((8,), continuous_unbounded=True), (8, 64)),
    "conditioned sigma": (PUSHED, lambda b: b.with_actor_factory_default((8,), continuous_conditioned_sigma=True), (8, 64)),
    "critic": ("CartPole-v1", lambda b: b.with_critic_factory_default((8,), torch.nn.Tanh), (64, 8)),
    "any critic": ("CartPole-v1", lambda b: b.with_critic_factory(CriticFactoryDefault((8,))), (64, 8)),
    "shared features": ("CartPole-v1", lambda b: b.with_critic_factory_use_actor().with_actor_factory_default((8,)), (8, 8)),
}
"""An environment, how the builder is configured, and how many features actor and critic then have."""


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_that_a_builder_can_configure_is_created_and_learns(name):
    env, configure, widths = NETWORKS[name]
    world = run(env, configure)
    actor, critic = world.policy.actor, world.algorithm.critic
    assert (actor.features.output_dim, critic.features.output_dim) == widths
    assert (critic.features is actor.features) == (name == "shared features")
    assert all(p.grad is not None and p.isfinite().all() for module in (actor, critic) for p in module.parameters())


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
