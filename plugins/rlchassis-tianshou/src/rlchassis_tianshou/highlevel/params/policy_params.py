"""Names of tianshou.highlevel.params.policy_params: hyperparameters with Tianshou's names and defaults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from rlchassis.api import LRSchedulerFactory
from rlchassis_tianshou.highlevel.params.dist_fn import DistributionFunctionFactory
from rlchassis_tianshou.translation.params import TranslatedParams

Noise = Any
"""A noise factory, "default" or None."""
Number = Any
"""A number, or one that follows from the environment."""


@dataclass
class Params(TranslatedParams):
    """Base class of hyperparameters."""


@dataclass
class ParamsMixinLearningRateWithScheduler:
    """A learning rate and its schedule."""

    lr: float = 1e-3
    lr_scheduler_factory: LRSchedulerFactory | None = None


@dataclass
class ParamsMixinActorAndCritic:
    """Learning rates and schedules of an actor and a critic."""

    actor_lr: float = 1e-3
    critic_lr: float = 1e-3
    actor_lr_scheduler_factory: LRSchedulerFactory | None = None
    critic_lr_scheduler_factory: LRSchedulerFactory | None = None


@dataclass
class ParamsMixinActorAndDualCritics:
    """Learning rates and schedules of an actor and two critics."""

    actor_lr: float = 1e-3
    critic1_lr: float = 1e-3
    critic2_lr: float = 1e-3
    actor_lr_scheduler_factory: LRSchedulerFactory | None = None
    critic1_lr_scheduler_factory: LRSchedulerFactory | None = None
    critic2_lr_scheduler_factory: LRSchedulerFactory | None = None


@dataclass
class ParamsMixinActionScaling:
    """How actions become those of the environment."""

    action_scaling: bool | Literal["default"] = "default"
    action_bound_method: Literal["clip", "tanh"] | None = "clip"


@dataclass
class ParamsMixinExplorationNoise:
    """Noise that is added to actions in training."""

    exploration_noise: Noise = None


@dataclass
class ParamsMixinGeneralAdvantageEstimation:
    """Generalized advantage estimation."""

    gae_lambda: float = 0.95
    max_batchsize: int = 256


@dataclass
class PGParams(ParamsMixinLearningRateWithScheduler, ParamsMixinActionScaling, Params):
    """Hyperparameters of REINFORCE."""

    native: ClassVar[str] = "PGParams"
    renamed: ClassVar[dict[str, str]] = {"discount_factor": "gamma", "reward_normalization": "return_standardization"}

    discount_factor: float = 0.99
    reward_normalization: bool = False
    deterministic_eval: bool = False
    dist_fn: DistributionFunctionFactory | Literal["default"] = "default"
    """What makes a distribution of what an actor factory of your own answers; actors of rlchassis answer distributions."""


@dataclass
class A2CParams(PGParams, ParamsMixinGeneralAdvantageEstimation):
    """Hyperparameters of A2C."""

    native: ClassVar[str] = "A2CParams"
    renamed: ClassVar[dict[str, str]] = {"discount_factor": "gamma", "reward_normalization": "return_scaling"}

    vf_coef: float = 0.5
    ent_coef: float = 0.01
    max_grad_norm: float | None = None


@dataclass
class PPOParams(A2CParams):
    """Hyperparameters of PPO."""

    native: ClassVar[str] = "PPOParams"

    eps_clip: float = 0.2
    dual_clip: float | None = None
    value_clip: bool = False
    advantage_normalization: bool = True
    recompute_advantage: bool = False


@dataclass
class NPGParams(PGParams, ParamsMixinGeneralAdvantageEstimation):
    """Hyperparameters of NPG."""

    native: ClassVar[str] = "NPGParams"
    renamed: ClassVar[dict[str, str]] = A2CParams.renamed

    optim_critic_iters: int = 5
    actor_step_size: float = 0.5
    advantage_normalization: bool = True


@dataclass
class TRPOParams(NPGParams):
    """Hyperparameters of TRPO."""

    native: ClassVar[str] = "TRPOParams"

    max_kl: float = 0.01
    backtrack_coeff: float = 0.8
    max_backtracks: int = 10


@dataclass
class DQNParams(ParamsMixinLearningRateWithScheduler, Params):
    """Hyperparameters of DQN; without callbacks that set it, ε is 0."""

    native: ClassVar[str] = "DQNParams"
    renamed: ClassVar[dict[str, str]] = {"discount_factor": "gamma", "estimation_step": "n_step"}
    added: ClassVar[dict[str, Any]] = {"eps_training": 0.0, "eps_inference": 0.0}

    discount_factor: float = 0.99
    estimation_step: int = 1
    target_update_freq: int = 0
    reward_normalization: bool = False
    is_double: bool = True
    clip_loss_grad: bool = False


@dataclass
class IQNParams(DQNParams):
    """Hyperparameters of IQN."""

    native: ClassVar[str] = "IQNParams"

    sample_size: int = 32
    online_sample_size: int = 8
    target_sample_size: int = 8
    num_quantiles: int = 200
    hidden_sizes: Sequence[int] = ()
    num_cosines: int = 64


@dataclass
class _OffPolicyParams(Params):
    renamed: ClassVar[dict[str, str]] = {"estimation_step": "n_step"}

    tau: float = 0.005
    gamma: float = 0.99
    estimation_step: int = 1


@dataclass
class DDPGParams(ParamsMixinActorAndCritic, ParamsMixinExplorationNoise, ParamsMixinActionScaling, _OffPolicyParams):
    """Hyperparameters of DDPG."""

    native: ClassVar[str] = "DDPGParams"


@dataclass
class REDQParams(DDPGParams):
    """Hyperparameters of REDQ."""

    native: ClassVar[str] = "REDQParams"

    ensemble_size: int = 10
    subset_size: int = 2
    alpha: Any = 0.2
    actor_delay: int = 20
    deterministic_eval: bool = True
    target_mode: Literal["mean", "min"] = "min"


@dataclass
class TD3Params(ParamsMixinActorAndDualCritics, ParamsMixinExplorationNoise, ParamsMixinActionScaling, _OffPolicyParams):
    """Hyperparameters of TD3."""

    native: ClassVar[str] = "TD3Params"

    policy_noise: Number = 0.2
    noise_clip: Number = 0.5
    update_actor_freq: int = 2


@dataclass
class DiscreteSACParams(ParamsMixinActorAndDualCritics, _OffPolicyParams):
    """Hyperparameters of discrete SAC."""

    native: ClassVar[str] = "DiscreteSACParams"

    alpha: Any = 0.2
    deterministic_eval: bool = True


@dataclass
class SACParams(ParamsMixinExplorationNoise, ParamsMixinActionScaling, DiscreteSACParams):
    """Hyperparameters of SAC."""

    native: ClassVar[str] = "SACParams"
