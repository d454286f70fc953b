"""Hints for names of other libraries (Tianshou, SB3), from other_names.toml. Stdlib only: environment workers import it."""

from __future__ import annotations

import difflib
import functools
import inspect
import tomllib
from collections.abc import Callable, Iterable, Mapping
from enum import EnumType
from importlib import resources
from typing import Any, ParamSpec, TypeVar

from rlchassis.errors import UsageError

Made = TypeVar("Made")
P = ParamSpec("P")
Answer = TypeVar("Answer")
IN_PYTHON = {"sampling": "SamplingConfig in Python", "config": "ExperimentConfig in Python"}
"""Python class of the settings in a section, for sections that have exactly one."""


@functools.cache
def other_names(kind: str) -> Mapping[str, Any]:
    """One table of all libraries' names: counterparts, advice, advice_on_environments or classes."""
    text = resources.files("rlchassis").joinpath("other_names.toml").read_text("utf-8")
    return {name: answer for library in tomllib.loads(text).values() for name, answer in library.get(kind, {}).items()}


def what_became_of(word: str, known: Iterable[str]) -> str:
    """Hint with a leading space: the name here of another library's setting, or what to do instead; empty if there is none."""
    return _counterpart(word, known) or _advice("advice", word) or _advice("advice_on_environments", word) or _counterpart_elsewhere(word)


def _of_environments(word: str, known: Iterable[str]) -> str:
    """The same for a function with **kwargs, whose keywords may be those of an environment."""
    return _counterpart(word, known) or _advice("advice_on_environments", word)


def _counterpart(word: str, known: Iterable[str]) -> str:
    here = {name.rpartition(".")[2]: name for name in known}
    found = [(here[short], note) for name, note in _entries(word) if (short := name.rpartition(".")[2]) in here]
    return f" It is called {_any_of(found)} here." if found else ""


def _advice(kind: str, word: str) -> str:
    advice = other_names(kind).get(word)
    return f" {advice}" if advice else ""


def _counterpart_elsewhere(word: str) -> str:
    """Hint for a setting that another class here has; empty for arguments of a single class."""
    entries = _entries(word)
    if not any("." in name for name, _ in entries):
        return ""
    if outside := [(name, note) for name, note in entries if not name.startswith("params.")]:
        return f" It is called {_any_of(outside)} here."
    return f" It is called {_any_of(entries)} where an algorithm has it."


def _entries(word: str) -> list[tuple[str, str]]:
    """Counterparts (name, note) of a word; the note says what differs besides the name."""
    answer = other_names("counterparts").get(word, [])
    answers = answer if isinstance(answer, list) else [answer]
    return [(each["is"], each["note"]) if isinstance(each, dict) else (each, "") for each in answers]


def _any_of(entries: Iterable[tuple[str, str]]) -> str:
    return " or ".join(_quoted(name, note) for name, note in entries)


def _quoted(name: str, note: str) -> str:
    section = name.partition(".")[0] if "." in name else ""
    remarks = "; ".join(filter(None, (IN_PYTHON.get(section), note)))
    return f'"{name}" ({remarks})' if remarks else f'"{name}"'


def refuses_old_names(cls: type[Made]) -> type[Made]:
    """Class decorator: keywords and attributes named as in another library raise UsageError or AttributeError with the name here."""
    cls.__init__ = refuses_old_keywords(cls.__init__)  # type: ignore[method-assign]  # which is what this decorator is for
    if "__getattr__" not in vars(cls):
        cls.__getattr__ = _raise_no_attribute  # type: ignore[attr-defined]  # called for attributes that it does not have
    return cls


def refuses_old_keywords(function: Callable[P, Answer]) -> Callable[P, Answer]:
    """Decorator: keywords named as in another library raise UsageError with the name here; misspelled ones TypeError."""
    parameters = inspect.signature(function).parameters
    known = tuple(parameters)
    takes_others = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    hint_on = _of_environments if takes_others else what_became_of

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> Answer:
        for word in (word for word in kwargs if word not in known):
            asked = type(args[0]).__name__ if function.__name__ == "__init__" else function.__qualname__
            if hint := hint_on(word, known):
                raise UsageError(f"{asked} has no {word!r}.{hint}")
            if not takes_others and (nearest := difflib.get_close_matches(word, known, n=1)):
                raise TypeError(f"{asked} has no {word!r}. Did you mean {nearest[0]!r}?")
        return function(*args, **kwargs)

    return call


class AnswersOldMembers(EnumType):
    """Enum metaclass: members named as in another library raise AttributeError with the name here."""

    def __getattr__(cls, name: str) -> Any:
        members = cls.__dict__.get("_member_map_", {})  # in which python 3.11 looks for them through this method, too
        if name in members:
            return members[name]
        raise no_attribute(cls, name, cls.__name__, members)


def no_attribute(asked: object, name: str, called: str, known: Iterable[str]) -> AttributeError:
    """AttributeError with the name here, if there is one; else with Python's wording, to which Python adds the nearest name."""
    if hint := "" if name.startswith("_") else what_became_of(name, known):
        return AttributeError(f"{called} has no {name!r}.{hint}", name=name, obj=None)
    return AttributeError(f"{called!r} object has no attribute {name!r}", name=name, obj=asked)


def _raise_no_attribute(self: object, name: str) -> Any:
    raise no_attribute(self, name, type(self).__name__, dir(type(self)))
