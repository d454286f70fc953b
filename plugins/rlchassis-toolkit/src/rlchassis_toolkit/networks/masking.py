"""Action masks: networks see observations without their mask, and forbidden actions get the log-probability or the value −∞."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from rlchassis.api import HasSpaces, Observation, UsageError, described, is_masked, split_mask, without_mask
from rlchassis_toolkit.distributions import forbid
from rlchassis_toolkit.networks.joint_actions import SpacesSeen, joint_mask, joint_sizes


class WithoutMask(nn.Module):
    """A network that is called with observations without their action mask; subclasses apply the mask to what it returns.

    sizes: number of choices of each part, for a network of joint actions.
    """

    def __init__(self, network: nn.Module, sizes: Sequence[int] = ()) -> None:
        super().__init__()
        self.network = network
        self.sizes = tuple(sizes)

    @property
    def features(self) -> Any:
        """Feature extractor of the network, if it has one: a module from observations without mask to features."""
        return self.network.features

    @property
    def output_dim(self) -> Any:
        """Number of features of the network, if it says so."""
        return self.network.output_dim

    def forward(self, obs: Observation, *more: Any, **named: Any) -> Any:
        """What the network returns for the rest of the observations [B, …], masked."""
        rest, mask = self.split(obs)
        return self.masked(self.network(rest, *more, **named), mask)

    def split(self, obs: Observation) -> tuple[Any, Tensor]:
        """Split observations into the rest, and the mask [B, K] of the actions, or joint actions, of the network."""
        rest, mask = split_mask(obs)
        return rest, joint_mask(mask, self.sizes)

    def masked(self, outputs: Any, mask: Tensor) -> Any:
        """Outputs with the mask [B, K] applied; by default they are returned unchanged."""
        return outputs


class MaskedActor(WithoutMask):
    """Actor whose distributions give forbidden actions probability 0."""

    def masked(self, outputs: Any, mask: Tensor) -> Any:
        """The distribution over the allowed actions; UsageError where it has no method `masked`."""
        if not callable(getattr(outputs, "masked", None)):
            raise UsageError(f"answers {described(outputs)}, expected a distribution with a method masked(mask), such as Categorical")
        return outputs.masked(mask)


class MaskedValues(WithoutMask):
    """Q-network whose values of forbidden actions are −∞: argmax, max and targets are those of the allowed actions."""

    is_masked = True

    def masked(self, outputs: Tensor, mask: Tensor) -> Tensor:
        """Values [B, K] where the action is allowed, else −∞."""
        return forbid(outputs, mask)


def seen_by_networks(envs: HasSpaces) -> HasSpaces:
    """The spaces without action mask; the same object where there is none."""
    if not is_masked(envs.observation_space):
        return envs
    return SpacesSeen(without_mask(envs.observation_space), envs.action_space, joint_sizes(envs))


def masked(network: nn.Module, envs: HasSpaces, masking: type[WithoutMask] = WithoutMask) -> nn.Module:
    """Let a network be called with whole observations of envs, for whose spaces without mask it was created.

    masking: what the mask does to its outputs; WithoutMask for critics and feature extractors. Without action mask, the network itself.
    """
    return masking(network, joint_sizes(envs)) if is_masked(envs.observation_space) else network
