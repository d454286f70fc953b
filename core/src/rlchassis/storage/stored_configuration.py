"""The configuration in a run directory as plain data, without constructing objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from rlchassis.errors import StoredFileError, UsageError
from rlchassis.storage.files import EXPERIMENT_FILENAME, EXPERIMENT_PICKLE_FILENAME
from rlchassis.storage.inert_pickle import read_inert_pickle
from rlchassis.storage.reading import is_there, read_json
from rlchassis.storage.spec.contents import require_bounded

FORMAT = 1
RESTORES = ("rlchassis.experiment.experiment", "restore_experiment")
"""Module and name of the function that experiment.pkl calls when unpickled."""
SECTIONS = {"env_factory": "env", "sampling_config": "sampling", "agent_factory": ""}
"""Names of sections in `--set`, where they differ from field names."""
MADE = ("part", "component", "class")


def read_configuration(directory: str | Path) -> Any:
    """Data of the configuration in a run directory, unchecked; StoredFileError if there is none."""
    directory = Path(directory)
    if is_there(directory / EXPERIMENT_FILENAME) or not is_there(directory / EXPERIMENT_PICKLE_FILENAME):
        return read_json(directory / EXPERIMENT_FILENAME)
    return read_inert_pickle(directory / EXPERIMENT_PICKLE_FILENAME, RESTORES)


def is_configuration(data: Any) -> bool:
    """Whether the data is a configuration of the current format."""
    return isinstance(data, dict) and type(data.get("format")) is int and data["format"] == FORMAT


def read_settings(directory: str | Path) -> dict[str, Any]:
    """Settings of the stored configuration by their `--set` names; StoredFileError if it is not a configuration."""
    data = read_configuration(directory)
    if not is_configuration(data):
        raise StoredFileError(
            f"the configuration in {directory} is none of format {FORMAT}; was it written by another version of rlchassis-core?"
        )
    try:
        require_bounded(data)
    except UsageError as error:
        raise StoredFileError(f"the configuration in {directory} cannot be used: {error}") from error
    return settings_of(data)


def settings_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a configuration as plain data by their `--set` names."""
    parts = (flattened(value, SECTIONS.get(key, key)) for key, value in data.items() if key != "format")
    return dict(chain.from_iterable(parts))


def flattened(data: Any, name: str) -> Iterator[tuple[str, Any]]:
    """(dotted name, value) of every leaf; an encoded part gives its name, followed by its options."""
    made = next((tag for tag in MADE if isinstance(data, dict) and isinstance(data.get(tag), str)), None)
    match data:
        case {"options": dict(options), **rest} if made is not None and len(rest) == 1:
            yield (name, data[made]) if name else ("algorithm", data[made].removeprefix("algorithm/"))
            yield from _each(options, name)
        case {"tuple": list(items)} if len(data) == 1:
            yield from flattened(items, name)
        case dict(fields) if fields:
            yield from _each(fields, name)
        case list(items) if any(isinstance(item, dict | list) for item in items):
            yield from _each(dict(enumerate(items, 1)), name)
        case _:
            yield name, data


def _each(fields: dict[Any, Any], name: str) -> Iterator[tuple[str, Any]]:
    for key, value in fields.items():
        own = name if key == "make_kwargs" and value else f"{name}.{key}".removeprefix(".")
        yield from flattened(value, own)
