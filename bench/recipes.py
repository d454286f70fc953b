"""The settings of each algorithm for rlchassis: those that the peers are given, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.nn import ReLU, Tanh

from rlchassis import experiment as made
from rlchassis.api import ExperimentBuilder
from rlchassis_a2c import A2CParams
from rlchassis_ddpg import DDPGParams
from rlchassis_discrete_sac import DiscreteSACParams
from rlchassis_dqn import DQNParams
from rlchassis_iqn import IQNParams
from rlchassis_npg import NPGParams
from rlchassis_pg import PGParams
from rlchassis_ppo import PPOParams
from rlchassis_redq import REDQParams
from rlchassis_sac import SACParams
from rlchassis_td3 import TD3Params
from rlchassis_toolkit import MemoryFactoryLSTM
from rlchassis_toolkit.factories.networks import IntermediateModuleFactoryDefault
from rlchassis_trpo import TRPOParams

SMALL, LARGE = (64, 64), (256, 256)
SLOW = {"gamma": 0.99, "tau": 0.005}
COPIED = {"gamma": 0.99, "target_update_freq": 500, "eps_training": 0.1, "eps_training_final": None}

Builder = ExperimentBuilder[Any]


def with_critic(builder: Any) -> Builder:
    """64×64 tanh networks for actor and critic, the mean of continuous actions unbounded."""
    builder.with_critic_factory_default(SMALL, Tanh)
    return builder.with_actor_factory_default(SMALL, Tanh, continuous_unbounded=True)  # type: ignore[no-any-return]  # it gives itself back


def ppo(*args: Any) -> Builder:
    """Learning rate 3e-4, γ .99, λ .95, clip .2, value weight .5, no entropy, gradient norm .5."""
    params = PPOParams(lr=3e-4, gamma=0.99, gae_lambda=0.95, ent_coef=0.0, vf_coef=0.5, max_grad_norm=0.5, eps_clip=0.2)
    return with_critic(made.PPOExperimentBuilder(*args).with_ppo_params(params))


def recurrent_ppo(*args: Any) -> Builder:
    """As PPO, with an LSTM of 64 units, which actor and critic share, and sequences of 16."""
    return ppo(*args).with_memory(MemoryFactoryLSTM(size=64, sequence_length=16))  # type: ignore[attr-defined,no-any-return]  # it has one


def a2c(*args: Any) -> Builder:
    """Learning rate 7e-4, γ .99, λ 1, value weight .5, no entropy, gradient norm .5."""
    params = A2CParams(lr=7e-4, gamma=0.99, gae_lambda=1.0, ent_coef=0.0, vf_coef=0.5, max_grad_norm=0.5)
    return with_critic(made.A2CExperimentBuilder(*args).with_a2c_params(params))


def pg(*args: Any) -> Builder:
    """A 64×64 tanh actor, learning rate 1e-3, γ .99."""
    return made.PGExperimentBuilder(*args).with_pg_params(PGParams(lr=1e-3, gamma=0.99)).with_actor_factory_default(SMALL, Tanh)


def npg(*args: Any) -> Builder:
    """γ .99, λ .95, ten critic steps of 1e-3."""
    params = NPGParams(lr=1e-3, gamma=0.99, gae_lambda=0.95, optim_critic_iters=10)
    return with_critic(made.NPGExperimentBuilder(*args).with_npg_params(params))


def trpo(*args: Any) -> Builder:
    """γ .99, λ .95, a divergence of .01, ten critic steps of 1e-3."""
    params = TRPOParams(lr=1e-3, gamma=0.99, gae_lambda=0.95, optim_critic_iters=10, max_kl=0.01)
    return with_critic(made.TRPOExperimentBuilder(*args).with_trpo_params(params))


def dqn(*args: Any) -> Builder:
    """A 64×64 network, learning rate 1e-3, the target copied every 500 rounds, ε .1."""
    return made.DQNExperimentBuilder(*args).with_dqn_params(DQNParams(lr=1e-3, is_double=False, **COPIED)).with_model_factory_default(SMALL)


def iqn(*args: Any) -> Builder:
    """A 64×64 network, 32 fractions to act, 8 and 8 to learn, 64 cosines, learning rate 1e-3, ε .1."""
    params = IQNParams(lr=1e-3, sample_size=32, online_sample_size=8, target_sample_size=8, num_cosines=64, **COPIED)
    return made.IQNExperimentBuilder(*args).with_iqn_params(params).with_preprocess_network_factory(IntermediateModuleFactoryDefault(SMALL))


def discrete_sac(*args: Any) -> Builder:
    """64×64 networks, learning rate 1e-3, a temperature of .2."""
    params = DiscreteSACParams(actor_lr=1e-3, critic_lr=1e-3, alpha=0.2, **SLOW)
    builder = made.DiscreteSACExperimentBuilder(*args).with_sac_params(params).with_actor_factory_default(SMALL)
    return builder.with_common_critic_factory_default(SMALL)


def sac(*args: Any) -> Builder:
    """256×256 networks, learning rate 3e-4, a learned temperature."""
    builder = made.SACExperimentBuilder(*args).with_sac_params(SACParams(actor_lr=3e-4, critic_lr=3e-4, **SLOW))
    return builder.with_actor_factory_default(LARGE, ReLU).with_common_critic_factory_default(LARGE, ReLU)


def redq(*args: Any) -> Builder:
    """256×256 networks, ten critics of which two make a target, learning rate 3e-4, a temperature of .2."""
    params = REDQParams(actor_lr=3e-4, critic_lr=3e-4, alpha=0.2, ensemble_size=10, subset_size=2, actor_delay=20, **SLOW)
    builder = made.REDQExperimentBuilder(*args).with_redq_params(params).with_actor_factory_default(LARGE, ReLU)
    return builder.with_critic_ensemble_factory_default(LARGE, ReLU)


def td3(*args: Any) -> Builder:
    """256×256 networks, learning rate 3e-4."""
    builder = made.TD3ExperimentBuilder(*args).with_td3_params(TD3Params(actor_lr=3e-4, critic_lr=3e-4, **SLOW))
    return builder.with_actor_factory_default(LARGE, ReLU).with_common_critic_factory_default(LARGE, ReLU)


def ddpg(*args: Any) -> Builder:
    """256×256 networks, learning rate 3e-4."""
    builder = made.DDPGExperimentBuilder(*args).with_ddpg_params(DDPGParams(actor_lr=3e-4, critic_lr=3e-4, **SLOW))
    return builder.with_actor_factory_default(LARGE, ReLU).with_critic_factory_default(LARGE, ReLU)


BUILDERS: dict[str, Callable[..., Builder]] = {
    **{each.__name__: each for each in (a2c, ddpg, discrete_sac, dqn, iqn, npg, pg, ppo, redq, sac, td3, trpo)},
    "masked_ppo": ppo,
    "recurrent_ppo": recurrent_ppo,
}
