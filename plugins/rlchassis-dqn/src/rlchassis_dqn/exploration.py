"""How often training acts at random, as a function of progress."""

from __future__ import annotations

from attrs import frozen


@frozen
class LinearEps:
    """A straight line over a part of the run, and constant from there on."""

    first: float
    last: float
    fraction: float = 1.0

    def __call__(self, progress: float) -> float:
        """ε = first + (last − first) · min(1, progress / fraction)."""
        return self.first + (self.last - self.first) * min(1.0, progress / self.fraction)
