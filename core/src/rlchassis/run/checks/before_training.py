"""Checks of an agent before training, on copies, without side effects on the run."""

from __future__ import annotations

import copy
import logging

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from rlchassis.data.experience import Observation, as_tensors
from rlchassis.data.randomness import undisturbed
from rlchassis.envs import Environments, examples, is_masked, split_mask, without_mask
from rlchassis.learning.module_factory import HasSpaces, Probe
from rlchassis.learning.policy import Policy, action_space_of, in_evaluation, layers
from rlchassis.run.checks.acting import require_acting
from rlchassis.run.checks.asking import ask
from rlchassis.run.checks.given_networks import require_networks
from rlchassis.run.checks.memory import require_no_hidden_memory
from rlchassis.run.checks.rebuilding import require_rebuildable
from rlchassis.training.agent import AgentFactory

log = logging.getLogger(__name__)
ROWS = 16
"""Number of observations for comparing the actions of two policies."""


def require_sound(agent: AgentFactory, policy: Policy, envs: Environments, device: torch.device, *, from_factory: bool) -> None:
    """UsageError unless the policy returns valid actions, networks valid outputs, and the policy can be rebuilt from its configuration.

    The last is checked only if the policy was created by its factory (`from_factory`) and not by an extension.
    """
    spaces = Environments.from_spaces(envs.observation_space, action_space_of(policy, envs.action_space))
    two, many = (as_tensors(examples(spaces.observation_space, count), device) for count in (2, ROWS))
    with undisturbed(device), in_evaluation(policy.modules()):
        if any(is_lazy(p) for p in policy.parameters()):
            ask(policy, two)  # lazy layers take their shapes from their first input
        asked, *others = _copies(policy, envs)
        call = require_acting(agent, asked, two, spaces)
        *_, innermost = layers(asked)
        seen = innermost.network_view(spaces, call.obs)
        require_networks(agent, _probe(*seen, device, call.answer[0], getattr(innermost, "actor", None)))
        if others:
            experienced, fresh = others
            require_no_hidden_memory(experienced, fresh, many, spaces)
        if from_factory:
            require_rebuildable(agent, asked, many, envs.without_any(), device)


def _probe(spaces: HasSpaces, obs: Observation, device: torch.device, actions: torch.Tensor, actor: nn.Module | None) -> Probe:
    """What networks see: no action mask."""
    rest = split_mask(obs)[0] if is_masked(spaces.observation_space) else obs
    seen = Environments.from_spaces(without_mask(spaces.observation_space), spaces.action_space)
    return Probe(seen, device, rest, actions, actor)


def _copies(policy: Policy, envs: Environments) -> list[Policy]:
    """Three copies that share the environments; the policy itself if it cannot be copied."""
    living = (envs, envs.train, envs.test, envs.watch)
    try:
        return [copy.deepcopy(policy, {id(each): each for each in living}) for _ in range(3)]
    except Exception as error:  # noqa: BLE001  # copying runs whatever the parts of a policy define
        log.warning("%s cannot be copied (%s), so it is not checked for hidden state.", type(policy).__name__, error)
        return [policy]
