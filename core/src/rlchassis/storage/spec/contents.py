"""Names in an encoded configuration: plugins, user code, unstorable values; and size limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rlchassis.config.limits import LONGEST_NAME, MOST_PARTS
from rlchassis.errors import UsageError
from rlchassis.storage.reading import is_too_deep

_NAMING = ("part", "component", "class", "object")


def require_bounded(data: Any) -> None:
    """UsageError for data that exceeds the limits of configurations."""
    if is_too_deep(data):
        raise UsageError("the data is nested too deeply to be a configuration.")
    names = [each[tag] for each in descriptions(data) for tag in _NAMING if tag in each]
    if len(names) > MOST_PARTS:
        raise UsageError(f"the configuration has {len(names)} parts, but none has more than {MOST_PARTS}.")
    longest = max((len(name) for name in names if isinstance(name, str)), default=0)
    if longest > LONGEST_NAME:
        raise UsageError(f"the configuration has a name of {longest} characters, but none has more than {LONGEST_NAME}.")


def unstorable_names(data: Any) -> list[str]:
    """Names of values that could not be stored, with repetitions."""
    return [each["unstorable"] for each in descriptions(data) if set(each) == {"unstorable"}]


def used_plugins(data: Any) -> list[tuple[str, str]]:
    """(kind, name) of every plugin in a configuration, without repetitions."""
    tagged = [each[tag] for each in descriptions(data) for tag in ("part", "component") if set(each) == {tag, "options"}]
    tagged += [each["object"] for each in descriptions(data) if set(each) == {"object"} and ":" not in str(each["object"])]
    names = dict.fromkeys(name for name in tagged if isinstance(name, str))
    return [(kind, name) for kind, _, name in (reference.partition("/") for reference in names)]


def foreign_names(data: Any) -> list[str]:
    """Names of user classes and functions in a configuration, without repetitions; decoding needs them in `allow`."""
    tagged = (each[tag] for each in descriptions(data) for tag in ("class", "object") if set(each) <= {tag, "options"} and tag in each)
    return [name for name in dict.fromkeys(map(str, tagged)) if ":" in name and not name.startswith("torch.nn:")]


def descriptions(data: Any) -> Iterator[dict[str, Any]]:
    """Every tagged dict at any depth, except encoded user dicts."""
    waiting = [data]
    while waiting:
        match waiting.pop():
            case {"mapping": dict(mapping), **rest} if not rest:
                waiting += reversed(mapping.values())
            case dict(found):
                yield found
                waiting += reversed(found.values())
            case list(found):
                waiting += reversed(found)
