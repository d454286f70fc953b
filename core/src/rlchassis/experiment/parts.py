"""Type checks of values given to a builder against the annotations of the configuration's fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from rlchassis.config.config_part import ConfigPart
from rlchassis.config.fields import value_repr
from rlchassis.errors import UsageError
from rlchassis.storage.spec.encoding import field_types
from rlchassis.training.agent import AgentFactory


def require_kinds(agent_class: type[AgentFactory], changes: Mapping[str, Any]) -> None:
    """UsageError if params or a part is not an instance of the annotated class."""
    types = field_types(agent_class)
    for name, value in changes.items():
        expected: Any = types.get(name)
        is_part = isinstance(expected, type) and (attrs.has(expected) or issubclass(expected, ConfigPart))
        if is_part and not isinstance(value, (expected, *getattr(expected, "also_given_as", ()))):
            raise UsageError(f"{name} must be of class {expected.__name__}, not {value_repr(value)}.")
