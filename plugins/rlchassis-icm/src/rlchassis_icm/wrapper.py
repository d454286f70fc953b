"""The policy wrapper: rewards get a bonus before the algorithm learns from them; buffers and reports keep raw rewards."""

from __future__ import annotations

import torch
from attrs import evolve, field, frozen

from rlchassis.api import (
    Environments,
    Experience,
    Metrics,
    OptimizerFactory,
    Policy,
    PolicyWrapper,
    PolicyWrapperFactory,
    by_row,
    instance,
    number,
    whole,
)
from rlchassis_icm.actions import ActionCode
from rlchassis_icm.model import CuriosityModel, Steps
from rlchassis_toolkit import (
    MLP,
    IntermediateModuleFactory,
    IntermediateModuleFactoryDefault,
    OwnLearner,
    hidden_sizes,
    masked,
    seen_by_networks,
    width_of,
)


class ICM(PolicyWrapper):
    """Policy wrapper that adds to rewards how badly a model foresaw the next state; it changes no action.

    The model is part of checkpoints, and not of the stored policy, which needs none to act.
    """

    def __init__(self, inner: Policy, learner: OwnLearner[CuriosityModel], reward_scale: float, forward_loss_weight: float) -> None:
        super().__init__(inner)
        self.learner = learner
        self.reward_scale, self.forward_loss_weight = reward_scale, forward_loss_weight

    def transform(self, experience: Experience) -> Experience:
        """The experience with rewards  r + reward_scale · ½ ‖φ̂(s′) − φ(s′)‖²."""
        surprise = by_row(
            lambda *steps: self.learner.module.surprise(Steps(*steps)), experience.obs, experience.actions, experience.next_obs
        )
        return evolve(experience, rewards=experience.rewards + self.reward_scale * surprise)

    def learn(self, experience: Experience) -> Metrics:
        """Gradient steps on the losses of the forward and the inverse model, one for each minibatch."""
        steps = Steps(experience.obs, experience.actions, experience.next_obs).flatten(experience.valid)
        metrics = self.learner.learn(steps, lambda batch: self.learner.module.loss(batch, self.forward_loss_weight))
        return {name: metrics[name] for name in ("icm_forward_loss", "icm_inverse_loss")}


@frozen
class PolicyWrapperFactoryIntrinsicCuriosity(PolicyWrapperFactory):
    """Factory of ICM."""

    feature_net_factory: IntermediateModuleFactory = instance(IntermediateModuleFactory, factory=IntermediateModuleFactoryDefault)
    """Network from observations to the features φ."""
    hidden_sizes: tuple[int, ...] = field(default=(64,), converter=hidden_sizes)
    """Widths of the hidden layers of the forward and the inverse model."""
    lr: float = number(1e-3, above=0)
    """Learning rate of the model."""
    lr_scale: float = number(1.0, above=0)
    """Factor on that rate."""
    reward_scale: float = number(0.01, at_least=0)
    """Factor η on the intrinsic reward."""
    forward_loss_weight: float = number(0.2, at_least=0, at_most=1)
    """Weight β of the forward loss; the inverse loss has 1 − β."""
    batch_size: int = whole(256)
    """Minibatch size where a whole rollout is learned from, on policy; off policy it is that of the algorithm."""

    def create_wrapped_policy(self, policy: Policy, envs: Environments, optim_factory: OptimizerFactory, device: torch.device) -> ICM:
        """Wrap a policy, with a new model."""
        seen, code = seen_by_networks(envs), ActionCode.of(envs.action_space, policy)
        features = masked(self.feature_net_factory.create_module(seen, device), envs)
        width = width_of(features)
        forward_model = MLP(width + code.width, self.hidden_sizes, torch.nn.ReLU, width)
        inverse_model = MLP(2 * width, self.hidden_sizes, torch.nn.ReLU, code.width)
        model = CuriosityModel(features, forward_model, inverse_model, code).to(device)
        learner = OwnLearner.create(model, optim_factory, self.lr * self.lr_scale, self.batch_size)
        return ICM(policy, learner, self.reward_scale, self.forward_loss_weight)
