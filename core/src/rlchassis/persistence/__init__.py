"""What a run leaves on disk, and how it is opened again without trusting it."""

from __future__ import annotations

from rlchassis.config import Mode
from rlchassis.persistence.events import Persistence, PersistEvent, PolicyPersistence, RestoreEvent
from rlchassis.persistence.files import (
    EXPERIMENT_FILENAME,
    EXPERIMENT_PICKLE_FILENAME,
    LOG_FILENAME,
    POLICY_FILENAME,
    PROVENANCE_FILENAME,
    read_json,
    write_atomically,
    write_json,
)
from rlchassis.persistence.inert_pickle import inert_pickle, read_inert_pickle
from rlchassis.persistence.names import create_run_directory, name_parts, timestamp_name
from rlchassis.persistence.policy_file import StoredPolicy, read_policy, write_policy
from rlchassis.persistence.provenance import describe_run
from rlchassis.persistence.recipe_changes import amended
from rlchassis.persistence.recipe_contents import foreign_names, unstorable_names, used_plugins
from rlchassis.persistence.recipe_data import qualified_name, to_data
from rlchassis.persistence.recipe_reading import from_data, short_name

__all__ = [
    "EXPERIMENT_FILENAME",
    "EXPERIMENT_PICKLE_FILENAME",
    "LOG_FILENAME",
    "POLICY_FILENAME",
    "PROVENANCE_FILENAME",
    "Mode",
    "PersistEvent",
    "Persistence",
    "PolicyPersistence",
    "RestoreEvent",
    "StoredPolicy",
    "amended",
    "create_run_directory",
    "describe_run",
    "foreign_names",
    "from_data",
    "inert_pickle",
    "name_parts",
    "qualified_name",
    "read_inert_pickle",
    "read_json",
    "read_policy",
    "short_name",
    "timestamp_name",
    "to_data",
    "unstorable_names",
    "used_plugins",
    "write_atomically",
    "write_json",
    "write_policy",
]
