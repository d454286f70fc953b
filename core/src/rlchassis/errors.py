"""What goes wrong through no fault of the library: each error is one sentence that says what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

LONGEST_TEXT = 500


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


class ActionFailure(FloatingPointError):  # noqa: N818  as above
    """An action that is never stepped since it is none of the action space; the policy chose it, no environment is at fault."""


class Interrupted(KeyboardInterrupt):
    """A signal that ended a run in good order."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.exit_code = 128 + signal_number


@contextmanager
def exits_are_errors(who: str) -> Iterator[None]:
    """Within it sys.exit, by which foreign code would end the run as if all were well, is a RuntimeError."""
    try:
        yield
    except SystemExit as error:
        import traceback  # slow to import, and the command line answers at once

        place = traceback.extract_tb(error.__traceback__)[-1]
        raise RuntimeError(f"{who} {raised(error)} ({place.filename}, line {place.lineno})") from error


def str_of(error: BaseException) -> str:
    """What an error says; foreign ones may be unable to say it."""
    try:
        return str(error)
    except (Exception, SystemExit) as second:  # noqa: BLE001  it must not replace the first
        return f"(no text: its __str__ raised {type(second).__name__})"


def text_of(error: BaseException) -> str:
    """The same on one line of bounded length."""
    text = " ".join(str_of(error).split())
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


def raised(error: BaseException) -> str:
    """In words, how foreign code ended: "raised ValueError: no level" or "called sys.exit(0)"."""
    if isinstance(error, SystemExit):
        return f"called sys.exit({text_of(error)})"
    text = text_of(error)
    return f"raised {type(error).__name__}: {text}" if text else f"raised {type(error).__name__}"


class DivergenceError(FloatingPointError):
    """Learning left the finite numbers; says what became non-finite, and where."""

    def __init__(self, message: str, metrics: Mapping[str, float] | None = None) -> None:
        super().__init__(message)
        self.metrics = dict(metrics or {})
        """What was measured last, by name; handed to rlchassis_metrics before the run fails."""


class StorageFailure(RuntimeError):  # noqa: N818  as EnvironmentFailure
    """A run came to its end, but a file of its directory could not be written; names the path."""

    def __init__(self, message: str, result: Any = None) -> None:
        super().__init__(message)
        self.result = result
        """The ExperimentResult."""
