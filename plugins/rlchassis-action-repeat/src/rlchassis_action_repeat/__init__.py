"""Action repeat for rlchassis: a policy wrapper with which the policy decides every k-th step."""

from __future__ import annotations

from rlchassis_action_repeat.wrapper import ActionRepeat, PolicyWrapperFactoryActionRepeat

__all__ = ["ActionRepeat", "PolicyWrapperFactoryActionRepeat"]
