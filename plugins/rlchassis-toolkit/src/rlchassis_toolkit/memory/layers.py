"""Recurrent layers, GRU and LSTM, unrolled over sequences in which the state may start anew anywhere."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, TypeAlias

import torch
from torch import Tensor, nn

from rlchassis_toolkit.memory.gru_sequence import GRU, gru_step
from rlchassis_toolkit.memory.lstm_sequence import LSTM, lstm_step
from rlchassis_toolkit.memory.unrolling import Unrolled, Written, some_begin

State: TypeAlias = tuple[Tensor, ...]
"""State of a layer: its output h [B, H], and for LSTM the cell c [B, H]."""


class RecurrentLayer(nn.Module, ABC):
    """Recurrent layer of H units, initialized as torch.nn.GRU and torch.nn.LSTM are."""

    gates: ClassVar[int]
    """Number of linear functions of input and output, H each."""
    parts: ClassVar[int]
    """Number of tensors [B, H] in its state."""
    written: ClassVar[Written]
    """Its loop, with the gradient."""

    def __init__(self, input_dim: int, size: int) -> None:
        super().__init__()
        self.size = size
        self.inward = nn.Linear(input_dim, self.gates * size)
        self.recurrent = nn.Linear(size, self.gates * size)
        for p in self.parameters():
            nn.init.uniform_(p, -(size**-0.5), size**-0.5)

    @property
    def state_size(self) -> int:
        """Width S of the state as one vector."""
        return self.parts * self.size

    @abstractmethod
    def advance(self, projected: Tensor, state: State) -> State:
        """State after one step, from the inputs projected by `inward` and the state before."""

    def step(self, inputs: Tensor, state: Tensor) -> Tensor:
        """State [B, S] after one step on inputs [B, D]."""
        return torch.cat(self.advance(self.inward(inputs), torch.split(state, self.size, -1)), -1)

    def unroll(self, inputs: Tensor, states: Tensor, fresh: Tensor) -> Tensor:
        """States [B, T, S] after every step on inputs [B, T, D].

        states: before the steps, [B, T, S]; those of the first step, and where fresh [B, T], are taken, others follow from the step before
        """
        if not torch.compiler.is_compiling() and torch.is_grad_enabled():  # compilers do better than the written gradient
            parts = self.inward(inputs), self.recurrent.weight, self.recurrent.bias, states, fresh
            unrolled: Tensor = Unrolled.apply(self.written, *parts)  # type: ignore[no-untyped-call]  # torch leaves it untyped
            return unrolled
        projected, recorded, begins = self.inward(inputs).unbind(1), states.unbind(1), fresh.unsqueeze(-1).unbind(1)
        begin, state, after = some_begin(fresh), torch.split(recorded[0], self.size, -1), []
        for t, each in enumerate(projected):
            if t and begin[t]:
                state = tuple(map(torch.where, [begins[t]] * self.parts, torch.split(recorded[t], self.size, -1), state))
            state = self.advance(each, state)
            after.append(torch.cat(state, -1) if self.parts > 1 else state[0])
        return torch.stack(after, 1)


class GRULayer(RecurrentLayer):
    """Gated recurrent units (Cho et al. 2014), in the form of torch.nn.GRU.

    r = σ(W_r x + U_r h),  z = σ(W_z x + U_z h),  n = tanh(W_n x + r ∘ U_n h),  h′ = n + z ∘ (h − n); each product with a bias.
    """

    gates = 3
    parts = 1
    written = GRU

    def advance(self, projected: Tensor, state: State) -> State:
        """h′ [B, H]."""
        return (gru_step(projected, state[0], self.recurrent.weight, self.recurrent.bias)[0],)


class LSTMLayer(RecurrentLayer):
    """Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000), in the form of torch.nn.LSTM.

    i, f, o = σ(W x + U h),  g = tanh(W_g x + U_g h),  c′ = f ∘ c + i ∘ g,  h′ = o ∘ tanh(c′); each product with a bias.
    """

    gates = 4
    parts = 2
    written = LSTM

    def advance(self, projected: Tensor, state: State) -> State:
        """h′ and c′, [B, H] each."""
        h, c = state
        return lstm_step(projected + self.recurrent.bias, h, c, self.recurrent.weight)[:2]
