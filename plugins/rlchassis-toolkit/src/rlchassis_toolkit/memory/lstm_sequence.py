"""LSTM layers unrolled, with the gradient written out."""

from __future__ import annotations

import torch
from torch import Tensor

from rlchassis_toolkit.memory.unrolling import Written, some_begin


def lstm_step(projected: Tensor, h: Tensor, c: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """h′, c′, σ of all gates, g and tanh c′ of one step of an LSTM; projected: W x with both biases, [B, 4 H]."""
    size = h.shape[-1]
    gates = torch.addmm(projected, h, weight.T)
    opened, g = gates.sigmoid(), gates[:, 2 * size : 3 * size].tanh()
    c = torch.addcmul(opened[:, size : 2 * size] * c, opened[:, :size], g)
    shown = c.tanh()
    return opened[:, 3 * size :] * shown, c, opened, g, shown


def lstm_loop(projected: Tensor, weight: Tensor, bias: Tensor, states: Tensor, fresh: Tensor) -> tuple[Tensor, ...]:
    """h′ and c′ side by side after every step of sequences, [B, T, 2 H]; h and c before it, σ of gates, g and tanh c′, each [T, B, …]."""
    begin, recorded, begins = some_begin(fresh), states.unbind(1), fresh.unsqueeze(-1).unbind(1)
    (h, c), steps = recorded[0].chunk(2, -1), []
    for t, each in enumerate((projected.transpose(0, 1) + bias).unbind(0)):
        if t and begin[t]:
            h, c = (torch.where(begins[t], new, old) for new, old in zip(recorded[t].chunk(2, -1), (h, c), strict=True))
        before, (h, c, *rest) = (h, c), lstm_step(each, h, c, weight)
        steps.append((torch.cat([h, c], -1), *before, *rest))
    after, *others = (torch.stack(parts) for parts in zip(*steps, strict=True))
    return after.transpose(0, 1), *others


def lstm_gradient(
    gradient: Tensor, weight: Tensor, fresh: Tensor, h: Tensor, c: Tensor, opened: Tensor, g: Tensor, shown: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """With L′ = ∂L/∂c′ + ∂L/∂h′ o (1 − tanh² c′): ∂L/∂î = L′ g i (1 − i), ∂L/∂f̂ = L′ c f (1 − f), ∂L/∂ĝ = L′ i (1 − g²).

    ∂L/∂ô = ∂L/∂h′ tanh c′ o (1 − o);  hats are before σ and tanh.
    """
    i, f, _, o = opened.chunk(4, -1)
    of_i, of_f, _, of_o = (opened * (1 - opened)).chunk(4, -1)
    factors = torch.cat([g * of_i, c * of_f, i * (1 - g * g), shown * of_o], -1)
    to_c, (of_h, of_c) = o * (1 - shown * shown), gradient.transpose(0, 1).chunk(2, -1)
    begin, begins, through = some_begin(fresh), fresh.unsqueeze(-1), torch.empty_like(factors)
    carried_h = carried_c = torch.zeros_like(h[0])
    for t in reversed(range(len(h))):
        shows = carried_h + of_h[t]
        holds = torch.addcmul(carried_c + of_c[t], shows, to_c[t])
        step = torch.mul(torch.cat([holds, holds, holds, shows], -1), factors[t], out=through[t])
        carried_h, carried_c = step @ weight, holds * f[t]
        if t and begin[t]:
            carried_h, carried_c = (part.masked_fill(begins[:, t], 0) for part in (carried_h, carried_c))
    flat = through.flatten(0, 1)
    return through.transpose(0, 1), flat.T @ h.flatten(0, 1), flat.sum(0)


LSTM = Written(lstm_loop, lstm_gradient)
