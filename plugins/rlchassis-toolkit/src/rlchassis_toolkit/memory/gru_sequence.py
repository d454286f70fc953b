"""Backpropagation through time of GRU layers in half the operations that autograd takes for the same loop."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear


def gru_step(projected: Tensor, h: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """h′, r and z side by side, n, and U_n h with its bias, of one step of a GRU; projected: W x with its biases, [B, 3 H]."""
    size = h.shape[-1]
    recurrent = linear(h, weight, bias)
    rz = (projected[:, : 2 * size] + recurrent[:, : 2 * size]).sigmoid()
    n = torch.addcmul(projected[:, 2 * size :], rz[:, :size], recurrent[:, 2 * size :]).tanh()
    return torch.lerp(n, h, rz[:, size:]), rz, n, recurrent[:, 2 * size :]


def gru_loop(projected: Tensor, weight: Tensor, bias: Tensor, states: Tensor, fresh: Tensor) -> tuple[Tensor, ...]:
    """Of every step of sequences [B, T, …]: h before it, h′, r and z, n, and U_n h, each [B, T, …]."""
    some_begin = [True] * projected.shape[1] if torch.compiler.is_compiling() else fresh.any(0).tolist()
    recorded, begins = states.unbind(1), fresh.unsqueeze(-1).unbind(1)
    h, steps = recorded[0], []
    for t, each in enumerate(projected.unbind(1)):
        if t and some_begin[t]:
            h = torch.where(begins[t], recorded[t], h)
        steps.append((h, *gru_step(each, h, weight, bias)))
        h = steps[-1][1]
    return tuple(torch.stack(parts, 1) for parts in zip(*steps, strict=True))


class GRUSequence(torch.autograd.Function):
    """h′ after every step of sequences [B, T, H], from `gru_loop`; its gradient is written out, and the loop's own where it is derived."""

    @staticmethod
    def forward(ctx: Any, projected: Tensor, weight: Tensor, bias: Tensor, states: Tensor, fresh: Tensor) -> Tensor:
        """Unroll."""
        h, after, *rest = gru_loop(projected, weight, bias, states, fresh)
        ctx.save_for_backward(projected, weight, bias, states, fresh, h, *rest)
        return after

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Gradients of W x, U and the bias of U."""
        (gradient,), (projected, weight, bias, states, fresh, *steps) = gradients, ctx.saved_tensors
        if not torch.is_grad_enabled():
            return *_backward(gradient, weight, fresh, *steps), None, None
        with torch.enable_grad():  # the gradient is differentiated in turn, as for natural gradients
            after = gru_loop(projected, weight, bias, states, fresh)[1]
            return *torch.autograd.grad(after, (projected, weight, bias), gradient, create_graph=True), None, None


def _backward(
    gradient: Tensor, weight: Tensor, fresh: Tensor, h: Tensor, rz: Tensor, n: Tensor, recurrent: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """∂L/∂n̂ = ∂L/∂h′ (1 − z)(1 − n²),  ∂L/∂ẑ = ∂L/∂h′ (h − n) z (1 − z),  ∂L/∂r̂ = ∂L/∂n̂ (U_n h) r (1 − r);  hats are before σ and tanh."""
    size = h.shape[-1]
    r, z = rz.chunk(2, -1)
    of_n, of_z, of_r = (1 - z) * (1 - n * n), (h - n) * z * (1 - z), recurrent * r * (1 - r)
    to_n, through = torch.empty_like(h), torch.empty(*h.shape[:2], 3 * size, dtype=h.dtype, device=h.device)
    some_begin, begins = fresh.any(0).tolist(), fresh.unsqueeze(-1)
    carried = torch.zeros_like(h[:, 0])
    for t in reversed(range(h.shape[1])):
        carried = carried + gradient[:, t]
        before = torch.mul(carried, of_n[:, t])
        step = torch.cat([before * of_r[:, t], carried * of_z[:, t], before * r[:, t]], -1)
        to_n[:, t], through[:, t] = before, step
        carried = torch.addmm(carried * z[:, t], step, weight)
        if t and some_begin[t]:
            carried = carried.masked_fill(begins[:, t], 0)
    flat = through.flatten(0, 1)
    return torch.cat([through[..., : 2 * size], to_n], -1), flat.T @ h.flatten(0, 1), flat.sum(0)
