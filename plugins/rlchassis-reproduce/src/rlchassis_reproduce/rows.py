"""Comparing the metrics of two runs row by row."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

Row = dict[str, float]
CLOCK = "time/"
"""How tags begin whose values are times."""


@frozen
class Difference:
    """The first row in which two runs differ."""

    number: int
    """Its number, from 1."""
    step: float
    """Its environment step, in the first of them."""
    tags: tuple[str, ...]
    """What differs in it."""
    one: Row
    other: Row

    def described(self, one: str, other: str) -> str:
        """In words, with at most three values; one, other: where the two runs are."""
        shown = ", ".join(f"{tag} {_shown(self.one, tag)} {one}, {_shown(self.other, tag)} {other}" for tag in self.tags[:3])
        more = f", and {len(self.tags) - 3} more" if len(self.tags) > 3 else ""
        return f"row {self.number}, step {self.step:g}: {shown}{more}"


def first_difference(ones: Sequence[Row], others: Sequence[Row]) -> Difference | None:
    """The first of the rows that both have which differs; None if none does. Times are not compared."""
    for number, (one, other) in enumerate(zip(ones, others, strict=False), 1):
        tags = tuple(tag for tag in _tags(one, other) if tag not in one or tag not in other or one[tag] != other[tag])
        if tags:
            return Difference(number, one["step"], tags, one, other)
    return None


def _tags(one: Row, other: Row) -> list[str]:
    return [tag for tag in (*one, *(tag for tag in other if tag not in one)) if not tag.startswith(CLOCK)]


def _shown(row: Row, tag: str) -> str:
    return repr(row[tag]) if tag in row else "missing"
