"""Small words for messages and names: quotes that cannot be abused, the nearest name, lists."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from rlchassis.config.tianshou_names import what_became_of


def printable(text: str) -> str:
    """The text on one line, with what a terminal would obey shown escaped: control characters, line ends, marks of direction."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def quoted(text: str) -> str:
    """Quote a name that may come from a stranger's file."""
    return f'"{printable(text)}"'


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Suggest the nearest word, whatever its case, with a space before it; or say nothing."""
    by_lower_case = {candidate.lower(): candidate for candidate in words}
    close = difflib.get_close_matches(word.lower(), by_lower_case, n=1)
    return f' Did you mean "{by_lower_case[close[0]]}"?' if close else ""


def setting_meant(word: str, settings: Iterable[str]) -> str:
    """Suggest the one of this name within a section, the counterpart of another library's, or the nearest, with a space before it."""
    settings = tuple(settings)
    if within := [name for name in settings if name.endswith(f".{word}")]:
        return f" Did you mean {' or '.join(map(quoted, within))}?"
    return what_became_of(word, settings) or did_you_mean(word, (name for name in settings if "." not in name))


def listed(words: Iterable[str]) -> str:
    """Join words by commas; an empty list is "none"."""
    return ", ".join(words) or "none"


def number_of(noun: str, count: int) -> str:
    """Count things: "1 episode", "2 episodes"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def canonical(distribution: str) -> str:
    """Spell a distribution's name the one way in which all its spellings are equal."""
    return re.sub(r"[-_.]+", "-", distribution).lower()
