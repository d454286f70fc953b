"""The intrinsic curiosity module: features, and what is predicted from them (Pathak et al. 2017)."""

from __future__ import annotations

import torch
from attrs import frozen
from torch import Tensor, nn

from rlchassis.api import Metrics, Observation, TensorStruct
from rlchassis_icm.actions import ActionCode


@frozen(eq=False)
class Steps(TensorStruct):
    """Steps to learn from, [B, …]."""

    obs: Observation
    actions: Tensor
    next_obs: Observation


class CuriosityModel(nn.Module):
    """Features φ, a forward model from φ(s) and a to φ(s′), and an inverse model from φ(s) and φ(s′) to a."""

    def __init__(self, features: nn.Module, forward_model: nn.Module, inverse_model: nn.Module, code: ActionCode) -> None:
        super().__init__()
        self.features, self.forward_model, self.inverse_model = features, forward_model, inverse_model
        self.code = code

    def errors(self, steps: Steps) -> tuple[Tensor, Tensor]:
        """Forward errors ½ ‖φ̂(s′) − φ(s′)‖² and errors of the predicted actions, each [B]  (eq. 6 and 3)."""
        before, after = self.features(steps.obs), self.features(steps.next_obs)
        foreseen = self.forward_model(torch.cat([before, self.code.vectors(steps.actions)], -1))
        guessed = self.inverse_model(torch.cat([before, after], -1))
        return 0.5 * (foreseen - after).square().sum(-1), self.code.errors(guessed, steps.actions)

    @torch.no_grad()
    def surprise(self, steps: Steps) -> Tensor:
        """Forward errors [B], without gradient."""
        return self.errors(steps)[0]

    def loss(self, steps: Steps, forward_loss_weight: float) -> tuple[Tensor, Metrics]:
        """(1 − β) L_inverse + β L_forward, means over the batch  (eq. 7)."""
        forward, inverse = (errors.mean() for errors in self.errors(steps))
        loss = (1 - forward_loss_weight) * inverse + forward_loss_weight * forward
        return loss, {"icm_forward_loss": forward, "icm_inverse_loss": inverse}
