"""Names of tianshou.highlevel.params.policy_wrapper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rlchassis.api import Component, PolicyWrapperFactory
from rlchassis_tianshou.highlevel.module.choice import features_of

__all__ = ["PolicyWrapperFactory", "PolicyWrapperFactoryIntrinsicCuriosity"]


def PolicyWrapperFactoryIntrinsicCuriosity(  # noqa: N802  Tianshou's name
    *,
    feature_net_factory: Any,
    hidden_sizes: Sequence[int],
    lr: float,
    lr_scale: float,
    reward_scale: float,
    forward_loss_weight: float,
) -> Component:
    """Intrinsic curiosity, the policy wrapper icm of rlchassis-icm."""
    return Component(
        "policy_wrapper",
        "icm",
        {
            "feature_net_factory": features_of(feature_net_factory),
            "hidden_sizes": tuple(hidden_sizes),
            "lr": lr,
            "lr_scale": lr_scale,
            "reward_scale": reward_scale,
            "forward_loss_weight": forward_loss_weight,
        },
    )
