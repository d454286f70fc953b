"""Exceptions; each message is one sentence that says what was got, what was expected and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

LONGEST_TEXT = 500


class UsageError(ValueError):
    """Invalid argument, configuration or use; the command line prints the message and exits with code 2."""


class PluginError(UsageError):
    """Plugin that is missing, ambiguous, broken or incompatible with the plugin API."""


class UnsupportedSpaceError(UsageError):
    """Observation or action space that the algorithm or rlchassis does not support."""


class NotEnoughMemoryError(UsageError, MemoryError):
    """Allocation larger than the memory available to this process."""


class StoredFileError(UsageError):
    """File of a run directory that is missing, damaged, of an unknown format or not safe to open."""


class NotAllowedError(StoredFileError):
    """Stored configuration that uses classes or functions of its author, which have to be passed in `allow`."""

    def __init__(self, what: str, names: Sequence[str], remedy: str) -> None:
        super().__init__(f"{what} uses {', '.join(names)}, which no plugin registers; if you trust this code, {remedy}")
        self.what, self.names = what, tuple(names)


class EnvironmentFailure(RuntimeError):  # noqa: N818  it names what failed, and is an outcome rather than a misuse
    """An environment raised, exited or timed out; the message has its index, seed and step."""


class ActionFailure(FloatingPointError):  # noqa: N818  as above
    """The policy returned an action outside the action space; the environment is not stepped with it."""


class Interrupted(KeyboardInterrupt):
    """A signal stopped the run after a clean shutdown."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.exit_code = 128 + signal_number


@contextmanager
def exits_are_errors(who: str) -> Iterator[None]:
    """Context in which sys.exit of plugin or environment code, which would end the run as a success, becomes a RuntimeError."""
    try:
        yield
    except SystemExit as error:
        import traceback  # slow to import, and the command line answers at once

        place = traceback.extract_tb(error.__traceback__)[-1]
        raise RuntimeError(f"{who} {raised(error)} ({place.filename}, line {place.lineno})") from error


def str_of(error: BaseException) -> str:
    """str of an error, also of one whose __str__ raises."""
    try:
        return str(error)
    except (Exception, SystemExit) as second:  # noqa: BLE001  it must not replace the first
        return f"(no text: its __str__ raised {type(second).__name__})"


def text_of(error: BaseException) -> str:
    """str of an error on one line, of bounded length."""
    text = " ".join(str_of(error).split())
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


def raised(error: BaseException) -> str:
    """Description of an error for a message: "raised ValueError: no level" or "called sys.exit(0)"."""
    if isinstance(error, SystemExit):
        return f"called sys.exit({text_of(error)})"
    text = text_of(error)
    return f"raised {type(error).__name__}: {text}" if text else f"raised {type(error).__name__}"


class DivergenceError(FloatingPointError):
    """Training diverged; the message names the quantity that became non-finite."""

    def __init__(self, message: str, metrics: Mapping[str, float] | None = None) -> None:
        super().__init__(message)
        self.metrics = dict(metrics or {})
        """Last metrics by name; passed to rlchassis_metrics before the run fails."""


class StorageFailure(RuntimeError):  # noqa: N818  as EnvironmentFailure
    """The run finished, but a file of its directory could not be written; the message has the path."""

    def __init__(self, message: str, result: Any = None) -> None:
        super().__init__(message)
        self.result = result
        """The ExperimentResult of the run."""
