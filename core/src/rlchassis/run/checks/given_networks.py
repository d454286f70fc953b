"""Network factories of a configuration, and checks of the networks' outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

import attrs
import torch

from rlchassis.envs import describe
from rlchassis.errors import UsageError
from rlchassis.learning.module_factory import ModuleFactory, Probe
from rlchassis.training.agent import AgentFactory


def networks_of(agent: AgentFactory) -> Iterator[tuple[str, ModuleFactory]]:
    """(setting, factory) of each network, such as "critic_factories[1]"; of equal ones in a tuple only the first."""
    for name in (attribute.name for attribute in attrs.fields(type(agent))):
        value = getattr(agent, name)
        if isinstance(value, tuple) and len(set(map(id, value))) > 1 and any(each != value[0] for each in value):
            described = [(f"{name}[{i}]", each) for i, each in enumerate(value)]
        else:
            described = [(name, value[0] if isinstance(value, tuple) and value else value)]
        yield from ((setting, each) for setting, each in described if isinstance(each, ModuleFactory))


def acting_network(agent: AgentFactory) -> str:
    """Name of the acting network for messages: factories without a check of their own, which are checked through the policy."""
    settings = [
        f"{setting} ({type(factory).__name__})"
        for setting, factory in networks_of(agent)
        if type(factory).check_network is ModuleFactory.check_network
    ]
    return f"{' or '.join(settings)}: the network" if settings else f"the policy of {type(agent).__name__}"


def require_networks(agent: AgentFactory, probe: Probe) -> None:
    """UsageError for the first network that raises on two observations or returns invalid outputs."""
    with torch.no_grad():
        for setting, factory in networks_of(agent):
            try:
                factory.check_network(probe)
            except Exception as error:  # noqa: BLE001  # whatever a user's network raises is reported with its name
                refuse(f"{setting} ({type(factory).__name__}): the network", error, probe.envs)


def refuse(who: str, error: Exception, spaces: Any) -> NoReturn:
    """Raise UsageError with the network or policy, its problem and the spaces."""
    what = str(error).rstrip(".") if isinstance(error, UsageError) else f"fails with {type(error).__name__}: {' '.join(str(error).split())}"
    asked = f"called with two observations of {describe(spaces.observation_space)}, for actions of {describe(spaces.action_space)}"
    raise UsageError(f"{who} {what} ({asked}).") from error
