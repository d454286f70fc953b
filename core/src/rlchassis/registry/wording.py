"""Helpers for messages: quoting, nearest names, lists."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from rlchassis.config.tianshou_names import what_became_of


def printable(text: str) -> str:
    """Escape control characters, line ends and direction marks."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def quoted(text: str) -> str:
    """Quote a name, with control characters escaped."""
    return f'"{printable(text)}"'


LONGEST_WORD = 200
"""Characters of a word that may be a misspelled name; comparing longer ones takes long."""


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Suggestion of the nearest word, ignoring case, with a leading space; empty if there is none."""
    if len(word) > LONGEST_WORD:
        return ""
    by_lower_case = {candidate.lower(): candidate for candidate in words}
    close = difflib.get_close_matches(word.lower(), by_lower_case, n=1)
    return f' Did you mean "{by_lower_case[close[0]]}"?' if close else ""


def setting_meant(word: str, settings: Iterable[str]) -> str:
    """Suggestion of a setting, with a leading space: of this name in a section, another library's counterpart, or the nearest."""
    settings = tuple(settings)
    if within := [name for name in settings if name.endswith(f".{word}")]:
        return f" Did you mean {' or '.join(map(quoted, within))}?"
    return what_became_of(word, settings) or did_you_mean(word, (name for name in settings if "." not in name))


def listed(words: Iterable[str]) -> str:
    """Join words with commas; "none" for an empty list."""
    return ", ".join(words) or "none"


def number_of(noun: str, count: int) -> str:
    """Number with noun: "1 episode", "2 episodes"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def canonical(distribution: str) -> str:
    """Normalized name of a distribution (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()
