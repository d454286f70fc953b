"""The policy wrapper: rewards get a bonus before the algorithm learns from them; buffers and reports keep raw rewards."""

from __future__ import annotations

import math

import torch
from attrs import evolve, field, frozen
from torch import Tensor, nn

from rlchassis.api import (
    Environments,
    Experience,
    Metrics,
    OptimizerFactory,
    Policy,
    PolicyWrapper,
    PolicyWrapperFactory,
    by_row,
    number,
    whole,
)
from rlchassis_rnd.model import Distillation, NormalizedEncoder, States
from rlchassis_toolkit import MLP, OwnLearner, RewardScale, encoder_for, hidden_sizes, masked, orthogonal_, seen_by_networks, width_of


class RND(PolicyWrapper):
    """Policy wrapper that adds to rewards how badly a random network is predicted in the next state; it changes no action.

    Networks and statistics are part of checkpoints, and not of the stored policy, which needs none to act.
    """

    def __init__(self, inner: Policy, learner: OwnLearner[Distillation], reward_scale: float) -> None:
        super().__init__(inner)
        self.learner = learner
        self.reward_scale = reward_scale

    def transform(self, experience: Experience) -> Experience:
        """The experience with rewards  r + reward_scale · i / σ,  with the standard deviation σ of discounted returns of i."""
        bonus = self.learner.module.scale.normalized(self._novelty(experience), math.inf)
        return evolve(experience, rewards=experience.rewards + self.reward_scale * bonus)

    def learn(self, experience: Experience) -> Metrics:
        """Gradient steps on the error of the predictor, one for each minibatch."""
        model = self.learner.module
        return {"rnd_loss": self.learner.learn(States(experience.next_obs).flatten(experience.valid), model.loss)["loss"]}

    def observe(self, experience: Experience) -> None:
        """Update the statistics of observations and of intrinsic returns, which go on across the ends of episodes."""
        states = States(experience.next_obs).flatten(experience.valid)
        self.learner.module.observe(states, self._novelty(experience), experience.valid)

    def _novelty(self, experience: Experience) -> Tensor:
        """Errors i of the predictor [T, N]."""
        return by_row(lambda obs: self.learner.module.novelty(States(obs)), experience.next_obs)


@frozen
class PolicyWrapperFactoryRND(PolicyWrapperFactory):
    """Factory of RND."""

    hidden_sizes: tuple[int, ...] = field(default=(64, 64), converter=hidden_sizes)
    """Widths of the hidden layers of the random network; the predictor has one more, as wide as the last."""
    output_size: int = whole(64)
    """Number of outputs of the random network."""
    lr: float = number(1e-4, above=0)
    """Learning rate of the predictor."""
    reward_scale: float = number(1.0, at_least=0)
    """Factor on the intrinsic reward."""
    gamma: float = number(0.99, at_least=0, at_most=1)
    """Discount factor γ of the intrinsic returns by whose standard deviation intrinsic rewards are divided."""
    batch_size: int = whole(256)
    """Minibatch size where a whole rollout is learned from, on policy; off policy it is that of the algorithm."""

    def create_wrapped_policy(self, policy: Policy, envs: Environments, optim_factory: OptimizerFactory, device: torch.device) -> RND:
        """Wrap a policy, with new networks."""
        encoder = self._encoder(envs)
        if any(True for _ in encoder.parameters()):  # of images, which each network encodes by a CNN of its own
            target, predictor = (
                nn.Sequential(each, head) for each, head in zip((encoder, self._encoder(envs)), self._heads(encoder), strict=True)
            )
            normalized = None
        else:
            target, predictor = self._heads(encoder)
            normalized = NormalizedEncoder(encoder, device)
        orthogonal_([*target.modules(), *predictor.modules()])
        model = Distillation(target, predictor, normalized, RewardScale(self.gamma, device)).to(device)
        return RND(policy, OwnLearner.create(model, optim_factory, self.lr, self.batch_size), self.reward_scale)

    def _encoder(self, envs: Environments) -> nn.Module:
        return masked(encoder_for(seen_by_networks(envs).observation_space), envs)

    def _heads(self, encoder: nn.Module) -> tuple[MLP, MLP]:
        """Networks from encoded observations to outputs: the random one, and the predictor."""
        width, sizes = width_of(encoder), self.hidden_sizes
        return MLP(width, sizes, nn.ReLU, self.output_size), MLP(width, (*sizes, sizes[-1]), nn.ReLU, self.output_size)
