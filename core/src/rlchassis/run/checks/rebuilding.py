"""Check that a policy can be rebuilt from its stored configuration and the spaces, as loading does."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import torch

from rlchassis.config.config_part import ConfigPart
from rlchassis.data.experience import Observation
from rlchassis.envs import Environments
from rlchassis.errors import UsageError
from rlchassis.learning.policy import Policy
from rlchassis.registry import Component
from rlchassis.run.checks.asking import ask, differing_attribute, same
from rlchassis.storage.policy_file import difference
from rlchassis.storage.spec.contents import unstorable_names
from rlchassis.storage.spec.decoding import from_data
from rlchassis.storage.spec.encoding import to_data
from rlchassis.training.agent import AgentFactory


def require_rebuildable(agent: AgentFactory, policy: Policy, obs: Observation, spaces: Environments, device: torch.device) -> None:
    """UsageError if the rebuilt policy differs; skipped for a configuration that cannot be stored."""
    data = to_data(agent)
    if unstorable_names(data):
        return
    rebuilt = _rebuilt(agent, json.loads(json.dumps(data)), spaces, device)
    problem = difference(policy.state_dict(), rebuilt.state_dict())
    if problem is not None:
        raise _cannot(f"rebuilt, {problem}", "create it from the configuration's fields and the spaces alone")
    rebuilt.load_state_dict(policy.state_dict())
    if not all(same(ask(policy, obs, explore=explore).answer, ask(rebuilt, obs, explore=explore).answer) for explore in (False, True)):
        attribute = differing_attribute(policy, rebuilt)
        problem = f"rebuilt with the same weights, it acts differently{f': it has another {attribute}' if attribute else ''}"
        raise _cannot(problem, "values drawn or read in its constructor must be fields of its factory, or buffers (register_buffer)")


def _rebuilt(agent: AgentFactory, data: Any, spaces: Environments, device: torch.device) -> Policy:
    try:
        again: AgentFactory = from_data(data, AgentFactory, own_code(agent))
    except UsageError as error:
        raise _cannot(
            f"its configuration cannot be read back: {str(error).rstrip('.')}", "annotate the field with the type of its value"
        ) from error
    maker = f"create_policy of {type(agent).__name__}"
    try:
        policy = again.create_policy(spaces, device)
        maker = "a policy wrapper factory"
        return again.create_wrapped(policy, spaces, device).eval()
    except Exception as error:  # whatever a user's factory raises where it is given no environment
        reason = f"{maker} fails with {type(error).__name__}: {' '.join(str(error).split())}"
        raise _cannot(reason, "where a policy is loaded, envs has observation_space and action_space and no environments") from error


def _cannot(what: str, remedy: str) -> UsageError:
    return UsageError(f"the policy could not be loaded once it is stored: {what}; {remedy}.")


def own_code(value: Any) -> Iterator[Any]:
    """Every class and function in a configuration, at any depth."""
    match value:
        case type() | types.FunctionType():
            yield value
        case Component():
            yield from own_code(value.options)
        case Mapping():
            yield from own_code(list(value.values()))
        case list() | tuple():
            for each in value:
                yield from own_code(each)
        case _ if isinstance(value, ConfigPart) or attrs.has(type(value)):
            yield type(value)
            names = [a.name for a in attrs.fields(type(value))] if attrs.has(type(value)) else vars(value)
            yield from own_code([getattr(value, name) for name in names])
