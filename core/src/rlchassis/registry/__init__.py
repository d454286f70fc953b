"""Plugin registry: installed plugins, their state, and lookup of a class by name.

Listing reads metadata and manifests only; only the plugin that is looked up is imported. Imports the standard library only.
"""

from __future__ import annotations

from rlchassis.registry.component import Component
from rlchassis.registry.discovery import forget, installed
from rlchassis.registry.kinds import FIRST_PARTY, KINDS, PLUGIN_API, first_party_distribution
from rlchassis.registry.loading import check, load, name_of
from rlchassis.registry.lookup import Used, find, name_as_used, provenance, used_in
from rlchassis.registry.plugin import Plugin, State
from rlchassis.registry.written import Named, component_of, read_value, split_role

__all__ = [
    "FIRST_PARTY",
    "KINDS",
    "PLUGIN_API",
    "Component",
    "Named",
    "Plugin",
    "State",
    "Used",
    "check",
    "component_of",
    "find",
    "first_party_distribution",
    "forget",
    "installed",
    "load",
    "name_as_used",
    "name_of",
    "provenance",
    "read_value",
    "split_role",
    "used_in",
]
