"""Networks written for Tianshou, which answer (tensor, state), in every builder."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from attrs import frozen
from gymnasium.spaces import Box, Discrete
from torch import nn

from rlchassis.api import Environments, UsageError
from rlchassis_testkit.tiny_envs import Still
from rlchassis_tianshou.env.atari.atari_network import ActorFactoryAtariDQN, IntermediateModuleFactoryAtariDQNFeatures
from rlchassis_tianshou.highlevel import experiment as builders
from rlchassis_tianshou.highlevel.config import SamplingConfig
from rlchassis_tianshou.highlevel.env import EnvFactory
from rlchassis_tianshou.highlevel.module.actor import ActorFactory, ActorFactoryContinuousGaussianNet, ActorFactoryDiscreteNet
from rlchassis_tianshou.highlevel.module.critic import CriticEnsembleFactory, CriticFactory
from rlchassis_tianshou.highlevel.module.intermediate import IntermediateModule, IntermediateModuleFactory
from rlchassis_tianshou.highlevel.params import policy_params
from rlchassis_tianshou.highlevel.params.dist_fn import DistributionFunctionFactoryCategorical, from_logits
from rlchassis_tianshou.translation.networks import Gaussian, Stochastic, distribution_of
from rlchassis_tianshou.utils.net import continuous, discrete
from rlchassis_tianshou.utils.net.common import Net

CPU = torch.device("cpu")


class Push(Still):
    """One state and continuous actions."""

    action_space = Box(-2, 2, (2,), np.float32)


class Discretely(EnvFactory):
    def _create_env(self, mode):
        return Still()


class Continuously(EnvFactory):
    def _create_env(self, mode):
        return Push()


@frozen
class OwnActor(ActorFactory):
    kind: str

    def create_module(self, envs, device):
        features = Net(envs.get_observation_shape(), hidden_sizes=(8,), device=device)
        if self.kind == "discrete":
            return discrete.Actor(features, envs.get_action_shape(), device=device)
        made = continuous.ActorProb if self.kind == "gaussian" else continuous.Actor
        return made(features, envs.get_action_shape(), device=device)


@frozen
class OwnCritic(CriticFactory):
    def create_module(self, envs, device, use_action, discrete_last_size_use_action_shape=False):
        if use_action:
            net = Net(envs.get_observation_shape(), envs.get_action_shape(), hidden_sizes=(8,), concat=True, device=device)
            return continuous.Critic(net, device=device)
        last = envs.get_action_shape() if discrete_last_size_use_action_shape else 1
        return discrete.Critic(Net(envs.get_observation_shape(), hidden_sizes=(8,), device=device), last_size=last, device=device)


class Ensemble(nn.Module):
    def __init__(self, critics):
        super().__init__()
        self.critics = nn.ModuleList(critics)

    def forward(self, obs, act=None):
        return torch.stack([critic(obs, act) for critic in self.critics])


@frozen
class OwnEnsemble(CriticEnsembleFactory):
    def create_module(self, envs, device, ensemble_size, use_action):
        return Ensemble([OwnCritic().create_module(envs, device, use_action) for _ in range(ensemble_size)])


@frozen
class OwnNet(IntermediateModuleFactory):
    values: bool

    def create_intermediate_module(self, envs, device):
        net = Net(envs.get_observation_shape(), envs.get_action_shape() if self.values else 0, hidden_sizes=(8,), device=device)
        return IntermediateModule(net, net.output_dim)


def one_critic(builder, actor):
    return builder.with_actor_factory(actor).with_critic_factory(OwnCritic())


def two_critics(builder, actor):
    return builder.with_actor_factory(actor).with_common_critic_factory(OwnCritic())


OWN = {
    "PG": (Discretely, lambda builder: builder.with_actor_factory(OwnActor("discrete"))),
    "A2C": (Discretely, lambda builder: one_critic(builder, OwnActor("discrete"))),
    "PPO": (Continuously, lambda builder: one_critic(builder, OwnActor("gaussian"))),
    "NPG": (Continuously, lambda builder: one_critic(builder, OwnActor("gaussian"))),
    "TRPO": (Discretely, lambda builder: builder.with_actor_factory(OwnActor("discrete")).with_critic_factory_use_actor()),
    "DQN": (Discretely, lambda builder: builder.with_model_factory(OwnNet(True))),
    "IQN": (Discretely, lambda builder: builder.with_preprocess_network_factory(OwnNet(False))),
    "DDPG": (Continuously, lambda builder: one_critic(builder, OwnActor("deterministic"))),
    "TD3": (Continuously, lambda builder: two_critics(builder, OwnActor("deterministic"))),
    "SAC": (Continuously, lambda builder: two_critics(builder, OwnActor("gaussian"))),
    "DiscreteSAC": (Discretely, lambda builder: two_critics(builder, OwnActor("discrete"))),
    "REDQ": (Continuously, lambda builder: builder.with_actor_factory(OwnActor("gaussian")).with_critic_ensemble_factory(OwnEnsemble())),
}
SAMPLING = {"num_epochs": 1, "step_per_epoch": 24, "step_per_collect": 12, "batch_size": 6, "num_train_envs": 1, "update_per_step": 0.25}


def built(algorithm, factory, sampling=SAMPLING):
    config = builders.ExperimentConfig(watch=False, persistence_enabled=False)
    return getattr(builders, f"{algorithm}ExperimentBuilder")(factory(), config, SamplingConfig(**sampling))


@pytest.mark.parametrize("algorithm", OWN)
def test_an_algorithm_learns_with_networks_that_answer_a_tensor_and_a_state(algorithm):
    factory, configure = OWN[algorithm]
    world = configure(built(algorithm, factory)).build().run().world
    assert world.native.state.updates > 0
    assert all(torch.isfinite(p).all() for p in world.policy.parameters())


@pytest.mark.parametrize("algorithm", OWN)
def test_networks_that_are_not_configured_have_64_units_twice_and_relu(algorithm):
    agent = built(algorithm, OWN[algorithm][0]).build().agent_factory
    parts = [
        getattr(agent, name)
        for name in ("actor_factory", "critic_factory", "model_factory", "preprocess_network_factory")
        if hasattr(agent, name)
    ]
    parts += [*getattr(agent, "critic_factories", ()), *filter(None, [getattr(agent, "critic_ensemble_factory", None)])]
    assert {(part.hidden_sizes, part.hidden_activation) for part in parts} == {((64, 64), nn.ReLU)}


def test_sizes_and_activations_reach_the_networks():
    agent = (
        built("PPO", Continuously).with_actor_factory_default((8,), nn.Tanh, True, True).with_critic_factory_default((9,), nn.Tanh).build()
    )
    actor, critic = agent.agent_factory.actor_factory, agent.agent_factory.critic_factory
    assert (actor.hidden_sizes, actor.hidden_activation, actor.continuous_unbounded, actor.continuous_conditioned_sigma) == (
        (8,),
        nn.Tanh,
        True,
        True,
    )
    assert (critic.hidden_sizes, critic.hidden_activation) == ((9,), nn.Tanh)
    critics = (
        built("TD3", Continuously)
        .with_critic1_factory_default((5,))
        .with_critic2_factory_use_actor()
        .build()
        .agent_factory.critic_factories
    )
    assert critics[0].hidden_sizes == (5,)
    assert type(critics[1]).__name__ == "ActionCriticFactoryReuseActor"
    ensemble = built("REDQ", Continuously).with_critic_ensemble_factory_default((7, 7)).build().agent_factory.critic_ensemble_factory
    assert ensemble.hidden_sizes == (7, 7)
    gaussian = built("SAC", Continuously).with_actor_factory(ActorFactoryContinuousGaussianNet((6,))).build().agent_factory.actor_factory
    assert (gaussian.hidden_sizes, gaussian.continuous_unbounded) == ((6,), True)
    assert built("PG", Discretely).with_actor_factory(ActorFactoryDiscreteNet((3,))).build().agent_factory.actor_factory.hidden_sizes == (
        3,
    )


@frozen
class Logits(ActorFactory):
    def create_module(self, envs, device):
        return nn.Linear(1, 2)


def test_the_distribution_is_that_of_the_factory_or_of_the_params_or_of_the_action_space():
    envs = Environments.from_spaces(Box(0, 1, (1,)), Discrete(2))

    def distribution(actor, **params):
        agent = built("PG", Discretely).with_actor_factory(actor).with_pg_params(policy_params.PGParams(**params)).build().agent_factory
        module = agent.actor_factory.create_module(envs, CPU)
        nn.init.constant_(module.network.weight, 0.5)
        nn.init.constant_(module.network.bias, 0.0)
        with torch.no_grad():
            module.network.weight[1] = 1.5
        return module(torch.ones(1, 1)).logits.softmax(-1).tolist()[0]

    class Own(Logits):
        def create_dist_fn(self, envs):
            return from_logits

    share = float(torch.sigmoid(torch.tensor(1.0)))
    of_logits = [pytest.approx(1 - share), pytest.approx(share)]
    assert distribution(Logits()) == [pytest.approx(0.25), pytest.approx(0.75)]
    assert distribution(Logits(), dist_fn=DistributionFunctionFactoryCategorical(is_probs_input=False)) == of_logits
    assert distribution(Own()) == of_logits


class MeanAndDeviation(nn.Module):
    """Answers ((mean, standard deviation), state), as a stochastic actor of Tianshou does."""

    def forward(self, obs: torch.Tensor) -> tuple[tuple[torch.Tensor, torch.Tensor], None]:
        return (obs, torch.full_like(obs, 2.0)), None


def test_by_hand_a_deviation_of_2_is_a_logarithm_of_it_for_squashed_and_for_plain_gaussians():
    obs = torch.tensor([[1.0, -3.0]])
    mean, log_std = Gaussian(MeanAndDeviation())(obs)
    assert torch.equal(mean, obs)
    assert log_std == pytest.approx(np.log(2.0) * np.ones((1, 2)))
    plain = Stochastic(MeanAndDeviation(), lambda answer: torch.distributions.Independent(torch.distributions.Normal(*answer), 1))(obs)
    density = -0.5 * (0.5**2 + 0.5**2) - 2 * np.log(2.0) - np.log(2 * np.pi)  # actions one unit from the mean
    assert float(plain.log_prob(obs + 1)) == pytest.approx(density)


def test_a_distribution_of_another_kind_is_refused():
    mean = torch.zeros(2, 3)
    assert distribution_of(torch.distributions.Normal(mean, mean.exp())).log_std.tolist() == mean.tolist()
    with pytest.raises(UsageError, match="got Beta"):
        distribution_of(torch.distributions.Beta(mean + 1, mean + 1))


def test_a_critic_shares_the_features_of_an_actor_only_where_it_has_some():
    actor = built("PPO", Discretely).with_actor_factory(Logits()).with_critic_factory_use_actor()
    with pytest.raises(UsageError, match="`preprocess` network with `output_dim`"):
        actor.build().run()


@pytest.mark.parametrize(
    ("algorithm", "method"),
    [
        ("PG", "with_actor_factory"),
        ("PPO", "with_critic_factory"),
        ("DDPG", "with_critic_factory"),
        ("DQN", "with_model_factory"),
        ("REDQ", "with_critic_ensemble_factory"),
    ],
)
def test_what_is_no_factory_of_networks_is_refused(algorithm, method):
    builder = getattr(built(algorithm, OWN[algorithm][0]), method)("mlp")
    with pytest.raises(UsageError, match="got 'mlp'; derive its class from one of"):
        builder.build()


def test_networks_of_frames_are_a_q_network_an_actor_or_512_features():
    envs = Environments.from_spaces(Box(0, 255, (4, 84, 84), np.uint8), Discrete(3))
    frames = torch.zeros(2, 4, 84, 84, dtype=torch.uint8)
    assert IntermediateModuleFactoryAtariDQNFeatures().create_module(envs, CPU)(frames).shape == (2, 512)
    assert ActorFactoryAtariDQN().create_module(envs, CPU)(frames).logits.shape == (2, 3)
