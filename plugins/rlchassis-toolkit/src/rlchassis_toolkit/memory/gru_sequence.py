"""GRU layers unrolled, with the gradient written out."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import linear

from rlchassis_toolkit.memory.unrolling import Written, some_begin


def gru_step(projected: Tensor, h: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """h′, r and z side by side, n, and U_n h with its bias, of one step of a GRU; projected: W x with its biases, [B, 3 H]."""
    size = h.shape[-1]
    recurrent = linear(h, weight, bias)
    rz = (projected[:, : 2 * size] + recurrent[:, : 2 * size]).sigmoid()
    n = torch.addcmul(projected[:, 2 * size :], rz[:, :size], recurrent[:, 2 * size :]).tanh()
    return torch.lerp(n, h, rz[:, size:]), rz, n, recurrent[:, 2 * size :]


def gru_loop(projected: Tensor, weight: Tensor, bias: Tensor, states: Tensor, fresh: Tensor) -> tuple[Tensor, ...]:
    """Of every step of sequences [B, T, …]: h′, h before it, r and z, n, and U_n h, each [B, T, …]."""
    begin, recorded, begins = some_begin(fresh), states.unbind(1), fresh.unsqueeze(-1).unbind(1)
    h, steps = recorded[0], []
    for t, each in enumerate(projected.unbind(1)):
        if t and begin[t]:
            h = torch.where(begins[t], recorded[t], h)
        after, *rest = gru_step(each, h, weight, bias)
        steps.append((after, h, *rest))
        h = after
    return tuple(torch.stack(parts, 1) for parts in zip(*steps, strict=True))


def gru_gradient(
    gradient: Tensor, weight: Tensor, fresh: Tensor, h: Tensor, rz: Tensor, n: Tensor, recurrent: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """∂L/∂n̂ = ∂L/∂h′ (1 − z)(1 − n²),  ∂L/∂ẑ = ∂L/∂h′ (h − n) z (1 − z),  ∂L/∂r̂ = ∂L/∂n̂ (U_n h) r (1 − r);  hats are before σ and tanh."""
    size = h.shape[-1]
    r, z = rz.chunk(2, -1)
    of_n, of_z, of_r = (1 - z) * (1 - n * n), (h - n) * z * (1 - z), recurrent * r * (1 - r)
    to_n, through = torch.empty_like(h), torch.empty(*h.shape[:2], 3 * size, dtype=h.dtype, device=h.device)
    begin, begins = some_begin(fresh), fresh.unsqueeze(-1)
    carried = torch.zeros_like(h[:, 0])
    for t in reversed(range(h.shape[1])):
        carried = carried + gradient[:, t]
        before = torch.mul(carried, of_n[:, t])
        step = torch.cat([before * of_r[:, t], carried * of_z[:, t], before * r[:, t]], -1)
        to_n[:, t], through[:, t] = before, step
        carried = torch.addmm(carried * z[:, t], step, weight)
        if t and begin[t]:
            carried = carried.masked_fill(begins[:, t], 0)
    flat = through.flatten(0, 1)
    return torch.cat([through[..., : 2 * size], to_n], -1), flat.T @ h.flatten(0, 1), flat.sum(0)


GRU = Written(gru_loop, gru_gradient)
