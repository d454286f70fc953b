"""Environments: factories and vectorized stepping. Imports no torch, so that worker processes start quickly."""

from __future__ import annotations

from rlchassis.envs.actions import ActionMap, one_by_one
from rlchassis.envs.environments import Environments
from rlchassis.envs.examples import examples
from rlchassis.envs.factories import EnvFactoryCallable, EnvFactoryVector, env_factory_from
from rlchassis.envs.factory import EnvFactory, EnvMode, EnvWrapper, VectorEnvType, environments_of
from rlchassis.envs.lookup import checked_spec
from rlchassis.envs.masks import is_masked, join_mask, random_allowed, split_mask, without_mask
from rlchassis.envs.observations import as_tree, require_fitting
from rlchassis.envs.registered import EnvFactoryRegistered, has_display
from rlchassis.envs.rendering import why_not_rendered
from rlchassis.envs.sources import env_factory_named, name_of_task, source_of
from rlchassis.envs.space_data import space_from_data, space_to_data
from rlchassis.envs.spaces import AnySpace, allocate, describe, kinds_in
from rlchassis.envs.vector import VectorEnvironment

__all__ = [
    "ActionMap",
    "AnySpace",
    "EnvFactory",
    "EnvFactoryCallable",
    "EnvFactoryRegistered",
    "EnvFactoryVector",
    "EnvMode",
    "EnvWrapper",
    "Environments",
    "VectorEnvType",
    "VectorEnvironment",
    "allocate",
    "as_tree",
    "checked_spec",
    "describe",
    "env_factory_from",
    "env_factory_named",
    "environments_of",
    "examples",
    "has_display",
    "is_masked",
    "join_mask",
    "kinds_in",
    "name_of_task",
    "one_by_one",
    "random_allowed",
    "require_fitting",
    "source_of",
    "space_from_data",
    "space_to_data",
    "split_mask",
    "why_not_rendered",
    "without_mask",
]
