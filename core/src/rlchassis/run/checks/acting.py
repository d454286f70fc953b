"""Check before training that a policy returns valid actions for example observations."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch

from rlchassis.data.experience import Observation, map_tensors
from rlchassis.envs import Environments
from rlchassis.errors import UsageError
from rlchassis.learning.output_checks import described, require_action
from rlchassis.learning.policy import Policy, layers
from rlchassis.run.checks.asking import Asked, Call, ask
from rlchassis.run.checks.given_networks import acting_network, refuse
from rlchassis.training.agent import AgentFactory


def require_acting(agent: AgentFactory, policy: Policy, obs: Observation, spaces: Environments) -> Call:
    """The innermost policy's inputs and outputs; UsageError names the wrapper or network at fault and the expected output."""
    *_, innermost = layers(policy)
    asked = _asked_twice(policy, obs, explore=False)
    call = next((call for call in asked.calls if call.layer is innermost), Call(policy, 0, obs, asked.answer))
    problem = _network_problem(innermost, call.obs, spaces)
    if asked.error is not None and not isinstance(problem, UsageError):
        _refuse_failure(agent, policy, asked, obs, spaces)
    if problem is not None:
        refuse(acting_network(agent), problem, spaces)
    _require_answers(agent, policy, asked, spaces)
    exploring = _asked_twice(policy, obs, explore=True)
    if exploring.error is not None:
        _refuse_failure(agent, policy, exploring, obs, spaces)
    _require_answers(agent, policy, exploring, spaces)
    return call


def _asked_twice(policy: Policy, obs: Observation, *, explore: bool) -> Asked:
    """Call `act`; a recurrent policy is called a second time with the state that it returned."""
    asked = ask(policy, obs, explore=explore)
    state = asked.answer[1] if isinstance(asked.answer, tuple) and len(asked.answer) == 2 else None
    return asked if state is None else ask(policy, obs, explore=explore, state=state)


def _network_problem(innermost: Policy, obs: Observation, spaces: Environments) -> Exception | None:
    try:
        with torch.no_grad():
            innermost.check_networks(obs, spaces.action_space)
    except Exception as error:  # noqa: BLE001  # whatever a user's network raises is reported with its name
        return error
    return None


def _refuse_failure(agent: AgentFactory, policy: Policy, asked: Asked, obs: Observation, spaces: Environments) -> None:
    """Raise UsageError for the network, or the wrapper that raised or passed on observations that the network does not support."""
    assert asked.error is not None
    *wrappers, innermost = layers(policy)
    failed = next((call.layer for call in reversed(asked.calls) if call.error is asked.error), policy)
    if failed is not innermost:
        refuse(_wrapper(failed), asked.error, spaces)
    changed = next((before for before, after in pairwise(asked.calls) if _form(before.obs) != _form(after.obs)), None)
    if wrappers and changed is not None and ask(innermost, obs).error is None:
        seen = asked.calls[-1].obs
        problem = f"passes on observations that the inner policy does not support, {described(seen)}: {asked.error}"
        refuse(_wrapper(changed.layer), UsageError(" ".join(problem.split())), spaces)
    refuse(acting_network(agent), asked.error, spaces)


def _require_answers(agent: AgentFactory, policy: Policy, asked: Asked, spaces: Environments) -> None:
    """Raise UsageError for the innermost wrapper or network without valid actions, if the outermost has none."""
    if _problem(asked.calls[0], spaces) is None:
        return
    *_, innermost = layers(policy)
    for call in reversed(asked.calls):
        problem = _problem(call, spaces)
        if problem is not None:
            refuse(acting_network(agent) if call.layer is innermost else _wrapper(call.layer), problem, spaces)


def _problem(call: Call, spaces: Environments) -> UsageError | None:
    try:
        if not (isinstance(call.answer, tuple) and len(call.answer) == 2):
            raise UsageError(f"returns {described(call.answer)} from act, expected actions and state")
        require_action(call.answer[0], call.obs, spaces.action_space)
        map_tensors(lambda kept: kept.reshape(len(call.answer[0]), -1), call.answer[1])
    except UsageError as error:
        return error
    except (TypeError, RuntimeError) as error:
        return UsageError(f"returns a state other than None or tensors [N, …] with a row per environment: {error}")
    return None


def _wrapper(layer: Policy) -> str:
    return f"policy_wrappers: {type(layer).__name__}"


def _form(obs: Any) -> Any:
    """dtype and shape of each part, without the batch dimension."""
    return {key: _form(part) for key, part in obs.items()} if isinstance(obs, dict) else (obs.dtype, obs.shape[1:])
