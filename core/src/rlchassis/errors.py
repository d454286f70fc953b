"""What goes wrong through no fault of the library: each error is one sentence that says what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Sequence


class UsageError(ValueError):
    """A request that cannot be met as it stands; the command line prints it and exits with 2."""


class PluginError(UsageError):
    """A plugin that is missing, ambiguous, broken or made for another core."""


class UnsupportedSpaceError(UsageError):
    """A space that an algorithm, or the chassis itself, has no answer to."""


class NotEnoughMemoryError(UsageError, MemoryError):
    """What was asked for does not fit into the memory that this process may use."""


class StoredFileError(UsageError):
    """A file of a run directory that is missing, damaged, foreign or not safe to open."""


class NotAllowedError(StoredFileError):
    """A stored recipe that uses code of its user, which has to be handed over."""

    def __init__(self, what: str, names: Sequence[str], remedy: str) -> None:
        super().__init__(f"{what} uses {', '.join(names)}, which no plugin registers; if you trust this code, {remedy}")
        self.what, self.names = what, tuple(names)


class EnvironmentFailure(RuntimeError):  # noqa: N818  it names what failed, and is an outcome rather than a misuse
    """An environment raised, died or stopped answering; says which one, with which seed, at which step."""
