"""The settings of each algorithm for rlchassis: those that the peers are given, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.nn import ReLU, Tanh

from rlchassis.api import IntermediateModuleFactoryDefault
from rlchassis.config import ExperimentConfig, SamplingConfig
from rlchassis.experiment import (
    DiscreteSACExperimentBuilder,
    DQNExperimentBuilder,
    ExperimentBuilder,
    IQNExperimentBuilder,
    PPOExperimentBuilder,
    SACExperimentBuilder,
)
from rlchassis_discrete_sac import DiscreteSACParams
from rlchassis_dqn import DQNParams
from rlchassis_iqn import IQNParams
from rlchassis_ppo import PPOParams
from rlchassis_sac import SACParams

Told = tuple[Any, ExperimentConfig, SamplingConfig]


def ppo(*told: Any) -> PPOExperimentBuilder:
    """64×64 tanh networks, lr 3e-4, γ .99, λ .95, clip .2, value weight .5, no entropy, gradient norm .5."""
    params = PPOParams(lr=3e-4, gamma=0.99, gae_lambda=0.95, ent_coef=0.0, vf_coef=0.5, max_grad_norm=0.5, eps_clip=0.2)
    builder = PPOExperimentBuilder(*told).with_ppo_params(params).with_critic_factory_default((64, 64), Tanh)
    return builder.with_actor_factory_default((64, 64), Tanh, continuous_unbounded=True)


def dqn(*told: Any) -> DQNExperimentBuilder:
    """A 64×64 network, lr 1e-3, the target copied every 500 rounds, ε .1."""
    params = DQNParams(lr=1e-3, gamma=0.99, target_update_freq=500, eps_training=0.1, eps_training_final=None, is_double=False)
    return DQNExperimentBuilder(*told).with_dqn_params(params).with_model_factory_default((64, 64))


def iqn(*told: Any) -> IQNExperimentBuilder:
    """A 64×64 network before fractions come in and one linear layer behind, lr 1e-3, the target copied every 500 rounds, ε .1."""
    params = IQNParams(lr=1e-3, gamma=0.99, target_update_freq=500, eps_training=0.1, eps_training_final=None)
    builder = IQNExperimentBuilder(*told).with_iqn_params(params)
    return builder.with_preprocess_network_factory(IntermediateModuleFactoryDefault((64, 64)))


def discretesac(*told: Any) -> DiscreteSACExperimentBuilder:
    """64×64 networks, lr 3e-4, a learned temperature."""
    params = DiscreteSACParams(actor_lr=3e-4, critic_lr=3e-4, gamma=0.99, tau=0.005)
    builder = DiscreteSACExperimentBuilder(*told).with_sac_params(params)
    return builder.with_actor_factory_default((64, 64), ReLU).with_common_critic_factory_default((64, 64), ReLU)


def sac(*told: Any) -> SACExperimentBuilder:
    """256×256 networks, lr 3e-4, a learned temperature."""
    builder = SACExperimentBuilder(*told).with_sac_params(SACParams(actor_lr=3e-4, critic_lr=3e-4, gamma=0.99, tau=0.005))
    return builder.with_actor_factory_default((256, 256), ReLU).with_common_critic_factory_default((256, 256), ReLU)


BUILDERS: dict[str, Callable[..., ExperimentBuilder[Any]]] = {"ppo": ppo, "dqn": dqn, "iqn": iqn, "discretesac": discretesac, "sac": sac}
