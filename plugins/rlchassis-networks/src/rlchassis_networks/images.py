"""CNNs for images, and their factories: that of the DQN paper and the residual one of the IMPALA paper."""

from __future__ import annotations

from abc import abstractmethod

import torch
from attrs import frozen
from torch import Tensor, nn

from rlchassis.api import HasSpaces, UnsupportedSpaceError, whole
from rlchassis_toolkit import ImageLayout, NetworkFactory, encoder_for

SMALLEST = 36
"""Pixels of the shorter side from which on the convolutions of the DQN paper leave a pixel."""


class ImageNetwork(nn.Module):
    """CNN from uint8 images to features: convolutions, a linear layer of `size` units and a ReLU."""

    def __init__(self, layout: ImageLayout, convolutions: nn.Module, size: int) -> None:
        super().__init__()
        self.layout, self.output_dim = layout, size
        blank = torch.zeros(1, layout.frames * layout.channels, layout.height, layout.width)
        with torch.no_grad():
            num_features = convolutions(blank).numel()
        self.layers = nn.Sequential(convolutions, nn.Flatten(), nn.Linear(num_features, size), nn.ReLU())

    def forward(self, obs: Tensor) -> Tensor:
        """Images [B, …] → features [B, D]."""
        return self.layers(self.layout.channels_of(obs))  # type: ignore[no-any-return]  # a module's return type is Any

    def description(self) -> str:
        """Description of the encoding, for the log."""
        return f"{type(self).__name__} {self.layout} → {self.output_dim}"


class NatureCNN(ImageNetwork):
    """Three convolutions: 32 of 8×8 with stride 4, 64 of 4×4 with stride 2, 64 of 3×3, a ReLU after each (Mnih et al. 2015, methods)."""

    def __init__(self, layout: ImageLayout, size: int = 512) -> None:
        channels, layers = layout.frames * layout.channels, []
        for out, kernel, stride in ((32, 8, 4), (64, 4, 2), (64, 3, 1)):
            layers += [nn.Conv2d(channels, out, kernel, stride), nn.ReLU()]
            channels = out
        super().__init__(layout, nn.Sequential(*layers), size)


class ResidualBlock(nn.Module):
    """x + conv(relu(conv(relu(x))))  with 3×3 convolutions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        convolutions = [nn.Conv2d(channels, channels, 3, padding=1) for _ in range(2)]
        self.layers = nn.Sequential(nn.ReLU(), convolutions[0], nn.ReLU(), convolutions[1])

    def forward(self, images: Tensor) -> Tensor:
        """[B, C, H, W] → [B, C, H, W]."""
        return images + self.layers(images)  # type: ignore[no-any-return]  # a module's return type is Any


class ImpalaCNN(ImageNetwork):
    """Three sections of 16, 32 and 32 channels, and a ReLU (Espeholt et al. 2018, figure 3).

    Each section is a 3×3 convolution, max-pooling of 3×3 with stride 2 and two residual blocks.
    """

    def __init__(self, layout: ImageLayout, size: int = 256, width: int = 1) -> None:
        channels, layers = layout.frames * layout.channels, []
        for out in (16 * width, 32 * width, 32 * width):
            layers += [nn.Conv2d(channels, out, 3, padding=1), nn.MaxPool2d(3, 2, padding=1), ResidualBlock(out), ResidualBlock(out)]
            channels = out
        super().__init__(layout, nn.Sequential(*layers, nn.ReLU()), size)


@frozen
class ImageNetworkFactory(NetworkFactory):
    """Base class of factories of CNNs: each image of an observation has one, other parts are encoded by their space."""

    @abstractmethod
    def create_cnn(self, layout: ImageLayout) -> nn.Module:
        """Create the CNN of one image."""

    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create the network; UnsupportedSpaceError without an image."""
        layouts: list[ImageLayout] = []

        def cnn(layout: ImageLayout) -> nn.Module:
            layouts.append(layout)
            return self.create_cnn(layout)

        encoder = encoder_for(envs.observation_space, cnn)
        if not layouts:
            raise UnsupportedSpaceError(
                f"{type(self).__name__} needs an image, a Box of uint8 from 0 to 255 such as (84, 84, 4), got {envs.observation_space}; "
                "choose another network, or, behind a memory, set it as memory.network."
            )
        return encoder.to(device)


@frozen
class NetworkFactoryNatureCNN(ImageNetworkFactory):
    """Factory of the CNN of the DQN paper (Mnih et al. 2015), for images from 36 × 36 pixels on."""

    size: int = whole(512)
    """Number of features."""

    def create_cnn(self, layout: ImageLayout) -> NatureCNN:
        """Create the CNN of one image; UnsupportedSpaceError for a small one."""
        if min(layout.height, layout.width) < SMALLEST:
            raise UnsupportedSpaceError(
                f"{type(self).__name__} needs images of at least {SMALLEST} × {SMALLEST} pixels, got {layout.height} × {layout.width}; "
                "choose impala-cnn, or the default network."
            )
        return NatureCNN(layout, self.size)


@frozen
class NetworkFactoryImpalaCNN(ImageNetworkFactory):
    """Factory of the residual CNN of the IMPALA paper (Espeholt et al. 2018), for images of any size."""

    size: int = whole(256)
    """Number of features."""
    width: int = whole(1)
    """Factor on the channels, which are 16, 32 and 32."""

    def create_cnn(self, layout: ImageLayout) -> ImpalaCNN:
        """Create the CNN of one image."""
        return ImpalaCNN(layout, self.size, self.width)
