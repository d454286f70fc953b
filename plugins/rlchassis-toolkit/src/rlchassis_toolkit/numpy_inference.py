"""Fast inference of small networks: stacks of linear layers and activations, evaluated in numpy on views of the weights.

For small layers torch's call overhead exceeds the arithmetic. Other networks, and networks that change after they were converted, are
called as torch modules.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from attrs import Factory, define
from numpy.typing import NDArray
from torch import Tensor, nn

from rlchassis_toolkit.networks.head import HeadOnFeatures
from rlchassis_toolkit.networks.masking import WithoutMask

Activation = Callable[[NDArray[np.float32]], Any]
ACTIVATIONS: dict[type[nn.Module], Activation] = {
    nn.Tanh: lambda x: np.tanh(x, out=x),
    nn.ReLU: lambda x: np.maximum(x, 0, out=x),
}
LARGE_BATCH = 64
"""Batch size above which torch is faster."""

_stacks: WeakKeyDictionary[nn.Module, DenseStack] = WeakKeyDictionary()


def infer(network: nn.Module, obs: Any) -> Any:
    """network(obs); in numpy if gradients are off and the network is a stack of plain layers or a HeadOnFeatures of such stacks."""
    if torch.is_grad_enabled() or torch.compiler.is_compiling() or not _is_small(obs):
        return _infer_masked(network, obs) if isinstance(network, WithoutMask) else network(obs)
    stack = _stacks.get(network)
    if stack is None or not stack.is_current:
        stack = _stacks[network] = DenseStack.of(network)
    if not stack.layers:
        return network(obs)
    outputs = torch.from_numpy(stack(obs.numpy()))
    return network.interpret(outputs) if isinstance(network, HeadOnFeatures) else outputs


def _infer_masked(network: WithoutMask, obs: Any) -> Any:
    rest, mask = network.split(obs)
    return network.masked(infer(network.network, rest), mask)


def _is_small(obs: Any) -> bool:
    return isinstance(obs, Tensor) and obs.dim() == 2 and len(obs) <= LARGE_BATCH and obs.dtype == torch.float32


def _is_head(module: nn.Module) -> bool:
    return isinstance(module, HeadOnFeatures) and type(module).forward is HeadOnFeatures.forward


def _is_sequence(module: nn.Module) -> bool:
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward


@define(eq=False)
class DenseStack:
    """Linear layers and activations on views of the module's weights; empty where the module cannot be converted."""

    layers: list[tuple[NDArray[np.float32], NDArray[np.float32], list[Activation]]] = Factory(list)
    slots: list[tuple[dict[str, Any], str, Any]] = Factory(list)
    """References to each module and weight, to detect replacement."""
    sizes: list[tuple[dict[str, Any], int]] = Factory(list)
    """Number of submodules and parameters of each module, to detect additions."""
    addresses: list[tuple[Tensor, int]] = Factory(list)
    """Memory address of each weight, to detect moves."""
    hooks: list[dict[int, Any]] = Factory(list)
    """Forward hooks of all modules, to detect registration."""

    @classmethod
    def of(cls, network: nn.Module) -> DenseStack:
        """Convert a network."""
        stack = cls()
        if not ((_is_head(network) or _is_sequence(network)) and stack._add(network)):
            stack.layers.clear()
        return stack

    @property
    def is_current(self) -> bool:
        """Whether the network is unchanged since conversion."""
        return (
            all(owner.get(name) is part for owner, name, part in self.slots)
            and all(len(parts) == size for parts, size in self.sizes)
            and all(weight.data_ptr() == address for weight, address in self.addresses)
            and not any(self.hooks)
        )

    def __call__(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """[B, in] → [B, out]."""
        for weight, bias, activations in self.layers:
            x = x @ weight
            x += bias
            for activate in activations:
                activate(x)
        return x

    def _add(self, module: nn.Module) -> bool:
        """Add the layers of a module; False where it has hooks, another structure, or anything but float32 weights on the CPU."""
        self.hooks += [module._forward_hooks, module._forward_pre_hooks]
        if any(self.hooks):
            return False
        kind = type(module)
        if kind in ACTIVATIONS and self.layers:
            self.layers[-1][2].append(ACTIVATIONS[kind])
            return True
        if isinstance(module, nn.Linear) and kind is nn.Linear:
            return self._add_linear(module)
        if _is_head(module):
            names = ["features", "head"]
        elif _is_sequence(module):
            names = list(module._modules)
        else:
            return False
        self.slots += [(module._modules, name, module._modules[name]) for name in names]
        self.sizes.append((module._modules, len(module._modules)))
        return all(self._add(module.get_submodule(name)) for name in names)

    def _add_linear(self, linear: nn.Linear) -> bool:
        weight, bias = linear.weight, linear.bias
        if not all(isinstance(p, nn.Parameter) and p.dtype == torch.float32 and p.device.type == "cpu" for p in (weight, bias)):
            return False
        self.slots += [(linear._parameters, "weight", weight), (linear._parameters, "bias", bias)]
        self.addresses += [(p, p.data_ptr()) for p in (weight, bias)]
        self.layers.append((weight.detach().numpy().T, bias.detach().numpy(), []))
        return True
