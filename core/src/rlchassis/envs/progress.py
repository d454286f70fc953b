"""Progress of environments, and messages about where one failed."""

from __future__ import annotations

from collections.abc import MutableSequence

from attrs import define

from rlchassis.errors import EnvironmentFailure


@define(eq=False)
class Progress:
    """Which environment is at work and how far each has come, in plain cells that another process may read."""

    current: MutableSequence[int]
    steps: MutableSequence[int]
    episode_starts: MutableSequence[int]

    def mark(self) -> tuple[int, int]:
        """Something that changes whenever an environment gets on."""
        index = self.current[0]
        return index, self.steps[index]

    def when(self) -> str:
        """In words, how far the environment at work has come."""
        index = self.current[0]
        steps = self.steps[index]
        return f"step {steps - self.episode_starts[index]} of its episode ({steps} in all)"


def failure_text(index: int, seed: int | None, what: str, when: str) -> str:
    """The one sentence that an EnvironmentFailure says."""
    seeded = "never seeded" if seed is None else f"seed {seed}"
    return " ".join(f"environment {index} ({seeded}) {what}, {when}".split())


def failure_from(error: BaseException, text: str) -> EnvironmentFailure:
    """The failure that an error of an environment becomes.

    Where that is neither an Exception nor an exit, the failure is of its class as well: whoever waits for such a signal still catches it.
    """
    kind = type(error)
    if isinstance(error, Exception | SystemExit | GeneratorExit) or kind.__init__ is not BaseException.__init__:
        return EnvironmentFailure(text)
    both: type[EnvironmentFailure] = type(EnvironmentFailure.__name__, (EnvironmentFailure, kind), {})
    return both(text)
