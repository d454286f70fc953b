"""Names of tianshou.env.atari.atari_network: the convolutions of the DQN paper on stacked frames, whose bytes are divided by 255."""

from __future__ import annotations

from typing import Any

import torch
from attrs import frozen
from torch import nn

from rlchassis.api import HasSpaces
from rlchassis_tianshou.translation.notes import note
from rlchassis_toolkit import ActorFactory, CategoricalActor, HeadOnFeatures, IntermediateModuleFactory, encoder_for


@frozen
class IntermediateModuleFactoryAtariDQN(IntermediateModuleFactory):
    """Q-network of frames, or its 512 features; net_only, which is without the last hidden layer in Tianshou, gives the same features."""

    features_only: bool = False
    net_only: bool = False

    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create the network."""
        features = encoder_for(envs.observation_space)
        if self.features_only or self.net_only:
            return features.to(device)
        return HeadOnFeatures(features, _num_actions(envs)).to(device)


@frozen(init=False)
class IntermediateModuleFactoryAtariDQNFeatures(IntermediateModuleFactoryAtariDQN):
    """Features of frames."""

    def __init__(self) -> None:
        self.__attrs_init__(features_only=True)


@frozen
class ActorFactoryAtariDQN(ActorFactory):
    """Categorical actor of frames, with 512 features that a critic may share."""

    scale_obs: bool = True
    features_only: bool = False
    output_dim_added_layer: int | None = None

    def __attrs_post_init__(self) -> None:
        if self.output_dim_added_layer not in (None, 512):
            note("ActorFactoryAtariDQN.output_dim_added_layer", "there are 512 features.")

    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create the actor."""
        return CategoricalActor(encoder_for(envs.observation_space), _num_actions(envs)).to(device)


def _num_actions(envs: HasSpaces) -> int:
    space: Any = envs.action_space
    return int(space.n)
