"""Metrics of the probability ratio between the policy and the one that collected. Pure functions of detached tensors [B]."""

from __future__ import annotations

from torch import Tensor

from rlchassis.api import Metrics


def ratio_metrics(log_probs: Tensor, old_log_probs: Tensor, epsilon: float) -> Metrics:
    """approx_kl, the estimate E[ r − 1 − log r ] of KL(π_old ‖ π) with the ratio r = π(a|s) / π_old(a|s), which is never below 0.

    With it clip_fraction, the fraction of rows with |r − 1| > ε. Source: k₃ of http://joschu.net/blog/kl-approx.html
    """
    log_ratio = log_probs - old_log_probs
    change = log_ratio.expm1()
    return {"approx_kl": (change - log_ratio).mean(), "clip_fraction": (change.abs() > epsilon).to(change.dtype).mean()}
