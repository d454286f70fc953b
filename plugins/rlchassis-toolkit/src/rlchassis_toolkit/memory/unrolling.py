"""Backpropagation through time with written gradients, in fewer operations than autograd takes for the same loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor

Loop: TypeAlias = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], tuple[Tensor, ...]]
"""From inputs W x with their bias [B, T, …], U, its bias, recorded states [B, T, S] and where they are taken, bool [B, T]: states after
every step [B, T, S], and what else of every step the gradient needs."""
Gradient: TypeAlias = Callable[..., tuple[Tensor, Tensor, Tensor]]
"""From the gradient of these states, U, where states are taken, and the rest that the loop returned: gradients of W x, U and its bias."""


class Written(NamedTuple):
    """A loop with its gradient."""

    loop: Loop
    gradient: Gradient


class Unrolled(torch.autograd.Function):
    """States after every step of sequences [B, T, S]; the gradient is the written one, and the loop's own where it is derived in turn."""

    @staticmethod
    def forward(ctx: Any, layer: Written, projected: Tensor, weight: Tensor, bias: Tensor, states: Tensor, fresh: Tensor) -> Tensor:
        """Unroll."""
        after, *steps = layer.loop(projected, weight, bias, states, fresh)
        ctx.layer = layer
        ctx.save_for_backward(projected, weight, bias, states, fresh, *steps)
        return after

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Gradients of W x, U and the bias of U."""
        (gradient,), (projected, weight, bias, states, fresh, *steps) = gradients, ctx.saved_tensors
        if not torch.is_grad_enabled():
            return None, *ctx.layer.gradient(gradient, weight, fresh, *steps), None, None
        with torch.enable_grad():  # the gradient is differentiated in turn, as for natural gradients
            after = ctx.layer.loop(projected, weight, bias, states, fresh)[0]
            return None, *torch.autograd.grad(after, (projected, weight, bias), gradient, create_graph=True), None, None


def some_begin(fresh: Tensor) -> list[bool]:
    """Of every step whether the recorded state is taken in any sequence; where that cannot be known, as in compiled updates, True."""
    return [True] * fresh.shape[1] if torch.compiler.is_compiling() else fresh.any(0).tolist()
