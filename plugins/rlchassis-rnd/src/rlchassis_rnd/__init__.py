"""Random network distillation for rlchassis: a policy wrapper that adds a reward for states that were seldom seen."""

from __future__ import annotations

from rlchassis_rnd.wrapper import RND, PolicyWrapperFactoryRND

__all__ = ["RND", "PolicyWrapperFactoryRND"]
