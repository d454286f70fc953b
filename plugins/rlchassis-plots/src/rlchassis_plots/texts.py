"""Texts of a picture, which may come from an untrusted run: escaping, shortening and wrapping."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Container

BREAKS = " ,;:/_-="
"""A line may end after these."""


def legible(text: str, glyphs: Container[int] | None = None) -> str:
    """The text, with control characters, line breaks and what the font has no glyph for shown escaped."""
    return "".join(each if each.isprintable() and (glyphs is None or ord(each) in glyphs) else ascii(each)[1:-1] for each in text)


def shortened(text: str, length: int) -> str:
    """At most `length` characters, with an ellipsis in the middle where some are left out."""
    if len(text) <= length:
        return text
    tail = (length - 1) // 2
    return f"{text[: length - 1 - tail]}…{text[-tail:]}"


def wrapped(text: str, fits: Callable[[str], bool]) -> str:
    """The text in lines that fit, broken after a space or punctuation where there is one in the second half of a line."""
    lines = []
    while len(text) > 1 and not fits(text):
        longest = max(1, bisect_left(range(1, len(text) + 1), True, key=lambda length: not fits(text[:length])))
        good = max(text.rfind(each, longest // 2, longest) for each in BREAKS) + 1
        lines.append(text[: good or longest].rstrip())
        text = text[good or longest :].lstrip()
    return "\n".join([*lines, text])


def balanced(width: float, lines_within: Callable[[float], str]) -> str:
    """The narrowest of the texts that are wrapped into as many lines as at this width, so that the last is no single word."""
    best = lines_within(width)
    for part in range(95, 0, -5):
        narrower = lines_within(width * part / 100)
        if narrower.count("\n") > best.count("\n"):
            break
        best = narrower
    return best


def steps_text(steps: float) -> str:
    """A number of environment steps, in thousands or millions where it has as many: 500, 2.5k, 1M."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if abs(steps) >= size:
            return f"{steps / size:g}{unit}"
    return f"{steps:g}"
