"""Replacements for characters that an encoding lacks: ± by +/-, γ by gamma, others by ?."""

from __future__ import annotations

import codecs
import unicodedata

SPELLED = "rlchassis_spelled"
"""Name of the codecs error handler."""
SYMBOLS = {
    "±": "+/-",
    "−": "-",
    "–": "-",
    "→": "->",
    "←": "<-",
    "≤": "<=",
    "≥": ">=",
    "×": "x",
    "·": "*",
    "′": "'",
    "″": '"',
    "‖": "||",
    "∞": "inf",
    "√": "sqrt",
}


def encodable(text: str, encoding: str | None) -> str:
    """Text with only characters of an encoding; utf-8 if it is None or unknown."""
    try:
        return text.encode(encoding or "utf-8", SPELLED).decode(encoding or "utf-8")
    except LookupError:
        return encodable(text, "utf-8")


def _spell(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_spelling, error.object[error.start : error.end])), error.end


def _spelling(character: str) -> str:
    script, _, rest = unicodedata.name(character, "").partition(" ")
    if character in SYMBOLS:
        return SYMBOLS[character]
    if script == "GREEK" and " LETTER " in rest and " WITH " not in rest:
        letter = rest.rpartition(" ")[2]
        return letter.capitalize() if character.isupper() else letter.lower()
    return unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode() or "?"


codecs.register_error(SPELLED, _spell)
