"""Factory of Muon, and which parameters it counts as hidden matrices."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import torch
from attrs import frozen
from torch import Tensor, nn

from rlchassis.api import OptimizerFactory, decay_rates, number, switch, whole, without_dynamo
from rlchassis_muon.muon import Muon, as_matrices

log = logging.getLogger(__name__)


@frozen
class OptimizerFactoryMuon(OptimizerFactory):
    """Muon optimizer (Jordan et al. 2024) for hidden matrices, AdamW for the rest.

    A parameter is a hidden matrix if both its sides are at least `min_width`: weights of linear and recurrent layers, each member of an
    ensemble [n, in, out], and kernels of 2-D convolutions as [out, in · height · width]. Biases and other vectors, heads of few outputs and
    layers on few features are left to AdamW.
    """

    min_width: int = whole(32, at_least=2)
    """Smallest side of a hidden matrix."""
    momentum: float = number(0.95, at_least=0, below=1)
    """Momentum μ of the gradients of hidden matrices."""
    nesterov: bool = switch(True)
    """Whether momentum is Nesterov's."""
    num_iterations: int = whole(5, at_most=20)
    """Newton–Schulz iterations of each orthogonalization."""
    match_adamw: bool = switch(True)
    """Whether steps of hidden matrices are as long as AdamW's, 0.2 √max(out, in) (Liu et al. 2025); else √max(1, out / in) (Jordan)."""
    weight_decay: float = number(0.0, at_least=0)
    """Decoupled weight decay λ of all parameters."""
    betas: tuple[float, float] = decay_rates((0.9, 0.999))
    """AdamW's decay rates (β₁, β₂) of the moving averages of the gradient and its square."""
    eps: float = number(1e-8, above=0)
    """AdamW's numerical stability term ε, added to the denominator."""
    adamw_scale: float = number(1.0, above=0)
    """Learning rate of AdamW as a multiple of Muon's."""

    def create_optimizer_for_params(self, params: Sequence[nn.Parameter], lr: float) -> torch.optim.Optimizer:
        """Create one optimizer with a group of hidden matrices and a group of the rest; logs a warning if it finds no hidden matrix."""
        hidden = [p for p in params if self.is_hidden(p)]
        rest = [p for p in params if not self.is_hidden(p)]
        if not hidden and any(p.dim() > 1 for p in params):
            log.warning("Muon: AdamW steps all parameters, since no matrix is %d wide on both sides; set min_width lower.", self.min_width)
        return without_dynamo(Muon)([group for group in (self._muon(hidden), self._adamw(rest)) if group["params"]], lr)

    def is_hidden(self, parameter: Tensor) -> bool:
        """Whether a parameter is a hidden matrix."""
        return parameter.dim() in (2, 3, 4) and min(as_matrices(parameter).shape[-2:]) >= self.min_width

    def _muon(self, params: list[nn.Parameter]) -> dict[str, object]:
        names = ("momentum", "nesterov", "num_iterations", "match_adamw", "weight_decay")
        return {"params": params, "is_hidden": True, **{name: getattr(self, name) for name in names}}

    def _adamw(self, params: list[nn.Parameter]) -> dict[str, object]:
        rest = {"params": params, "is_hidden": False, "fused": True, "scale": self.adamw_scale}
        return {**rest, "betas": self.betas, "eps": self.eps, "weight_decay": self.weight_decay}
